"""The whole of an account's health: a grade a metric, and one number for them all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.advice import recommendations
from deliverlab.health.compared import compared, peers_of
from deliverlab.health.posterior import add_posterior
from deliverlab.health.rates import WINDOW_DAYS, with_bounds
from deliverlab.health.windows import settled
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.metrics import BAND_DAYS, METRICS
from deliverlab.schemas import GRADES, NOT_ENOUGH_MAIL, Health, Recommendations, Scores, Slices

if TYPE_CHECKING:
    from datetime import date

    import dataframely as dy

    from deliverlab.history import Frame, History

CHANGE_DAYS = 30  # how far back a score's change looks
HALF = 2.0  # times the peers' rate: half of all points are gone

_ENFORCED = [metric.name for metric in METRICS.values() if metric.is_enforced]


def account_health(
    history: History, *, as_of: date, window_days: int = WINDOW_DAYS, slices: Frame | None = None
) -> tuple[dy.DataFrame[Health], dy.DataFrame[Scores], dy.DataFrame[Recommendations]]:
    """Every account's health on a day: a row a metric, a row an account, and what to do about it.

    Nothing after `as_of - known_within_days` is looked at, since outcomes of younger mail are not all
    known; the account's band alone comes from the mail of the days right before. Peer rates are the
    history's own, or made from it.

    How metrics are graded stands in `posterior`. The grade of an account is its worst among the enforced
    metrics that could be graded, its score theirs as well: 100 / (1 + (ratio / 2)²) of the highest shrunken
    ratio to its peers. So an account without events has nearly 100, one like its peers 80, one at twice its
    peers 50; a poor one is always below 64. Opens and clicks are graded to inform, and decide nothing.
    `change` is against the score 30 days before, `change_cause` the metric that set the lower of the two.

    `slices` lets recommendations name the campaign, domain, bounce reason or import that carries the excess.

    Raises:
        DataError: `slices` is not what it must be.
    """
    peers = peers_of(history)
    days = [as_of, as_of - timedelta(days=CHANGE_DAYS)]
    looks = compared(history, peers=peers, days=days, window_days=window_days)
    looks = looks.sort("account_id", "metric", "day").pipe(settled)  # in another order last digits may differ
    now = looks.filter(pl.col("day") == as_of).pipe(add_posterior).pipe(with_bounds).with_columns(as_of="day")
    health = Health.cast(now).collect()
    before = looks.filter(pl.col("day") < as_of, pl.col("metric").is_in(_ENFORCED)).pipe(add_posterior)
    last = as_of - timedelta(days=history.known_within_days)
    cuts = (
        None
        if slices is None
        else Slices.admit(slices, what="slices")
        .lazy()
        .filter(pl.col("day").is_between(last - timedelta(days=window_days - 1), last))
    )
    return (
        health,
        _scores(health, before),
        recommendations(health, cuts, peers=peers),
    )


def days_needed(*, window_days: int = WINDOW_DAYS, known_within_days: int = KNOWN_WITHIN_DAYS) -> int:
    """How many days before `as_of` `account_health` looks at, peer rates given."""
    return CHANGE_DAYS + max(window_days + known_within_days, BAND_DAYS)


def _scores(now: dy.DataFrame[Health], before: pl.LazyFrame) -> dy.DataFrame[Scores]:
    """One row an account, from its graded metrics now and then."""
    change = pl.col("score") - pl.col("score_before")
    return Scores.cast(
        now.lazy()
        .select("account_id", "as_of")
        .unique()
        .join(_worst(now.lazy()), on="account_id", how="left")
        .join(_worst(before), on="account_id", how="left", suffix="_before")
        .with_columns(
            grade=pl.col("grade").fill_null(pl.lit(NOT_ENOUGH_MAIL, pl.Enum(GRADES))),
            change=change,
            change_cause=pl.when(change < 0).then("scored_by").when(change > 0).then("scored_by_before"),
        )
        .sort("account_id")
    ).collect()


def _worst(judged: pl.LazyFrame) -> pl.LazyFrame:
    """The worst grade and the lowest score of each account that has any, and whose they are."""
    ratio = pl.col("shrunken_rate") / pl.col("peer_rate")
    score = 100 / (1 + (ratio / HALF).pow(2))
    graded = judged.filter(pl.col("metric").is_in(_ENFORCED) & (pl.col("grade") != NOT_ENOUGH_MAIL))
    worst_first = graded.with_columns(score=score).sort("account_id", "grade", "score", "metric")
    return worst_first.group_by("account_id").agg(
        pl.col("grade").first(),
        pl.col("metric").first().alias("worst_metric"),
        pl.col("score").min(),
        pl.col("metric").sort_by("score", "metric").first().alias("scored_by"),
    )
