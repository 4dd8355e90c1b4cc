"""The time that accounts really spent in a stage, and what ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table

if TYPE_CHECKING:
    from datetime import date

    from deliverlab.history import Frame

ENDED_BY = ("review", "next stage", "lifted")


class Spells(Table):
    """The time an account really was in a stage, to its last day; null like `ended_by` while it lasts."""

    account_id = dy.String(primary_key=True)
    from_day = dy.Date(primary_key=True)
    to_day = dy.Date(nullable=True)
    stage = dy.String()
    send_share = dy.Float64(min=0.0, max=1.0)
    ended_by = dy.Enum(ENDED_BY, nullable=True)


def spells(enforcement: Frame, reviews: Frame, /, *, until: date | None) -> dy.DataFrame[Spells]:
    """Each row of `enforcement` with the day on which it really ended, and by what.

    A stage ends on its `to_day`, on the day of a completed review, or when the next stage begins, whichever
    comes first; one that had not ended by `until` lasts. One that ended in no such way was lifted. A stage
    that begins the day after `until` counts: its notice was given on that day.
    """
    completed = (
        reviews.lazy()
        .filter(pl.col("outcome") == "completed", pl.col("reviewed_on") <= until)
        .select("account_id", "reviewed_on")
        .sort("reviewed_on")
    )
    next_from = pl.col("from_day").shift(-1).over("account_id", order_by="from_day")
    ends = pl.min_horizontal("to_day", "reviewed_on", pl.col("next_from").dt.offset_by("-1d"))
    has_ended = pl.col("ends").is_not_null() & (pl.col("ends") <= until)
    ended_by = (
        pl.when(pl.col("ends") == pl.col("reviewed_on")).then(pl.lit("review"))
        .when(pl.col("ends") == pl.col("next_from").dt.offset_by("-1d")).then(pl.lit("next stage"))
        .otherwise(pl.lit("lifted"))
    )  # fmt: skip
    found = (
        enforcement.lazy()
        .filter(pl.col("from_day").dt.offset_by("-1d") <= until)
        .sort("from_day")
        .join_asof(
            completed, left_on="from_day", right_on="reviewed_on", by="account_id", strategy="forward",
            check_sortedness=False, coalesce=False,
        )
        .with_columns(next_from=next_from)
        .with_columns(ends=ends)
        .with_columns(to_day=pl.when(has_ended).then("ends"), ended_by=pl.when(has_ended).then(ended_by))
        .sort("account_id", "from_day")
        .collect()
    )  # fmt: skip
    return Spells.cast(found)
