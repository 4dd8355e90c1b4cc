"""The rates that accounts are compared with: their industry's and volume's, as known at the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.clusters import add_clusters
from deliverlab.health.pools import pool_statistics
from deliverlab.health.windows import measured, send_days, trailing_sums
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
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

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


def peer_groups(
    daily: dy.LazyFrame[Daily], accounts: dy.LazyFrame[Accounts], *, days: Iterable[date]
) -> pl.LazyFrame:
    """The industry and the band of every account on each of `days`: `account_id`, `day`, `industry`, `band`.

    The band is that of the mail sent in the `BAND_DAYS` before the day.
    """
    before = pl.LazyFrame({"day": list(days)}, schema={"day": pl.Date}).with_columns(
        first=pl.col("day") - pl.duration(days=BAND_DAYS), last=pl.col("day") - pl.duration(days=1)
    )
    sent = (
        daily.select("account_id", "sent", sent_on="day")
        .join(send_days(before), on="sent_on")
        .group_by("account_id", "day")
        .agg(pl.col("sent").sum())
    )
    return (
        accounts.select("account_id", _industry())
        .join(before.select("day"), how="cross")
        .join(sent, on=["account_id", "day"], how="left")
        .select("account_id", "day", "industry", band=band_of(pl.col("sent").fill_null(0)))
    )


def peer_rates_on(peer_rates: dy.LazyFrame[PeerRates], groups: pl.LazyFrame) -> pl.LazyFrame:
    """What each account is compared with on its day: `groups` (see `peer_groups`), a row for each metric.

    Adds `metric`, `peer_rate`, `shape`, `phi`, `tau2` and `level`: of the newest row in force that day, and
    of the account's own where it has one. Null before there are any.
    """
    names = pl.LazyFrame({"metric": METRIC_NAMES}, schema={"metric": pl.Enum(METRIC_NAMES)})
    looks = groups.join(names, how="cross").sort("day")
    for name, rows, keys in (
        (
            "own",
            peer_rates.filter(pl.col("account_id").is_not_null()),
            ["account_id", "industry", "band", "metric"],
        ),
        ("group", peer_rates.filter(pl.col("account_id").is_null()), ["industry", "band", "metric"]),
    ):
        pool = pl.struct("shape", "phi", "tau2", "level", peer_rate="rate").alias(name)
        looks = looks.join_asof(
            rows.select(*keys, "effective_from", pool).sort("effective_from"),
            left_on="day",
            right_on="effective_from",
            by=keys,
            check_sortedness=False,
        ).drop("effective_from")
    chosen = pl.when(pl.col("own").is_not_null()).then("own").otherwise("group")
    return looks.with_columns(pool=chosen).drop("own", "group").unnest("pool")


def denominators_of(peer_rates: pl.DataFrame) -> dict[str, str]:
    """The metrics that these peer rates measure out of another column than their own."""
    changed = peer_rates.filter(pl.col("denominator").is_not_null())
    return dict(
        changed.select(pl.col("metric", "denominator").cast(pl.String)).unique().sort("metric").iter_rows()
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
