"""A policy in the shadow of the one in force, day after day through the command line."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.errors import DataError
from deliverlab.pipeline.shadow import movers, open_start
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from tests.policy.drawn import history, policy
from tests.test_cli import run

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 6, 30)


def shadow(sample: Path, out: Path, *more: object, preset: str = "evidence") -> list[object]:
    """The words that simulate a preset on the sample, into `out`."""
    words = ["simulate", "--data", sample, "--policy", preset, "--scenario", "from-history", "--seed", 3]
    if preset == "evidence":
        words[6] = out / "chance.toml"
        (out / "chance.toml").write_text(
            'name = "often"\nseed = 5\n'
            'review = { mode = "chance", after_days = 3, chance = [0.6, 0.6, 0.6, 0.2] }\n'
        )
    return [*words, "--out", out, *more]


@pytest.mark.parametrize("preset", ["hubspot-like", "evidence"])
def test_day_by_day_equals_one_run(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preset: str
) -> None:
    """Each day goes on from the standing that the day before wrote, in the same place, and moves the same."""
    one, many = tmp_path / "one", tmp_path / "many"
    one.mkdir()
    many.mkdir()
    files = ("transitions", "standing")

    assert run(*shadow(sample, one, preset=preset), monkeypatch=monkeypatch) == 0
    whole = {name: pl.read_parquet(one / "simulation" / f"{name}.parquet") for name in files}

    standing, pieces = many / "simulation" / "standing.parquet", []
    for ago in (6, 5, 4, 3, 2, 1, 0):
        start = [] if ago == 6 else ["--start", standing]
        words = shadow(sample, many, *start, "--until", TODAY - timedelta(days=ago), preset=preset)
        assert run(*words, monkeypatch=monkeypatch) == 0
        pieces.append(pl.read_parquet(many / "simulation" / "transitions.parquet"))

    assert pl.concat(pieces).sort("account_id", "day").equals(whole["transitions"])
    assert pl.read_parquet(standing).equals(whole["standing"])
    assert sum(piece.height > 0 for piece in pieces[1:]) >= 3


def test_who_moves_is_listed_and_the_start_can_be_traced(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table says why, and run.json names the start by its hash although it is written over."""
    yesterday = TODAY - timedelta(days=4)
    monkeypatch.setenv("COLUMNS", "200")
    assert run(*shadow(sample, tmp_path, "--until", yesterday), monkeypatch=monkeypatch) == 0
    standing = tmp_path / "simulation" / "standing.parquet"
    before = hashlib.sha256(standing.read_bytes()).hexdigest()
    capsys.readouterr()

    assert run(*shadow(sample, tmp_path, "--start", standing), monkeypatch=monkeypatch) == 0

    printed = capsys.readouterr().out
    moved = pl.read_parquet(tmp_path / "simulation" / "transitions.parquet")
    assert f"{moved.height} moves by 2026-06-30" in printed
    assert moved.height > 0
    assert all(account_id in printed for account_id in moved["account_id"])
    note = json.loads((tmp_path / "simulation" / "run.json").read_text())["parameters"]
    assert (note["start"], note["start_hash"], note["until"]) == ("standing.parquet", before, "2026-06-30")


def test_a_shadow_can_begin_where_accounts_really_stand(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the record of the day before: only today's moves are listed."""
    words = shadow(sample, tmp_path, "--start", "recorded", preset="hubspot-like")
    assert run(*words, monkeypatch=monkeypatch) == 0
    moved = pl.read_parquet(tmp_path / "simulation" / "transitions.parquet")
    assert moved["day"].unique().to_list() == [TODAY]
    assert "by 2026-06-30" in capsys.readouterr().out


def test_overlaps_and_gaps_are_refused(sample: Path, tmp_path: Path) -> None:
    """A start that knows the last day already, one whose windows need days that are gone, and no standing."""
    past, rules = dl.open_history(sample), Policy.preset("hubspot-like")
    cut = TODAY - timedelta(days=10)
    path = tmp_path / "standing.parquet"
    dl.simulate(past, policy=rules, scenario=Scenario.never(), until=cut).standing.write_parquet(path)

    with pytest.raises(DataError, match="as_of == 2026-06-20, must be before 2026-06-20, the last day"):
        open_start(path, history=past, policy=rules, until=cut)
    late = past.with_tables(daily=past.daily.filter(pl.col("day") > cut))
    with pytest.raises(DataError, match="needs days from 2026-05-21 on, the data begin on 2026-06-21: what"):
        open_start(path, history=late, policy=rules, until=TODAY)
    enough = past.with_tables(daily=past.daily.filter(pl.col("day") >= date(2026, 5, 21)))
    start = open_start(path, history=enough, policy=rules, until=TODAY)
    again = simulate(enough, policy=rules, scenario=Scenario.never(), start=start.standing)
    whole = simulate(past, policy=rules, scenario=Scenario.never())
    assert again.transitions.equals(whole.transitions.filter(pl.col("day") > cut))

    path.write_bytes(b"no parquet")
    with pytest.raises(DataError, match=r"must be a standing.parquet, or recorded \("):
        open_start(path, history=past, policy=rules, until=TODAY)


def test_days_after_the_data_are_refused(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mail that is not known yet is no mail."""
    words = shadow(sample, tmp_path, "--until", "2026-07-01")
    assert run(*words, monkeypatch=monkeypatch) == 2
    assert (
        "until == 2026-07-01, must be at most 2026-06-30, the last day of the data" in capsys.readouterr().err
    )


def test_movers_say_why() -> None:
    """Counts, rate and limit of the rule; nothing where time or a review did it."""
    past = history("day | sent | hard_bounces\n2026-05-01 | 1000 | 125\n2026-05-09 | 1 | 0")
    patient = policy(('name = "probation"', 'name = "probation"\ngrace_days = 3'))
    result = simulate(past, policy=patient, scenario=Scenario.never())
    told = movers(result.transitions, past.accounts)
    assert told["why"].to_list() == ["bounces: 125 of 1000 = 12.5%, limit 10.0%", ""]


def test_the_pilot_of_a_send_is_told_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row a rule; numbers that do not fit are one line."""
    monkeypatch.setenv("COLUMNS", "200")
    words = [
        "policy",
        "pilot",
        "hubspot-suspension-like",
        "--metric",
        "hard_bounce_rate",
        "--planned",
        10_000,
    ]
    assert run(*words, "--sent", 400, "--events", 19, monkeypatch=monkeypatch) == 0
    assert "481" in capsys.readouterr().out
    assert run(*words, "--sent", 400, "--events", 401, monkeypatch=monkeypatch) == 2
    assert "so_far = (400, 401)" in capsys.readouterr().err


def test_names_are_shown_and_not_obeyed(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Markup and escape sequences in an account's name reach the terminal as text."""
    data = tmp_path / "data"
    data.mkdir()
    for name in ("daily", "peer_rates", "enforcement", "reviews"):
        (data / f"{name}.parquet").write_bytes((sample / f"{name}.parquet").read_bytes())
    accounts = pl.read_parquet(sample / "accounts.parquet")
    accounts.with_columns(name=pl.lit("[red]x[/red]\x1b[2J")).write_parquet(data / "accounts.parquet")
    monkeypatch.setenv("COLUMNS", "200")
    assert (
        run(*shadow(data, tmp_path, "--start", "recorded", preset="hubspot-like"), monkeypatch=monkeypatch)
        == 0
    )
    printed = capsys.readouterr().out
    assert "[red]x[/red]\\x1b[2J" in printed
    assert "\x1b[2J" not in printed
