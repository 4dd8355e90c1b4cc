"""Run one benchmark, or list them; the last line printed is one JSON object."""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
from pathlib import Path

from benchmarks.measure import commit, machine, measure, prepare

BENCHMARKS = (
    "rollup", "billion", "settling", "ndjson", "health", "calibration", "false_trips", "trip_rules",
    "review_effect", "simulate", "sweep", "contacts", "evaluate", "reports", "spark",
)  # fmt: skip


def main() -> None:
    """Measure deliverlab and its peers on the same inputs in one run, and check that their answers agree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="which benchmark; left out: list them")
    parser.add_argument("--quick", action="store_true", help="a size that is done within a minute")
    parser.add_argument("--out", type=Path, help="write the JSON object to this file too")
    options = parser.parse_args()
    if options.name is None:
        for name in BENCHMARKS:
            said = importlib.import_module(f"benchmarks.{name}").__doc__ or ""
            print(f"{name}: {said.splitlines()[0]}")
        return
    result = json.dumps(run(options.name, quick=options.quick))
    if options.out:
        options.out.write_text(result + "\n")
    print(result)


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
