"""The records of a JSON export as frames of the fields that a provider reads.

Files of one record a line are parsed by Polars, a slice of lines at a time; a slice in which anything is
not as expected is read the careful way, record by record. Both give the same rows.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from deliverlab.events.entries import Unusable
from deliverlab.events.fields import TEXT, conform, decode, dtype_of
from deliverlab.events.records import Record, Scroll
from deliverlab.events.unpack import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from deliverlab.events.fields import Fields

BLOCK = 16 << 20  # bytes whose records are worked on at once
SLICES = (
    1 << 20,
    1 << 17,
)  # bytes parsed at once: what fits the processor's cache; what one broken line costs
AT_ONCE = 1 << 14  # records of the careful way in one frame
CORES = 2  # blocks parsed at once: the frames are worked on meanwhile, and Polars has threads of its own

NEWLINE = ord("\n")
SEPARATORS = " \t\r\n,[]\ufeff"


class Slice(NamedTuple):
    """Some whole lines: their text, and where the quick way reads them, their records."""

    line: int
    text: bytes
    records: pl.DataFrame | None


def read_records(path: Path, fields: Fields) -> Iterator[pl.DataFrame]:
    """Frames of `line`, `item`, `raw`, `problem` and `record` (the fields; null where there is a problem).

    Memory holds a few blocks, whatever the file's size. What cannot be unpacked is one record with a
    problem. A file cut between two records cannot be told from a whole one, unless it is packed.
    """
    failure: list[str] = []
    slices = _ahead(_blocks(_noting(chunks(path), failure)), fields)
    begun: list[Slice] = []

    def more() -> str:
        part = begun.pop() if begun else next(slices, None)
        return part.text.decode("utf-8", "surrogateescape") if part else ""

    scroll = Scroll(more)
    is_scrolling = False
    for part in slices:
        if part.records is not None:
            is_scrolling = False
            scroll.line = part.line + part.text.count(b"\n")
            yield part.records.rechunk()
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


class Block(NamedTuple):
    """Bytes of a file from the beginning of a line to the end of one, or a part of a very long line."""

    line: int
    text: bytes
    is_whole: bool


def _blocks(pieces: Iterable[bytes]) -> Iterator[Block]:
    """The bytes of a file, cut behind ends of lines wherever there are any."""
    line, parts, size, is_begun = 1, list[bytes](), 0, False
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size < BLOCK:
            continue
        whole, newline, left = b"".join(parts).rpartition(b"\n")
        text, rest = (whole + newline, left) if newline else (left, b"")
        yield Block(line, text, is_whole=bool(newline) and not is_begun)
        line += text.count(b"\n")
        parts, size, is_begun = [rest], len(rest), not newline
    if rest := b"".join(parts):
        yield Block(line, rest, is_whole=not is_begun)


def _ahead(blocks: Iterator[Block], fields: Fields) -> Iterator[Slice]:
    """The slices of all blocks in their order; some blocks are parsed ahead of the reader."""
    with ThreadPoolExecutor(CORES) as pool:
        waiting: deque[Future[list[Slice]]] = deque()
        for block in blocks:
            waiting.append(pool.submit(_slices, block, fields))
            if len(waiting) > CORES:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _slices(block: Block, fields: Fields) -> list[Slice]:
    """The block as runs of lines: long ones that were parsed, and short ones that could not be."""
    if not block.is_whole:
        return [Slice(block.line, block.text, None)]
    runs: list[Slice] = []
    parts = _parsed(block.line, block.text, fields, SLICES)
    for is_parsed, some in groupby(parts, key=lambda part: part.records is not None):
        run = list(some)
        if is_parsed:
            records = pl.concat(part.records for part in run if part.records is not None)
            run = [Slice(run[0].line, b"".join(part.text for part in run), records)]
        runs += run
    return runs


def _parsed(line: int, text: bytes, fields: Fields, sizes: tuple[int, ...]) -> Iterator[Slice]:
    """Whole lines in slices of about the first size; one that cannot be parsed in smaller ones."""
    size, *smaller = sizes
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == NEWLINE) + 1
    last = np.unique(np.searchsorted(ends, np.arange(size, len(text), size)))  # lines that end a slice
    last = last[last < len(ends)]
    cuts = [0, *ends[last].tolist(), len(text)]
    for before, (start, end) in zip([0, *(last + 1).tolist()], pairwise(cuts), strict=True):
        part, at = text[start:end], line + before
        if not part:  # behind the last end of a line
            continue
        records = _quick(at, part, fields)
        if records is None and smaller:
            yield from _parsed(at, part, fields, tuple(smaller))
        else:
            yield Slice(at, part, records)


def _quick(line: int, text: bytes, fields: Fields) -> pl.DataFrame | None:
    """The records of some lines, one or none a line; null where a line is anything else."""
    if text[:1] not in (b"{", b"[", b" ", b"\n", b",", b"\t", b"\r"):
        return None
    try:
        lines = pl.Series("raw", [text.decode()], TEXT).str.split("\n").explode()
    except UnicodeDecodeError:
        return None
    numbered = pl.DataFrame({"line": pl.int_range(line, line + lines.len(), eager=True), "raw": lines})
    told = numbered.with_columns(pl.col("raw").str.strip_chars(SEPARATORS)).filter(pl.col("raw") != "")
    records = decode(told["raw"], fields) if told.height else pl.Series(dtype=dtype_of(fields))
    if records is None:
        return None
    return told.select(
        "line",
        pl.lit(1, pl.Int64).alias("item"),
        "raw",
        pl.lit(None, TEXT).alias("problem"),
        records.alias("record"),
    )
