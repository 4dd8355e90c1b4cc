"""The events of a person who asked to be forgotten, taken out of a data directory."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.manifest import MANIFEST, read_manifest, write_manifest
from deliverlab.events.months import EVENTS, ROW_GROUP
from deliverlab.events.recipients import recipient_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliverlab.events.commit import Change


def erase_events(change: Change, addresses: Iterable[str], /, *, key: bytes) -> pl.Series:
    """Whose account each event was that these people had; the change takes it out of its month.

    A month that keeps no event loses its file. The manifest says no longer where their send times are from;
    what was read in stays written there, so that the same file brings nobody back.
    """
    keys = [recipient_key(address, key=key) for address in addresses]
    is_theirs = pl.col("recipient_key").is_in(keys)
    gone = [pl.Series("account_id", [], dtype=pl.String)]
    origins: Counter[str] = Counter()
    for name in sorted(change.names(EVENTS)):
        month = pl.scan_parquet(change.path(name))
        theirs = (
            month.filter(is_theirs).select("account_id", pl.col("sent_at_from").cast(pl.String)).collect()
        )
        if theirs.is_empty():
            continue
        gone.append(theirs["account_id"])
        origins.update(theirs["sent_at_from"])
        if theirs.height == month.select(pl.len()).collect().item():
            change.remove(name)
        else:
            kept = month.filter(~is_theirs)
            change.write(name, partial(kept.sink_parquet, compression="zstd", row_group_size=ROW_GROUP))
    before = read_manifest(change.directory)
    if before and origins:
        left = {origin: events - origins[origin] for origin, events in before.sent_at_from.items()}
        change.write(MANIFEST, partial(write_manifest, replace(before, sent_at_from=left)))
    return pl.concat(gone)
