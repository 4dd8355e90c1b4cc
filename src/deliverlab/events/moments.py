"""Points in time as providers write them, one by one and by the column."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl

from deliverlab.events.entries import Unusable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
MOMENT = pl.Datetime("us", "UTC")

_LATEST_SECOND = int(LATEST.timestamp())
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{0,400})?")
_OFFSET = re.compile(r"\s*(?:UTC|GMT|(?=[+-]\d\d:?\d\d$))\s*")
_COMMON = "%Y-%m-%dT%H:%M:%S%.fZ"
_COMMON_SHAPE = r"^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d{1,6})?Z$"


def moment(value: str | None, *, what: str) -> datetime:
    """The point in time that a provider wrote, in UTC.

    Numbers are seconds since 1970, or milliseconds where seconds would be absurd: the two ranges do not
    meet. Text is ISO 8601; without an offset it is taken as UTC, as the providers say theirs are.

    Raises `Unusable` where it is missing, unreadable, before 1971 or from 2100 on.

    >>> moment("123456789", what="timestamp").isoformat()
    '1973-11-29T21:33:09+00:00'
    >>> moment("2018-10-08T14:05:45 +0000", what="timestamp").isoformat()
    '2018-10-08T14:05:45+00:00'
    """
    if not value or not value.strip():
        raise Unusable(f"{what} is missing")
    try:
        found = _read(value.strip())
    except OverflowError:
        found = None
    except ValueError:
        raise Unusable(f"{what} == {value[:40]!r}, must be a point in time") from None
    if found is None or not EARLIEST <= found < LATEST:
        raise Unusable(f"{what} == {value[:40]!r}, must lie in the years 1971 to 2099")
    return found


def moments(texts: pl.Series) -> pl.Series:
    """The same for a column: null where there is none, or where `moment` would complain."""
    if texts.null_count() == texts.len():
        return pl.Series(texts.name, [None], MOMENT).new_from_index(0, texts.len())
    in_years = pl.when(pl.first().is_between(EARLIEST, LATEST, closed="left")).then(pl.first())
    found = texts.to_frame().select(_common(pl.first())).select(in_years).to_series()
    if found.null_count() > texts.null_count():
        left = texts.filter(found.is_null() & texts.is_not_null()).unique(maintain_order=True)
        slow = pl.Series([_or_none(each) for each in left], dtype=MOMENT)
        found = found.fill_null(texts.replace_strict(left, slow, default=None, return_dtype=MOMENT))
    return found


def _common(text: pl.Expr) -> pl.Expr:
    """The moments of texts in the usual forms, in whatever years; null where one has another."""
    number = text.str.to_integer(dtype=pl.Int64, strict=False)
    since_epoch = (
        pl.when(number < _LATEST_SECOND).then(number * 1_000_000)
        .when(number < _LATEST_SECOND * 1_000).then(number * 1_000)
    )  # fmt: skip
    iso = pl.when(text.str.contains(_COMMON_SHAPE)).then(text)
    local = pl.coalesce(
        since_epoch.cast(pl.Datetime("us")), iso.str.to_datetime(_COMMON, strict=False, time_unit="us")
    )
    return local.dt.replace_time_zone("UTC")


def _or_none(text: str) -> datetime | None:
    try:
        return moment(text, what="")
    except Unusable:
        return None


def _read(text: str) -> datetime:
    if not _NUMBER.fullmatch(text):
        found = datetime.fromisoformat(_OFFSET.sub("", text, count=1))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    value = Decimal(text)
    unit = 1_000_000 if value < _LATEST_SECOND else 1_000
    return EPOCH + timedelta(microseconds=round(value * unit))
