"""Events that stand inside other records: pages of an API, notifications, batches, JSON as text.

An envelope is a path: `items[]` is a list of events under that name, `event-data` an object, `Message*` JSON
as text, `Records[].Sns` an object in each item of a list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.events.entries import Unusable
from deliverlab.events.fields import TEXT, conform, dtype_of
from deliverlab.events.objects import Decoder
from deliverlab.events.records import embedded

if TYPE_CHECKING:
    from deliverlab.events.entries import Provider
    from deliverlab.events.fields import Fields

DEEPEST = 4  # a queue's record holds a notification, which holds an event
NOTHING_INSIDE = "nothing inside that could be an event"


def all_fields(fields: Fields, envelopes: tuple[str, ...]) -> Fields:
    """What is read of an event, and of the records that may hold some."""
    merged: Fields = dict(fields)
    for path in envelopes:
        _add(merged, path.split("."), fields)
    return merged


def opened(rows: pl.DataFrame, provider: Provider, fields: Fields) -> pl.DataFrame:
    """The rows with those inside an envelope in its place, and when the envelope was handed over.

    `rows` are as `lines.read_records` gives them, with all fields of the provider; `received` is added.
    An empty envelope holds nothing, and is no problem; one with strange things inside is.
    """
    rows = rows.with_columns(received=pl.lit(None, TEXT))
    tops = sorted({re.split(r"[.\[*]", path)[0] for path in provider.envelopes})
    if all(rows["record"].struct.field(top).null_count() == rows.height for top in tops):
        return rows
    holds = pl.any_horizontal(pl.col("record").struct.field(top).is_not_null() for top in tops)
    if provider.sealed is not None:
        holds &= ~provider.sealed.fill_null(value=False)
    done = []
    for _ in range(DEEPEST):
        is_envelope = rows.select(holds.fill_null(value=False)).to_series()
        if not is_envelope.any():
            break
        done.append(rows.filter(~is_envelope))
        rows = _unwrapped(rows.filter(is_envelope), provider, fields, tops)
    return pl.concat([*done, rows]).sort("line", "item", maintain_order=True) if done else rows


def _add(place: Fields, names: list[str], event: Fields) -> None:
    first, *rest = names
    name = first.rstrip("*").removesuffix("[]")
    if first.endswith("*"):
        place[name] = TEXT
        return
    is_list = first.endswith("[]")
    found = place.get(name, [{}] if is_list else {})
    inner: Fields = dict(found[0] if is_list else found)
    if rest:
        _add(inner, rest, event)
    else:
        inner |= event
    place[name] = [inner] if is_list else inner


def _unwrapped(rows: pl.DataFrame, provider: Provider, fields: Fields, tops: list[str]) -> pl.DataFrame:
    """What is inside, one level down; a row with a problem for each that has strange things inside only."""
    numbered = rows.with_row_index("envelope")
    if provider.stamp is not None:
        stamp = pl.col("record").struct.field(provider.stamp)
        numbered = numbered.with_columns(received=pl.coalesce(stamp, "received"))
    inside = [_along(numbered, path, fields) for path in provider.envelopes]
    used = pl.concat([part["envelope"] for part in inside]).unique()
    empty = pl.any_horizontal(
        pl.col("raw").str.contains(rf'"{re.escape(top)}"\s*:\s*(\{{\s*\}}|\[\s*\])') for top in tops
    )
    strange = numbered.filter(~pl.col("envelope").is_in(used.implode()) & ~empty).with_columns(
        problem=pl.lit(NOTHING_INSIDE), record=pl.lit(None, dtype_of(fields))
    )
    return pl.concat([*inside, strange]).drop("envelope")


def _along(rows: pl.DataFrame, path: str, fields: Fields) -> pl.DataFrame:
    """The events at the end of one path, as rows like those given."""
    rows = rows.with_columns(value="record")
    for step in path.split("."):
        name = step.rstrip("*").removesuffix("[]")
        rows = rows.with_columns(value=pl.col("value").struct.field(name)).filter(
            pl.col("value").is_not_null()
        )
        if step.endswith("[]"):
            rows = (
                rows.filter(pl.col("value").list.len() > 0)
                .with_columns(item=pl.int_ranges(1, pl.col("value").list.len() + 1))
                .explode("value", "item")
            )
    if path.endswith("*"):
        rows = _read(rows, fields)
    else:
        problem = pl.when(pl.col("value").is_null()).then(pl.lit(NOTHING_INSIDE))
        rows = rows.with_columns(problem=problem, record=_widened(rows["value"], fields))
    return rows.select("envelope", "line", "item", "raw", "problem", "record", "received")


def _widened(events: pl.Series, fields: Fields) -> pl.Series:
    """The events with nothing in the fields that only envelopes have."""
    dtype = dtype_of(fields)
    if not isinstance(events.dtype, pl.Struct):
        return pl.Series([None] * events.len(), dtype=dtype)
    known = {field.name: field.dtype for field in events.dtype.fields}
    columns = events.struct.unnest()
    assert isinstance(dtype, pl.Struct)
    wide = columns.select(
        pl.col(field.name)
        if known.get(field.name) == field.dtype
        else pl.lit(None, field.dtype).alias(field.name)
        for field in dtype.fields
    )
    return wide.to_struct("record")


def _read(rows: pl.DataFrame, fields: Fields) -> pl.DataFrame:
    """The rows with what their texts say: an object, or an array of them."""
    texts = rows["value"].str.strip_chars()
    quick = Decoder(fields).rows(texts)
    if quick is not None:
        return rows.with_columns(problem=pl.lit(None, TEXT), record=quick)
    numbers: list[int] = []
    problems: list[str | None] = []
    records: list[dict[str, Any] | None] = []
    for number, text in enumerate(texts):
        try:
            found: list[dict[str, Any] | None] = list(embedded(text))
            problem = None
        except Unusable as reason:
            found, problem = [None], str(reason)
        for each in found:
            numbers.append(number)
            problems.append(problem)
            records.append(None if each is None else conform(each, fields))
    return rows[numbers].with_columns(
        problem=pl.Series(problems, dtype=TEXT), record=pl.Series(records, dtype=dtype_of(fields))
    )
