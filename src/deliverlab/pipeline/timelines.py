"""How many accounts were in each stage, day by day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.policy.spells import spells
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from datetime import date


def enforced_timeline(
    enforcement: pl.DataFrame, reviews: pl.DataFrame, /, *, until: date, days: int
) -> pl.DataFrame:
    """day, stage, accounts, from what was really done; a completed review ends a stage on its day."""
    stays = spells(enforcement, reviews, until=until)
    return _count_days(stays.with_columns(pl.col("to_day").fill_null(until)), until=until, days=days)


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
