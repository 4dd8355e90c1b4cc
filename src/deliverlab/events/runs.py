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
        after = line + text.count(b"\n")
        yield from _runs(text, line, decoder) if is_whole else [Slice(line, after, text, None)]
        line = after


def _runs(text: bytes, line: int, decoder: Decoder) -> Iterator[Slice]:
    lines = _lines(text)
    lines[0] += line
    run = _Run(text, decoder)
    for part in _parts(lines):
        if not run.takes(part):
            yield from run.slices()
            yield _slice(text, part, part, None)
            run = _Run(text, decoder)
    yield from run.slices()


def _parts(lines: Places) -> list[Places]:
    """The lines in parts of about the same size."""
    _, starts, _ = lines
    cuts = np.searchsorted(starts, np.arange(PART, starts[-1] + 1, PART))
    return np.split(lines, np.unique(cuts), axis=1)


class _Run:
    """Lines of a block with one record each, decoded one part after the other."""

    def __init__(self, text: bytes, decoder: Decoder) -> None:
        self._text = text
        self._is_ascii = text.isascii()
        self._decoder = decoder
        self._rows = decoder.gathered()
        self._parts: list[Places] = []
        self._records: list[Places] = []

    def takes(self, part: Places) -> bool:
        """Whether each line of the part is a record or nothing at all; if so, they are added."""
        lines, text = part, memoryview(self._text)[part[1, 0] : part[2, -1]]
        if not self._are_objects(part):
            lines = self._trimmed(part)
            text = memoryview(b"\n".join(self._text[start:end] for _, start, end in lines.T))
        is_plain = self._are_objects(lines) and not _has_long_number(text, lines) and self._is_utf8(text)
        records = self._decoder.objects(text) if is_plain else None
        if records is None or len(records) != lines.shape[1]:
            return False
        self._rows.add(records)
        self._parts.append(part)
        self._records.append(lines)
        return True

    def slices(self) -> list[Slice]:
        """What was added, if anything."""
        if not self._parts:
            return []
        line, start, end = np.concatenate(self._records, axis=1)
        columns = {
            "line": line,
            "item": np.ones_like(line),
            "raw": pl.Series([self._text])[np.zeros_like(line)],  # one text, seen many times
            "problem": pl.Series([None], dtype=pl.String).new_from_index(0, len(line)),
            "record": self._rows.series(),
        }
        raw = pl.col("raw").bin.slice(pl.Series(start), pl.Series(end - start)).cast(pl.String)
        return [_slice(self._text, self._parts[0], self._parts[-1], pl.DataFrame(columns).with_columns(raw))]

    def _are_objects(self, lines: Places) -> bool:
        """Whether every line looks like an object: then no object goes over the end of a line."""
        _, starts, ends = lines
        letters = np.frombuffer(self._text, np.uint8)
        return bool((letters[starts] == OPENING).all() and (letters[ends - 1] == CLOSING).all())

    def _trimmed(self, lines: Places) -> Places:
        """The lines with something in them, without what only separates."""
        found = []
        for number, start, end in lines.T:
            left = self._text[start:end].lstrip(SEPARATORS)
            if left:
                found.append((number, end - len(left), end - len(left) + len(left.rstrip(SEPARATORS))))
        return np.array(found, dtype=np.int64).reshape(-1, 3).T

    def _is_utf8(self, text: memoryview) -> bool:
        if self._is_ascii:
            return True
        try:
            str(text, "utf-8")
        except UnicodeDecodeError:
            return False
        return True


def _slice(text: bytes, first: Places, last: Places, records: pl.DataFrame | None) -> Slice:
    """What lies from the first of some lines to the last."""
    line, start, end = first[0, 0], first[1, 0], last[2, -1]
    has_end = end < len(text)
    return Slice(int(line), int(last[0, -1] + has_end), text[start : end + has_end], records)


def _lines(text: bytes) -> Places:
    """Where the lines of a text are, the empty ones too; behind the last newline only what is there."""
    newlines = np.flatnonzero(np.frombuffer(text, np.uint8) == NEWLINE)
    ends = newlines if text.endswith(b"\n") else np.append(newlines, len(text))
    starts = np.append(0, ends[:-1] + 1)
    return np.stack([np.arange(len(ends)), starts, ends])


def _has_long_number(text: memoryview, lines: Places) -> bool:
    """Whether a line has a number that Python refuses to read."""
    _, starts, ends = lines
    return bool((ends - starts).max(initial=0) > LONG) and LONG_NUMBER.search(text) is not None
