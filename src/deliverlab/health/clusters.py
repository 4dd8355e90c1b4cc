"""How much a day's mail weighs: mails of one day share a list and a fate, so they are not so many witnesses.

The idea is that of cluster samples (Kish 1965), with days as clusters. Of an account's sums over a window:

- `sending_days`: as many equally large days would weigh the same; 1 if all mail went out on one day.
- `own_phi`: so many times more than by chance did its daily counts vary.
- `own_day_spread`: the squared variation of its daily rate that chance does not explain. It does not grow
  with volume, so accounts of any size can share it: 1 / `day_spread` is the negative-binomial size of a
  day's count.
- `informative_days`: how much its own days can say about that; little where a day has less than an event.
"""

from __future__ import annotations

import polars as pl

from deliverlab.health.windows import exact_sum

PRIOR_DAYS = 15  # informative days of an account's own that weigh as much as what its peers' days say
WINSORISED = 0.9  # no account counts as more spread than this share of its pool is
CENTRE = (
    2  # events added where phi is judged, as in the centre of Wilson's bounds: none seen is not none to come
)


def add_clusters(sums: pl.LazyFrame) -> pl.LazyFrame:
    """Adds the four columns above to the sums of `windows.trailing_sums`; null where there is no telling.

    `own_phi` divides the squared residuals of the days around the account's own rate by what they would be if
    mails were independent. With equal days it is Pearson's chi² over its degrees of freedom; with unequal
    ones, days weigh as they do in the rate. It may be below 1, and `own_day_spread` below 0: a pool needs
    both sides.
    """
    events, trials, days = pl.col("events"), pl.col("trials").cast(pl.Float64), pl.col("sending_days")
    rate = (events / trials).clip(upper_bound=1.0)
    residuals = (
        pl.col("events_squared")
        - 2 * rate * pl.col("events_by_trials")
        + rate.pow(2) * pl.col("trials_squared")
    )
    by_chance = events * (1 - rate) * (1 - 1 / days)
    daily_events = events / days
    return (
        sums.with_columns(sending_days=pl.when(trials > 0).then(trials.pow(2) / pl.col("trials_squared")))
        .with_columns(own_phi=pl.when(by_chance > 0).then(residuals / by_chance))
        .with_columns(
            own_day_spread=(pl.col("own_phi") - 1) * (1 - rate) / daily_events,
            informative_days=pl.when(pl.col("own_phi").is_not_null())
            .then((days - 1) * (daily_events / (1 + daily_events)).pow(2))
            .otherwise(0.0),
        )
    )


def pooled(value: str) -> pl.Expr:
    """A pool's `own_phi` or `own_day_spread`: the mean over informative days, the highest winsorised."""
    weight = pl.col("informative_days")
    highest = pl.col(value).filter(weight >= 1).quantile(WINSORISED, "linear")
    total = exact_sum((pl.col(value).clip(upper_bound=highest) * weight).filter(weight > 0))
    return (total / exact_sum(weight.filter(weight > 0))).fill_nan(None)


def blended_day_spread(pool_spread: pl.Expr) -> pl.Expr:
    """The account's `day_spread`: its own days', and its peers' where it has few that say anything."""
    weight = pl.col("informative_days")
    own = (pl.col("own_day_spread") * weight).fill_null(0.0)
    return ((pool_spread.fill_null(0.0) * PRIOR_DAYS + own) / (PRIOR_DAYS + weight)).clip(lower_bound=0.0)


def phi(day_spread: pl.Expr, *, events: pl.Expr) -> pl.Expr:
    """The overdispersion of an account with so many events on its `sending_days`, never below 1."""
    return 1 + day_spread.fill_null(0.0) * (events + CENTRE) / pl.col("sending_days")
