"""The records of a JSON export as frames of the fields that a provider reads.

Lines of one record each are decoded in runs; whatever else there is, is read the careful way, record by
record. Both give the same rows.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from deliverlab.events.entries import Unusable
from deliverlab.events.fields import conform, dtype_of
from deliverlab.events.objects import Decoder
from deliverlab.events.records import Record, Scroll
from deliverlab.events.runs import Block, Slice, slices_of
from deliverlab.events.unpack import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from deliverlab.events.fields import Fields

BLOCK = 16 << 20  # bytes whose records are worked on at once
AT_ONCE = 1 << 14  # records of the careful way in one frame
AHEAD = 2  # slices made before they are asked for: the frames are worked on meanwhile

T = TypeVar("T")


def read_records(path: Path, fields: Fields) -> Iterator[pl.DataFrame]:
    """Frames of `line`, `item`, `raw`, `problem` and `record` (the fields; null where there is a problem).

    Memory holds a few blocks, whatever the file's size. What cannot be unpacked is one record with a
    problem. A file cut between two records cannot be told from a whole one, unless it is packed.
    """
    failure: list[str] = []
    slices = _ahead(slices_of(_blocks(_noting(chunks(path), failure)), Decoder(fields)))
    begun: list[Slice] = []

    def more() -> str:
        part = begun.pop() if begun else next(slices, None)
        return part.text.decode("utf-8", "surrogateescape") if part else ""

    scroll = Scroll(more)
    is_scrolling = False
    for part in slices:
        if part.records is not None:
            is_scrolling = False
            scroll.line = part.after
            yield part.records
            continue
        if not is_scrolling:
            scroll = Scroll(more, line=part.line)
            is_scrolling = True
        begun.append(part)
        records = scroll.records()
        while some := list(islice(records, AT_ONCE)):
            yield as_frame(some, fields)
    if failure:
        yield as_frame([Record(scroll.line, 1, None, failure[0], "")], fields)


def as_frame(records: Iterable[Record], fields: Fields) -> pl.DataFrame:
    """Records of the careful way as the same kind of frame."""
    rows = list(records)
    return pl.DataFrame(
        [
            pl.Series("line", [row.line for row in rows], pl.Int64),
            pl.Series("item", [row.item for row in rows], pl.Int64),
            pl.Series("raw", [_storable(row.raw) for row in rows], pl.String),
            pl.Series("problem", [row.reason or None for row in rows], pl.String),
            pl.Series(
                "record",
                [None if row.value is None else conform(row.value, fields) for row in rows],
                dtype_of(fields),
            ),
        ]
    )


def _storable(raw: str) -> str:
    return raw if raw.isascii() else raw.encode("utf-8", "replace").decode()


def _noting(pieces: Iterator[bytes], failure: list[str]) -> Iterator[bytes]:
    """The pieces; why there are no more of them, if that is no good reason, is noted."""
    try:
        yield from pieces
    except Unusable as problem:
        failure.append(str(problem))


def _blocks(pieces: Iterable[bytes]) -> Iterator[Block]:
    """The bytes of a file, cut behind ends of lines wherever there are any."""
    parts, size, is_begun = list[bytes](), 0, False
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size < BLOCK:
            continue
        text = b"".join(parts)
        cut = text.rfind(b"\n") + 1
        yield Block(text[: cut or size], is_whole=cut > 0 and not is_begun)
        rest = text[cut or size :]
        parts, size, is_begun = [rest], len(rest), cut == 0
    if rest := b"".join(parts):
        yield Block(rest, is_whole=not is_begun)


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; a thread makes the next ones while one is worked on."""
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, items, None) for _ in range(AHEAD))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item
