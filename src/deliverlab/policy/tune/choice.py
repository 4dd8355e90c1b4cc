"""The choice: which policies are allowed, which are on the front, and which of the best to take."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from deliverlab.policy.tune.search import Search

    Floats: TypeAlias = NDArray[np.float64]
    Flags: TypeAlias = NDArray[np.bool_]


def is_allowed(figures: pl.DataFrame, search: Search, /) -> Flags:
    """Whether each policy keeps every constraint, and can be told by every objective."""
    allowed = np.full(len(figures), fill_value=True)
    for constraint in search.constraints:
        figure = figures[constraint.measure].to_numpy()
        if constraint.at_most is not None:
            allowed &= figure <= constraint.at_most
        if constraint.at_least is not None:
            allowed &= figure >= constraint.at_least
    return np.asarray(allowed & ~np.isnan(merits(figures, search)).any(axis=1))


def merits(figures: pl.DataFrame, search: Search, /) -> Floats:
    """What each policy is worth by each objective, the more the better: a row a policy."""
    signs = [1.0 if objective.aim == "most" else -1.0 for objective in search.objectives]
    columns = [figures[objective.measure].to_numpy() for objective in search.objectives]
    return np.column_stack(columns).astype(np.float64) * signs


def is_on_front(worth: Floats, allowed: Flags, /) -> Flags:
    """Whether no other allowed policy is better by one objective and as good by all (Pareto).

    >>> is_on_front(np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 1.0]]), np.array([True, True, True])).tolist()
    [True, True, False]
    """
    front = allowed.copy()
    for place in np.nonzero(allowed)[0]:
        others = worth[front]
        beats = (others >= worth[place]).all(axis=1) & (others > worth[place]).any(axis=1)
        front[place] = not beats.any()
    return front


def best_of(worth: Floats, allowed: Flags, /, *, most: int) -> NDArray[np.int64]:
    """The places of the best allowed policies by the first objective, at most so many; ties by the others.

    Of policies that are worth the same by all objectives, only the first counts.

    >>> best_of(np.array([[1.0], [3.0], [3.0], [2.0]]), np.array([True, True, True, False]), most=2).tolist()
    [1, 0]
    """
    (places,) = np.nonzero(allowed)
    _, firsts = np.unique(worth[places], axis=0, return_index=True)
    places = np.sort(places[firsts])
    order = np.lexsort(-worth[places, ::-1].T)
    return np.asarray(places[order][:most], np.int64)


def worst_near(own: float, near: Floats, allowed: Flags, /) -> float:
    """What a policy is worth where its numbers are a little off: the worst of its neighbours and itself.

    A neighbour that breaks a constraint is worth nothing: minus infinity.
    """
    return float(min([own, *np.where(allowed, near, -np.inf)]))
