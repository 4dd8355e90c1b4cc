"""The rates that accounts are compared with: their industry's and volume's, as known at the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.clusters import add_clusters
from deliverlab.health.pools import pool_statistics
from deliverlab.health.windows import measured, trailing_sums
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.metrics import BAND_DAYS, METRICS, band_of
from deliverlab.schemas import (
    BANDS,
    KNOWN_COUNTS,
    METRIC_NAMES,
    POOL_LEVELS,
    UNKNOWN_INDUSTRY,
    Accounts,
    Daily,
    PeerRates,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dataframely as dy

    from deliverlab.history import Frame
    from deliverlab.metrics import Metric

BASELINE_DAYS = 90  # the days before each month that its peer rates are taken from
MIN_HISTORY_DAYS = 28  # of them, before there are peer rates at all
MIN_ACCOUNTS = 5  # with mail, before a pool stands for itself
MIN_EVENTS = 10  # in all, before a pool stands for itself

_POOLED_BY = {
    "cell": ("industry", "band", "metric", "effective_from"),
    "industry": ("industry", "metric", "effective_from"),
    "all": ("metric", "effective_from"),
}
_FIGURES = ("rate", "day_spread", "phi", "tau2", "accounts", "trials", "events")


def peer_rates(
    daily: Frame,
    accounts: Frame,
    *,
    known_within_days: int = KNOWN_WITHIN_DAYS,
    denominators: Mapping[str, str] | None = None,
) -> dy.LazyFrame[PeerRates]:
    """Monthly rates of every industry, band and metric, each from the days before its month only.

    There is a row for the first of every month with `MIN_HISTORY_DAYS` before it, up to the month after the
    last day. It rests on the `BASELINE_DAYS` that end the day before `effective_from - known_within_days`,
    so that no later day can change it. An account counts in the band of its ordinary `BAND_DAYS` in that
    baseline (its sent mail, spread over the days since its first), since there it sent the mail that is
    counted.

    A cell of fewer than `MIN_ACCOUNTS` accounts with mail, or of fewer than `MIN_EVENTS` events, takes what
    its industry says, and where that is as small, what all accounts say: `level` tells which. `shape`,
    `phi` and `tau2` come from the narrowest of these pools that is large enough and knows them. What each
    of them is stands in `pools.pool_statistics`. Where nobody has trials of a metric there is nothing to
    compare with, and no row.

    `denominators` measures a metric out of another column, as `{"complaint_rate": "sent"}`.

    Columns and types of `daily` are checked here, its values by `History`: nothing is counted yet.

    Raises:
        DataError: a table lacks a column, or `denominators` names a metric or a column that does not exist.
    """
    Daily.admit(daily.lazy().clear(), what="daily")
    counts, known = Daily.cast(daily.lazy()), Accounts.admit(accounts, what="accounts").lazy()
    metrics = measured(denominators)
    baselines = _baselines(counts, known, known_within_days=known_within_days, metrics=metrics).cache()
    rows = _every_group(counts, known, known_within_days=known_within_days)
    for level, keys in _POOLED_BY.items():
        pools = pool_statistics(baselines, by=keys)
        is_enough = (pl.col("accounts") >= MIN_ACCOUNTS) & (pl.col("events") >= MIN_EVENTS)
        trusted = pools if level == "all" else pools.filter(is_enough)
        pool = pl.struct(*_FIGURES, level=pl.lit(level, pl.Enum(POOL_LEVELS)))
        rows = rows.join(trusted.select(*keys, pool.alias(f"{level}_pool")), on=keys, how="left")
    narrowest = {
        name: pl.coalesce(pl.col(f"{level}_pool").struct.field(name) for level in POOL_LEVELS)
        for name in (*_FIGURES, "level")
    }
    return PeerRates.cast(
        rows.with_columns(**narrowest)
        .filter(pl.col("rate").is_not_null())
        .with_columns(
            account_id=pl.lit(None, pl.String),
            denominator=_changed_denominator(metrics),
            shape=pl.when(pl.col("day_spread") > 0).then(1 / pl.col("day_spread")),
        )
        .sort(_POOLED_BY["cell"])
    )


def _months(daily: dy.LazyFrame[Daily], *, known_within_days: int) -> pl.LazyFrame:
    """`effective_from` of every month that gets peer rates."""
    enough = pl.col("day").min() + pl.duration(days=known_within_days + MIN_HISTORY_DAYS - 1)
    return (
        daily.select(first=_next_month(enough), last=_next_month(pl.col("day").max()))
        .filter(pl.col("first") <= pl.col("last"))
        .select(effective_from=pl.date_ranges("first", "last", "1mo"))
        .explode("effective_from")
    )


def _next_month(day: pl.Expr) -> pl.Expr:
    return day.dt.month_start().dt.offset_by("1mo")


def _baselines(
    daily: dy.LazyFrame[Daily],
    accounts: dy.LazyFrame[Accounts],
    *,
    known_within_days: int,
    metrics: Mapping[str, Metric],
) -> pl.LazyFrame:
    """Each account's baseline of each month: sums, clusters, industry, and the band it sent that mail in."""
    end = pl.col("effective_from") - pl.duration(days=known_within_days)
    windows = _months(daily, known_within_days=known_within_days).select(
        day="effective_from", first=end - pl.duration(days=BASELINE_DAYS), last=end - pl.duration(days=1)
    )
    span = pl.col("day") - pl.duration(days=known_within_days) - pl.col("first_sent_on")
    ordinary = pl.col("sent") * BAND_DAYS / span.dt.total_days().clip(lower_bound=BAND_DAYS)
    return (
        trailing_sums(daily, windows, metrics=metrics)
        .filter(pl.col("trials") > 0)
        .pipe(add_clusters)
        .join(accounts.select("account_id", "industry"), on="account_id", how="left")
        .with_columns(_industry(), band=band_of(ordinary))
        .rename({"day": "effective_from"})
    )


def _every_group(
    daily: dy.LazyFrame[Daily], accounts: dy.LazyFrame[Accounts], *, known_within_days: int
) -> pl.LazyFrame:
    """Every industry, "unknown" among them, x band x metric x month."""
    unknown = pl.LazyFrame({"industry": [UNKNOWN_INDUSTRY]})
    return (
        pl.concat([accounts.select(_industry()), unknown])
        .unique()
        .join(pl.LazyFrame({"band": BANDS}, schema={"band": pl.Enum(BANDS)}), how="cross")
        .join(pl.LazyFrame({"metric": METRIC_NAMES}, schema={"metric": pl.Enum(METRIC_NAMES)}), how="cross")
        .join(_months(daily, known_within_days=known_within_days), how="cross")
    )


def _industry() -> pl.Expr:
    return pl.col("industry").fill_null(UNKNOWN_INDUSTRY)


def _changed_denominator(metrics: Mapping[str, Metric]) -> pl.Expr:
    """The denominator of each metric that is not measured out of its own."""
    changed = {
        name: metric.denominator
        for name, metric in metrics.items()
        if metric.denominator != METRICS[name].denominator
    }
    return (
        pl.col("metric")
        .cast(pl.String)
        .replace_strict(changed, default=None, return_dtype=pl.String)
        .cast(pl.Enum(KNOWN_COUNTS))
    )
