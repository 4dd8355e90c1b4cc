"""A desk on which requests wait: first come, first served, so many a day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dataframely as dy
import polars as pl

from deliverlab.admission import Table

if TYPE_CHECKING:
    from collections.abc import Collection

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
WORKING_DAYS = (1, 2, 3, 4, 5)
ENDS = ("reviewed", "withdrawn", "waiting")


class Workload(Table):
    """A row a day: reviews handed in, checked, withdrawn, and still waiting in the evening."""

    day = dy.Date(primary_key=True)
    arrived = dy.Int64(min=0)
    done = dy.Int64(min=0)
    withdrawn = dy.Int64(min=0)
    waiting = dy.Int64(min=0)


def served(
    requests: pl.DataFrame, *, per_day: int | None, weekdays: Collection[int] = EVERY_DAY, until: date | None
) -> pl.DataFrame:
    """The requests handed in by `until`, with `reviewed_on` and how they `ended`: first come, first served.

    `requests` has account_id, notice_on, requested_on and cleared_on: who has cleared before today needs no
    review, and who waits hands in no other.
    """
    arrivals: dict[date, list[dict[str, Any]]] = defaultdict(list)
    ours = requests.filter(pl.col("requested_on") <= until).sort("requested_on", "account_id")
    for request in ours.iter_rows(named=True):
        arrivals[request["requested_on"]].append(request | {"reviewed_on": None, "ended": "waiting"})
    today = min(arrivals, default=date.max)
    cases: list[dict[str, Any]] = []
    waiting: dict[str, dict[str, Any]] = {}  # by account, in the order of coming
    while until is not None and today <= until:
        for case in [case for case in waiting.values() if (case["cleared_on"] or today) < today]:
            case["ended"] = "withdrawn"
            del waiting[case["account_id"]]
        cases += [
            request
            for request in arrivals[today]
            if waiting.setdefault(request["account_id"], request) is request
        ]
        room = (len(waiting) if per_day is None else per_day) if today.isoweekday() in weekdays else 0
        for case in list(waiting.values())[:room]:
            case |= {"reviewed_on": today, "ended": "reviewed"}
            del waiting[case["account_id"]]
        today += timedelta(days=1)
    return pl.DataFrame(cases, schema=requests.schema | {"reviewed_on": pl.Date(), "ended": pl.String()})


def workload(cases: pl.DataFrame, *, until: date | None) -> dy.DataFrame[Workload]:
    """Each day from the first case on."""
    if cases.is_empty():
        return Workload.create_empty()
    first = cases["requested_on"].min()
    calendar = pl.select(day=pl.date_range(pl.lit(first), pl.lit(until)))
    # Whoever cleared is found to need no review on the next day.
    withdrawn = cases.filter(ended="withdrawn").select(day=pl.col("cleared_on").dt.offset_by("1d"))
    counted = {
        "arrived": cases.select(day="requested_on"),
        "done": cases.select(day="reviewed_on"),
        "withdrawn": withdrawn,
    }
    for what, days in counted.items():
        calendar = calendar.join(
            days.drop_nulls().group_by("day").len(what), on="day", how="left", maintain_order="left"
        )
    counts = calendar.with_columns(pl.col(*counted).fill_null(0).cast(pl.Int64))
    return Workload.cast(
        counts.with_columns(waiting=(pl.col("arrived") - pl.col("done") - pl.col("withdrawn")).cum_sum())
    )
