"""Accounts that were really warned reacted: what history would look like had they reacted less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.metrics import METRICS
from deliverlab.policy.spells import spells

if TYPE_CHECKING:
    from deliverlab.history import History
    from deliverlab.metrics import Metric

BEFORE_DAYS = 30
UNDONE = tuple(metric for metric in METRICS.values() if metric.is_high_bad)


def undo_reactions(history: History, *, share: float, before_days: int = BEFORE_DAYS) -> History:
    """The history with this share of the fall in events undone that followed recorded notices.

    Data after a real notice are treated: cleaner than they would have been, so that any policy replayed on
    them looks too mild. How much of the fall was the notice's doing is not in the data. The assumptions:

    - An account's rate of the `before_days` up to a notice from good standing would have lasted until its
      next such notice, or the end. It is its worst, so part of the fall would have come anyway: shares near 1
      undo too much.
    - On each day after it, share x the fall x the day's mail is added to hard and soft bounces, complaints
      and unsubscribes, in whole events whose sums are kept; bounces added are not delivered. A rate that rose
      is left as it is.
    - Volume is not undone, nor opens and clicks, nor late outcomes; days of a real block stay without mail.
    - Peer rates stay as they are, though noticed accounts are among the peers.

    Raises `PolicyError` where `share` is no fraction.
    """
    if not 0 <= share <= 1:
        raise PolicyError(f"share = {share}, must be a fraction from 0 to 1")
    mail = _with_falls(history.daily, _notices(history), before_days=before_days).with_columns(
        _undone(metric, share=share).alias(f"new_{metric.numerator}") for metric in UNDONE
    )
    more_bounces = sum(pl.col(f"new_{name}") - pl.col(name) for name in ("hard_bounces", "soft_bounces"))
    undone = mail.with_columns(
        delivered=(pl.col("delivered") - more_bounces).clip(lower_bound=0),
        **{metric.numerator: pl.col(f"new_{metric.numerator}") for metric in UNDONE},
    )
    return history.with_tables(daily=undone)


def _notices(history: History) -> pl.DataFrame:
    """account_id, since: the first day after each recorded notice that was given in good standing."""
    found = spells(history.enforcement, history.reviews, until=history.until)
    before = pl.col("to_day").shift(1).over("account_id", order_by="from_day")
    is_first = before.is_null() | (before.dt.offset_by("1d") < pl.col("from_day"))
    return found.filter(is_first).select("account_id", since="from_day")


def _with_falls(daily: pl.DataFrame, notices: pl.DataFrame, *, before_days: int) -> pl.DataFrame:
    """The days with the notice they come `since`, and by how much each rate fell from before it to after."""
    mail = daily.sort("day").join_asof(
        notices.sort("since"), left_on="day", right_on="since", by="account_id", check_sortedness=False
    )
    before = daily.join(notices, on="account_id").filter(
        pl.col("day") < pl.col("since"), pl.col("day") >= pl.col("since") - pl.duration(days=before_days)
    )
    rates = [_rate(metric) for metric in UNDONE]
    falls = (
        before.group_by("account_id", "since").agg(rates)
        .join(mail.drop_nulls("since").group_by("account_id", "since").agg(rates), on=["account_id", "since"],
              suffix="_after")
        .select("account_id", "since", **{
            f"{metric.name}_fall": pl.col(metric.name) - pl.col(f"{metric.name}_after") for metric in UNDONE
        })
    )  # fmt: skip
    return mail.join(falls, on=["account_id", "since"], how="left").sort("account_id", "day")


def _rate(metric: Metric) -> pl.Expr:
    trials = pl.col(metric.denominator).sum()
    return pl.when(trials > 0).then(pl.col(metric.numerator).sum() / trials).alias(metric.name)


def _undone(metric: Metric, *, share: float) -> pl.Expr:
    """The day's events with its part of the fall, in whole numbers that add up to the fall of all days."""
    fall = pl.col(f"{metric.name}_fall").fill_null(0.0).clip(lower_bound=0.0)
    mail_so_far = pl.col(metric.denominator).cum_sum().over("account_id", "since", order_by="day")
    so_far = (share * fall * mail_so_far).round().cast(pl.Int64)
    added = so_far - so_far.shift(1, fill_value=0).over("account_id", "since", order_by="day")
    events = pl.col(metric.numerator)
    return pl.max_horizontal(events, pl.min_horizontal(events + added, metric.denominator))
