"""The rate of a trailing window, with bounds that know that days differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.columns import exact_sum
from deliverlab.health import clusters
from deliverlab.health.windows import trailing_sums, windows_before
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.intervals import negative_binomial
from deliverlab.metrics import METRICS
from deliverlab.schemas import METRIC_NAMES, Rates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import dataframely as dy

    from deliverlab.metrics import Metric
    from deliverlab.schemas import Daily

WINDOW_DAYS = 30


def trailing_rates(
    daily: dy.LazyFrame[Daily],
    *,
    as_of: date,
    window_days: int = WINDOW_DAYS,
    known_within_days: int = KNOWN_WITHIN_DAYS,
) -> dy.LazyFrame[Rates]:
    """The rate of every account and metric as seen on a day, with 95% bounds; null without trials.

    The window ends with the newest day whose outcomes are known in full, `as_of - known_within_days`:
    younger days would look better than they are. Bounds are negative binomial: they know how much the
    account's own days and weeks differ, and where these say little, how much those of all accounts in `daily`
    do.

    >>> from datetime import date
    >>> from deliverlab.schemas import COUNTS, Daily
    >>> counts = {name: [0, 0] for name in COUNTS} | {"sent": [100, 100], "hard_bounces": [3, 90]}
    >>> days = [date(2026, 5, 8), date(2026, 5, 9)]
    >>> daily = Daily.cast(pl.LazyFrame({"account_id": ["a", "a"], "day": days} | counts))
    >>> trailing_rates(daily, as_of=date(2026, 5, 10)).collect().row(0)[2:6]
    ('hard_bounce_rate', 3, 100, 0.03)
    """
    windows = windows_before([as_of], window_days=window_days, known_within_days=known_within_days)
    accounts = daily.select("account_id").unique()
    return Rates.cast(
        windowed(daily, accounts.join(windows, how="cross"), windows)
        .sort("account_id", "day", "metric")
        .with_columns(day_spread=_of_all("own_day_spread", "informative_days").clip(lower_bound=0.0))
        .with_columns(
            week_correlation=(_of_all("own_week_spread", "informative_pairs") / pl.col("day_spread"))
            .fill_nan(None)
            .clip(0.0, 1.0)
        )
        .pipe(with_bounds)
    )


def windowed(
    daily: dy.LazyFrame[Daily],
    looks: pl.LazyFrame,
    windows: pl.LazyFrame,
    *,
    metrics: Mapping[str, Metric] = METRICS,
) -> pl.LazyFrame:
    """Sums, rate and clusters of each metric for each of `looks` (account_id, day); zeros without mail."""
    names = pl.LazyFrame({"metric": list(metrics)}, schema={"metric": pl.Enum(METRIC_NAMES)})
    sums = trailing_sums(daily, windows, metrics=metrics).drop("sent", "first_sent_on")
    return (
        looks.join(names, how="cross")
        .join(sums, on=["account_id", "day", "metric"], how="left")
        .with_columns(pl.col("events", "trials").fill_null(0))
        .with_columns(rate=pl.when(pl.col("trials") > 0).then(pl.col("events") / pl.col("trials")))
        .pipe(clusters.add_clusters)
    )


def with_bounds(sums: pl.LazyFrame) -> pl.LazyFrame:
    """Adds the bounds of `rate`; `day_spread` and `week_correlation` are those of accounts like it."""
    spread = clusters.window_spread(
        clusters.blended_day_spread(pl.col("day_spread")), pl.col("week_correlation")
    )
    bounds = negative_binomial(pl.col("events"), pl.col("trials"), spread=spread)
    return sums.with_columns(
        rate_low=bounds.struct.field("low"),
        rate_high=bounds.struct.field("high"),
    )


def _of_all(value: str, weight: str) -> pl.Expr:
    """The mean of all accounts, each weighing by how much its own days say."""
    total = exact_sum((pl.col(value) * pl.col(weight)).filter(pl.col(weight) > 0))
    return (total / exact_sum(pl.col(weight).filter(pl.col(weight) > 0))).fill_nan(None).over("metric")
