"""Events to daily counts on Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.events.daily import NEEDED, added_by, countable, whole_days
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.schemas import Daily, Incidents
from deliverlab.spark.partitions import Rows

if TYPE_CHECKING:
    import polars as pl
    from pyspark.sql import DataFrame

    from deliverlab.history import Frame

EVENTS_AT_ONCE = 1 << 20  # added up before more are read: bounds what an executor holds
_BY = ("account_id", "day")


def daily_counts(
    events: DataFrame,
    /,
    *,
    known_within_days: int = KNOWN_WITHIN_DAYS,
    incidents: Frame | None = None,
    exclude: pl.Expr | None = None,
) -> DataFrame:
    """What became of each account's mail by send day: the table of `deliverlab.daily_counts`, in no order.

    Events are added up where they lie, and only these sums move. A day is one of UTC, whatever the time zone
    of the Spark session. `incidents` is a small Polars table.

    Raises `DataError` where the events lack a column or an incident is not what it must be.
    """
    mistakes = None if incidents is None else Incidents.admit(incidents, what="incidents")

    def added(some: pl.DataFrame) -> pl.DataFrame:
        counted = countable(some, incidents=mistakes, exclude=exclude)
        return added_by(counted, *_BY, known_within_days=known_within_days).collect()

    def whole(parts: pl.DataFrame) -> pl.DataFrame:
        return Daily.cast(whole_days(parts.lazy(), *_BY)).collect()

    wanted = {*NEEDED, *(() if exclude is None else exclude.meta.root_names())}
    parts = Rows.of(events, wanted, what="events").mapped(added, at_once=EVENTS_AT_ONCE)
    return parts.together_by("account_id").mapped(whole).spark
