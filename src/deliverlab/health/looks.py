"""Whom to look at first, and when each account is due for its next look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.health.rates import WINDOW_DAYS
from deliverlab.metrics import HARM
from deliverlab.schemas import GRADES, METRIC_NAMES, NOT_ENOUGH_MAIL

if TYPE_CHECKING:
    from deliverlab.schemas import Health

AHEAD_DAYS = 14  # how far ahead harm is reckoned
LOOK_EVENTS = 10.0  # expected events: mail worth so many says something new
SOONEST_DAYS, LATEST_DAYS = 7, 90  # of the next look at whom nothing presses
DUE_IN = {"poor": 1, "fair": 7}  # days


class Looks(Table):
    """One row an account with mail and peers: the harm it probably does next, by what, and when to look."""

    account_id = dy.String(primary_key=True)
    as_of = dy.Date(primary_key=True)
    grade = dy.Enum(GRADES)
    metric = dy.Enum(METRIC_NAMES)
    twice_peers_probability = dy.Float64(min=0.0, max=1.0)
    expected_excess = dy.Float64(min=0.0)
    harm = dy.Float64(min=0.0)
    due_on = dy.Date()


def next_looks(health: dy.DataFrame[Health], *, window_days: int = WINDOW_DAYS) -> dy.DataFrame[Looks]:
    """Accounts by the harm they will probably do in the next `AHEAD_DAYS`, the most first.

    Harm is the probability that the account is above twice its peers, times the events it will have beyond
    what its peers would, if it mails on and its shrunken rate is its true one, times what such an event does
    beside a complaint (`HARM`). Of the enforced metrics the one that harms most counts: they are not added
    up, since one bad list shows in all. So a large account with a small problem and a small one with a large
    problem stand in one queue.

    `due_on`: the next day for a poor account, a week later for a fair one. For others when they will have
    sent mail worth `LOOK_EVENTS` expected events of some enforced metric, within 7 to 90 days: to look
    earlier would show the same mail again.

    >>> from deliverlab.schemas import Health
    >>> next_looks(Health.create_empty()).height
    0
    """
    enforced = pl.col("metric").cast(pl.String).is_in(list(HARM))
    ahead = pl.col("trials") * AHEAD_DAYS / window_days
    excess = (pl.col("shrunken_rate") - pl.col("peer_rate")).clip(lower_bound=0.0) * ahead
    weight = pl.col("metric").cast(pl.String).replace_strict(HARM, return_dtype=pl.Float64)
    daily_events = pl.col("peer_rate") * pl.col("trials") / window_days
    rows = (
        health.lazy()
        .filter(enforced & pl.col("shrunken_rate").is_not_null())
        .with_columns(expected_excess=excess, weight=weight, daily_events=daily_events)
        .with_columns(harm=pl.col("twice_peers_probability") * pl.col("expected_excess") * pl.col("weight"))
        .sort("account_id", "harm", "metric", descending=[False, True, False])
        .group_by("account_id", "as_of", maintain_order=True)
        .agg(
            _worst_grade(),
            pl.col("metric", "twice_peers_probability", "expected_excess", "harm").first(),
            days=(LOOK_EVENTS / pl.col("daily_events").max()).ceil(),
        )
    )
    pressing = pl.col("grade").cast(pl.String).replace_strict(DUE_IN, default=None, return_dtype=pl.Int64)
    due = pressing.fill_null(pl.col("days").clip(SOONEST_DAYS, LATEST_DAYS).cast(pl.Int64))
    return Looks.cast(
        rows.with_columns(due_on=pl.col("as_of") + pl.duration(days=due)).sort(
            "harm", "account_id", descending=[True, False]
        )
    ).collect()


def _worst_grade() -> pl.Expr:
    """As in `schemas.Scores`: the worst of those that could be graded."""
    grade = pl.col("grade")
    return grade.filter(grade != NOT_ENOUGH_MAIL).min().fill_null(pl.lit(NOT_ENOUGH_MAIL)).alias("grade")
