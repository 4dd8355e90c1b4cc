"""JSON objects as rows of fields, many at once: the quick way for the bulk.

msgspec reads just the fields of each object. The values of a field are gathered over many objects, some of
them at a time while the processor has them at hand, and become a column at the end. Strange values are read
as `fields.conform` reads them; only where there is no JSON object at all, the careful way is needed.
"""

from __future__ import annotations

from functools import cache
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np
import polars as pl

from deliverlab.events.fields import dtype_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliverlab.events.fields import Fields

DataType = pl.DataType | pl.datatypes.DataTypeClass

AT_ONCE = 256  # objects: few enough to stay in the processor's cache
NOT_JSON = (msgspec.MsgspecError, ValueError, RecursionError)
NO_OBJECT = str | int | float | bool | None  # what may stand where an object should


class Decoder:
    """Makes rows of JSON objects: those that `fields.conform` makes of what Python reads."""

    def __init__(self, fields: Fields) -> None:
        self._dtype = dtype_of(fields)
        self._decoder = msgspec.json.Decoder(_object_type(self._dtype))

    def rows(self, texts: Iterable[str]) -> pl.Series | None:
        """The texts as rows; null unless every one is a JSON object."""
        objects, rows = map(self._decoder.decode, texts), self.gathered()
        try:
            while some := list(islice(objects, AT_ONCE)):
                rows.add(some)
        except NOT_JSON:
            return None
        return rows.series()

    def objects(self, lines: memoryview) -> list[msgspec.Struct] | None:
        """What stands in some lines, for `gathered`; null unless that is JSON objects alone."""
        try:
            return self._decoder.decode_lines(lines)
        except NOT_JSON:
            return None

    def gathered(self) -> Gathered:
        """Rows in the making, to which objects can be added."""
        return _Objects(self._dtype)


class Gathered(Protocol):
    """The values of a field, of one object after the other."""

    def add(self, values: list[Any], /) -> None:
        """Take more values, each whatever stood in the field's place; null where nothing did."""

    def series(self) -> pl.Series:
        """All of them as a column."""


def _gathered(dtype: DataType) -> Gathered:
    if isinstance(dtype, pl.Struct):
        return _Objects(dtype)
    if isinstance(dtype, pl.List):
        return _Lists(dtype)
    return _Texts()


class _Texts:
    def __init__(self) -> None:
        self._values: list[Any] = []

    def add(self, values: list[Any], /) -> None:
        self._values += values

    def series(self) -> pl.Series:
        if not any(self._values) and self._values.count(None) == len(self._values):
            return _nothing(pl.String(), len(self._values))
        try:
            return pl.Series(self._values, dtype=pl.String)
        except (TypeError, OverflowError):  # not texts alone
            return pl.Series(map(text_of, self._values), dtype=pl.String)


class _Lists:
    def __init__(self, dtype: pl.List) -> None:
        self._dtype = dtype
        self._lengths: list[int] = []  # -1 where there is none
        self._items = _gathered(dtype.inner)

    def add(self, values: list[Any], /) -> None:
        if set(map(type, values)) == {list}:
            self._lengths += map(len, values)
            self._items.add(list(chain.from_iterable(values)))
        else:
            values = [value if value is None or type(value) is list else [value] for value in values]
            self._lengths += [-1 if value is None else len(value) for value in values]
            self._items.add(list(chain.from_iterable(filter(None, values))))

    def series(self) -> pl.Series:
        items, lengths = self._items.series(), np.array(self._lengths)
        if (lengths == 1).all():
            return items.reshape((-1, 1)).arr.to_list()
        row = np.repeat(np.arange(len(lengths)), np.maximum(lengths, 0))
        lists = pl.DataFrame({"row": row, "items": items}).group_by("row", maintain_order=True).agg("items")
        filled = _placed(lists["items"], lengths > 0)
        return filled.zip_with(pl.Series(lengths != 0), pl.Series([[]], dtype=self._dtype))


class _Objects:
    def __init__(self, dtype: DataType) -> None:
        self._dtype = dtype
        self._type = _object_type(dtype)
        self._is_there = bytearray()
        self._fields = [
            (attrgetter(f"_{place}"), _gathered(inner)) for place, (_, inner) in enumerate(_named(dtype))
        ]

    def add(self, values: list[Any], /) -> None:
        if not any(values):
            self._is_there += bytes(len(values))
            return
        if set(map(type, values)) == {self._type}:
            there = values
            self._is_there += b"\1" * len(values)
        else:
            there = [value for value in values if type(value) is self._type]
            self._is_there += bytes(type(value) is self._type for value in values)
        for attribute, field in self._fields:
            field.add(list(map(attribute, there)))

    def series(self) -> pl.Series:
        is_there = np.frombuffer(self._is_there, dtype=bool)
        if not is_there.any():
            return _nothing(self._dtype, len(is_there))
        columns = [
            field.series().alias(name)
            for (_, field), (name, _) in zip(self._fields, _named(self._dtype), strict=True)
        ]
        return _placed(pl.DataFrame(columns).to_struct("record"), is_there)


def _placed(values: pl.Series, is_there: np.ndarray[Any, np.dtype[np.bool_]]) -> pl.Series:
    """A value for each that is there, in its place among those that are not."""
    if is_there.all():
        return values
    with_nothing = values.append(_nothing(values.dtype, 1))
    return with_nothing[np.where(is_there, np.cumsum(is_there) - 1, values.len() - 1)]


def _nothing(dtype: DataType, count: int) -> pl.Series:
    return _null(dtype).new_from_index(0, count)


@cache
def _null(dtype: DataType) -> pl.Series:
    return pl.Series([None], dtype=dtype)


@cache
def _object_type(dtype: DataType) -> type[msgspec.Struct]:
    """A class for objects of these fields, whose names may be any: attributes are numbered."""
    fields = list(enumerate(_named(dtype)))
    return msgspec.defstruct(
        "Object",
        [(f"_{place}", _hint(inner), None) for place, (_, inner) in fields],
        rename={f"_{place}": name for place, (name, _) in fields},
        gc=False,
    )


def _hint(dtype: DataType) -> Any:  # noqa: ANN401 - a type
    """What may stand in the place of a field: anything, objects read as far as the fields go."""
    if isinstance(dtype, pl.Struct):
        return _object_type(dtype) | list[Any] | NO_OBJECT
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        return _object_type(dtype.inner) | list[_hint(dtype.inner)] | NO_OBJECT  # type: ignore[misc]
    return Any


def _named(dtype: DataType) -> list[tuple[str, DataType]]:
    assert isinstance(dtype, pl.Struct)
    return [(field.name, field.dtype) for field in dtype.fields]
