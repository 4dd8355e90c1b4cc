"""Run one benchmark, or list them; the last line printed is one JSON object.

`all` runs every one that measures seconds, small and large, into `run.json` and a page with charts; `compare`
sets two such files side by side; `readme` writes the table of README anew from one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import book
from benchmarks.measure import commit, machine, measure, prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

BENCHMARKS = (
    "rollup", "billion", "settling", "ndjson", "health", "calibration", "false_trips", "trip_rules",
    "review_effect", "simulate", "sweep", "contacts", "evaluate", "reports", "spark",
)  # fmt: skip
HOW_WELL = ("calibration", "false_trips", "trip_rules", "review_effect")  # these measure no seconds
TIMED = tuple(name for name in BENCHMARKS if name not in HOW_WELL)


def main() -> None:
    """Measure deliverlab and its peers on the same inputs in one run, and check that their answers agree."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "name", nargs="?", choices=(*BENCHMARKS, "all", "compare", "readme"), help="left out: list them"
    )
    parser.add_argument(
        "files", nargs="*", type=Path, help="compare: the run.json before and after; readme: one"
    )
    parser.add_argument("--quick", action="store_true", help="the small size; all: only that")
    parser.add_argument("--only", help="all: these benchmarks, with commas between")
    parser.add_argument("--out", type=Path, help="write the JSON object to this file too; all: the folder")
    options = parser.parse_args()
    match options.name:
        case None:
            for name in BENCHMARKS:
                said = importlib.import_module(f"benchmarks.{name}").__doc__ or ""
                print(f"{name}: {said.splitlines()[0]}")
        case "all":
            names = options.only.split(",") if options.only else [*TIMED]
            _all(
                names,
                ["quick"] if options.quick else ["quick", "full"],
                out=options.out or Path("build/benchmarks"),
            )
        case "compare":
            _compare(*options.files)
        case "readme":
            _write_readme(options.files[0])
        case name:
            result = json.dumps(run(name, quick=options.quick))
            if options.out:
                options.out.write_text(result + "\n")
            print(result)


def _compare(before: Path, after: Path) -> None:
    import polars as pl

    from benchmarks.told import compared

    with pl.Config(tbl_rows=-1, tbl_width_chars=120, fmt_str_lengths=60):
        print(compared(book.kept(before), book.kept(after)))


def _write_readme(run: Path) -> None:
    from benchmarks.told import headline, with_headline

    readme = Path("README.md")
    readme.write_text(with_headline(readme.read_text(), headline(book.kept(run))))


def _all(names: Sequence[str], sizes: Sequence[str], *, out: Path) -> None:
    results = book.measure_all(names, sizes, out=out, on=datetime.now(tz=UTC).date(), run=run)
    from benchmarks.page import page_of

    (out / "index.html").write_text(page_of(results))
    print(out / "index.html")


def run(name: str, /, *, quick: bool) -> dict[str, object]:
    """Figures of every contender, deliverlab's ratio to each peer, and whether all gave the same answer."""
    benchmark = importlib.import_module(f"benchmarks.{name}")
    if hasattr(benchmark, "figures"):  # it measures how well, not how fast
        return {
            "name": name, "figures": benchmark.figures(quick=quick), "machine": machine(), "commit": commit(),
        }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder)
        size = prepare(name, inputs, quick=quick)
        figures = {contender: measure(name, contender, inputs) for contender in benchmark.CONTENDERS}
    ours = figures.pop("deliverlab")
    for contender, its in {"deliverlab": ours, **figures}.items():
        seconds = f"{its.warm_seconds:8.3f} s warm {its.cold_seconds:8.3f} s cold"
        print(f"{contender:>14}: {seconds} {its.peak_mib:8.0f} MiB")
    return {
        "name": name,
        "figures": size,
        "ratios": {peer: ours.warm_seconds / its.warm_seconds for peer, its in figures.items()},
        "parity": all(ours.answer.equals(its.answer) for its in figures.values()),
        "cold_seconds": ours.cold_seconds,
        "warm_seconds": ours.warm_seconds,
        "peak_mib": ours.peak_mib,
        "peers": {
            peer: {
                "cold_seconds": its.cold_seconds,
                "warm_seconds": its.warm_seconds,
                "peak_mib": its.peak_mib,
            }
            for peer, its in figures.items()
        },
        "machine": machine(),
        "commit": commit(),
    }


if __name__ == "__main__":
    main()
