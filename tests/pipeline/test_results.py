"""Results say how far history can answer."""

import json
from pathlib import Path

import polars as pl
import pytest

from deliverlab.policy.identified import identified
from tests.test_cli import run


@pytest.mark.parametrize(
    ("observed", "sending", "sentence"),
    [
        ([90, 9], [100, 10], "History shows 90.0% of these 110 mail-days."),
        ([8, 0], [10, 10], "History shows 40.0% of these 20 mail-days, too few: take its figures as bounds."),
        ([0], [0], "No account would have sent mail: there is nothing to observe."),
    ],
)
def test_the_identified_share_is_said_with_every_simulation(
    observed: list[int], sending: list[int], sentence: str
) -> None:
    """It adds up over accounts, and under nine tenths it warns."""
    outcomes = pl.DataFrame({"identified_days": observed, "sending_days": sending})

    assert identified(outcomes) == sentence


def test_a_queue_is_written_with_its_cases_and_days(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the simulation lie the cases and the workload, and the note says how many were checked a day."""
    words = ["simulate", "--data", sample, "--policy", "hubspot-like", "--scenario", "from-history"]
    words += ["--reviews-per-day", 1, "--out", tmp_path]

    assert run(*words, monkeypatch=monkeypatch) == 0

    printed = capsys.readouterr().out
    assert "at most 1 a day" in printed
    assert "waited_days" in printed
    folder = tmp_path / "simulation"
    assert pl.read_parquet(folder / "workload.parquet")["done"].max() == 1
    assert pl.read_parquet(folder / "cases.parquet")["waited_days"].drop_nulls().max() > 0  # type: ignore[operator]
    assert json.loads((folder / "run.json").read_text())["parameters"]["reviews_per_day"] == 1
    assert run(*words, "--start", "recorded", monkeypatch=monkeypatch) == 2
    assert "--start must be left out" in capsys.readouterr().err
