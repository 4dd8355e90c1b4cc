"""A run of all benchmarks: one file, a page of it, two of them side by side, and the table of README."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks import __main__ as command
from benchmarks import book, told
from benchmarks.lines import lines, size_words
from benchmarks.page import page_of

ROOT = Path(__file__).parents[1]
MACHINE = {"processor": "x", "cores": 2, "python": "3.11"}


def rollup(events: int, seconds: float, *, size: str = "full", on: str = "2026-11-27") -> dict[str, Any]:
    """A result of the shape of most benchmarks; DuckDB takes twice as long."""
    times = {"cold_seconds": 2 * seconds, "warm_seconds": seconds, "peak_mib": 900.4}
    return {
        "name": "rollup", "figures": {"events": events, "accounts": 10, "days": 30}, "parity": True,
        "ratios": {"duckdb": 0.5}, **times,
        "peers": {"duckdb": {"cold_seconds": 5.0, "warm_seconds": 2 * seconds, "peak_mib": 100.0}},
        "machine": MACHINE, "commit": "abc1234", "size": size, "on": on,
    }  # fmt: skip


def shaped(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    """A result of a benchmark that has a shape of its own."""
    return {
        "name": name, "figures": figures, "machine": MACHINE, "commit": "abc1234", "size": "full",
        "on": "2026-11-27",
    }  # fmt: skip


SWEEP = shaped(
    "sweep",
    {
        "accounts": 100, "days": 365, "policies": 1_000, "warm_seconds": 7.0, "cold_seconds": 30.0,
        "peak_mib": 5_000.0, "peers_seconds_multiplied": {"one_by_one": 700.0},
        "parity": {"one_by_one": True},
    },
)  # fmt: skip
REPORTS = shaped(
    "reports",
    {
        "accounts": 10_000, "reports": 500, "peak_mib_of_a_process": 300.0, "parity_with_kernel_engine": True,
        "seconds_a_report": {"deliverlab": 0.1, "papermill_and_nbconvert": 2.5},
    },
)  # fmt: skip
SPARK = shaped(
    "spark",
    {
        "cores": 2, "events": 100,
        "simulate": {
            "polars_seconds": 1.0, "spark_seconds": 3.0, "polars_cold_seconds": 2.0,
            "spark_cold_seconds": 9.0, "parity": True,
        },
    },
)  # fmt: skip
BILLION = shaped(
    "billion",
    {
        "events": 1_000_000_000,
        "seconds": 200.0,
        "peak_mib": 3_000.0,
        "parity": True,
        "seconds_of_a_plain_count": 20.0,
    },
)
EVERYTHING = [rollup(1_000, 0.5, size="quick"), rollup(50_000_000, 4.0), SWEEP, REPORTS, SPARK, BILLION]


def test_every_shape_of_figures_becomes_lines() -> None:
    """Each contender is beside ours at its size, and what was not measured is null."""
    table = lines(EVERYTHING)
    times = {(row["benchmark"], row["contender"]): row["times"] for row in table.iter_rows(named=True)}

    assert times["rollup", "duckdb"] == 2.0
    assert times["sweep", "one_by_one (part of them)"] == 100.0
    assert times["reports", "papermill_and_nbconvert"] == 25.0
    assert times["spark: simulate", "deliverlab on Spark"] == 3.0
    assert times["billion", "one plain count"] == 0.1
    assert table.filter(contender="duckdb")["size"].to_list() == [
        "10 accounts, 30 days, 1,000 events",
        "10 accounts, 30 days, 50,000,000 events",
    ]
    assert table.filter(benchmark="billion")["cold_seconds"].null_count() == 2


def test_sizes_are_told_in_one_order() -> None:
    """Whatever order a benchmark names them in; other figures are no size."""
    assert size_words({"policies": 3, "accounts": 2_000, "stored_mib": 1.5}) == "2,000 accounts, 3 policies"


def test_the_table_of_readme_has_the_largest_sizes_and_says_when() -> None:
    """A row a benchmark, others beside it, and the days of measuring."""
    table = told.headline([rollup(1_000, 0.5, size="quick", on="2026-11-20"), *EVERYTHING[1:]])

    events = "10 accounts, 30 days, 50,000,000 events"
    assert f"| Settled events to daily counts | {events} | 4 | DuckDB 2× | 900 MiB |" in table
    assert "1,000 events" not in table.replace("50,000,000", "")
    assert "Measured 2026-11-20 to 2026-11-27 on 2 cores" in table
    assert "spark" not in table


def test_the_table_is_put_between_its_marks() -> None:
    """What stands around it stays, however often it is written."""
    readme = f"before\n{told.BEGIN}\nold\n{told.END}\nafter\n"

    once = told.with_headline(readme, "new")

    assert once == f"before\n{told.BEGIN}\nnew\n{told.END}\nafter\n"
    assert told.with_headline(once, "new") == once


def test_readme_holds_what_was_measured() -> None:
    """Every figure of its table comes from the run file beside the docs."""
    results = book.kept(ROOT / "docs" / "benchmarks" / "run.json")
    readme = (ROOT / "README.md").read_text()

    assert told.with_headline(readme, told.headline(results)) == readme


def test_two_runs_are_compared_where_both_measured() -> None:
    """Twice as fast is half the seconds; what only one has is left out."""
    both = told.compared([rollup(1_000, 4.0), SWEEP], [rollup(1_000, 2.0), REPORTS])

    assert both.select("benchmark", "seconds", "seconds_after", "times").rows() == [("rollup", 4.0, 2.0, 0.5)]


def test_the_page_shows_every_figure_without_a_network() -> None:
    """Two charts and a table; nothing is loaded from anywhere."""
    html = page_of(EVERYTHING)

    assert html.count('<figure class="chart">') == 2
    assert "50,000,000 events" in html
    assert "papermill and nbconvert" in html
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html


def test_what_is_measured_is_kept_at_once_and_replaced_when_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A benchmark that fails takes nothing with it that was measured before."""
    seconds = iter([1.0, 2.0, 3.0])

    def run(name: str, *, quick: bool) -> dict[str, Any]:
        if name == "broken":
            raise RuntimeError("no such engine")
        return rollup(10 if quick else 1_000, next(seconds)) | {"name": name}

    with pytest.raises(RuntimeError):
        book.measure_all(
            ["rollup", "broken"], ["quick", "full"], out=tmp_path, on=date(2026, 11, 27), run=run
        )
    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr("sys.argv", ["b", "all", "--quick", "--only", "rollup", "--out", str(tmp_path)])
    command.main()

    results = json.loads((tmp_path / book.RUN).read_text())["results"]
    assert [(each["size"], each["warm_seconds"]) for each in results] == [("full", 2.0), ("quick", 3.0)]
    assert "rollup" in (tmp_path / "index.html").read_text()
    assert pl.Series([each["on"] for each in results]).is_not_null().all()
