"""The tables of accounts on Spark, and what is known of all accounts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.schemas import COUNTS, Accounts, Daily, Enforcement, Reviews, Standing
from deliverlab.spark.partitions import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pyspark.sql import DataFrame

    from deliverlab.admission import Table

_TABLES: Mapping[str, type[Table]] = {
    "daily": Daily, "accounts": Accounts, "reviews": Reviews, "enforcement": Enforcement, "start": Standing,
}  # fmt: skip


def tables_of(**frames: DataFrame | None) -> dict[str, Rows]:
    """The tables that there are, by name.

    Raises `DataError` where one lacks a column.
    """
    return {
        what: Rows.table(frame, _TABLES[what], what=what)
        for what, frame in frames.items()
        if frame is not None
    }


def first_and_last(rows: Rows, column: str, /) -> tuple[date | None, date | None]:
    """The ends of a column of days; null where there are none."""
    from pyspark.sql.functions import max as last
    from pyspark.sql.functions import min as first

    ends = rows.spark.agg(first(column), last(column)).first()
    return (None, None) if ends is None else (ends[0], ends[1])


def totals_until(daily: Rows, day: date, /) -> dict[str, int]:
    """All counts up to a day, added up over accounts and days."""
    from pyspark.sql.functions import sum as total

    known = daily.spark.filter(daily.spark["day"] <= day)
    sums = known.agg(*(total(name) for name in COUNTS)).first() or [None] * len(COUNTS)
    return {name: value or 0 for name, value in zip(COUNTS, sums, strict=True)}
