"""run.json: with what a result was made, so that a figure can be traced."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RUN = "run.json"
NAMED_VERSIONS = ("deliverlab", "polars", "numba", "numpy", "scipy")


def note_run(out: str | Path, /, *, command: str, data: str | Path | None, **parameters: object) -> None:
    """Write `run.json` into `out`: versions, hashes of the data's tables, and the command's parameters.

    No time and no path of the machine stands in it: the same input writes the same bytes.
    """
    run = {
        "command": command,
        "versions": {name: version(name) for name in NAMED_VERSIONS},
        "data": {} if data is None else table_hashes(data),
        "parameters": {name: _plain(value) for name, value in parameters.items()},
    }
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RUN).write_text(json.dumps(run, indent=1, sort_keys=True) + "\n")


def table_hashes(data: str | Path, /) -> Mapping[str, str]:
    """The SHA-256 of every table file at the top of a data directory, by file name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(data).glob("*.parquet"))
    }


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | bool | None) else str(value)
