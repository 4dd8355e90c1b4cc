"""What the rates of the last window would have been without the contacts that a review names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.metrics import METRICS
from deliverlab.review.reasons import REASONS, codes_of
from deliverlab.schemas import METRIC_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMED = "everybody named"
FORESEEN = "named before the window"
ENFORCED = tuple(metric for metric in METRICS.values() if metric.is_enforced)


class Removals(Table):
    """One row a group of contacts and enforced metric: its own figures, and the rate without it.

    `removed` is a reason, or `NAMED` or `FORESEEN`.
    """

    removed = dy.String(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    contacts = dy.Int64(min=0)
    events = dy.Int64(min=0)
    trials = dy.Int64(min=0)
    rate = dy.Float64(nullable=True)
    rate_without = dy.Float64(nullable=True)


def removal_rates(
    decisions: pl.DataFrame, counts: pl.DataFrame, whole: pl.DataFrame, /, *, before: pl.DataFrame
) -> dy.DataFrame[Removals]:
    """What each group of named contacts did to one account's rates; none where the window has no mail.

    It assumes that without them the other mail would have gone out and fared as it did. It is hindsight:
    some contacts are named because of the very mail that is taken away, so no group tells what is to come
    (and a group without these has by its making fewer bounces than the rest).
    `FORESEEN` does without: whom these rules would have named on the day before the window, and for reasons
    that no mail tells (`Reason.is_told_by_mail`) also today.

    Args:
        decisions: of the account, as of today.
        counts: the window's `Daily` counts of each contact, by `email`.
        whole: one row, the account's `Daily` counts of the window, mail to people on no list included.
        before: decisions on the day before the window, by a list that knew no outcome (`as_if_unknown`).
    """
    groups = _groups(decisions, before).join(counts, on="email", how="left")
    sums = groups.group_by("removed").agg(pl.col(_columns()).sum(), contacts=pl.len())
    rates = [
        sums.select(
            "removed",
            metric=pl.lit(metric.name),
            contacts=pl.col("contacts").cast(pl.Int64),
            events=metric.numerator,
            trials=metric.denominator,
            all_events=pl.lit(whole[metric.numerator].sum()),
            all_trials=pl.lit(whole[metric.denominator].sum()),
        ).filter(pl.col("all_trials") > 0)
        for metric in ENFORCED
    ]
    left = pl.col("all_trials") - pl.col("trials")
    place = {name: place for place, name in enumerate((*REASONS, NAMED, FORESEEN))}
    return Removals.cast(
        pl.concat(rates)
        .with_columns(
            rate=pl.col("all_events") / pl.col("all_trials"),
            rate_without=pl.when(left > 0).then(
                ((pl.col("all_events") - pl.col("events")) / left).clip(lower_bound=0.0)
            ),
        )
        .sort(pl.col("removed").replace_strict(place, return_dtype=pl.Int64), "metric")
        .select(Removals.column_names())
    )


def as_if_unknown(contacts: pl.DataFrame, /) -> pl.DataFrame:
    """The list without what it learned from mail: only events of the day may say who has bounced or left."""
    return contacts.with_columns(pl.lit("active").alias("status"))


def _groups(decisions: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Each group's contacts, as `removed` and `email`."""
    today, earlier = _named(decisions), _named(before)
    told = [code for code in REASONS if REASONS[code].is_told_by_mail]
    foreseen = pl.concat([_with(today, set(REASONS) - set(told)), _with(earlier, told)])
    return pl.concat(
        [
            today.select(removed="reason", email="email"),
            today.select("email").unique().select(pl.lit(NAMED).alias("removed"), "email"),
            foreseen.select("email").unique().select(pl.lit(FORESEEN).alias("removed"), "email"),
        ]
    )


def _named(decisions: pl.DataFrame) -> pl.DataFrame:
    """One row a contact and reason that asks for a change."""
    named = decisions.select("email", reason="reasons").explode("reason")
    return _with(named, [*codes_of("remove"), *codes_of("reconfirm")])


def _with(named: pl.DataFrame, codes: Iterable[str]) -> pl.DataFrame:
    return named.filter(pl.col("reason").is_in(list(codes)))


def _columns() -> list[str]:
    return sorted({name for metric in ENFORCED for name in (metric.numerator, metric.denominator)})
