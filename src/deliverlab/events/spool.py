"""Rows set aside on disk, to be taken up again by recipient: a range of keys at a time fits into memory.

What is settled together concerns one recipient, and recipient keys are hashes: ranges of them cut any
amount of mail into even pieces.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

ROWS_AT_ONCE = 1 << 19  # a few hundred megabytes of events
ROW_GROUP = 1 << 15  # what a reader of a range may have to read beyond it, in each file


class Keys(NamedTuple):
    """A range of recipient keys: from `first` on, before `last`; no key at all is before every other."""

    first: str
    last: str

    def hold(self) -> pl.Expr:
        """Whether a row is of this range."""
        key = pl.col("recipient_key")
        return (key < self.last) & (key >= self.first) if self.first else (key < self.last) | key.is_null()


def key_ranges(rows: int, /) -> list[Keys]:
    """Ranges that cover all keys, in order, each with about as many of the rows as memory may hold.

    >>> key_ranges(2 * ROWS_AT_ONCE)
    [Keys(first='', last='80000000'), Keys(first='80000000', last='g')]
    """
    pieces = max(1, -(-rows // ROWS_AT_ONCE))
    cuts = [f"{(piece << 32) // pieces:08x}" for piece in range(1, pieces)]
    return [Keys(*pair) for pair in pairwise(["", *cuts, "g"])]


class Spool:
    """Rows of one table with a `recipient_key`; few of them stay in memory, many go to disk.

    `in_order` promises that rows are added in the order of their keys, so that they need no sorting.
    """

    def __init__(self, folder: Path, *, empty: pl.DataFrame, in_order: bool = False) -> None:
        self.rows = 0
        self._folder = folder
        self._in_order = in_order
        self._waiting = [empty]
        self._files: list[Path] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Set these aside too."""
        self.rows += rows.height
        self._waiting.append(rows)
        if sum(frame.height for frame in self._waiting) >= ROWS_AT_ONCE:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._files.append(self._folder / f"{len(self._files)}.parquet")
            waiting = pl.concat(self._waiting)
            if not self._in_order:
                waiting = waiting.sort("recipient_key", maintain_order=True)
            waiting.write_parquet(self._files[-1], compression="lz4", row_group_size=ROW_GROUP)
            self._waiting = [waiting.clear()]

    def take(self, keys: Keys) -> pl.DataFrame:
        """The rows of a range; those of one recipient as they were added."""
        frames = [pl.scan_parquet(file) for file in self._files] + [frame.lazy() for frame in self._waiting]
        return pl.concat([frame.filter(keys.hold()) for frame in frames]).collect()
