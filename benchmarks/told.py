"""What a run comes to: beside another run, and as the table of README."""

from __future__ import annotations

from typing import Any

import polars as pl

from benchmarks.lines import OURS, lines

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
WORDS = {  # in the order of the road
    "ndjson": "Provider's NDJSON to events, the whole mapping",
    "settling": "Events with duplicates and repeats to a store and daily counts",
    "rollup": "Settled events to daily counts",
    "billion": "A year of a large provider's events to daily counts",
    "health": "Peer rates and health of every account",
    "simulate": "A policy replayed over history", "sweep": "Policies tried on a history at once",
    "contacts": "Contacts decided by their events", "evaluate": "Two policies compared, with intervals",
    "reports": "A health report with its page (seconds each)",
}  # fmt: skip

OTHERS = {  # who else, and what they do less where it is not the same
    ("rollup", "duckdb"): "DuckDB", ("settling", "duckdb"): "DuckDB",
    ("billion", "one plain count"): "Polars, only counting", ("health", "duckdb"): "DuckDB, only adding up",
    ("ndjson", "polars"): "Polars, only reading", ("ndjson", "duckdb"): "DuckDB, only reading",
    ("contacts", "duckdb"): "DuckDB, only counting", ("simulate", "plain_python"): "plain Python",
    ("evaluate", "plain_python"): "plain Python", ("sweep", "one_by_one (part of them)"): "one by one",
    ("sweep", "numpy_steps (part of them)"): "NumPy, day by day",
    ("sweep", "twin (part of them)"): "plain Python", ("reports", "floor_on_one_core"): "calls on one core",
    ("reports", "kernel_engine"): "a kernel each",
    ("reports", "papermill_and_nbconvert"): "papermill and nbconvert",
}  # fmt: skip


def compared(before: list[dict[str, Any]], after: list[dict[str, Any]], /) -> pl.DataFrame:
    """A row a benchmark and size that both runs have: our seconds before and after, and after by before."""
    key = ["benchmark", "size"]
    old, new = (lines(results).filter(contender=OURS).select(*key, "seconds") for results in (before, after))
    both = old.join(new, on=key, suffix="_after", maintain_order="left")
    return both.with_columns(times=pl.col("seconds_after") / pl.col("seconds"))


def headline(results: list[dict[str, Any]], /) -> str:
    """The table of README: each benchmark at the largest size measured, beside others."""
    table = lines(results).filter(pl.col("benchmark").is_in(list(WORDS)))
    largest = table.filter(pl.col("amount") == pl.col("amount").max().over("benchmark"))
    told = ["| what | how much | seconds | beside | memory |", "| --- | --- | --- | --- | --- |"]
    by_name = largest.partition_by("benchmark", as_dict=True)
    for benchmark, rows in ((name, by_name[name,]) for name in WORDS if (name,) in by_name):
        ours = rows.row(by_predicate=pl.col("contender") == OURS, named=True)
        beside = "; ".join(
            f"{OTHERS[benchmark, row['contender']]} {_two_digits(row['times'])}×"
            for row in rows.filter(pl.col("contender") != OURS).sort("times").iter_rows(named=True)
        )
        memory = "" if ours["peak_mib"] is None else f"{ours['peak_mib']:,.0f} MiB"
        told.append(
            f"| {WORDS[benchmark]} | {ours['size']} | {_two_digits(ours['seconds'])} | {beside} | {memory} |"
        )
    days = sorted({result["on"] for result in results if result["name"] in WORDS})
    measured = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    machines = {f"{result['machine']['cores']} cores" for result in results}
    note = (
        f"Measured {measured} on {', '.join(sorted(machines))}, each in a process of its own, warm, or in "
        "its first run where that takes minutes. “Beside” is how many times as long others took for the same "
        "answer, or for less where it says so: below 1 they are faster. "
        "[All figures](docs/benchmarks/run.json) come from `python -m benchmarks all`."
    )
    return "\n".join([*told, "", note])


def _two_digits(number: float) -> str:
    """As many decimals as two digits need; thousands apart."""
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}"


def with_headline(readme: str, table: str, /) -> str:
    """README with the table between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
