"""Thresholds that mail providers have published: what a policy of one's own can be compared with."""

from __future__ import annotations

from functools import cache
from importlib import resources

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.metrics import METRICS
from deliverlab.schemas import METRIC_NAMES

LEVELS = ("advice", "warning", "limit")
MEASURES = {metric.name.removesuffix("_rate"): metric.name for metric in METRICS.values()}


class PublishedThresholds(Table):
    """A published threshold, a row each provider, measure, level and window; rates are fractions.

    `metric` is which of ours the measure is: null where it means another thing, as bounces of every kind do.
    """

    provider = dy.String(primary_key=True)
    measure = dy.String(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, nullable=True)
    level = dy.Enum(LEVELS, primary_key=True)
    value = dy.Float64(min=0.0, max=1.0)
    window = dy.String(primary_key=True)
    min_sent = dy.Int64(nullable=True, min=1)
    min_events = dy.Int64(nullable=True, min=1)
    action = dy.String(nullable=True)
    is_second_hand = dy.Bool()
    year = dy.Int64(nullable=True)
    source = dy.String()


@cache
def published_thresholds() -> dy.DataFrame[PublishedThresholds]:
    """All published thresholds that are known here: advice, what warns, and what stops mail.

    "bounce" is what a provider calls so without saying which; it is not taken for a hard bounce. A window
    that is not published is an empty text.

    >>> known = published_thresholds().filter(provider="Amazon SES", measure="hard_bounce")
    >>> known.select("level", "value").rows()
    [('advice', 0.02), ('warning', 0.05), ('limit', 0.1)]
    """
    file = resources.files("deliverlab.policy") / "thresholds.csv"
    printed = pl.read_csv(file.read_bytes(), schema_overrides={"window": pl.String})
    return PublishedThresholds.validate(
        printed.with_columns(
            pl.col("window").fill_null(""),
            metric=pl.col("measure").replace_strict(MEASURES, default=None, return_dtype=pl.String),
        )
        .cast({"level": pl.Enum(LEVELS)})
        .sort("provider", "measure", "window", "level"),
        cast=True,
    )
