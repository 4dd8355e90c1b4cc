"""The events of a person who asked to be forgotten, taken out of a data directory."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.months import EVENTS, ROW_GROUP
from deliverlab.events.recipients import recipient_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def without_recipients(
    data_dir: str | Path, addresses: Iterable[str], /, *, key: bytes
) -> tuple[dict[str, Callable[[Path], object] | None], pl.Series]:
    """What becomes of each month's file that has events of these people, and whose account each event was.

    For `commit.replace_files`; a month that keeps no event loses its file.
    """
    keys = [recipient_key(address, key=key) for address in addresses]
    is_theirs = pl.col("recipient_key").is_in(keys)
    changes: dict[str, Callable[[Path], object] | None] = {}
    gone = [pl.Series("account_id", [], dtype=pl.String)]
    for path in sorted((Path(data_dir) / EVENTS).glob("*.parquet")):
        month = pl.scan_parquet(path)
        theirs = month.filter(is_theirs).select("account_id").collect()["account_id"]
        gone.append(theirs)
        if theirs.len():
            events = month.select(pl.len()).collect().item()
            kept = partial(
                month.filter(~is_theirs).sink_parquet, compression="zstd", row_group_size=ROW_GROUP
            )
            changes[f"{EVENTS}/{path.name}"] = kept if theirs.len() < events else None
    return changes, pl.concat(gone)
