"""The effect of reviews as a scenario takes it: a factor a column of `daily`, with its bounds."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.metrics import METRICS
from deliverlab.review.effect import VOLUME

COLUMNS = {VOLUME: VOLUME} | {
    metric.name: metric.numerator for metric in METRICS.values() if metric.name != "click_to_open_rate"
}


class Multipliers(Table):
    """One row a column of `daily`, and one for all mail: what a review leaves of it.

    It is 1 where nothing is known. Bounds are null where the effect was not measured.
    """

    column = dy.String(primary_key=True)
    multiplier = dy.Float64(min=0.0)
    multiplier_low = dy.Float64(nullable=True, min=0.0)
    multiplier_high = dy.Float64(nullable=True, min=0.0)


def multipliers(effects: pl.DataFrame, changes: pl.DataFrame, /) -> dy.DataFrame[Multipliers]:
    """The factor of each column, from `Effect` and the `Changes` that it was measured on.

    A bounce avoided is a mail not sent, so what is left of a rate is more than what is left of its events:
    with p the rate before, a rate ratio r leaves m = r (1 - p) / (1 - r p) of the bounces.
    """
    own = (
        changes.filter("is_reviewed")
        .group_by("measure")
        .agg(rate=pl.col("events_before").sum() / pl.col("trials_before").sum())
    )
    column = pl.col("measure").cast(pl.String).replace_strict(COLUMNS, default=None, return_dtype=pl.String)
    rate = pl.when(column.str.ends_with("bounces")).then(pl.col("rate")).otherwise(0.0).fill_null(0.0)

    def left(name: str) -> pl.Expr:
        return pl.col(name) * (1 - rate) / (1 - pl.col(name) * rate).clip(lower_bound=1e-9)

    return Multipliers.cast(
        effects.join(own, on="measure", how="left", maintain_order="left")
        .filter(column.is_not_null())
        .select(
            column=column,
            multiplier=left("effect").fill_null(1.0),
            multiplier_low=left("effect_low"),
            multiplier_high=left("effect_high"),
        )
    )
