"""How far accounts differ: priors fitted to all of them together, by maximum likelihood.

By moments such fits are poor where accounts have unequal mail; here moments are only where the search begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deliverlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import polars as pl
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

MOST = 1e8  # so large a sum of parameters says that accounts do not differ beyond chance
LEAST = 1e-6


class BetaBinomial(NamedTuple):
    """True rates are Beta(`alpha`, `beta`): their mean is alpha / (alpha + beta)."""

    alpha: float
    beta: float


class GammaPoisson(NamedTuple):
    """True ratios of events to those expected are gamma with this `shape` and `rate`: mean shape / rate."""

    shape: float
    rate: float


def fit_beta_binomial(events: ArrayLike, trials: ArrayLike) -> BetaBinomial:
    """The beta distribution of true rates under which these counts are likeliest.

    One pair of events and trials an account; those without trials say nothing. Where accounts differ no more
    than by chance there is no likeliest one: alpha and beta grow without end, and come back with a sum of
    `MOST`. `posterior_rate` is what an account's rate then is thought to be.

    Source: Skellam 1948; Gelman et al., Bayesian Data Analysis, section 5.3.

    >>> fit = fit_beta_binomial([0, 1, 3, 9], [20, 20, 20, 30])
    >>> round(fit.alpha, 2), round(fit.beta, 2)
    (1.14, 7.72)

    Raises:
        DataError: a count is negative or no number, events exceed trials, or there are no trials at all.
    """
    from scipy.special import betaln

    x, n = _counts(events, trials, what="trials")
    if (x > n).any():
        first = int((x > n).argmax())
        raise DataError(f"events == {x[first]:g}, must be at most trials == {n[first]:g}")

    def log_likelihood(mean: float, total: float) -> float:
        alpha, beta = mean * total, (1 - mean) * total
        return float((betaln(alpha + x, beta + n - x) - betaln(alpha, beta)).sum())

    mean, total = _likeliest(log_likelihood, mean=(x.sum() + 0.5) / (n.sum() + 1), is_share=True)
    return BetaBinomial(mean * total, (1 - mean) * total)


def fit_gamma_poisson(events: ArrayLike, expected: ArrayLike) -> GammaPoisson:
    """The gamma distribution of true ratios under which so many events, of so many expected, are likeliest.

    For rates of a thousandth and less it is the same as `fit_beta_binomial`, and expectations may be added up
    over days and metrics. Accounts that differ no more than by chance have a shape of `MOST`.

    Source: Greenwood and Yule 1920.

    >>> fit = fit_gamma_poisson([0, 2, 3, 14], [2.0, 2.0, 4.0, 6.0])
    >>> round(fit.shape, 2), round(fit.rate, 2)
    (2.52, 2.2)

    Raises:
        DataError: a count is negative or no number, or nothing is expected at all.
    """
    import numpy as np
    from scipy.special import betaln, gammaln

    x, e = _counts(events, expected, what="expected")
    some = x[x > 0]

    def log_likelihood(mean: float, shape: float) -> float:
        rate = shape / mean
        rising = (gammaln(some) - betaln(shape, some)).sum()  # gamma(shape + x) / gamma(shape), digits kept
        return float(rising - (shape * np.log1p(e / rate)).sum() - (x * np.log(rate + e)).sum())

    mean, shape = _likeliest(log_likelihood, mean=(x.sum() + 0.5) / e.sum(), is_share=False)
    return GammaPoisson(shape, shape / mean)


def posterior_rate(prior: BetaBinomial, events: pl.Expr, trials: pl.Expr) -> pl.Expr:
    """What an account's rate is thought to be, between its own and that of all: the mean of its posterior.

    >>> import polars as pl
    >>> pl.select(posterior_rate(BetaBinomial(1.0, 9.0), pl.lit(4), pl.lit(10))).item()
    0.25
    """
    return (prior.alpha + events) / (prior.alpha + prior.beta + trials)


def james_stein(values: ArrayLike, *, variance: float = 1.0) -> Floats:
    """Values drawn to their mean by what chance adds to their spread, as Efron and Morris (1975) did.

    Each is the mean of its own plus noise of the same known variance; there are four of them or more. The
    simplest of all shrinkage, and a check on the others: not for rates of unequal mail.

    >>> james_stein([1.0, 2.0, 3.0, 6.0, 8.0]).round(2).tolist()
    [1.18, 2.12, 3.06, 5.88, 7.76]
    """
    import numpy as np

    given = np.asarray(values, dtype=float)
    if given.size < 4:
        raise DataError(f"values: {given.size} are given, must be at least 4")
    deviations = given - given.mean()
    kept = 1 - (given.size - 3) * variance / (deviations**2).sum()
    return np.asarray(given.mean() + max(0.0, float(kept)) * deviations)


def _counts(events: ArrayLike, of: ArrayLike, *, what: str) -> tuple[Floats, Floats]:
    """Both as numbers, without the pairs that say nothing."""
    import numpy as np

    x, n = np.asarray(events, dtype=float), np.asarray(of, dtype=float)
    if x.shape != n.shape:
        raise DataError(f"events and {what}: {x.size} and {n.size} are given, must be as many")
    for name, values in (("events", x), (what, n)):
        wrong = ~(np.isfinite(values) & (values >= 0))
        if wrong.any():
            raise DataError(f"{name} == {values[wrong.argmax()]:g}, must be a number of at least 0")
    if not (n > 0).any():
        raise DataError(f"{what}: none is above 0, must be for one account at least")
    return x[n > 0], n[n > 0]


def _likeliest(
    log_likelihood: Callable[[float, float], float], *, mean: float, is_share: bool
) -> tuple[float, float]:
    """The mean and the size of the prior at the maximum; searched where both may be any number."""
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit, logit

    centre = float(logit(mean) if is_share else np.log(mean))

    def parameters(place: Floats) -> tuple[float, float]:
        off = np.clip(place[0], centre - 30, centre + 30)
        return float(expit(off) if is_share else np.exp(off)), float(
            np.exp(np.clip(place[1], np.log(LEAST), np.log(MOST)))
        )

    def loss(place: Floats) -> float:
        return -log_likelihood(*parameters(place))

    options = {"xatol": 1e-9, "fatol": 1e-10, "maxiter": 5_000, "maxfev": 5_000}
    starts = [[centre, float(np.log(size))] for size in (1.0, 1_000.0)]
    tries = [
        minimize(loss, start, method="Nelder-Mead", options=options)  # type: ignore[call-overload]  # stubs
        for start in starts
    ]
    found = min(tries, key=lambda one: float(one.fun))
    return parameters(found.x)
