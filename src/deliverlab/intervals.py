"""Bounds for rates, for whole columns at once: each a struct of `low` and `high`; null without trials.

All are two-sided, take fractions of events and trials as well as whole ones, and count more events than
trials (one mail can be opened twice) as a rate of 1. Which to use:

- `wilson`: short, closed, right on average; fails where few events are expected.
- `clopper_pearson`: never holds the true rate less often than it says, mostly more often: too wide.
- `jeffreys` and `mid_p`: hold it as often as they say on average, also where events are few.
- `negative_binomial`: where counts vary more than chance alone would have it.

The first four assume that each trial says something of its own. Mails of one day do not: they share a list
and a fate. `effective` makes of them as many trials as they are worth:
`wilson(*effective(events, trials, phi=phi))`.

Sources: Newcombe 1998, "Two-sided confidence intervals for the single proportion" (Wilson is its method 3,
Clopper-Pearson 5, mid-P 6), and "Interval estimation for the difference between independent proportions:
comparison of eleven methods"; Brown, Cai and DasGupta 2001, "Interval estimation for a binomial proportion".
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.columns import of_columns
from deliverlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CONFIDENCE = 0.95
LEAST_SPREAD = 1e-4  # nobody's days are alike to within one percent


def wilson(events: pl.Expr, trials: pl.Expr, *, confidence: float = CONFIDENCE) -> pl.Expr:
    """Wilson's score bounds of a rate (1927).

    >>> counts = pl.DataFrame({"events": [81, 0, 0], "trials": [263, 20, 0]})
    >>> bounds = counts.select(wilson(pl.col("events"), pl.col("trials")).alias("bounds")).unnest("bounds")
    >>> bounds.with_columns(pl.all().round(4)).rows()
    [(0.2553, 0.3662), (0.0, 0.1611), (None, None)]
    """
    z = -NormalDist().inv_cdf(_tail(confidence))
    square = z * z
    rate = (events / trials).clip(0.0, 1.0)
    centre = 2 * rate * trials + square
    reach = z * (square + 4 * rate * (1 - rate) * trials).sqrt()
    scale = 2 * (trials + square)
    return _bounds((centre - reach) / scale, (centre + reach) / scale, trials=trials)


def clopper_pearson(events: pl.Expr, trials: pl.Expr, *, confidence: float = CONFIDENCE) -> pl.Expr:
    """Clopper and Pearson's bounds (1934): those rates at which so many events would not be too rare.

    >>> bounds = pl.select(clopper_pearson(pl.lit(1), pl.lit(29)).alias("bounds")).unnest("bounds")
    >>> bounds.with_columns(pl.all().round(4)).row(0)
    (0.0009, 0.1776)
    """
    tail = _tail(confidence)
    return _of_columns(
        lambda x, n: _beta_quantile(x, n - x + 1, tail),
        lambda x, n: _beta_quantile(x + 1, n - x, 1 - tail),
        events,
        trials,
    )


def jeffreys(events: pl.Expr, trials: pl.Expr, *, confidence: float = CONFIDENCE) -> pl.Expr:
    """The equal-tailed posterior of Jeffreys' prior; 0 is kept where nothing happened, and 1 where all did.

    >>> bounds = pl.select(jeffreys(pl.lit(1), pl.lit(29)).alias("bounds")).unnest("bounds")
    >>> bounds.with_columns(pl.all().round(4)).row(0)
    (0.0037, 0.1501)
    """
    tail = _tail(confidence)
    return _of_columns(
        lambda x, n: _beta_quantile(x + 0.5, n - x + 0.5, tail) * (x > 0),
        lambda x, n: 1 - _beta_quantile(n - x + 0.5, x + 0.5, tail) * (x < n),
        events,
        trials,
    )


def mid_p(events: pl.Expr, trials: pl.Expr, *, confidence: float = CONFIDENCE) -> pl.Expr:
    """Clopper and Pearson's bounds with half of the chance of the very count that was seen (Lancaster 1949).

    >>> bounds = pl.select(mid_p(pl.lit(1), pl.lit(29)).alias("bounds")).unnest("bounds")
    >>> bounds.with_columns(pl.all().round(4)).row(0)
    (0.0017, 0.1585)
    """
    tail = _tail(confidence)
    return _of_columns(
        lambda x, n: _mid_p_root(x, n, tail), lambda x, n: 1 - _mid_p_root(n - x, n, tail), events, trials
    )


def negative_binomial(
    events: pl.Expr, trials: pl.Expr, *, spread: pl.Expr, confidence: float = CONFIDENCE
) -> pl.Expr:
    """Bounds of a rate whose expected count varies from time to time, with this squared relative variation.

    A count around m whose own expectation is gamma distributed is negative binomial of size k = 1 / `spread`.
    Under Jeffreys' prior, which for a known size is proportional to 1 / sqrt(m (1 + m / k)), the posterior of
    m / (m + k) is Beta(events + 1/2, k). As in `jeffreys` the lower bound of no events is 0. The more the
    expectation varies the longer is the upper side: a mild spell looks better than the truth.

    A spread below `LEAST_SPREAD` counts as that. Events are rare, or `spread` outweighs chance: that a share
    cannot exceed 1 only cuts the bounds.

    >>> spread = pl.lit(0.2)
    >>> bounds = pl.select(negative_binomial(pl.lit(10), pl.lit(1000), spread=spread).alias("bounds"))
    >>> bounds.unnest("bounds").with_columns(pl.all().round(4)).row(0)
    (0.0038, 0.0357)
    """
    tail = _tail(confidence)
    size = 1 / spread.fill_null(0.0).clip(lower_bound=LEAST_SPREAD)

    def at(share: float) -> Callable[[Floats, Floats, Floats], Floats]:
        def rate(x: Floats, n: Floats, k: Floats) -> Floats:
            part = _beta_quantile(x + 0.5, k, share)
            return k * part / (1 - part) / n * ((x > 0) | (share > tail))

        return rate

    return _of_columns(at(tail), at(1 - tail), events, trials, size)


def difference(rate: pl.Expr, bounds: pl.Expr, other_rate: pl.Expr, other_bounds: pl.Expr) -> pl.Expr:
    """Bounds of the difference `rate - other_rate` of two rates that know nothing of each other.

    Each rate's distance to its own bound, squared and added: Newcombe's method 10 (1998) for any bounds,
    which Zou and Donner (2008) call MOVER.

    >>> events, trials = pl.lit(56), pl.lit(70)
    >>> others, of = pl.lit(48), pl.lit(80)
    >>> bounds = difference(events / trials, wilson(events, trials), others / of, wilson(others, of))
    >>> pl.select(bounds.alias("bounds")).unnest("bounds").with_columns(pl.all().round(4)).row(0)
    (0.0524, 0.3339)
    """
    low, high = bounds.struct.field("low"), bounds.struct.field("high")
    other_low, other_high = other_bounds.struct.field("low"), other_bounds.struct.field("high")
    apart = rate - other_rate
    return pl.struct(
        low=apart - ((rate - low) ** 2 + (other_high - other_rate) ** 2).sqrt(),
        high=apart + ((high - rate) ** 2 + (other_rate - other_low) ** 2).sqrt(),
    )


def effective(events: pl.Expr, trials: pl.Expr, *, phi: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Events and trials as those of as many independent mails as these are worth.

    Where counts vary `phi` times as much as by chance alone, n mails say as much as n / phi. The rate stays
    what it is. A phi below 1 counts as 1: mail never says more than its number.
    """
    least = phi.clip(lower_bound=1.0)
    return events / least, trials / least


