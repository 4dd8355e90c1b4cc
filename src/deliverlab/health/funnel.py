"""Funnels: how far from a target an account may lie by chance alone, and how far accounts really do.

A funnel's limits narrow as trials grow. Drawn for chance alone they are far too narrow for large accounts,
since no two accounts have quite the same true rate: what they differ by beyond chance is their
overdispersion, added to the variance of each (`tau2`). A factor on all variances (`phi`) would protect the
small as much as the large.

Sources: Spiegelhalter 2005, "Funnel plots for comparing institutional performance" and "Handling
over-dispersion of performance indicators".
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import polars as pl

from deliverlab.columns import exact_sum
from deliverlab.errors import DataError
from deliverlab.intervals import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Tails = Literal["winsorised", "truncated"]

TAIL_SHARE = 0.1  # of accounts at each end, whose distance does not count in full


@dataclass(frozen=True, slots=True)
class Scale:
    """On which the distance from the target is measured: forth, back, and the standard error there."""

    forth: Callable[[pl.Expr, pl.Expr], pl.Expr]  # of events and trials
    of_rate: Callable[[pl.Expr], pl.Expr]
    back: Callable[[pl.Expr], pl.Expr]
    error: Callable[[pl.Expr, pl.Expr], pl.Expr]  # of trials and target
    most: float | None = None  # no rate is above


def _rate(events: pl.Expr, trials: pl.Expr) -> pl.Expr:
    return events / trials


SCALES: Mapping[str, Scale] = {
    # shares: events out of trials
    "score": Scale(_rate, lambda p: p, lambda y: y, lambda n, p: (p * (1 - p) / n).sqrt(), 1.0),
    "arcsine": Scale(
        lambda x, n: (x / n).sqrt().arcsin(), lambda p: p.sqrt().arcsin(),
        lambda y: y.clip(0.0, 1.5707963267948966).sin().pow(2), lambda n, _: 1 / (2 * n.sqrt()), 1.0,
    ),
    # ratios: events out of those expected
    "poisson": Scale(_rate, lambda r: r, lambda y: y, lambda e, r: (r / e).sqrt()),
    "sqrt": Scale(
        lambda x, e: (x / e).sqrt(), lambda r: r.sqrt(), lambda y: y.clip(lower_bound=0.0).pow(2),
        lambda e, _: 1 / (2 * e.sqrt()),
    ),
    "log": Scale(
        lambda x, e: (x.clip(lower_bound=0.5) / e).log(), lambda r: r.log(), lambda y: y.exp(),
        lambda e, r: 1 / (e * r).sqrt(),
    ),
}  # fmt: skip


def deviates(
    events: pl.Expr, trials: pl.Expr, *, target: pl.Expr, tau2: pl.Expr | None = None, scale: str = "score"
) -> pl.Expr:
    """How many standard errors each account lies above the target; below it is negative.

    `scale` is "score" or "arcsine" for shares, with `trials` as they are; "poisson", "sqrt" or "log" for
    ratios, where `trials` are the events expected and the target is 1 as a rule (no events count as half a
    one on the log scale). `tau2`, on the same scale, is what accounts differ by; left out, chance alone.

    >>> hospitals = pl.DataFrame({"deaths": [41, 58], "operations": [143, 581]})
    >>> z = deviates(pl.col("deaths"), pl.col("operations"), target=pl.lit(0.12))
    >>> hospitals.select(z.round(2)).to_series().to_list()
    [6.13, -1.5]
    """
    measure = _scale(scale)
    return (measure.forth(events, trials) - measure.of_rate(target)) / _error(measure, trials, target, tau2)


def overdispersion(
    events: pl.Expr,
    trials: pl.Expr,
    *,
    target: pl.Expr,
    scale: str = "score",
    tails: Tails = "winsorised",
    share: float = TAIL_SHARE,
) -> pl.Expr:
    """How far all these accounts differ beyond chance: a struct of `phi` and `tau2`, one for all or a group.

    `phi` is the mean squared deviate, 1 where chance explains everything. `tau2` is the variance between
    accounts, on the scale, that explains as much; 0 where phi is below 1 - 1 / accounts. Outliers are what is
    looked for, so they do not decide it: the most distant `share` at each end count as the last within
    ("winsorised") or not at all ("truncated"). Both make it a little too small where nobody is an outlier.

    The judgement here: additive, since the multiplicative form excuses small accounts from nothing that they
    did.

    >>> rates = pl.DataFrame({"x": [10, 30, 22, 8, 41, 5, 17, 29], "n": [1000] * 8})
    >>> found = overdispersion(pl.col("x"), pl.col("n"), target=pl.lit(0.02)).alias("found")
    >>> rates.select(found).unnest("found").with_columns(pl.all().round_sig_figs(3)).row(0)
    (4.98, 9.2e-05)
    """
    z = deviates(events, trials, target=target, scale=scale)
    low, high = z.quantile(share, "linear"), z.quantile(1 - share, "linear")
    if tails == "winsorised":
        kept, is_kept = z.clip(low, high), z.is_not_null()
    elif tails == "truncated":
        kept, is_kept = z, z.is_between(low, high)
    else:
        raise DataError(f"tails == {tails!r}, must be winsorised or truncated")
    weight = pl.when(is_kept).then(_error(_scale(scale), trials, target, None).pow(-2))
    # Weights are divided by the largest: exact sums know a fixed number of digits behind the point.
    share_of = weight / weight.max()
    number = is_kept.sum()
    phi = exact_sum(pl.when(is_kept).then(kept.pow(2)).otherwise(0.0)) / number
    total, squares = exact_sum(share_of.fill_null(0.0)), exact_sum(share_of.fill_null(0.0).pow(2))
    tau2 = (number * phi - (number - 1)) / (weight.max() * (total - squares / total))
    return pl.struct(phi=phi, tau2=pl.when(tau2 > 0).then(tau2).otherwise(0.0))


def funnel_limits(
    trials: pl.Expr,
    *,
    target: pl.Expr,
    tau2: pl.Expr | None = None,
    scale: str = "score",
    confidence: float = CONFIDENCE,
) -> pl.Expr:
    """Within which an account with so many trials lies, as surely: a struct of `low` and `high` rates.

    Customary are 0.95 to look again, and 0.998 to act. Parameters are those of `deviates`: an account lies on
    a limit where its deviate is the normal quantile.

    >>> limits = funnel_limits(pl.lit(400), target=pl.lit(0.12), confidence=0.998).alias("limits")
    >>> pl.select(limits).unnest("limits").with_columns(pl.all().round(4)).row(0)
    (0.0698, 0.1702)
    """
    if not 0 < confidence < 1:
        raise DataError(f"confidence == {confidence}, must be between 0 and 1")
    measure = _scale(scale)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * _error(measure, trials, target, tau2)
    centre = measure.of_rate(target)
    low, high = measure.back(centre - reach), measure.back(centre + reach)
    return pl.struct(
        low=low.clip(lower_bound=0.0),
        high=high if measure.most is None else high.clip(upper_bound=measure.most),
    )


def _scale(name: str) -> Scale:
    if name not in SCALES:
        raise DataError(f"scale == {name!r}, must be one of {', '.join(SCALES)}")
    return SCALES[name]


def _error(scale: Scale, trials: pl.Expr, target: pl.Expr, tau2: pl.Expr | None) -> pl.Expr:
    """The standard error on the scale, of chance and, where given, of what accounts differ by."""
    error = scale.error(trials, target)
    return error if tau2 is None else (error.pow(2) + tau2).sqrt()
