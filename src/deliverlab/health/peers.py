"""The rates that accounts are compared with: their industry's and volume's, as known at the time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.clusters import add_clusters
from deliverlab.health.pools import (
    DIFFERS,
    NOBODY,
    SPREADS,
    TELLING,
    add_usual,
    added_spreads,
    cells_of,
    families,
    large_accounts,
    pooled,
    shrunken,
    spread,
    tau2_sum,
    without,
)
from deliverlab.health.windows import added_up, by_week, measured, one_row_a_metric, settled
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
    from datetime import date

    import dataframely as dy

    from deliverlab.history import Frame
    from deliverlab.metrics import Metric

BASELINE_WEEKS = 13  # the whole weeks before each month that its peer rates are taken from
MIN_HISTORY_DAYS = 28  # of them, before there are peer rates at all

_CELL = ("industry", "band", "metric")
_SUFFIXES = {"cell": "", "industry": "_industry", "all": "_all"}
_LOWEST = {"day_spread": 0.0, "week_spread": 0.0, "phi": 1.0, "tau2": 0.0}


def peer_rates(
    daily: Frame,
    accounts: Frame,
    *,
    known_within_days: int = KNOWN_WITHIN_DAYS,
    denominators: Mapping[str, str] | None = None,
    counted_as: Mapping[str, str] | None = None,
) -> dy.LazyFrame[PeerRates]:
    """Monthly rates of every industry, band and metric, each from the weeks before its month only.

    There is a row for the first of every month with `MIN_HISTORY_DAYS` before it, up to the month after the
    last day. It rests on the `BASELINE_WEEKS` whole weeks that ended before
    `effective_from - known_within_days`, so that no later day can change it and each weekday counts alike. An
    account counts in the band of its ordinary `BAND_DAYS` in that baseline (its sent mail, spread over the
    days since its first), since there it sent the mail that is counted.

    The rate of a cell, an industry's band, is drawn towards that of its industry, and that towards the rate
    of all, each as far as it says little itself; see `pools`, where it also stands who counts how much and
    who is left out. `level` is the narrowest pool that outweighs what it is drawn towards, and `accounts`,
    `trials` and `events` are those of that pool. `shape`, `phi`, `week_correlation` and `tau2` are taken from
    all industries of a band, and drawn towards those of all bands; null where all bands say too little. Where
    nobody has trials of a metric there is nothing to compare with, and no row.

    An account with more than 5% of a cell's trials would partly be compared with itself. It has rows of its
    own, with its `account_id`, as if it were not there.

    `denominators` measures a metric out of another column, as `{"complaint_rate": "sent"}`. `counted_as` lets
    accounts of one band count in another, as `{"<1k": "1k-10k"}`; see `merged`.

    Columns and types of `daily` are checked here, its values by `History`. `daily` is read at once and
    streamed, so it may be a scan of files larger than memory.

    Raises:
        DataError: a table lacks a column, or `denominators` names a metric or a column that does not exist.
    """
    Daily.admit(daily.lazy().clear(), what="daily")
    counts, known = Daily.cast(daily.lazy()), Accounts.admit(accounts, what="accounts").lazy()
    metrics = measured(denominators)
    weeks = by_week(counts.rename({"day": "sent_on"}), keys=("account_id",), metrics=metrics).pipe(settled)
    days = counts.select(first=pl.col("day").min(), last=pl.col("day").max()).collect().row(0)
    months = []
    for month in months_between(*days, known_within_days=known_within_days):
        accounts_then = baselines(
            weeks, known, month=month, known_within_days=known_within_days, metrics=metrics,
            counted_as=counted_as,
        )  # fmt: skip
        large, cells = in_cells(accounts_then.pipe(settled))
        months.append(compared(large, cells, known, month=month, metrics=metrics))
    return PeerRates.cast(pl.concat([PeerRates.create_empty().lazy(), *months]))


def months_between(first_day: date | None, last_day: date | None, *, known_within_days: int) -> list[date]:
    """`effective_from` of every month that gets peer rates, by the first and last day of `daily`."""
    if first_day is None or last_day is None:
        return []
    enough = first_day + timedelta(days=known_within_days + MIN_HISTORY_DAYS - 1)
    first, last = (day.replace(day=1) + timedelta(days=32) for day in (enough, last_day))
    return pl.date_range(first.replace(day=1), last.replace(day=1), "1mo", eager=True).to_list()


def in_cells(accounts: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The large accounts of each cell, and its sums with nobody and with each of these left out.

    `accounts` are `baselines` of a month, with all accounts of each cell that is among them. The answer has
    at most twenty rows a cell, however many accounts there are.
    """
    large = large_accounts(accounts, cell=_CELL).pipe(settled)
    cells = (
        without(accounts, large, cell=_CELL)
        .pipe(add_usual, cell=(*_CELL, "left_out"))
        .pipe(cells_of, cell=(*_CELL, "left_out"))
        .pipe(settled)
    )
    return large, cells


def compared(
    large: pl.LazyFrame,
    cells: pl.LazyFrame,
    accounts: pl.LazyFrame,
    *,
    month: date,
    metrics: Mapping[str, Metric],
) -> pl.LazyFrame:
    """The peer rates of one month, by `in_cells`, for the industries of `accounts`."""
    rates = _rates(cells, large, every_cell=_every_cell(accounts)).pipe(settled)
    return (
        rates.join(_spreads(cells, large, rates=rates), on=["band", "metric", "left_out"], how="left")
        .with_columns(
            effective_from=pl.lit(month),
            account_id=pl.when(pl.col("left_out") != NOBODY).then("left_out"),
            denominator=_changed_denominator(metrics),
            shape=pl.when(pl.col("day_spread") > 0).then(1 / pl.col("day_spread")),
            week_correlation=(pl.col("week_spread") / pl.col("day_spread")).fill_nan(None).clip(0.0, 1.0),
        )
        .sort(*_CELL, "account_id")
        .select(PeerRates.column_names())
        .pipe(settled)
    )


