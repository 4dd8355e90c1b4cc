"""The reviewers' desk: cases that await review, what becomes overdue when, and who has how much to do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.schemas import METRIC_NAMES, REVIEW_OUTCOMES

if TYPE_CHECKING:
    from datetime import date

    from deliverlab.review.spells import Answers, Spells

WORKLOAD_DAYS = 30


class Queue(Table):
    """One row a case that awaits review, in the order in which to take them.

    `age_days` counts from the notice that opened the case, `days_left` to the first day on which the next
    stage can come: null where none comes by time alone. `harm` is null where the account sent no mail that
    could be judged.
    """

    place = dy.Int64(primary_key=True, min=1)
    account_id = dy.String()
    name = dy.String()
    stage = dy.String()
    noticed_on = dy.Date()
    age_days = dy.Int64(min=0)
    next_stage = dy.String(nullable=True)
    next_on = dy.Date(nullable=True)
    days_left = dy.Int64(nullable=True)
    metric = dy.Enum(METRIC_NAMES, nullable=True)
    excess = dy.Float64(nullable=True, min=0.0)
    harm = dy.Float64(nullable=True, min=0.0)
    last_outcome = dy.Enum(REVIEW_OUTCOMES, nullable=True)


class Workload(Table):
    """One row a day: cases opened and closed on it, and how many were open at its end."""

    day = dy.Date(primary_key=True)
    opened = dy.Int64(min=0)
    closed = dy.Int64(min=0)
    waiting = dy.Int64(min=0)


class Reviewers(Table):
    """One row a reviewer: the reviews that ended lately, by outcome, and the median days since the notice."""

    reviewer = dy.String(primary_key=True)
    completed = dy.Int64(min=0)
    rejected = dy.Int64(min=0)
    withdrawn = dy.Int64(min=0)
    median_days = dy.Float64(nullable=True, min=0.0)


def queue(
    stages: pl.DataFrame,
    looks: pl.DataFrame,
    accounts: pl.DataFrame,
    answered: dy.DataFrame[Answers],
    found: dy.DataFrame[Spells],
    /,
    *,
    as_of: date,
) -> dy.DataFrame[Queue]:
    """The accounts in a stage that a review lifts, by the harm they will probably do, the most first.

    Then those whose next stage comes first, then the oldest. `stages` is an `Outlook` of the policy area of
    `as_of`, with the notice of the present stage; `looks` are `Looks` of the health area.
    """
    opened = found.filter(pl.col("noticed_on") < as_of).group_by("account_id").agg(pl.col("noticed_on").max())
    since = answered.filter(pl.col("reviewed_on") <= as_of).sort("account_id", "reviewed_on")
    last = since.group_by("account_id").agg(pl.col("outcome", "noticed_on").last())
    own = last.select("account_id", "noticed_on", last_outcome="outcome")
    return Queue.cast(
        stages.filter("lifts_by_review")
        .select("account_id", "stage", "entered_on", "next_stage", "next_on")
        .join(opened, on="account_id", how="left")
        .with_columns(noticed_on=pl.coalesce("noticed_on", "entered_on"))
        .join(own, on=["account_id", "noticed_on"], how="left")
        .join(
            looks.select("account_id", "metric", "harm", excess="expected_excess"),
            on="account_id",
            how="left",
        )
        .join(
            accounts.select("account_id", name=pl.col("name").fill_null(pl.col("account_id"))),
            on="account_id",
        )
        .with_columns(
            age_days=(pl.lit(as_of) - pl.col("noticed_on")).dt.total_days(),
            days_left=(pl.col("next_on") - pl.lit(as_of)).dt.total_days(),
        )
        .sort(
            "harm",
            "next_on",
            "noticed_on",
            "account_id",
            descending=[True, False, False, False],
            nulls_last=True,
        )
        .with_row_index("place", offset=1)
        .cast({"place": pl.Int64})
        .select(Queue.column_names())
    )


def workload(
    found: dy.DataFrame[Spells],
    answered: dy.DataFrame[Answers],
    /,
    *,
    as_of: date,
    days: int = WORKLOAD_DAYS,
) -> dy.DataFrame[Workload]:
    """Cases by day up to `as_of`: opened by a notice, closed by a completed review or the stage's end."""
    completed = answered.filter(pl.col("outcome") == "completed").select(
        "account_id", "noticed_on", "reviewed_on"
    )
    cases = found.join(completed, on=["account_id", "noticed_on"], how="left").select(
        opened=pl.col("noticed_on"), closed=pl.min_horizontal("reviewed_on", "to_day")
    )
    first = as_of - timedelta(days=days - 1)
    calendar = pl.DataFrame({"day": pl.date_range(first, as_of, eager=True)})
    counts = [cases.group_by(day=name).len(name) for name in ("opened", "closed")]
    is_waiting = (pl.col("opened") <= pl.col("day")) & (
        pl.col("closed").is_null() | (pl.col("closed") > pl.col("day"))
    )
    waiting = calendar.join(cases, how="cross").group_by("day").agg(waiting=is_waiting.sum())
    for counted in (*counts, waiting):
        calendar = calendar.join(counted, on="day", how="left", maintain_order="left")
    return Workload.cast(calendar.with_columns(pl.exclude("day").fill_null(0)))


def reviewers(
    answered: dy.DataFrame[Answers], /, *, as_of: date, days: int = WORKLOAD_DAYS
) -> dy.DataFrame[Reviewers]:
    """What each reviewer ended in the `days` up to `as_of`; reviews without a reviewer are "nobody named"."""
    since = as_of - timedelta(days=days)
    took = (pl.col("reviewed_on") - pl.col("noticed_on")).dt.total_days()
    return Reviewers.cast(
        answered.filter((pl.col("reviewed_on") > since) & (pl.col("reviewed_on") <= as_of))
        .group_by(reviewer=pl.col("reviewer").fill_null("nobody named"))
        .agg(
            *((pl.col("outcome") == outcome).sum().alias(outcome) for outcome in REVIEW_OUTCOMES),
            median_days=took.filter("was_noticed").median(),
        )
        .sort("reviewer")
    )
