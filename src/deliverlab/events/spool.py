"""Rows set aside on disk, to be taken up again by recipient: a range of keys at a time fits into memory.

What is settled together concerns one recipient, and recipient keys are hashes: ranges of them cut any
amount of mail into even pieces. Rows that name nobody are cut by their message, likewise.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

ROWS_AT_ONCE = 1 << 19  # a few hundred megabytes of events
_WITHIN = ("account_id", "occurred_at", "event_key")
ROW_GROUP = 1 << 15  # what a reader of a range may have to read beyond it, in each file


# Where a row without recipient belongs among its like: what is settled together has one message.
_PLACE = pl.coalesce("message_id", "event_key").hash() // (1 << 32)


class Keys(NamedTuple):
    """A range of recipient keys: from `first` on, before `last`."""

    first: str
    last: str

    def hold(self) -> pl.Expr:
        """Whether a row is of this range."""
        key = pl.col("recipient_key")
        return (key < self.last) & (key >= self.first)


class Nobody(NamedTuple):
    """A range of the rows without recipient: from the place `first` on, before `last`."""

    first: int
    last: int

    def hold(self) -> pl.Expr:
        """Whether a row is of this range."""
        return pl.col("recipient_key").is_null() & _PLACE.is_between(self.first, self.last, closed="left")


def key_ranges(rows: int, /, *, nobodys: int = 0) -> list[Keys | Nobody]:
    """Ranges that cover all rows, in order, each with about as many of them as memory may hold.

    `nobodys` are those of the rows that have no recipient; they come first.

    >>> key_ranges(2 * ROWS_AT_ONCE)
    [Keys(first='', last='80000000'), Keys(first='80000000', last='g')]
    >>> key_ranges(2, nobodys=1)
    [Nobody(first=0, last=4294967296), Keys(first='', last='g')]
    """
    pieces = max(1, -(-(rows - nobodys) // ROWS_AT_ONCE))
    cuts = [f"{(piece << 32) // pieces:08x}" for piece in range(1, pieces)]
    parts = -(-nobodys // ROWS_AT_ONCE)
    places = [(part << 32) // parts for part in range(parts + 1)] if parts else []
    return [
        *(Nobody(*pair) for pair in pairwise(places)),
        *(Keys(*pair) for pair in pairwise(["", *cuts, "g"])),
    ]


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in the order of the ranges that they are in, and of what tells those of a recipient apart."""
    nobodys = rows.filter(pl.col("recipient_key").is_null()).sort(_PLACE, *_WITHIN)
    others = rows.filter(pl.col("recipient_key").is_not_null()).sort("recipient_key", *_WITHIN)
    return pl.concat([nobodys, others]) if nobodys.height else others


class Spool:
    """Rows of one table with a `recipient_key`; few of them stay in memory, many go to disk.

    `in_order` promises that rows are added in the order of their keys, so that they need no sorting.
    """

    def __init__(self, folder: Path, *, empty: pl.DataFrame, in_order: bool = False) -> None:
        self.rows = self.nobodys = 0
        self._folder = folder
        self._in_order = in_order
        self._waiting = [empty]
        self._files: list[Path] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Set these aside too."""
        self.rows += rows.height
        self.nobodys += rows["recipient_key"].null_count()
        self._waiting.append(rows)
        if sum(frame.height for frame in self._waiting) >= ROWS_AT_ONCE:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._files.append(self._folder / f"{len(self._files)}.parquet")
            waiting = pl.concat(self._waiting)
            if not self._in_order:
                waiting = waiting.sort("recipient_key", maintain_order=True)
            waiting.write_parquet(self._files[-1], compression="lz4", row_group_size=ROW_GROUP)
            self._waiting = [waiting.clear()]

    def take(self, keys: Keys | Nobody) -> pl.DataFrame:
        """The rows of a range; those of one recipient as they were added."""
        frames = [pl.scan_parquet(file) for file in self._files] + [frame.lazy() for frame in self._waiting]
        return pl.concat([frame.filter(keys.hold()) for frame in frames]).collect()
