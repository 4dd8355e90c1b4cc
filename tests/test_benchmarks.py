"""Benchmarks compare like with like: every contender gives the same answer. How fast is never asserted."""

import json
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from benchmarks import (
    billion,
    calibration,
    evaluate,
    false_trips,
    health,
    measure,
    review_effect,
    rollup,
    settling,
    simulate,
    sweep,
)
from benchmarks.__main__ import main


def test_both_roll_ups_give_the_same_days(tmp_path: Path) -> None:
    """DuckDB's query counts what deliverlab counts, also where sent events are missing."""
    rollup._events(20_000, accounts=40, month=0, number=0).write_parquet(tmp_path / "events-0.parquet")

    assert_frame_equal(rollup.deliverlab(tmp_path), rollup.duckdb(tmp_path))


def test_a_billion_events_are_all_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small run of continuous integration: sums over all days are those of one plain count."""
    monkeypatch.setattr(billion, "QUICK", (60_000, 40, 3))
    monkeypatch.setattr(
        "benchmarks.measure.prepare", lambda _, inputs, quick: billion.prepare(inputs, quick=quick)
    )

    found = billion.figures(quick=True)

    assert found["events"] == 60_000
    assert found["parity"]
    assert found["account_days"] == 40 * 90


def test_settling_gives_the_same_days_by_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB's query drops the same duplicates, finds the same send times, and marks the same repeats."""
    monkeypatch.setattr(settling, "QUICK", (20_000, 40, 20))
    settling.prepare(tmp_path, quick=True)

    assert_frame_equal(settling.deliverlab(tmp_path), settling.duckdb(tmp_path))


def test_the_ladder_and_the_plain_loop_give_the_same_transitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiled walk is measured against the twin on the same policy and world."""
    monkeypatch.setattr(simulate, "QUICK", (30, 100))
    simulate.prepare(tmp_path, quick=True)

    transitions = simulate.deliverlab(tmp_path)

    assert transitions.height > 0
    assert_frame_equal(transitions, simulate.plain_python(tmp_path))


def test_policies_at_once_are_those_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep is measured against walks one after another and against NumPy, with the same answers."""
    for name, value in {"QUICK": (80, 150, 24), "CHUNK": 80, "ASKED": 6, "STEPPED": 3}.items():
        monkeypatch.setattr(sweep, name, value)
    sweep.prepare(tmp_path, quick=True)

    swept = sweep.deliverlab(tmp_path)

    assert swept["noticed"].max() > 0  # type: ignore[operator]
    assert_frame_equal(swept.head(6), sweep.one_by_one(tmp_path))
    assert_frame_equal(swept.head(3), sweep.numpy_steps(tmp_path))


def test_resamples_and_the_plain_loop_give_the_same_intervals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Products of matrices are measured against sums account by account, of the same resamples."""
    monkeypatch.setattr(evaluate, "QUICK", (150, 120))
    monkeypatch.setattr(evaluate, "RESAMPLES", 100)
    evaluate.prepare(tmp_path, quick=True)

    differences = evaluate.deliverlab(tmp_path)

    assert differences["figure"].null_count() == 0
    assert_frame_equal(differences, evaluate.plain_python(tmp_path))


def test_health_and_the_query_count_the_same_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Peer rates, health and grades rest on the counts that one plain query gives."""
    monkeypatch.setattr(health, "QUICK", (60, 120))
    health.prepare(tmp_path, quick=True)

    assert_frame_equal(health.deliverlab(tmp_path), health.duckdb(tmp_path))


def test_promises_are_kept_in_worlds_whose_truth_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small run: bounds hold the truth, shrunken rates beat raw ones, volume does not make poor."""
    monkeypatch.setattr(calibration, "QUICK", (6_000, (901,)))
    found = calibration.figures(quick=True)

    for world in calibration.WORLDS:
        assert all(0.92 <= share <= 0.98 for share in found[world]["coverage"].values())
        for bands in found[world]["squared_error"].values():
            assert bands["<1k"]["shrunken"] < min(bands["<1k"]["raw"], bands["<1k"]["raw_with_minimum"])
        ours, raw = (found[world]["clean_poor"][rule]["by_band"] for rule in ("deliverlab", "raw"))
        assert max(ours.values()) < 0.08
        assert max(raw.values()) > 0.2


def test_the_preset_evidence_notices_the_ill_and_spares_the_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small world it warns a tenth of the clean accounts that published rules warn, and as many ill."""
    monkeypatch.setattr(false_trips, "QUICK", (3_000, (902,)))
    monkeypatch.setattr(false_trips, "PRESETS", ("evidence", "hubspot-like"))
    found = false_trips.figures(quick=True)

    for world in false_trips.WORLDS:
        ours, theirs = found[world]["evidence"], found[world]["hubspot-like"]
        assert ours["clean"] < 0.1 * theirs["clean"]
        assert ours["ill"] > 0.8 * theirs["ill"]


def test_figures_are_taken_in_a_process_of_their_own(tmp_path: Path) -> None:
    """Cold and warm seconds, peak memory, and the answer come back from it."""
    rollup._events(2_000, accounts=4, month=0, number=0).write_parquet(tmp_path / "events-0.parquet")

    figures = measure.measure("rollup", "deliverlab", tmp_path, warm_runs=1)

    assert figures.answer.height > 0
    assert figures.peak_mib > 1
    assert set(json.loads(json.dumps(measure.machine()))) == {"processor", "cores", "python"}


def test_without_a_name_the_benchmarks_are_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A newcomer sees what is measured against what."""
    monkeypatch.setattr("sys.argv", ["benchmarks"])

    main()

    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "rollup", "billion", "settling", "ndjson", "health", "calibration", "false_trips", "trip_rules",
        "review_effect", "simulate", "sweep", "contacts", "evaluate", "reports", "spark",
    ]  # fmt: skip


def test_the_effect_of_reviews_comes_out_as_it_was_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small world bounds hold the truth, whether reviews help or not; before and after is biased."""
    monkeypatch.setattr(review_effect, "QUICK", (900, 1, (903,)))
    found = review_effect.figures(quick=True)

    for world, truth in review_effect.TRUTHS.items():
        bounces, complaints = found[world]["hard_bounces"], found[world]["complaints"]
        assert bounces["truth"] == truth.get("hard_bounces", 1.0)
        assert bounces["coverage"] == complaints["coverage"] == 1.0
        assert complaints["before_after"] < 0.95 * complaints["truth"]
    assert found["helps"]["hard_bounces"]["mean_bounds"][1] < 1
