"""The rows of a CSV file, packed or not, however damaged: each with its fields, none of them without end."""

from __future__ import annotations

import csv
import re
from itertools import chain
from typing import TYPE_CHECKING

from deliverlab.events.entries import Unusable
from deliverlab.events.unpack import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_FIELD = 1 << 20  # characters
DELIMITERS = ",;\t|"


def csv_rows(lines: Iterator[str]) -> Iterator[list[str]]:
    """The rows, a blank one without fields; one that no reader of CSV understands comes as a single field."""
    begin: list[str] = []
    for line in lines:
        begin.append(line)
        if line.strip():
            break
    delimiter = max(DELIMITERS, key="".join(begin[-1:]).count)
    csv.field_size_limit(2 * LONGEST_FIELD)
    rows = csv.reader(chain(begin, lines), delimiter=delimiter)
    while True:
        try:
            row = next(rows)
            yield row if len(row) > 1 or "".join(row).strip() else []
        except StopIteration:
            return
        except csv.Error as error:
            yield [f"not CSV: {error}"]


def is_utf8(row: list[str]) -> bool:
    """Whether all of a row was UTF-8."""
    joined = "".join(row)
    return joined.isascii() or not re.search("[\udc80-\udcff]", joined)


def csv_lines(path: Path, failure: list[str]) -> Iterator[str]:
    """The file line by line; a line that is too long for any table is cut."""
    rest = b""
    try:
        for chunk in chunks(path):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield _decoded(line) + "\n"
            if len(rest) > LONGEST_FIELD:
                yield _decoded(rest) + "\n"
                rest = b""
    except Unusable as problem:
        failure.append(str(problem))
    if rest:
        yield _decoded(rest)


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape").replace("\0", "")
