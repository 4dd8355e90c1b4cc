"""The door of a table: a frame is checked where it enters, and told off in one clear line."""

from __future__ import annotations

from typing import Self

import dataframely as dy
import polars as pl

from deliverlab.errors import DataError

PIECE = 1 << 20  # rows of a large table that are checked at a time


class Table(dy.Schema):
    """A table contract that knows how to let a frame in."""

    @classmethod
    def admit(cls, frame: pl.DataFrame | pl.LazyFrame, /, *, what: str) -> dy.DataFrame[Self]:
        """The frame as this table, checked: missing columns, types, ranges, keys and rules.

        Only casts that lose nothing are made (an integer's width, text to one of the allowed words).
        A column that may be null may be missing; columns the table does not know are left out.
        A `DataError` names the first thing that is wrong.
        """
        collected = frame.lazy().collect()
        known = {name: column.dtype for name, column in cls.columns().items()}
        missing = sorted(name for name in known if name not in collected.columns)
        optional = [name for name in missing if cls.columns()[name].nullable]
        required = [name for name in missing if name not in optional]
        if required:
            name = required[0]
            raise DataError(f"{what}: column {name!r} is missing, must be there as {known[name]}")
        collected = collected.with_columns(pl.lit(None).alias(name) for name in optional)
        columns = [_cast(collected[name], dtype, what=what) for name, dtype in known.items()]
        frame = pl.DataFrame(columns)
        del collected, columns
        if frame.is_empty() or cls._is_valid_piece_by_piece(frame):
            return cls.cast(frame)
        admitted, failure = cls.filter(frame)
        for rule, rows in failure.counts().items():
            raise DataError(f"{what}: {cls._complaint(rule, failure.invalid(), rows, failure)}")
        return admitted

    @classmethod
    def _is_valid_piece_by_piece(cls, frame: pl.DataFrame) -> bool:
        """Whether a large frame in the order of its key is valid.

        In that order no key is there twice, and as no rule is about more rows than one, rows can be checked
        some at a time, in a part of the memory.
        """
        key = cls.primary_key()
        if frame.height <= PIECE or not key or not is_in_order(frame.select(key)):
            return False
        return all(cls.is_valid(frame[first : first + PIECE]) for first in range(0, frame.height, PIECE))

    @classmethod
    def _complaint(cls, rule: str, invalid: pl.DataFrame, rows: int, failure: dy.FailureInfo) -> str:
        """One clear line about the first row that fails `rule`."""
        flagged = failure.details().filter(pl.col(rule) == "invalid")
        first = flagged.row(0, named=True) if flagged.height else invalid.row(0, named=True)
        where = ", ".join(f"{key} {first[key]}" for key in cls.primary_key())
        place = f" (at {where})" if where else ""
        more = f", and {rows - 1} more rows like it" if rows > 1 else ""
        if rule == "primary_key":
            return f"{' and '.join(cls.primary_key())} must be unique, found twice{place}{more}"
        column, _, check = rule.partition("|")
        if check:
            return f"{column} == {first[column]!r}, {_demand(cls.columns()[column], check)}{place}{more}"
        check_row = getattr(cls, rule).validation_fn
        found = ", ".join(f"{name} {first[name]}" for name in check_row(cls).meta.root_names())
        return f"{check_row.__doc__.rstrip('.')}, found {found}{place}{more}"


def is_in_order(keys: pl.DataFrame) -> bool:
    """Whether each row's key is above that of the row before, the first column counting most.

    >>> is_in_order(pl.DataFrame({"a": [1, 1, 2], "b": [1, 2, 0]}))
    True
    >>> is_in_order(pl.DataFrame({"a": [1, 1], "b": [2, 2]}))
    False
    """
    above, same = pl.lit(value=False), pl.lit(value=True)
    for name in keys.columns:
        before = pl.col(name).shift(1)
        above, same = above | (same & (pl.col(name) > before)), same & (pl.col(name) == before)
    return bool(
        keys.lazy().select(above.slice(1).fill_null(value=False).all()).collect(engine="streaming").item()
    )


def _cast(column: pl.Series, dtype: pl.DataType, *, what: str) -> pl.Series:
    """The column as `dtype`, where that loses nothing."""
    if column.dtype == dtype:
        return column
    is_harmless = (
        column.dtype == pl.Null
        or (column.dtype.is_integer() and (dtype.is_integer() or dtype.is_float()))
        or (column.dtype.is_float() and dtype.is_float())
        or (isinstance(column.dtype, pl.Categorical | pl.Enum) and dtype == pl.String)
        or (_is_utc(column.dtype) and _is_utc(dtype))
        or (isinstance(column.dtype, pl.List | pl.Struct) and isinstance(dtype, pl.List | pl.Struct))
    )
    if isinstance(dtype, pl.Enum) and column.dtype in (pl.String, pl.Categorical, pl.Enum):
        words = column.cast(pl.String)
        strange = words.filter(words.is_not_null() & ~words.is_in(dtype.categories.to_list()))
        if strange.len():
            raise DataError(
                f"{what}: {column.name} == {strange[0]!r}, must be one of {', '.join(dtype.categories)}"
            )
        return words.cast(dtype)
    if not is_harmless:
        raise DataError(f"{what}: column {column.name!r} holds {column.dtype}, must hold {dtype}")
    return column.cast(dtype)


def _is_utc(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) and dtype.time_zone == "UTC"


def _demand(column: dy.Column, check: str) -> str:
    """What a column's own check asks for, in words."""
    bound = getattr(column, check, None)
    words = {"min": "at least", "max": "at most", "min_length": "of length at least"}
    if check == "nullability":
        return "must not be null"
    return f"must be {words[check]} {bound}" if check in words else f"must satisfy {check!r}"
