"""How many accounts were in each stage, day by day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from datetime import date


def enforced_timeline(
    enforcement: pl.DataFrame, reviews: pl.DataFrame, /, *, until: date, days: int
) -> pl.DataFrame:
    """day, stage, accounts, from what was really done; a completed review ends a stage on its day."""
    ends = (
        enforcement.join(reviews.filter(pl.col("outcome") == "completed"), on="account_id")
        .filter(pl.col("reviewed_on") >= pl.col("from_day"))
        .group_by("account_id", "from_day")
        .agg(reviewed_on=pl.col("reviewed_on").min())
    )
    spells = enforcement.join(ends, on=["account_id", "from_day"], how="left").select(
        "account_id", "stage", "from_day",
        to_day=pl.min_horizontal("to_day", "reviewed_on").fill_null(until),
    )  # fmt: skip
    return _count_days(spells, until=until, days=days)


def simulated_timeline(transitions: pl.DataFrame, /, *, until: date, days: int) -> pl.DataFrame:
    """day, stage, accounts, from a simulation's transitions; a transition takes effect the day after."""
    spells = transitions.sort("account_id", "day").select(
        "account_id",
        stage="to_stage",
        from_day=pl.col("day").dt.offset_by("1d"),
        to_day=pl.col("day").shift(-1).over("account_id").fill_null(until),
    )
    return _count_days(spells.filter(pl.col("stage") != GOOD), until=until, days=days)


def _count_days(spells: pl.DataFrame, *, until: date, days: int) -> pl.DataFrame:
    first = until - timedelta(days=days - 1)
    calendar = pl.DataFrame({"day": pl.date_range(first, until, eager=True)})
    return (
        calendar.join_where(spells, pl.col("from_day") <= pl.col("day"), pl.col("day") <= pl.col("to_day"))
        .group_by("day", "stage")
        .agg(accounts=pl.col("account_id").n_unique())
        .sort("day", "stage")
    )
