"""The text of an export as JSON records, each with where it stands: the careful way.

A file is a run of JSON objects; white space, commas and array brackets between them only separate. So one
object a line, objects back to back as Firehose may write them, arrays, and a single pretty-printed object
are one format, and an array that was cut off loses only its last record. What is no object is reported with
its line, and reading goes on with the next line. `runs` is the quick way for files of one record a line.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from deliverlab.events.entries import Unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_RECORD = 16 << 20  # characters: far above any provider's limit for one delivery
RAW_CHARACTERS = 1_000  # of an unusable record: more than is kept, so that masking sees whole addresses

_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
_LINE = re.compile(r"[^\n]*")
_RECORD_LINES = re.compile(  # a line, and the indented ones below that belong to it
    r"[^\n]*(?:\n(?:[ \t]+[^\s{]|[}\]])[^\n]*)*"
)
_NEXT_LINE = re.compile(r"\n\s*\S")
_TOO_MUCH = "not JSON: nested too deep or a number too long"


class Record(NamedTuple):
    """One JSON object, or where `value` is null what stood in its place and why it is none."""

    line: int
    item: int
    value: dict[str, Any] | None
    reason: str
    raw: str


_decode = json.JSONDecoder().raw_decode


def embedded(message: str | None) -> list[dict[str, Any]]:
    """The JSON object, or the array of objects, that another record carries as text."""
    if message is None:
        raise Unusable("the message inside is no text")
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        raise Unusable("the message inside is not JSON") from None
    objects = value if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) for each in objects):
        raise Unusable("the message inside is no JSON object")
    return [_without_lone_surrogates(each, message) for each in objects]


class Scroll:
    """A text, unrolled piece by piece as far as needed, and the place where reading stands.

    `more` gives the next piece, an empty one at the end.
    """

    def __init__(self, more: Callable[[], str], *, line: int = 1) -> None:
        self._more = more
        self._text = ""
        self._at = 0
        self.line = line
        self._item = 0
        self._is_whole = False

    def records(self) -> Iterator[Record]:
        """The records of the next piece; further pieces are begun only while one of its records is open."""
        self._unroll()
        while self._find_next():
            yield self._take()

    def _find_next(self) -> bool:
        """Whether there is more than separators at hand; if so, stand before it."""
        self._advance(_BETWEEN.match(self._text, self._at).end())  # type: ignore[union-attr]  # matches always
        self._item += self._at < len(self._text)
        return self._at < len(self._text)

    def _take(self) -> Record:
        """The record that begins here."""
        line, item = self.line, self._item
        if self._text[self._at] != "{":
            return Record(line, item, None, "not a JSON object", self._skip(_LINE))
        while True:
            try:
                value, end = _decode(self._text, self._at)
                raw = self._text[self._at : end]
                value = _without_lone_surrogates(value, raw)
            except json.JSONDecodeError as error:
                may_go_on = _NEXT_LINE.search(self._text, error.pos) is None
                if may_go_on and len(self._text) - self._at < LONGEST_RECORD and self._unroll():
                    continue
                return Record(line, item, None, f"not JSON: {error.msg}", self._skip(_RECORD_LINES))
            except (ValueError, RecursionError):
                return Record(line, item, None, _TOO_MUCH, self._skip(_RECORD_LINES))
            self._advance(end)
            if not raw.isascii() and not _is_utf8(raw):
                return Record(line, item, None, "not UTF-8", raw[:RAW_CHARACTERS])
            return Record(line, item, value, "", raw[:RAW_CHARACTERS])

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
            self.line += lines
            self._item = 0
        self._at = end

    def _unroll(self) -> bool:
        """Forget what was read and add a piece; false at the end of the text."""
        if self._is_whole:
            return False
        piece = self._more()
        self._is_whole = not piece
        self._text = self._text[self._at :] + piece
        self._at = 0
        return True


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
