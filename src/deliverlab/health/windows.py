"""The days before a day, added up: what every rate, band and peer group is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.metrics import METRICS
from deliverlab.schemas import KNOWN_COUNTS, METRIC_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import dataframely as dy

    from deliverlab.metrics import Metric
    from deliverlab.schemas import Daily

FIXED_POINT = 2.0**40  # about twelve digits behind the point


def measured(denominators: Mapping[str, str] | None = None) -> Mapping[str, Metric]:
    """Every metric, those named measured out of another column of `daily` than their own.

    >>> measured({"complaint_rate": "sent"})["complaint_rate"].denominator_words
    'mails sent'
    """
    words = {metric.denominator: metric.denominator_words for metric in METRICS.values()}
    changed = {}
    for name, denominator in (denominators or {}).items():
        if name not in METRICS:
            raise DataError(f"denominators: metric == {name!r}, must be one of {', '.join(METRICS)}")
        if denominator not in KNOWN_COUNTS:
            raise DataError(
                f"denominators: {name} == {denominator!r}, must be one of {', '.join(KNOWN_COUNTS)}"
            )
        changed[name] = replace(
            METRICS[name],
            denominator=denominator,
            denominator_words=words.get(denominator, denominator.replace("_", " ")),
        )
    return {**METRICS, **changed}


def windows_before(days: Iterable[date], *, window_days: int, known_within_days: int) -> pl.LazyFrame:
    """The trailing window of each day: `day`, and its `first` and `last` send day.

    It ends with the newest day whose outcomes are known in full, `known_within_days` before the day itself.
    """
    last = pl.col("day") - pl.duration(days=known_within_days)
    return pl.LazyFrame({"day": list(days)}, schema={"day": pl.Date}).with_columns(
        first=last - pl.duration(days=window_days - 1), last=last
    )


def send_days(windows: pl.LazyFrame) -> pl.LazyFrame:
    """One row for each window (`day`, `first`, `last`) and each send day `sent_on` in it."""
    return windows.select("day", sent_on=pl.date_ranges("first", "last")).explode("sent_on")


def trailing_sums(
    daily: dy.LazyFrame[Daily], windows: pl.LazyFrame, *, metrics: Mapping[str, Metric] = METRICS
) -> pl.LazyFrame:
    """Each account's sums over each window, one row an account, day and metric; none where it has no mail.

    Beside `events` and `trials` stand the sums over days of their squares and products, from which
    `clusters` reads how unlike the days are, and what the account `sent` in the window, from
    `first_sent_on` on. Integers all: no sum depends on the order of rows.
    """
    parts = {count for metric in metrics.values() for count in (metric.numerator, metric.denominator)}
    columns = sorted({"sent", *parts})
    pairs = sorted({pair for metric in metrics.values() for pair in _squares(metric)})
    return (
        daily.select("account_id", *columns, sent_on="day")
        .join(send_days(windows), on="sent_on")
        .group_by("account_id", "day")
        .agg(
            pl.col("sent_on").min().alias("first_sent_on"),
            pl.col(columns).sum(),
            *(
                (pl.col(one).cast(pl.Int128) * pl.col(other)).sum().alias(f"{one}*{other}")
                for one, other in pairs
            ),
        )
        .select(
            "account_id",
            "day",
            "sent",
            "first_sent_on",
            measured=pl.concat_list(_sums_of(metric) for metric in metrics.values()),
        )
        .explode("measured")
        .unnest("measured")
    )


def exact_sum(value: pl.Expr) -> pl.Expr:
    """The sum of fractions, the same to the last bit in whatever order and pieces they are added.

    Each is rounded to 1 / `FIXED_POINT` first, then integers are added.
    """
    return (value * FIXED_POINT).round().cast(pl.Int128).sum().cast(pl.Float64) / FIXED_POINT


def _squares(metric: Metric) -> tuple[tuple[str, str], ...]:
    x, n = metric.numerator, metric.denominator
    return (x, x), (x, n), (n, n)


def _sums_of(metric: Metric) -> pl.Expr:
    """One metric's sums as a struct; the squares leave exact arithmetic only here."""
    squared, crossed, trials_squared = (
        pl.col(f"{one}*{other}").cast(pl.Float64) for one, other in _squares(metric)
    )
    return pl.struct(
        metric=pl.lit(metric.name, dtype=pl.Enum(METRIC_NAMES)),
        events=pl.col(metric.numerator),
        trials=pl.col(metric.denominator),
        events_squared=squared,
        events_by_trials=crossed,
        trials_squared=trials_squared,
    )
