"""Bounds of rates against the literature, and against what they promise."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverlab.errors import DataError
from deliverlab.intervals import clopper_pearson, effective, jeffreys, mid_p, negative_binomial, wilson

Method = Callable[..., pl.Expr]
METHODS = (wilson, clopper_pearson, jeffreys, mid_p)


def bounds(
    events: float, trials: float, method: Method = wilson, **options: float
) -> tuple[float, float] | None:
    struct = pl.select(method(pl.lit(events), pl.lit(trials), **options)).item()
    return None if struct is None else (struct["low"], struct["high"])


@pytest.mark.parametrize(
    ("method", "events", "trials", "low", "high"),
    [
        (wilson, 81, 263, 0.2553, 0.3662), (wilson, 15, 148, 0.0624, 0.1605),
        (wilson, 0, 20, 0.0000, 0.1611), (wilson, 1, 29, 0.0061, 0.1718),
        (clopper_pearson, 81, 263, 0.2527, 0.3676), (clopper_pearson, 15, 148, 0.0578, 0.1617),
        (clopper_pearson, 0, 20, 0.0000, 0.1684), (clopper_pearson, 1, 29, 0.0009, 0.1776),
        (mid_p, 81, 263, 0.2544, 0.3658), (mid_p, 15, 148, 0.0601, 0.1581),
        (mid_p, 0, 20, 0.0000, 0.1391), (mid_p, 1, 29, 0.0017, 0.1585),
    ],
)  # fmt: skip
def test_bounds_are_those_printed_by_newcombe(
    method: Method, events: int, trials: int, low: float, high: float
) -> None:
    """Newcombe 1998, Statistics in Medicine 17:857-872, Table I, methods 3, 5, 6, as printed."""
    assert bounds(events, trials, method) == pytest.approx((low, high), abs=5e-5)


def test_jeffreys_bounds_are_quantiles_of_its_posterior() -> None:
    """Beta(x + 1/2, n - x + 1/2), but for the ends (Brown, Cai and DasGupta 2001, section 3.1.3)."""
    from scipy.stats import beta

    assert bounds(5, 40, jeffreys) == pytest.approx(beta(5.5, 35.5).ppf([0.025, 0.975]))
    assert bounds(0, 40, jeffreys) == pytest.approx((0, beta(0.5, 40.5).ppf(0.975)))
    assert bounds(40, 40, jeffreys) == pytest.approx((beta(40.5, 0.5).ppf(0.025), 1))


def test_mid_p_bounds_are_where_the_chance_is_a_fortieth() -> None:
    """Half the chance of the count itself, and all of those beyond it."""
    from scipy.stats import binom

    interval = bounds(7, 90, mid_p)
    assert interval is not None
    low, high = interval
    assert binom.sf(7, 90, low) + binom.pmf(7, 90, low) / 2 == pytest.approx(0.025, abs=1e-9)
    assert binom.cdf(6, 90, high) + binom.pmf(7, 90, high) / 2 == pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_no_trials_have_no_bounds(method: Method) -> None:
    """Without trials nothing is known, which is not the same as a rate of 0; nor without a count."""
    assert bounds(0, 0, method) is None
    unknown = pl.select(method(pl.lit(None, pl.Int64), pl.lit(5))).item()
    assert unknown is None


@pytest.mark.parametrize("method", METHODS)
def test_more_events_than_trials_count_as_all_of_them(method: Method) -> None:
    """A mail that is opened twice does not push the bounds out of what a share can be."""
    assert bounds(30, 20, method) == bounds(20, 20, method)


@pytest.mark.parametrize("method", METHODS)
def test_less_confidence_gives_narrower_bounds(method: Method) -> None:
    """`confidence` is the share of cases in which the bounds hold the true rate."""
    wide, narrow = bounds(5, 100, method, confidence=0.99), bounds(5, 100, method, confidence=0.8)
    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0] < 0.05 < narrow[1] < wide[1]


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_confidence_is_a_share(confidence: float) -> None:
    """95 is not 95%."""
    with pytest.raises(DataError, match=r"confidence == .*, must be between 0 and 1"):
        wilson(pl.lit(1), pl.lit(2), confidence=confidence)


def test_an_effective_sample_keeps_the_rate_and_widens_its_bounds() -> None:
    """Mail that says as much as a fourth of it has the bounds of that fourth; a phi below 1 adds nothing."""
    clustered = pl.select(wilson(*effective(pl.lit(40), pl.lit(400), phi=pl.lit(4.0)))).item()
    assert (clustered["low"], clustered["high"]) == bounds(10, 100)
    steady = pl.select(wilson(*effective(pl.lit(40), pl.lit(400), phi=pl.lit(0.5)))).item()
    assert (steady["low"], steady["high"]) == bounds(40, 400)


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.5])
def test_negative_binomial_bounds_hold_the_rate_as_often_as_they_say(spread: float) -> None:
    """Counts whose expectation varies like a gamma, expecting from a fifth of an event to two hundred."""
    rng = np.random.default_rng(8)
    expected = np.exp(rng.uniform(np.log(0.2), np.log(200), 40_000))
    shocks = rng.gamma(1 / spread, spread, expected.size) if spread else 1.0
    drawn = pl.DataFrame({"events": rng.poisson(expected * shocks), "rate": expected / 1e5})
    held = drawn.select(
        "rate", bounds=negative_binomial(pl.col("events"), pl.lit(100_000), spread=pl.lit(spread))
    ).unnest("bounds")
    assert 0.94 < held.select(pl.col("rate").is_between("low", "high").mean()).item() < 0.965


def test_without_spread_negative_binomial_bounds_are_those_of_jeffreys() -> None:
    """Rare events whose expectation does not vary: both priors are the same."""
    loose = pl.select(negative_binomial(pl.lit(12), pl.lit(10**6), spread=pl.lit(0.0))).item()
    assert (loose["low"], loose["high"]) == pytest.approx(bounds(12, 10**6, jeffreys), rel=2e-3)


counts = st.integers(1, 10**7).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(counts, st.sampled_from(METHODS))
def test_bounds_hold_the_rate_and_stay_shares(count: tuple[int, int], method: Method) -> None:
    """Low is at most the rate, high at least, and both are shares."""
    events, trials = count
    interval = bounds(events, trials, method)
    assert interval is not None
    assert 0 <= interval[0] <= events / trials + 1e-12
    assert events / trials - 1e-12 <= interval[1] <= 1


@given(counts)
def test_clopper_pearson_is_the_widest_of_the_exact_ones(count: tuple[int, int]) -> None:
    """What counts the seen count in full lies outside of what counts half of it."""
    exact, half = bounds(*count, clopper_pearson), bounds(*count, mid_p)
    assert exact is not None
    assert half is not None
    assert exact[0] <= half[0] + 1e-12
    assert half[1] <= exact[1] + 1e-12


@given(counts, st.sampled_from(METHODS))
def test_what_did_not_happen_has_the_mirrored_bounds(count: tuple[int, int], method: Method) -> None:
    """A delivery rate and a bounce rate say the same."""
    events, trials = count
    interval, mirrored = bounds(events, trials, method), bounds(trials - events, trials, method)
    assert interval is not None
    assert mirrored is not None
    assert interval == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=1e-9)


@given(counts, st.integers(2, 50), st.sampled_from(METHODS))
def test_the_same_rate_on_more_mail_is_known_better(
    count: tuple[int, int], times: int, method: Method
) -> None:
    """Scaling events and trials alike narrows the bounds."""
    few, many = bounds(*count, method), bounds(count[0] * times, count[1] * times, method)
    assert few is not None
    assert many is not None
    assert many[1] - many[0] < few[1] - few[0]
