"""The events of a person who asked to be forgotten, taken out of a data directory."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.recipients import recipient_key
from deliverlab.events.store import EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def without_recipients(
    data_dir: str | Path, addresses: Iterable[str], /, *, key: bytes
) -> tuple[dict[str, Callable[[Path], object] | None], int]:
    """What becomes of each month's file that has events of these people, and how many events go.

    For `commit.replace_files`; a month that keeps no event loses its file.
    """
    keys = [recipient_key(address, key=key) for address in addresses]
    is_theirs = pl.col("recipient_key").is_in(keys)
    changes: dict[str, Callable[[Path], object] | None] = {}
    gone = 0
    for path in sorted((Path(data_dir) / EVENTS).glob("*.parquet")):
        month = pl.scan_parquet(path)
        found, events = month.select(is_theirs.sum(), pl.len()).collect().row(0)
        gone += found
        if found:
            kept = partial(month.filter(~is_theirs).sink_parquet, compression="zstd", maintain_order=True)
            changes[f"{EVENTS}/{path.name}"] = kept if found < events else None
    return changes, gone