def baselines(
    weeks: pl.LazyFrame,
    accounts: pl.LazyFrame,
    *,
    month: date,
    known_within_days: int,
    metrics: Mapping[str, Metric],
    counted_as: Mapping[str, str] | None = None,
) -> pl.LazyFrame:
    """What each account says of its cell in a month: its sums up to the last Sunday known, and its cell.

    A row rests on its own account's `weeks` only.
    """
    end = month - timedelta(days=known_within_days)
    until = end - timedelta(days=end.weekday() + 1)
    first = until - timedelta(days=7 * BASELINE_WEEKS - 1)
    days = (pl.lit(until) - pl.col("first_sent_on")).dt.total_days() + 1
    ordinary = pl.col("sent") * BAND_DAYS / days.clip(lower_bound=BAND_DAYS)
    return (
        weeks.filter(pl.col("week").is_between(first, until))
        .pipe(added_up, keys=("account_id",), metrics=metrics)
        .join(accounts.select("account_id", "industry"), on="account_id", how="left")
        .with_columns(_industry(), band=band_of(ordinary).replace(counted_as or {}))
        .pipe(settled)
        .pipe(one_row_a_metric, metrics=metrics)
        .pipe(add_clusters)
        .select("account_id", *_CELL, *TELLING)
    )


def _rates(cells: pl.LazyFrame, large: pl.LazyFrame, *, every_cell: pl.LazyFrame) -> pl.LazyFrame:
    """The shrunken `rate` of every cell and its `level`, for all and for each account left out of one."""
    industries = cells.pipe(families, large, member="band", pool=("industry", "metric")).pipe(
        pooled, of="cell", pool=("industry", "metric", "left_out")
    )
    everybody = industries.pipe(families, large, member="industry", pool=("metric",)).pipe(
        pooled, of="industry", pool=("metric", "left_out")
    )
    pools = (
        pl.concat([every_cell, large], how="diagonal")
        .join(cells, on=[*_CELL, "left_out"], how="left")
        .join(industries, on=["industry", "metric", "left_out"], how="left", suffix="_industry")
        .join(everybody, on=["metric", "left_out"], suffix="_all")
    )
    events = {pool: pl.col(f"events_in{suffix}").fill_null(0.0) for pool, suffix in _SUFFIXES.items()}
    trials = {pool: pl.col(f"trials_in{suffix}").fill_null(0.0) for pool, suffix in _SUFFIXES.items()}
    all_rate = pl.when(events["all"] > 0).then(events["all"]).otherwise(0.5) / trials["all"]
    industry_rate = shrunken(events["industry"], trials["industry"], towards=all_rate, of="industry")
    level = (
        pl.when(events["cell"] * DIFFERS["cell"] >= 1).then(pl.lit("cell"))
        .when(events["industry"] * DIFFERS["industry"] >= 1).then(pl.lit("industry"))
        .otherwise(pl.lit("all")).cast(pl.Enum(POOL_LEVELS))
    )  # fmt: skip
    size = {
        name: pl.coalesce(
            pl.when(level == pool).then(pl.col(f"{name}{suffix}")) for pool, suffix in _SUFFIXES.items()
        )
        for name in ("accounts", "trials", "events")
    }
    return pools.select(
        *_CELL,
        "left_out",
        level=level,
        rate=shrunken(events["cell"], trials["cell"], towards=industry_rate, of="cell"),
        **size,
    )


def _spreads(cells: pl.LazyFrame, large: pl.LazyFrame, *, rates: pl.LazyFrame) -> pl.LazyFrame:
    """How far days and accounts of each band differ, for all and for each account left out."""
    told = cells.join(rates.select(*_CELL, "left_out", "rate"), on=[*_CELL, "left_out"])
    bands = (
        told.with_columns(tau2=tau2_sum())
        .pipe(families, large, member="industry", pool=("band", "metric"))
        .pipe(added_spreads, pool=("band", "metric", "left_out"))
    )
    everybody = (
        bands.pipe(families, large, member="band", pool=("metric",))
        .pipe(added_spreads, pool=("metric", "left_out"))
        .select("metric", "left_out", **{f"{name}_of_all": spread(name) for name in SPREADS})
    )
    every_band = everybody.join(_bands(), how="cross")
    return every_band.join(bands, on=["band", "metric", "left_out"], how="left").select(
        "band",
        "metric",
        "left_out",
        **{
            name: spread(name, towards=pl.col(f"{name}_of_all")).clip(lower_bound=_LOWEST[name])
            for name in ("day_spread", "week_spread", "phi")
        },
        tau2=pl.col("tau2_of_all").clip(lower_bound=0.0),
    )


def _every_cell(accounts: pl.LazyFrame) -> pl.LazyFrame:
    """Every industry, "unknown" among them, x band x metric, nobody left out."""
    unknown = pl.LazyFrame({"industry": [UNKNOWN_INDUSTRY]})
    metrics = pl.LazyFrame({"metric": METRIC_NAMES}, schema={"metric": pl.Enum(METRIC_NAMES)})
    return (
        pl.concat([accounts.select(_industry()), unknown])
        .unique()
        .join(_bands(), how="cross")
        .join(metrics, how="cross")
        .with_columns(left_out=pl.lit(NOBODY))
    )


def _bands() -> pl.LazyFrame:
    return pl.LazyFrame({"band": BANDS}, schema={"band": pl.Enum(BANDS)})


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
