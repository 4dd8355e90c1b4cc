"""Reviews and appeals through the command line: what is recorded, the next simulation and report see."""

import shutil
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.cli import main
from deliverlab.pipeline.desk import open_desk
from deliverlab.review.kept import read_checklist

HELD, OTHER, AS_OF = "acct-0003", "acct-0005", "2026-06-30"


@pytest.fixture
def data(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample without its raw exports."""
    return Path(shutil.copytree(sample, tmp_path / "data", ignore=shutil.ignore_patterns("raw")))


def run(*words: object, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["deliverlab", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_review_with_its_checklist_is_seen_by_replay_and_report(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hashes are kept; the account clears in the replay and is back in good standing on its page."""
    checklist = tmp_path / f"checklist-{HELD}.csv"
    made = [
        "review", "export", "--data", data, "--account", HELD, "--as-of", "2026-06-25", "--out", tmp_path,
    ]  # fmt: skip
    record = [
        "review", "record", "--data", data, "--on", AS_OF, "--reviewer", "Kim", "--outcome", "completed",
        "--checklist", checklist, "--account",
    ]  # fmt: skip

    assert run(*made, monkeypatch=monkeypatch) == 0
    assert run(*record, OTHER, monkeypatch=monkeypatch) == 2
    refusal = capsys.readouterr().err
    assert f"is the checklist of {HELD}, must be that of {OTHER}" in refusal
    assert len(refusal.splitlines()) == 1
    assert run(*record, HELD, monkeypatch=monkeypatch) == 0

    kept, number = pl.read_parquet(data / "reviews.parquet"), read_checklist(checklist)
    row = kept.filter(account_id=HELD, reviewed_on=date(2026, 6, 30)).row(0, named=True)
    assert (row["checklist_hash"], row["removed_hash"]) == (number.checklist_hash, number.removed_hash)
    assert row["removed"] > 0
    assert row["is_remedy"]
    assert {reason["reason"] for reason in row["removed_by_reason"]} >= {"imported_without_proof"}
    assert dl.open_case(data, HELD, as_of=AS_OF).stage == {"stage": "good"}
    history = dl.open_history(data, account_ids=[HELD])
    result = dl.simulate(history, policy=dl.Policy.preset("hubspot-like"), scenario=dl.Scenario.historical())
    last = result.transitions.row(-1, named=True)
    assert (last["day"], last["cause"], last["to_stage"]) == (date(2026, 6, 30), "review", "good")


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ("2026-06-10", "is the checklist of 2026-06-10, must be of a day from 2026-06-12 to 2026-06-28"),
        ("2026-06-30", "is the checklist of 2026-06-30, must be of a day from 2026-06-12 to 2026-06-28"),
    ],
)
def test_a_checklist_of_another_day_is_refused(
    as_of: str,
    message: str,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One from before the notice is of another case, one from after the review was not what was reviewed."""
    checklist = tmp_path / f"checklist-{HELD}.csv"
    before = (data / "reviews.parquet").read_bytes()
    made = ["review", "export", "--data", data, "--account", HELD, "--as-of", as_of, "--out", tmp_path]
    record = [
        "review", "record", "--data", data, "--on", "2026-06-28", "--reviewer", "Kim", "--account", HELD,
        "--checklist", checklist,
    ]  # fmt: skip

    assert run(*made, monkeypatch=monkeypatch) == 0
    assert run(*record, monkeypatch=monkeypatch) == 2
    assert message in capsys.readouterr().err
    assert (data / "reviews.parquet").read_bytes() == before


def test_the_queue_is_listed_and_a_review_takes_its_case_off(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Most harm first; a completed review closes the case on its day."""
    assert run("review", "queue", "--data", data, "--as-of", AS_OF, monkeypatch=monkeypatch) == 0
    assert "11 cases await review" in capsys.readouterr().out
    desk = open_desk(data, as_of=AS_OF)
    harm = desk.queue["harm"].drop_nulls().to_list()
    assert harm == sorted(harm, reverse=True)
    first = desk.queue["account_id"][0]

    record = ["review", "record", "--data", data, "--account", first, "--on", AS_OF, "--reviewer", "Kim"]
    assert run(*record, monkeypatch=monkeypatch) == 0
    after = open_desk(data, as_of=AS_OF)

    assert first not in after.queue["account_id"].to_list()
    assert after.workload["closed"].sum() == desk.workload["closed"].sum() + 1
    assert after.workload["waiting"][-1] == desk.workload["waiting"][-1] - 1 == after.queue.height


def test_an_appeal_has_a_page_without_addresses_and_an_outcome(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cause, changes and prevention from the facts on record; what became of it is counted."""
    page = tmp_path / "appeal.html"
    appeal = ["review", "appeal", "--data", data, "--account", HELD, "--as-of", AS_OF, "--out", page]
    assert run(*appeal, monkeypatch=monkeypatch) == 0
    html = page.read_text()
    emails = dl.open_case(data, HELD, as_of=AS_OF).decisions["email"]
    assert "Contacts of import purchased-list" in html
    assert "contact review rejected" in html
    assert "No list that others made is imported" in html
    assert "<b>Bold" not in html
    assert not any(email in html for email in emails if "@" in email)

    appealed = ["review", "appealed", "--data", data, "--account", HELD, "--reviewer", "Kim", "--on"]
    assert run(*appealed, "2026-06-28", monkeypatch=monkeypatch) == 0
    assert run(*appealed, "2026-06-30", "--outcome", "refused", monkeypatch=monkeypatch) == 0
    assert open_desk(data, as_of=AS_OF).appeals.row(0)[:4] == (1, 0, 1, 0)


def test_the_effect_is_printed_or_why_there_is_none(
    sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The small sample has too few accounts alike."""
    assert run("review", "effect", "--data", sample, monkeypatch=monkeypatch) == 0
    assert "What reviews did cannot be told" in capsys.readouterr().out
