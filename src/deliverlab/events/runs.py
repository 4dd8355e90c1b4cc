"""Lines of one JSON object each, decoded: runs of them, in files that may hold other lines as well.

Bytes are decoded a part at a time. A part in which a line is anything else stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deliverlab.events.objects import Decoder

PART = 1 << 17  # bytes: what fits the processor's cache, and what one broken line makes slow

NEWLINE, OPENING, CLOSING = b"\n{}"
SEPARATORS = b" \t\r\n,[]"
LONG = 4_300  # digits: of more, Python makes no number
LONG_NUMBER = re.compile(rb"\d{%d}" % (LONG + 1))

Places = np.ndarray[Any, np.dtype[np.int64]]  # a column a line: its number, where it begins, where it ends


class Block(NamedTuple):
    """Bytes of a file from the beginning of a line to the end of one, or a part of a very long line."""

    text: bytes
    is_whole: bool


class Slice(NamedTuple):
    """Some whole lines: their text, and where all could be decoded, their records."""

    line: int
    after: int  # the line behind them
    text: bytes
    records: pl.DataFrame | None


def slices_of(blocks: Iterable[Block], decoder: Decoder) -> Iterator[Slice]:
    """All lines in their order: long runs that were decoded, and short ones that could not be."""
    line = 1
    for text, is_whole in blocks:
        run = _Run(text, 0, line, decoder)
        for start, end in _parts(text) if is_whole else [(0, len(text))]:
            if is_whole and run.takes(start, end):
                continue
            yield from run.slices()
            odd = Slice(run.after, run.after + text.count(b"\n", start, end), text[start:end], None)
            yield odd
            run = _Run(text, end, odd.after, decoder)
        yield from run.slices()
        line = run.after


def _parts(text: bytes) -> Iterator[tuple[int, int]]:
    """Where whole lines stand: as many as fit a part, or one that does not."""
    start = 0
    while start < len(text):
        end = text.rfind(b"\n", start, start + PART) + 1 or text.find(b"\n", start) + 1 or len(text)
        yield start, end
        start = end


class _Run:
    """Lines of a block with one record each, decoded one part after the other."""

    def __init__(self, text: bytes, start: int, line: int, decoder: Decoder) -> None:
        self._text = text
        self._start, self._end = start, start
        self._line, self.after = line, line
        self._decoder = decoder
        self._rows = decoder.gathered()
        self._places: list[Places] = []

    def takes(self, start: int, end: int) -> bool:
        """Whether each line of the part is a record or nothing at all; if so, they are added."""
        part = self._text[start:end]
        lines = _lines(part)
        count = lines.shape[1] - (not part.endswith(b"\n"))
        tidy = part
        if not _are_objects(part, lines):
            lines = _trimmed(part, lines)
            tidy = b"\n".join(part[first:last] for _, first, last in lines.T)
        is_plain = _are_objects(part, lines) and not _has_long_number(tidy, lines) and _is_utf8(tidy)
        records = self._decoder.objects(tidy) if is_plain else None
        if records is None or len(records) != lines.shape[1]:
            return False
        self._rows.add(records)
        self._places.append(lines + np.array([[self.after], [start], [start]]))
        self._end, self.after = end, self.after + count
        return True

    def slices(self) -> list[Slice]:
        """What was added, if anything."""
        if self._start == self._end:
            return []
        line, start, end = np.concatenate(self._places, axis=1)
        columns = {
            "line": line,
            "item": np.ones_like(line),
            "raw": pl.Series([self._text])[np.zeros_like(line)],  # one text, seen many times
            "problem": pl.Series([None], dtype=pl.String).new_from_index(0, len(line)),
            "record": self._rows.series(),
        }
        raw = pl.col("raw").bin.slice(pl.Series(start), pl.Series(end - start)).cast(pl.String)
        records = pl.DataFrame(columns).with_columns(raw)
        return [Slice(self._line, self.after, self._text[self._start : self._end], records)]


def _lines(text: bytes) -> Places:
    newlines = np.flatnonzero(np.frombuffer(text, np.uint8) == NEWLINE)
    ends = newlines if text.endswith(b"\n") else np.append(newlines, len(text))
    starts = np.append(0, ends[:-1] + 1)
    return np.stack([np.arange(len(ends)), starts, ends])


def _trimmed(text: bytes, lines: Places) -> Places:
    """The lines with something in them, without what only separates."""
    found = []
    for number, start, end in lines.T:
        left = text[start:end].lstrip(SEPARATORS)
        if left:
            found.append((number, end - len(left), end - len(left) + len(left.rstrip(SEPARATORS))))
    return np.array(found, dtype=np.int64).reshape(-1, 3).T


def _are_objects(text: bytes, lines: Places) -> bool:
    """Whether every line looks like an object: then no object goes over the end of a line."""
    _, starts, ends = lines
    letters = np.frombuffer(text, np.uint8)
    return bool((letters[starts] == OPENING).all() and (letters[ends - 1] == CLOSING).all())


def _has_long_number(text: bytes, lines: Places) -> bool:
    """Whether a line has a number that Python refuses to read."""
    _, starts, ends = lines
    return bool((ends - starts).max(initial=0) > LONG) and LONG_NUMBER.search(text) is not None


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
