"""The days before a day, added up: what every rate, band and peer group is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.metrics import METRICS
from deliverlab.schemas import KNOWN_COUNTS, METRIC_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import dataframely as dy

    from deliverlab.metrics import Metric
    from deliverlab.schemas import Daily

CLUSTERS = ("day", "week")  # mails of one of these share a list and a fate


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

    Beside `events` and `trials` stand the sums of their squares and products, over days and over weeks, from
    which `clusters` reads how unlike the days are; and what the account `sent` in the window, from
    `first_sent_on` on. Integers all: no sum depends on the order of rows.
    """
    in_windows = daily.rename({"day": "sent_on"}).join(send_days(windows), on="sent_on")
    weeks = by_week(in_windows, keys=("account_id", "day"), metrics=metrics)
    return one_row_a_metric(added_up(weeks, keys=("account_id", "day"), metrics=metrics), metrics=metrics)


def by_week(
    daily: pl.LazyFrame, *, keys: Sequence[str], metrics: Mapping[str, Metric] = METRICS
) -> pl.LazyFrame:
    """The days of each `week` (its Monday) added up: counts, and the products of the days' counts.

    `daily` has its days in `sent_on`.
    """
    return (
        daily.with_columns(week=pl.col("sent_on").dt.truncate("1w"))
        .group_by(*keys, "week")
        .agg(
            pl.col("sent_on").min().alias("first_sent_on"),
            pl.col(_counts(metrics)).sum(),
            *(
                (pl.col(one) * pl.col(other)).sum().alias(f"day:{one}*{other}")
                for one, other in _pairs(metrics)
            ),
        )
    )


def added_up(
    weeks: pl.LazyFrame, *, keys: Sequence[str], metrics: Mapping[str, Metric] = METRICS
) -> pl.LazyFrame:
    """The weeks of `by_week` added up, and the products of the weeks' counts beside those of the days."""
    pairs = _pairs(metrics)
    return weeks.group_by(keys).agg(
        pl.col("first_sent_on").min(),
        pl.col(_counts(metrics)).sum(),
        *(pl.col(f"day:{one}*{other}").sum() for one, other in pairs),
        *((pl.col(one) * pl.col(other)).sum().alias(f"week:{one}*{other}") for one, other in pairs),
    )


def one_row_a_metric(sums: pl.LazyFrame, *, metrics: Mapping[str, Metric] = METRICS) -> pl.LazyFrame:
    """The sums of `added_up` with a row for each metric that has trials, its sums named alike."""
    taken = ("first_sent_on", *_counts(metrics))
    rest = pl.exclude(
        *taken, *(f"{cluster}:{one}*{other}" for cluster in CLUSTERS for one, other in _pairs(metrics))
    )
    return pl.concat(
        sums.filter(pl.col(metric.denominator) > 0).select(
            rest,
            "sent",
            "first_sent_on",
            metric=pl.lit(metric.name, dtype=pl.Enum(METRIC_NAMES)),
            **_sums_of(metric),
        )
        for metric in metrics.values()
    )


def settled(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The same table, computed: several others are read from it, and the plan of each would do it anew."""
    return frame.collect(engine="streaming").lazy()


def _counts(metrics: Mapping[str, Metric]) -> list[str]:
    return sorted({"sent", *(count for pair in _pairs(metrics) for count in pair)})


def _pairs(metrics: Mapping[str, Metric]) -> list[tuple[str, str]]:
    """The pairs of counts that are multiplied: each numerator and denominator with itself, and together."""
    return sorted({
        pair
        for metric in metrics.values()
        for x, n in [(metric.numerator, metric.denominator)]
        for pair in ((x, x), (x, n), (n, n))
    })  # fmt: skip


def _sums_of(metric: Metric) -> dict[str, pl.Expr]:
    """One metric's sums; the products leave exact arithmetic only here."""
    x, n = metric.numerator, metric.denominator
    products = {"events_squared": (x, x), "events_by_trials": (x, n), "trials_squared": (n, n)}
    return {"events": pl.col(x), "trials": pl.col(n)} | {
        f"{cluster}_{name}": pl.col(f"{cluster}:{one}*{other}").cast(pl.Float64)
        for cluster in CLUSTERS
        for name, (one, other) in products.items()
    }
