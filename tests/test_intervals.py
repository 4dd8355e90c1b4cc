"""Bounds of rates against the literature, and against what they promise."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverlab.intervals import wilson


def bounds(events: float, trials: float, **options: float) -> tuple[float, float] | None:
    struct = pl.select(wilson(pl.lit(events), pl.lit(trials), **options)).item()
    return None if struct is None else (struct["low"], struct["high"])


@pytest.mark.parametrize(
    ("events", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_bounds_are_those_printed_by_newcombe(events: int, trials: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17:857-872, Table I, method 3, to the printed digits."""
    assert bounds(events, trials) == pytest.approx((low, high), abs=5e-5)


def test_no_trials_have_no_bounds() -> None:
    """Without trials nothing is known, which is not the same as a rate of 0."""
    assert bounds(0, 0) is None


def test_more_events_than_trials_count_as_all_of_them() -> None:
    """A mail that is opened twice does not push the bounds out of what a share can be."""
    assert bounds(30, 20) == bounds(20, 20)


def test_less_confidence_gives_narrower_bounds() -> None:
    """`confidence` is the share of cases in which the bounds hold the true rate."""
    wide, narrow = bounds(5, 100, confidence=0.99), bounds(5, 100, confidence=0.8)
    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0] < 0.05 < narrow[1] < wide[1]


counts = st.integers(1, 10**7).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(counts)
def test_bounds_hold_the_rate_and_stay_shares(count: tuple[int, int]) -> None:
    """Low is at most the rate, high at least, and both are shares."""
    events, trials = count
    interval = bounds(events, trials)
    assert interval is not None
    assert 0 <= interval[0] <= events / trials + 1e-12
    assert events / trials - 1e-12 <= interval[1] <= 1


@given(counts, st.integers(2, 50))
def test_the_same_rate_on_more_mail_is_known_better(count: tuple[int, int], times: int) -> None:
    """Scaling events and trials alike narrows the bounds."""
    few, many = bounds(*count), bounds(count[0] * times, count[1] * times)
    assert few is not None
    assert many is not None
    assert many[1] - many[0] < few[1] - few[0]
