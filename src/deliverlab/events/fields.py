"""Which fields of a record a provider reads, and a record's JSON as a row of them.

Every leaf is text: what a word, a number or a truth value looks like. Numbers keep their digits (`7.0` is
"7"), so that moments and ids are read from them without loss. Whatever else stands where a leaf should be is
no value.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import polars as pl

TEXT = pl.String()
Fields = dict[str, Any]  # of TEXT, of Fields, or of a list of one of them


def dtype_of(fields: Any) -> pl.DataType:  # noqa: ANN401 - a leaf, a list or an object of fields
    """The fields as a type of Polars."""
    if isinstance(fields, list):
        return pl.List(dtype_of(fields[0]))
    if isinstance(fields, dict):
        return pl.Struct({name: dtype_of(inner) for name, inner in fields.items()})
    assert isinstance(fields, pl.DataType)
    return fields


def conform(value: object, fields: Any) -> Any:  # noqa: ANN401 - a leaf, a list or an object of fields
    """One JSON value of Python's as the fields say; `objects.Decoder` gives the same for many at once."""
    if isinstance(fields, dict):
        if not isinstance(value, dict):
            return None
        return {name: conform(value.get(name), inner) for name, inner in fields.items()}
    if isinstance(fields, list):
        if value is None:
            return None
        return [conform(each, fields[0]) for each in (value if isinstance(value, list) else [value])]
    return text_of(value)


def text_of(value: object) -> str | None:
    """A leaf's value as text: of a list its first item, null for whatever is no word, number or truth."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, float):
        return None
    if not math.isfinite(value):
        return str(value)
    return format(Decimal(repr(value)), "f").removesuffix(".0")
