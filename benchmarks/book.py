"""All benchmarks into one file: `python -m benchmarks all --out DIR`.

`run.json` keeps every result with the commit and day on which it was measured. What was measured of a
benchmark at a size is replaced when it is measured again; all else stays. Nothing large is imported here: a
process begins with the peak memory of the one that started it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

RUN = "run.json"


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
