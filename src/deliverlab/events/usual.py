"""What a receiver usually refuses, by its own days before, and how rare it is that it refuses more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.columns import of_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PAST_DAYS = 28
WORST_LEFT_OUT = 0.1  # of the past days: an earlier outage is no usual day
TRIMMED_VARIANCE = 0.712  # of a normal variance, what is left without the upper tenth
SPREAD_SURE = 0.9  # the spread is taken at this upper bound: four weeks tell it but roughly

DAY = ["recipient_domain", "day"]


def past_rates(days: pl.DataFrame, events: str, trials: str) -> pl.DataFrame:
    """A receiver's usual rate before each of its days, and how far its days spread beyond chance (`rho`)."""
    counts = days.filter(pl.col(trials) > 0).select(
        "recipient_domain", past="day", x=pl.col(events).cast(pl.Float64), n=pl.col(trials).cast(pl.Float64)
    )
    ages = pl.DataFrame({"age": [timedelta(days=age) for age in range(1, PAST_DAYS + 1)]})
    usual_days = (
        days.select(DAY)
        .join(ages, how="cross")
        .with_columns(past=pl.col("day") - pl.col("age"))
        .join(counts, on=["recipient_domain", "past"])
        .sort(*DAY, "past")
        .with_columns(
            rank=(pl.col("x") / pl.col("n")).rank("ordinal").over(DAY), past_days=pl.len().over(DAY)
        )
        .filter(pl.col("rank") <= ((1 - WORST_LEFT_OUT) * pl.col("past_days")).ceil())
        .with_columns(usual=(pl.col("x").sum() + 0.5).over(DAY) / (pl.col("n").sum() + 1).over(DAY))
    )
    expected = pl.col("n") * pl.col("usual")
    squares = (pl.col("x") - expected) ** 2 / (expected * (1 - pl.col("usual"))) / TRIMMED_VARIANCE
    phi = squares.sum() / of_columns(_chi_square_quantile, pl.len() - 1)
    spread = ((phi - 1) / (pl.col("n").mean() - 1).clip(1)).clip(0, 0.5).fill_null(0)
    return usual_days.group_by(DAY).agg(pl.col("usual", "past_days").first(), spread=spread).sort(DAY)


def beta_binomial_tail(events: Floats, trials: Floats, rate: Floats, spread: Floats) -> Floats:
    """How probable so many or more are, if trials of a day have a correlation of `spread`."""
    from scipy import stats

    rho = np.maximum(spread, 1e-9)
    scale = (1 - rho) / rho
    spread_out = stats.betabinom.sf(events - 1, trials, rate * scale, (1 - rate) * scale)
    return np.where(spread > 1e-6, spread_out, binomial_tail(events, trials, rate))


def binomial_tail(events: Floats, trials: Floats, rate: Floats) -> Floats:
    """How probable so many or more are, if chance alone is at work."""
    from scipy import stats

    return np.asarray(stats.binom.sf(events - 1, trials, rate))


def _chi_square_quantile(degrees: Floats) -> Floats:
    from scipy import stats

    return np.asarray(stats.chi2.ppf(1 - SPREAD_SURE, degrees))
