"""How much a day's mail weighs: mails of one day share a list and a fate, so they are not so many witnesses.

The idea is that of cluster samples (Kish 1965), with days as clusters, and weeks as clusters of days: a bad
list is mailed more than once. Of an account's sums over a window:

- `sending_days`, `sending_weeks`: as many equally large ones would weigh the same; 1 if all mail went out in
  one.
- `own_day_spread`: the squared variation of its daily rate that chance does not explain. It does not grow
  with volume, so accounts of any size can share it: 1 / `day_spread` is the negative-binomial size of a
  day's count.
- `own_week_spread`: the part of it that days of one week have in common.
- `own_phi`: so many times more than by chance did its daily counts vary.
- `informative_days`, `informative_pairs`: how much its own days can say about either; little where a day has
  less than an event.
"""

from __future__ import annotations

import polars as pl

PRIOR_DAYS = 15  # informative days of an account's own that weigh as much as what its peers' days say
MOST_SPREAD = 4.0  # of one account's days: a single blast does not decide what days are like
CENTRE = (
    2  # events added where phi is judged, as in the centre of Wilson's bounds: none seen is not none to come
)


def add_clusters(sums: pl.LazyFrame) -> pl.LazyFrame:
    """Adds the columns above to the sums of `windows.trailing_sums`; null where there is no telling.

    `own_phi` divides the squared residuals of the days around the account's own rate by what they would be if
    mails were independent. With equal days it is Pearson's chi² over its degrees of freedom; with unequal
    ones, days weigh as they do in the rate. It may be below 1, and the spreads below 0: a pool needs both
    sides.

    `own_week_spread` is the mean product of the residuals of two days of one week. Residuals lie around the
    account's own rate, which those days have helped to make; what they lose by that is added again.
    """
    events, trials = pl.col("events"), pl.col("trials").cast(pl.Float64)
    days, weeks = pl.col("sending_days"), pl.col("sending_weeks")
    rate = (events / trials).clip(upper_bound=1.0)
    chance = (1 - rate) / events
    by_chance = events * (1 - rate) * (1 - 1 / days)
    daily_events = events / days
    telling = (daily_events / (1 + daily_events)).pow(2)
    has_pairs = days > weeks * (1 + 1e-9)
    in_pairs = (_residuals("week", rate) - _residuals("day", rate)) / (events.pow(2) * (1 / weeks - 1 / days))
    return (
        sums.with_columns(
            sending_days=trials.pow(2) / pl.col("day_trials_squared"),
            sending_weeks=trials.pow(2) / pl.col("week_trials_squared"),
        )
        .with_columns(own_phi=pl.when(by_chance > 0).then(_residuals("day", rate) / by_chance))
        .with_columns(own_day_spread=((pl.col("own_phi") - 1) * chance * days).clip(upper_bound=MOST_SPREAD))
        .with_columns(
            own_week_spread=pl.when(pl.col("own_phi").is_not_null() & has_pairs).then(
                ((in_pairs + chance + pl.col("own_day_spread") / days) / (1 + 1 / days - 1 / weeks)).clip(
                    -MOST_SPREAD, MOST_SPREAD
                )
            ),
            informative_days=pl.when(pl.col("own_phi").is_not_null())
            .then((days - 1) * telling)
            .otherwise(0.0),
        )
        .with_columns(
            informative_pairs=pl.when(pl.col("own_week_spread").is_not_null())
            .then((days - weeks) * telling)
            .otherwise(0.0)
        )
    )


def blended_day_spread(pool_spread: pl.Expr) -> pl.Expr:
    """The account's `day_spread`: its own days', and its peers' where it has few that say anything."""
    weight = pl.col("informative_days")
    own = (pl.col("own_day_spread") * weight).fill_null(0.0)
    return ((pool_spread.fill_null(0.0) * PRIOR_DAYS + own) / (PRIOR_DAYS + weight)).clip(lower_bound=0.0)


def window_spread(day_spread: pl.Expr, week_correlation: pl.Expr) -> pl.Expr:
    """The squared variation of the rate of a whole window: that of its days and weeks, averaged out.

    `week_correlation` is the share of the day spread that days of one week have in common.
    """
    shared = week_correlation.fill_null(0.0)
    return day_spread.fill_null(0.0) * (
        (1 - shared) / pl.col("sending_days") + shared / pl.col("sending_weeks")
    )


def phi(spread: pl.Expr, *, events: pl.Expr) -> pl.Expr:
    """The overdispersion of a window with so many events and that `window_spread`, never below 1."""
    return 1 + spread * (events + CENTRE)


def _residuals(cluster: str, rate: pl.Expr) -> pl.Expr:
    """The squared distances of a day's or a week's events from those that the account's own rate gives."""
    squared, crossed, trials_squared = (
        pl.col(f"{cluster}_{name}") for name in ("events_squared", "events_by_trials", "trials_squared")
    )
    return squared - 2 * rate * crossed + rate.pow(2) * trials_squared
