"""The bytes of an export as JSON records, each with where it stands.

A file is a run of JSON objects; white space, commas and array brackets between them only separate. So one
object a line, objects back to back as Firehose may write them, arrays, and a single pretty-printed object
are one format, and an array that was cut off loses only its last record. What is no object is reported with
its line, and reading goes on with the next line.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from deliverlab.errors import DataError
from deliverlab.events.entries import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 1 << 20
LONGEST_RECORD = 16 << 20  # characters: far above any provider's limit for one delivery
LARGEST_EXPANSION = 256  # JSON logs shrink to a twentieth or so, a zip bomb to a thousandth
FREE_EXPANSION = 64 << 20  # bytes that a packed file may always expand to
RAW_CHARACTERS = 1_000  # of an unusable record: more than is kept, so that masking sees whole addresses

_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
_LINE = re.compile(r"[^\n]*")
_RECORD_LINES = re.compile(  # a line, and the indented ones below that belong to it
    r"[^\n]*(?:\n(?:[ \t]+[^\s{]|[}\]])[^\n]*)*"
)
_NEXT_LINE = re.compile(r"\n\s*\S")
_TOO_MUCH = "not JSON: nested too deep or a number too long"
_decode = json.JSONDecoder().raw_decode


class Record(NamedTuple):
    """One JSON object, or where `value` is null what stood in its place and why it is none."""

    position: str
    value: dict[str, Any] | None
    reason: str
    raw: str


def read_records(path: Path) -> Iterator[Record]:
    """The records of a file in their order; gzip is known by its first bytes, memory holds a few records.

    A packed file may expand to 256 times its size (or 64 MiB), a record to 16 MiB: what goes beyond is
    reported. A file cut between two records cannot be told from a whole one, unless it is packed.

    Raises `DataError` where the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            scroll = _Scroll(_chunks(file, size=path.stat().st_size))
            while scroll.find_next():
                yield scroll.take()
            if scroll.failure:
                yield Record(scroll.position, None, scroll.failure, "")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}, must be a file that can be read") from error


def embedded(message: object) -> dict[str, Any]:
    """The JSON object that another record carries as text."""
    if not isinstance(message, str):
        raise Unusable("the message inside is no text")
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        raise Unusable("the message inside is not JSON") from None
    if not isinstance(value, dict):
        raise Unusable("the message inside is no JSON object")
    return _without_lone_surrogates(value, message)


class _Scroll:
    """The text of a file, unrolled as far as needed, and the place where reading stands."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._at = 0
        self._line = 1
        self._item = 0
        self._is_whole = False
        self.failure = ""

    @property
    def position(self) -> str:
        return f"line {self._line}" + (f", item {self._item}" if self._item > 1 else "")

    def find_next(self) -> bool:
        """Whether there is more than separators; if so, stand before it."""
        while True:
            self._advance(_BETWEEN.match(self._text, self._at).end())  # type: ignore[union-attr]  # matches always
            if self._at < len(self._text):
                self._item += 1
                return True
            if not self._unroll():
                return False

    def take(self) -> Record:
        """The record that begins here."""
        position = self.position
        if self._text[self._at] != "{":
            return Record(position, None, "not a JSON object", self._skip(_LINE))
        while True:
            try:
                value, end = _decode(self._text, self._at)
                raw = self._text[self._at : end]
                value = _without_lone_surrogates(value, raw)
            except json.JSONDecodeError as error:
                may_go_on = self._text.find("\n", error.pos) < 0
                if may_go_on and len(self._text) - self._at < LONGEST_RECORD and self._unroll():
                    continue
                return Record(position, None, f"not JSON: {error.msg}", self._skip(_RECORD_LINES))
            except (ValueError, RecursionError):
                return Record(position, None, _TOO_MUCH, self._skip(_RECORD_LINES))
            self._advance(end)
            if not raw.isascii() and not _is_utf8(raw):
                return Record(position, None, "not UTF-8", raw[:RAW_CHARACTERS])
            return Record(position, value, "", raw[:RAW_CHARACTERS])

    def _skip(self, pattern: re.Pattern[str]) -> str:
        """Go to the end of what the pattern matches; what stood there, cut."""
        raw = ""
        while True:
            end = pattern.match(self._text, self._at).end()  # type: ignore[union-attr]  # always
            raw = (raw + self._text[self._at : min(end, self._at + RAW_CHARACTERS)])[:RAW_CHARACTERS]
            self._advance(end)
            if _NEXT_LINE.match(self._text, end) or not self._unroll():
                return raw

    def _advance(self, end: int) -> None:
        lines = self._text.count("\n", self._at, end)
        if lines:
            self._line += lines
            self._item = 0
        self._at = end

    def _unroll(self) -> bool:
        """Forget what was read and add a chunk; false at the end of the file."""
        if self._is_whole:
            return False
        try:
            chunk = next(self._chunks, b"")
        except (gzip.BadGzipFile, EOFError, zlib.error, Unusable) as error:
            chunk = b""
            self.failure = f"the rest of the packed file cannot be read: {error}"
        self._is_whole = not chunk
        self._text = self._text[self._at :] + self._decoder.decode(chunk, final=self._is_whole)
        self._at = 0
        return True


def _chunks(file: BinaryIO, *, size: int) -> Iterator[bytes]:
    """The file's bytes, unpacked."""
    is_packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    if not is_packed:
        while chunk := file.read(CHUNK):
            yield chunk
        return
    allowance = max(FREE_EXPANSION, LARGEST_EXPANSION * size)
    with gzip.GzipFile(fileobj=file) as unpacked:
        while chunk := unpacked.read1(CHUNK):
            allowance -= len(chunk)
            if allowance < 0:
                raise Unusable(f"it expands to more than {LARGEST_EXPANSION} times its size")
            yield chunk


def _is_utf8(raw: str) -> bool:
    try:
        raw.encode()
    except UnicodeEncodeError:
        return False
    return True


def _without_lone_surrogates(value: dict[str, Any], raw: str) -> dict[str, Any]:
    r"""The same object with `?` for half a surrogate pair (`"\ud83d"`), which no table can hold."""
    if "\\ud" not in raw and "\\uD" not in raw:
        return value
    escaped = json.dumps(value, ensure_ascii=False)
    if _is_utf8(escaped):
        return value
    mended: dict[str, Any] = json.loads(escaped.encode("utf-8", "replace"))
    return mended
