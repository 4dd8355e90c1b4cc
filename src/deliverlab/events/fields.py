"""Which fields of a record a provider reads, and a record's JSON as a row of them.

Every leaf is text: what a word, a number or a truth value looks like. Numbers keep their digits (`7.0` is
"7"), so that moments and ids are read from them without loss. Whatever else stands where a leaf should be is
no value. Where a name stands twice in an object, the first counts.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import polars as pl

TEXT = pl.String()
Fields = dict[str, Any]  # of TEXT, of Fields, or of a list of one of them

_ROW = "deliverlab:row"
_SURROGATE, _PAIR = r"\\u[dD][89a-fA-F]", r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]"
_SHORT, _DEEPEST = 1_000, 200  # brackets in a text that is not short: the quick reader's stack has an end


def dtype_of(fields: Any) -> pl.DataType:  # noqa: ANN401 - a leaf, a list or an object of fields
    """The fields as a type of Polars."""
    if isinstance(fields, list):
        return pl.List(dtype_of(fields[0]))
    if isinstance(fields, dict):
        return pl.Struct({name: dtype_of(inner) for name, inner in fields.items()})
    assert isinstance(fields, pl.DataType)
    return fields


def decode(texts: pl.Series, fields: Fields) -> pl.Series | None:
    """The texts, a JSON object each, as rows of fields; null unless every one is what the fields say.

    The quick way for the bulk: where it gives up, `conform` reads the same from Python's own JSON. Polars
    joins the texts to one array before it parses them, so each carries its number, which must come out
    again: otherwise two broken texts could make a whole one.
    """
    dtype = dtype_of({_ROW: TEXT} | fields)
    if not _is_quick(texts):
        return None
    numbers = pl.int_range(texts.len(), eager=True).cast(pl.String)
    try:
        rows = pl.select(
            pl.concat_str(pl.lit(f'{{"{_ROW}":'), numbers, pl.lit(","), texts.str.slice(1)).str.json_decode(
                dtype
            )
        ).to_series()
    except pl.exceptions.PolarsError:
        return None
    if rows.len() != texts.len() or not rows.struct.field(_ROW).equals(numbers, check_names=False):
        return None
    return rows.struct.unnest().drop(_ROW).to_struct("record")


def _is_quick(texts: pl.Series) -> bool:
    """Whether Polars reads such texts as Python does, as far as it reads them."""
    if not (texts.str.starts_with("{") & texts.str.ends_with("}")).all():
        return False
    if texts.str.contains(_ROW, literal=True).any():
        return False
    if (texts.filter(texts.str.len_bytes() > _SHORT).str.count_matches(r"[\[{]") > _DEEPEST).any():
        return False
    escaped = texts.filter(
        texts.str.contains(r"\u", literal=True)
    )  # half a surrogate pair would become nothing
    return (2 * escaped.str.count_matches(_PAIR) == escaped.str.count_matches(_SURROGATE)).all()


def conform(value: object, fields: Any) -> Any:  # noqa: ANN401 - a leaf, a list or an object of fields
    """One JSON value of Python's as the fields say: what `decode` gives wherever that gives anything."""
    if isinstance(fields, dict):
        if not isinstance(value, dict):
            return None
        return {name: conform(value.get(name), inner) for name, inner in fields.items()}
    if isinstance(fields, list):
        if value is None:
            return None
        return [conform(each, fields[0]) for each in (value if isinstance(value, list) else [value])]
    return _text(value[0] if isinstance(value, list) and value else value)


def _text(value: object) -> str | None:
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
