"""Bounds for rates, for whole columns at once."""

from __future__ import annotations

from statistics import NormalDist

import polars as pl

CONFIDENCE = 0.95


def wilson(events: pl.Expr, trials: pl.Expr, *, confidence: float = CONFIDENCE) -> pl.Expr:
    """Wilson's score bounds of a rate: a struct of `low` and `high`, fractions; null without trials.

    They are two-sided, and assume that each trial says something of its own. Mails of one day do not:
    they share a list and a fate. Where counts vary `phi` times as much from day to day as chance alone
    would have it, n mails say as much as n / phi independent ones, and the bounds that keep their promise
    are those of the effective sample, `wilson(events / phi, trials / phi)`. The rate stays what it is.

    More events than trials (one mail can be opened twice) count as a rate of 1.

    Source: Wilson 1927; Newcombe 1998, "Two-sided confidence intervals for the single proportion", method 3.

    >>> counts = pl.DataFrame({"events": [81, 0, 0], "trials": [263, 20, 0]})
    >>> bounds = counts.select(wilson(pl.col("events"), pl.col("trials")).alias("bounds")).unnest("bounds")
    >>> bounds.with_columns(pl.all().round(4)).rows()
    [(0.2553, 0.3662), (0.0, 0.1611), (None, None)]
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    square = z * z
    rate = (events / trials).clip(0.0, 1.0)
    centre = 2 * rate * trials + square
    reach = z * (square + 4 * rate * (1 - rate) * trials).sqrt()
    scale = 2 * (trials + square)
    low = ((centre - reach) / scale).clip(0.0, 1.0)
    high = ((centre + reach) / scale).clip(0.0, 1.0)
    return pl.when(trials > 0).then(pl.struct(low=low, high=high))
