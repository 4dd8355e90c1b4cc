"""One contender's figures, taken in a fresh process: cold and warm seconds, peak memory, and its answer."""

from __future__ import annotations

import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl

WARM_RUNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one contender took: the first call with its imports, the median of later ones, its peak memory."""

    cold_seconds: float
    warm_seconds: float
    peak_mib: float
    answer: pl.DataFrame


def measure(benchmark: str, contender: str, inputs: Path, /, *, warm_runs: int = WARM_RUNS) -> Figures:
    """The figures of `benchmarks.<benchmark>.<contender>(inputs)`, run in a process of its own."""
    answer = inputs / f"answer-{contender}.parquet"
    figures = json.loads(_in_process("_run_here", benchmark, contender, inputs, warm_runs, answer))
    return Figures(**figures, answer=pl.read_parquet(answer))


def prepare(benchmark: str, inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """The size of the inputs that `benchmarks.<benchmark>.prepare` wrote, in a process of its own.

    A process begins with the peak memory of the one that started it, so the runner must stay small.
    """
    return dict(json.loads(_in_process("_prepare_here", benchmark, inputs, int(quick))))


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    return {"processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}


def commit() -> str:
    """The commit that was measured; empty outside a checkout."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _in_process(task: str, *arguments: object) -> str:
    """The last line that a function of this module prints, run in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.measure", task, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


def _prepare_here(benchmark: str, inputs: str, quick: str) -> None:
    print(
        json.dumps(
            importlib.import_module(f"benchmarks.{benchmark}").prepare(Path(inputs), quick=quick == "1")
        )
    )


def _run_here(benchmark: str, contender: str, inputs: str, warm_runs: str, answer: str) -> None:
    begun = time.perf_counter()
    work = getattr(importlib.import_module(f"benchmarks.{benchmark}"), contender)
    result: pl.DataFrame = work(Path(inputs))
    cold = time.perf_counter() - begun
    warm = []
    for _ in range(int(warm_runs)):
        begun = time.perf_counter()
        work(Path(inputs))
        warm.append(time.perf_counter() - begun)
    result.write_parquet(answer)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"cold_seconds": cold, "warm_seconds": statistics.median(warm or [cold]), "peak_mib": peak}
    print(json.dumps(figures))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
