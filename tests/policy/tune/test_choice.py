"""Which policies are allowed, which are on the front, and which are the best."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deliverlab.policy.tune.choice import best_of, is_allowed, is_on_front, merits, worst_near
from deliverlab.policy.tune.search import Search

SEARCH = Search.from_data({
    "name": "harm for mail",
    "vary": [{"key": ["window", "days"], "values": [7.0]}],
    "objectives": [{"measure": "harm", "aim": "most"}, {"measure": "mail", "aim": "least"}],
    "constraints": [{"measure": "mail", "at_most": 5.0}, {"measure": "harm", "at_least": 1.0}],
})  # fmt: skip
FEW = arrays(np.float64, st.tuples(st.integers(1, 12), st.just(2)), elements=st.integers(0, 4).map(float))


def test_constraints() -> None:
    """A policy is allowed that keeps every constraint and of which every objective can be told."""
    figures = pl.DataFrame({"harm": [2.0, 2.0, 0.5, None, 1.0], "mail": [5.0, 5.1, 1.0, 1.0, None]})
    assert is_allowed(figures, SEARCH).tolist() == [True, False, False, False, False]
    assert merits(figures, SEARCH)[0].tolist() == [2.0, -5.0]


@given(FEW)
def test_front(worth: np.ndarray) -> None:
    """On the front is who is beaten by nobody, as the slow definition has it."""
    allowed = worth.sum(axis=1) > 1

    def beats(one: int, other: int) -> bool:
        return bool((worth[one] >= worth[other]).all() and (worth[one] > worth[other]).any())

    expected = [
        bool(allowed[i] and not any(allowed[j] and beats(j, i) for j in range(len(worth))))
        for i in range(len(worth))
    ]
    assert is_on_front(worth, allowed).tolist() == expected


@given(FEW, st.integers(1, 5))
def test_best(worth: np.ndarray, most: int) -> None:
    """The best are allowed, no two are worth the same, and nobody left out is better than one of them."""
    allowed = worth[:, 1] > 0
    places = best_of(worth, allowed, most=most).tolist()
    ranked = sorted({tuple(row) for row in worth[allowed].tolist()}, reverse=True)
    assert [tuple(worth[place].tolist()) for place in places] == ranked[:most]
    assert all(allowed[place] for place in places)


def test_worst_near() -> None:
    """A policy is worth what its worst neighbour is, and nothing beside one that breaks a constraint."""
    near = np.array([3.0, 2.5])
    assert worst_near(2.8, near, np.array([True, True])) == 2.5
    assert worst_near(2.0, near, np.array([True, True])) == 2.0
    assert worst_near(2.8, near, np.array([True, False])) == -np.inf