def _tail(confidence: float) -> float:
    """What lies beyond each bound."""
    if not 0 < confidence < 1:
        raise DataError(f"confidence == {confidence}, must be between 0 and 1")
    return (1 - confidence) / 2


def _bounds(low: pl.Expr, high: pl.Expr, *, trials: pl.Expr) -> pl.Expr:
    is_known = (trials > 0) & low.is_not_null()
    return pl.when(is_known).then(pl.struct(low=low.clip(0.0, 1.0), high=high.clip(0.0, 1.0)))


def _of_columns(low: Callable[..., Floats], high: Callable[..., Floats], *columns: pl.Expr) -> pl.Expr:
    """Bounds by two functions of whole columns: events, at most as many as trials, trials, and more."""
    events, trials, *more = (column.cast(pl.Float64) for column in columns)
    known = pl.when((trials > 0) & events.is_not_null()).then(trials)
    inputs = [pl.min_horizontal(pl.when(known.is_not_null()).then(events), known), known, *more]

    return _bounds(of_columns(low, *inputs), of_columns(high, *inputs), trials=trials)


def _beta_quantile(a: Floats, b: Floats, share: float) -> Floats:
    """The quantile of the beta distribution; at a = 0 all of it is at 0, at b = 0 at 1."""
    import numpy as np
    from scipy.special import betaincinv

    inner = betaincinv(np.maximum(a, 1e-300), np.maximum(b, 1e-300), share)
    return np.where(a <= 0, 0.0, np.where(b <= 0, 1.0, inner))


def _mid_p_root(events: Floats, trials: Floats, tail: float) -> Floats:
    """The rate at which so many events or more, half of just so many, have this chance; 0 without events.

    It lies between those that count so many in full, and not at all.
    """
    import numpy as np
    from scipy.optimize.elementwise import find_root
    from scipy.special import betainc

    x, n = np.where(events > 0, events, np.nan), trials
    rest = np.maximum(n - x, 1e-300)

    def too_many(rate: Floats, x: Floats, rest: Floats) -> Floats:
        return (betainc(x, rest + 1, rate) + betainc(x + 1, rest, rate)) / 2 - tail

    between = (_beta_quantile(x, n - x + 1, tail), _beta_quantile(x + 1, n - x, tail))
    with np.errstate(invalid="ignore"):
        found: Floats = find_root(too_many, between, args=(x, rest)).x
    return np.where(events > 0, found, np.where(np.isnan(events), np.nan, 0.0))
