"""All benchmarks into one file, and what stands in it: `python -m benchmarks all --out DIR`.

`run.json` keeps every result with the commit and day on which it was measured. What was measured of a
benchmark at a size is replaced when it is measured again; all else stays.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from benchmarks.lines import OURS, lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

RUN = "run.json"
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
WORDS = {
    "rollup": "Settled events to daily counts",
    "billion": "A year of a large provider's events to daily counts",
    "settling": "Events with duplicates and repeats to a store and daily counts",
    "ndjson": "Provider's NDJSON to events, the whole mapping",
    "health": "Peer rates and health of every account",
    "simulate": "A policy replayed over history", "sweep": "Policies tried on a history at once",
    "contacts": "Contacts decided by their events", "evaluate": "Two policies compared, with intervals",
    "reports": "A health report with its page (seconds each)",
}  # fmt: skip


def kept(path: Path, /) -> list[dict[str, Any]]:
    """The results that a file holds, in the order in which they were measured."""
    return list(json.loads(path.read_text())["results"]) if path.exists() else []


def measure_all(
    names: Sequence[str], sizes: Sequence[str], /, *, out: Path, on: date, run: Callable[..., dict[str, Any]]
) -> list[dict[str, Any]]:
    """Every benchmark at every size, each written down as soon as it is measured."""
    out.mkdir(parents=True, exist_ok=True)
    results = kept(out / RUN)
    for name in names:
        for size in sizes:
            print(f"{name}, {size} ...", flush=True)
            result = run(name, quick=size == "quick") | {"size": size, "on": str(on)}
            results = [old for old in results if (old["name"], old["size"]) != (name, size)] + [result]
            (out / RUN).write_text(json.dumps({"results": results}, indent=1) + "\n")
    return results


def compared(before: list[dict[str, Any]], after: list[dict[str, Any]], /) -> pl.DataFrame:
    """A row a benchmark and size that both runs have: our seconds before and after, and after by before."""
    key = ["benchmark", "size"]
    old, new = (lines(results).filter(contender=OURS).select(*key, "seconds") for results in (before, after))
    both = old.join(new, on=key, suffix="_after", maintain_order="left")
    return both.with_columns(times=pl.col("seconds_after") / pl.col("seconds"))


def headline(results: list[dict[str, Any]], /) -> str:
    """The table of README: each benchmark at the largest size that was measured, beside its nearest peer."""
    table = lines(results).filter(pl.col("benchmark").is_in(list(WORDS)))
    largest = table.filter(pl.col("amount") == pl.col("amount").max().over("benchmark"))
    told = ["| what | how much | seconds | beside | memory |", "| --- | --- | --- | --- | --- |"]
    for (benchmark,), rows in largest.group_by("benchmark", maintain_order=True):
        ours = rows.row(by_predicate=pl.col("contender") == OURS, named=True)
        beside = "; ".join(
            f"{row['contender'].replace('_', ' ')} {row['times']:.2g}×"
            for row in rows.filter(pl.col("contender") != OURS).sort("times").iter_rows(named=True)
        )
        memory = "" if ours["peak_mib"] is None else f"{ours['peak_mib']:,.0f} MiB"
        seconds = f"{ours['seconds']:.2g}" if ours["seconds"] < 10 else f"{ours['seconds']:,.0f}"
        told.append(f"| {WORDS[str(benchmark)]} | {ours['size']} | {seconds} | {beside} | {memory} |")
    days = sorted({result["on"] for result in results if result["name"] in WORDS})
    measured = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    machines = {f"{result['machine']['cores']} cores" for result in results}
    note = (
        f"Measured {measured} on {', '.join(sorted(machines))}, warm, each in a process of its own; "
        "“beside” is how many times as long the others took for the same answer "
        "([all figures](docs/benchmarks/run.json), `python -m benchmarks all`)."
    )
    return "\n".join([*told, "", note])


def with_headline(readme: str, table: str, /) -> str:
    """README with the table between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
