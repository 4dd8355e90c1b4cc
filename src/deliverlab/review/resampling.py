"""Weighted means whose accounts are drawn anew: what they would have been with others of the kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

SURE = 0.95
DRAWS = 1_000
AT_ONCE = 100  # draws held in memory together


class Mean(NamedTuple):
    """A weighted mean of positive values, its logarithm in every draw, and how many accounts it is worth."""

    value: float
    drawn_logs: Floats
    worth: float


def means(
    members: ArrayLike,
    values: ArrayLike,
    weights: ArrayLike,
    sides: ArrayLike,
    /,
    *,
    seed: int,
    draws: int = DRAWS,
) -> list[Mean]:
    """The mean of the rows of each side, 0 and 1, over the same draws of accounts.

    `members` says whose a row is. In each draw an account gets an exponential weight, in all its rows
    and on both sides: the Bayesian bootstrap (Rubin 1981), which leaves nobody out. Where accounts stand in
    for others, who stands in for whom stays (Otsu and Rai 2017): to match anew in each draw would mislead.

    >>> one, other = means([0, 1, 2], [2.0, 4.0, 3.0], [1, 1, 1], [0, 0, 1], seed=7, draws=10)
    >>> one.value, other.value, one.worth
    (3.0, 3.0, 2.0)
    """
    values, weights, sides = map(np.asarray, (values, weights, sides))
    names, place = np.unique(np.asarray(members), return_inverse=True)
    accounts = len(names)
    sums = [
        np.stack([
            np.bincount(place[sides == side], (weights * values)[sides == side], accounts),
            np.bincount(place[sides == side], weights[sides == side], accounts),
        ], axis=1)
        for side in (0, 1)
    ]  # fmt: skip
    luck = np.random.default_rng(seed)
    drawn: list[list[Floats]] = [[], []]
    for first in range(0, draws, AT_ONCE):
        shares = luck.standard_exponential((min(AT_ONCE, draws - first), accounts))
        for side in (0, 1):
            drawn[side].append(shares @ sums[side])
    return [_mean(sums[side], np.concatenate(drawn[side])) for side in (0, 1)]


def bounds(log_value: float, drawn_logs: Floats, *, worth: float) -> tuple[float, float]:
    """The 95% bounds of exp(`log_value`): Student's t with as many accounts as the mean is worth."""
    from scipy.special import stdtrit

    reach = float(drawn_logs.std()) * float(stdtrit(max(worth - 1, 1), (1 + SURE) / 2))
    return float(np.exp(log_value - reach)), float(np.exp(log_value + reach))


def _mean(sums: NDArray[Any], drawn: Floats) -> Mean:
    total, weight = sums.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Mean(
            value=float(total / weight),
            drawn_logs=np.log(drawn[:, 0] / drawn[:, 1]),
            worth=float(weight**2 / (sums[:, 1] ** 2).sum()),
        )
