"""What an account's mail says of its rate, given what rates its peers have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health import clusters
from deliverlab.metrics import METRICS
from deliverlab.schemas import GRADES, NOT_ENOUGH_MAIL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

USUAL_SPREAD = 0.25  # tau2 where peers do not say: accounts differ by half their rate
LEAST_SPREAD, MOST_SPREAD = 0.1, 0.5  # of tau2: what is known of peers weighs as 10 to 2 expected events
FAR = 2.0  # times the peers' rate: more is ill
WORSE = 1.5  # times the peers' rate: more is not quite well
SURE = 0.9  # probability at which something is said of an account

_HIGH_IS_BAD = pl.col("metric").is_in([metric.name for metric in METRICS.values() if metric.is_high_bad])


def add_posterior(compared: pl.LazyFrame) -> pl.LazyFrame:
    """Adds `ratio`, `shrunken_ratio`, `percentile`, `twice_peers_probability`, `z` and `grade`.

    The account's rate is its peers' rate times a ratio. Before its mail is looked at, the ratio is that of
    any peer: gamma with mean 1 and variance `tau2`. Its mail adds events against those expected, both
    divided by phi, since mails of one day are not so many witnesses. The result is a gamma again (the
    gamma-Poisson model), and everything here is read from it. `ratio` alone is raw: the rate over the
    peers'.

    phi rests on the day shape of the peers, not on the account's own days: those must not be its excuse. So
    more events out of the same mail always move the ratio, and no grade, the same way.

    - `percentile`: the share of peers whose ratio is below the shrunken one.
    - `z`: events above expectation in standard errors, of chance, days and accounts together.
    - `grade`: see `_grade`.

    All are null, and the grade "not enough mail to tell", where there are no trials or no peers.
    """
    expected = pl.col("peer_rate") * pl.col("trials")
    day_spread = 1 / pl.col("shape")
    phi = clusters.phi(day_spread, events=pl.col("events"))
    is_known = (pl.col("trials") > 0) & (pl.col("peer_rate") > 0)
    return (
        compared.with_columns(
            prior=pl.when(is_known).then(_prior(pl.col("tau2"))),
            expected=expected,
            evidence=expected / clusters.phi(day_spread, events=expected),
            ratio=pl.when(is_known).then(pl.col("events") / expected),
            gamma_shape=pl.when(is_known).then(_prior(pl.col("tau2")) + pl.col("events") / phi),
            gamma_rate=pl.when(is_known).then(_prior(pl.col("tau2")) + expected / phi),
        )
        .with_columns(shrunken_ratio=pl.col("gamma_shape") / pl.col("gamma_rate"))
        .with_columns(
            percentile=1 - _survival(pl.col("prior"), pl.col("prior") * pl.col("shrunken_ratio")),
            twice_peers_probability=_above(2.0),
            z=(pl.col("ratio") - 1) / (1 / pl.col("evidence") + 1 / pl.col("prior")).sqrt(),
            grade=_grade(),
        )
    )


def peer_range(tau2: pl.Expr, *, share: float) -> pl.Expr:
    """The ratio that this share of peers stays below, given how far they differ."""
    prior = _prior(tau2)

    def quantile(priors: pl.Series) -> pl.Series:
        from scipy.special import gammaincinv

        return pl.Series(gammaincinv(priors.to_numpy(), share))

    return prior.map_batches(quantile, return_dtype=pl.Float64, is_elementwise=True) / prior


def _prior(tau2: pl.Expr) -> pl.Expr:
    """How many expected events what is known of the peers weighs."""
    return 1 / tau2.fill_null(USUAL_SPREAD).clip(LEAST_SPREAD, MOST_SPREAD)


def _grade() -> pl.Expr:
    """What can be said of the account with `SURE` probability, high being bad (mirrored where low is).

    Poor: its rate is more than `FAR` times its peers'. Else, where its own mail weighs less than what is
    known of its peers, there is not enough mail to tell. Fair: more likely than not above `WORSE` times its
    peers'. Excellent: below its peers'. Good: the rest, about as its peers. There is no volume at which
    this changes.
    """
    is_told = pl.col("evidence") >= pl.col("prior")
    return (
        pl.when(pl.col("prior").is_null()).then(pl.lit(NOT_ENOUGH_MAIL))
        .when(_worse_than(FAR) >= SURE).then(pl.lit("poor"))
        .when(~is_told).then(pl.lit(NOT_ENOUGH_MAIL))
        .when(_worse_than(WORSE) > 1 / 2).then(pl.lit("fair"))
        .when(_worse_than(1.0) <= 1 - SURE).then(pl.lit("excellent"))
        .otherwise(pl.lit("good"))
        .cast(pl.Enum(GRADES))
    )  # fmt: skip


def _worse_than(times: float) -> pl.Expr:
    """The probability that the account is so many times as bad as its peers."""
    return pl.when(_HIGH_IS_BAD).then(_above(times)).otherwise(1 - _above(1 / times))


def _above(ratio: float) -> pl.Expr:
    """The probability that the account's ratio is above this one."""
    return _survival(pl.col("gamma_shape"), pl.col("gamma_rate") * ratio)


def _survival(shape: pl.Expr, at: pl.Expr) -> pl.Expr:
    """The upper tail of the gamma distribution, a column at once; null stays null."""

    def tail(columns: Sequence[pl.Series]) -> pl.Series:
        from scipy.special import gammaincc

        tails: np.ndarray[tuple[int], np.dtype[np.float64]] = gammaincc(
            *(column.to_numpy() for column in columns)
        )
        return pl.Series(tails).fill_nan(None)

    return pl.map_batches([shape, at], tail, return_dtype=pl.Float64, is_elementwise=True)
