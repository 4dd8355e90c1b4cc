"""Rows of CSV and Parquet files as records of the fields that a provider reads.

A column is found by its name, however it writes it: `portalId`, `portal_id` and `PORTAL_ID` are one, and
`sent_by_created` is `created` inside `sentBy`. A column may also hold an object as JSON text.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.events.csv_rows import csv_lines, csv_rows, is_utf8
from deliverlab.events.fields import TEXT, conform, dtype_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from deliverlab.events.fields import Fields

AT_ONCE = 1 << 14  # rows in one frame
_CSV, _PARQUET = r"\.[ct]sv(\.(gz|zst|zstd))?$", r"\.parquet$"
_UNEVEN = "a row of {} fields, must have {}"


def is_table(path: Path) -> bool:
    """Whether the file is a table, by its name."""
    return re.search(f"(?i){_CSV}|{_PARQUET}", path.name) is not None


def header(path: Path) -> list[str]:
    """The names of a table's columns; none where it cannot be read."""
    if _is_parquet(path):
        try:
            return pl.scan_parquet(path).collect_schema().names()
        except (pl.exceptions.PolarsError, OSError):
            return []
    return next(filter(None, csv_rows(csv_lines(path, []))), [])


def named(columns: Iterable[str], fields: Fields) -> dict[str, Any]:
    """The fields for which there is a column, as an object, for `Provider.knows`."""
    found = {_plain(column): column for column in columns}
    return {name: inner for name, inner in fields.items() if _columns_of(inner, _plain(name), found)}


def read_table(path: Path, fields: Fields) -> Iterator[pl.DataFrame]:
    """Frames of rows like those of `lines.read_records`; rows count from line 1, blank ones too."""
    if _is_parquet(path):
        yield from _read_parquet(path, fields)
    else:
        yield from _read_csv(path, fields)


def as_rows(frame: pl.DataFrame, fields: Fields, *, line: int) -> pl.DataFrame:
    """The rows of any frame as records, the first one numbered `line`."""
    texts = frame.select(_as_text(column) for column in frame.iter_columns())
    scalar = [name for name, dtype in texts.schema.items() if dtype == pl.String]
    columns = {_plain(name): texts[name] for name in texts.columns}
    raw = texts.select(pl.concat_str(scalar, separator=",", ignore_nulls=True)) if scalar else None
    return pl.DataFrame(
        {
            "line": pl.int_range(line, line + frame.height, eager=True),
            "item": pl.Series([1] * frame.height, dtype=pl.Int64),
            "raw": raw.to_series() if raw is not None else pl.Series([""] * frame.height, dtype=TEXT),
            "problem": pl.Series([None] * frame.height, dtype=TEXT),
            "record": _record(fields, "", columns, frame.height),
        }
    )


def _is_parquet(path: Path) -> bool:
    return re.search(f"(?i){_PARQUET}", path.name) is not None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _columns_of(fields: Any, name: str, columns: dict[str, Any]) -> bool:  # noqa: ANN401 - a leaf, list or object
    if name in columns:
        return True
    return isinstance(fields, dict) and any(
        _columns_of(inner, name + _plain(each), columns) for each, inner in fields.items()
    )


def _record(fields: Any, name: str, columns: dict[str, pl.Series], height: int) -> pl.Series:  # noqa: ANN401
    """What the columns say of a field, and of all that is below it."""
    dtype = dtype_of(fields)
    found = columns.get(name) if name else None
    if found is None and isinstance(fields, dict):
        inner = {each: _record(part, name + _plain(each), columns, height) for each, part in fields.items()}
        return pl.DataFrame(inner).to_struct() if inner else pl.Series([None] * height, dtype=dtype)
    if found is None:
        return pl.Series([None] * height, dtype=dtype)
    if found.dtype == pl.String and not isinstance(fields, dict | list):
        return found.replace("", None)
    values = [_parsed(value) for value in found] if found.dtype == pl.String else found.to_list()
    return pl.Series([conform(value, fields) for value in values], dtype=dtype)


def _parsed(text: str | None) -> object:
    """What a column that holds objects says in a row; a word is a word."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def _as_text(column: pl.Series) -> pl.Series:
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        utc = column.dt.convert_time_zone("UTC") if dtype.time_zone else column
        return utc.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    if dtype.is_nested() or dtype == pl.Binary:
        return column
    if dtype.is_float():
        return column.cast(pl.String).str.strip_suffix(".0")
    return column.cast(pl.String)


def _read_parquet(path: Path, fields: Fields) -> Iterator[pl.DataFrame]:
    line = 2
    try:
        for frame in pl.scan_parquet(path).collect_batches(chunk_size=AT_ONCE, maintain_order=True):
            yield as_rows(frame, fields, line=line)
            line += frame.height
    except (pl.exceptions.PolarsError, OSError) as error:
        yield _problems([(line, str(error).splitlines()[0], "")], fields)


def _read_csv(path: Path, fields: Fields) -> Iterator[pl.DataFrame]:
    failure: list[str] = []
    rows = csv_rows(csv_lines(path, failure))
    above, columns_told = next(((blank, row) for blank, row in enumerate(rows) if row), (0, []))
    names = [name.encode("utf-8", "replace").decode() for name in columns_told]
    line = above + 2
    while some := list(islice(rows, AT_ONCE)):
        numbered = [(line + number, row) for number, row in enumerate(some) if row]
        line += len(some)
        fine = [(number, row) for number, row in numbered if len(row) == len(names) and is_utf8(row)]
        odd = [
            (
                number,
                _UNEVEN.format(len(row), len(names)) if len(row) != len(names) else "not UTF-8",
                ",".join(row),
            )
            for number, row in numbered
            if len(row) != len(names) or not is_utf8(row)
        ]
        if fine:
            columns = list(zip(*(row for _, row in fine), strict=True))
            frame = pl.DataFrame([pl.Series(f"{at}", values, pl.String) for at, values in enumerate(columns)])
            # Of columns with one name the first counts.
            kept = [at for at, name in enumerate(names) if name not in names[:at]]
            frame = frame.select(pl.col(f"{at}").alias(names[at]) for at in kept)
            yield as_rows(frame, fields, line=0).with_columns(
                line=pl.Series([number for number, _ in fine], dtype=pl.Int64)
            )
        if odd:
            yield _problems(odd, fields)
    if failure:
        yield _problems([(line, failure[0], "")], fields)


def _problems(told: list[tuple[int, str, str]], fields: Fields) -> pl.DataFrame:
    lines, reasons, raws = zip(*told, strict=True)
    return pl.DataFrame(
        {
            "line": pl.Series(lines, dtype=pl.Int64),
            "item": pl.Series([1] * len(told), dtype=pl.Int64),
            "raw": pl.Series([raw.encode("utf-8", "replace").decode() for raw in raws], dtype=TEXT),
            "problem": pl.Series(reasons, dtype=TEXT),
            "record": pl.Series([None] * len(told), dtype=dtype_of(fields)),
        }
    )
