"""Priors fitted by maximum likelihood, against the literature and against worlds whose truth is known."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deliverlab.errors import DataError
from deliverlab.health.fits import (
    MOST,
    BetaBinomial,
    fit_beta_binomial,
    fit_gamma_poisson,
    james_stein,
    posterior_rate,
)

# Rats with tumours, rats, and how many groups were so: Tarone 1982.
RATS = [
    (0, 17, 1), (0, 18, 2), (0, 19, 4), (0, 20, 7), (1, 10, 1), (1, 18, 2), (1, 19, 2), (1, 20, 4),
    (2, 13, 1), (2, 17, 1), (2, 19, 1), (2, 20, 6), (2, 23, 1), (2, 24, 1), (2, 25, 1), (3, 20, 2),
    (3, 27, 1), (4, 19, 3), (4, 20, 7), (5, 19, 1), (5, 20, 2), (5, 22, 1), (5, 46, 1), (5, 49, 1),
    (6, 20, 3), (6, 22, 1), (6, 23, 1), (7, 47, 1), (7, 49, 1), (9, 24, 1), (9, 48, 1), (10, 48, 1),
    (10, 50, 1), (11, 46, 1), (12, 49, 1),
    (15, 46, 1), (15, 47, 1), (16, 52, 1),
]  # fmt: skip
# Boys among twelve children, and how many families in Saxony had so many: Geissler 1889.
SAXONY = [3, 24, 104, 286, 670, 1033, 1343, 1112, 829, 478, 181, 45, 7]
# Hits in the first 45 at bats of 1970, and the rest of the season: Efron and Morris 1975, table 1.
BATTERS = [
    (18, 0.346), (17, 0.298), (16, 0.276), (15, 0.222), (14, 0.273), (14, 0.270), (13, 0.263), (12, 0.210),
    (11, 0.269), (11, 0.230), (10, 0.264), (10, 0.226), (10, 0.303), (10, 0.264), (10, 0.256), (9, 0.285),
    (8, 0.316), (7, 0.200),
]  # fmt: skip


def test_rat_tumours_have_the_prior_of_the_literature() -> None:
    """70 historical groups: (2.3048, 14.0798) by maximum likelihood."""
    events, trials = (np.repeat([row[at] for row in RATS], [row[2] for row in RATS]) for at in (0, 1))
    assert len(events) == 70
    fit = fit_beta_binomial(events, trials)
    assert (round(fit.alpha, 4), round(fit.beta, 4)) == (2.3048, 14.0798)


def test_families_of_saxony_have_the_prior_of_the_literature() -> None:
    """6,115 families of twelve children: (34.10, 31.58), on a flat top."""
    boys = np.repeat(np.arange(13), SAXONY)
    fit = fit_beta_binomial(boys, np.full(boys.size, 12))
    assert fit == pytest.approx((34.10, 31.58), abs=0.02)


def test_batters_are_foretold_as_in_efron_and_morris() -> None:
    """JASA 70:311-319: total squared error 17.56 of plain averages, 5.01 of James and Stein's, as printed.

    Both are on the paper's scale, from its rounded figures; the Williams of the paper ended with .256.
    """

    def scaled(average: list[float]) -> NDArray[np.float64]:
        return np.asarray(np.sqrt(45) * np.arcsin(2 * np.array(average) - 1))

    seen, season = (
        scaled([hits / 45 for hits, _ in BATTERS]).round(2),
        scaled([later for _, later in BATTERS]),
    )
    foretold = james_stein(seen).round(2)
    assert round(((seen - season) ** 2).sum(), 2) == 17.56
    assert round(((foretold - season) ** 2).sum(), 2) == 5.01


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.floats(0.02, 0.4), st.floats(5, 60))
def test_a_beta_that_made_the_rates_is_found_again(seed: int, mean: float, total: float) -> None:
    """With unequal mail, from the counts alone."""
    rng = np.random.default_rng(seed)
    trials = rng.integers(200, 20_000, 2_000)
    rates = rng.beta(mean * total, (1 - mean) * total, trials.size)
    fit = fit_beta_binomial(rng.binomial(trials, rates), trials)
    assert fit.alpha / (fit.alpha + fit.beta) == pytest.approx(mean, rel=0.15)
    assert fit.alpha + fit.beta == pytest.approx(total, rel=0.25)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.floats(0.5, 3), st.floats(1, 20))
def test_a_gamma_that_made_the_ratios_is_found_again(seed: int, mean: float, shape: float) -> None:
    """From counts of which most expect a few events only."""
    rng = np.random.default_rng(seed)
    expected = np.exp(rng.uniform(0, 5, 3_000))
    ratios = rng.gamma(shape, mean / shape, expected.size)
    fit = fit_gamma_poisson(rng.poisson(ratios * expected), expected)
    assert fit.shape / fit.rate == pytest.approx(mean, rel=0.1)
    assert fit.shape == pytest.approx(shape, rel=0.3)


def test_for_rare_events_both_fits_are_the_same() -> None:
    """A beta of rates near a thousandth is the gamma of their ratios."""
    rng = np.random.default_rng(4)
    trials = rng.integers(1_000, 100_000, 1_000)
    events = rng.poisson(trials * 0.001 * rng.gamma(4, 1 / 4, trials.size))
    binomial, poisson = fit_beta_binomial(events, trials), fit_gamma_poisson(events, trials * 0.001)
    assert binomial.alpha == pytest.approx(poisson.shape, rel=0.02)


def test_accounts_that_do_not_differ_have_no_likeliest_spread() -> None:
    """Alike to the mail: the size of the prior grows to its end, and its mean stays right."""
    binomial = fit_beta_binomial([10, 10, 10], [20, 20, 20])
    assert binomial.alpha + binomial.beta > MOST / 10
    assert binomial.alpha / (binomial.alpha + binomial.beta) == pytest.approx(0.5, abs=0.01)
    poisson = fit_gamma_poisson([10, 10, 10], [10, 10, 10])
    assert poisson.shape > MOST / 10
    assert poisson.shape / poisson.rate == pytest.approx(1, abs=0.05)


def test_no_events_at_all_have_a_prior_near_zero() -> None:
    """It ends, and says that rates are small."""
    binomial, poisson = fit_beta_binomial([0, 0], [100, 300]), fit_gamma_poisson([0, 0], [1.0, 3.0])
    assert binomial.alpha / (binomial.alpha + binomial.beta) < 0.01
    assert poisson.shape / poisson.rate < 0.2


def test_accounts_without_trials_say_nothing() -> None:
    """They are left out, not taken for good ones."""
    with_idle = fit_beta_binomial([0, 1, 3, 9, 0], [20, 20, 20, 30, 0])
    assert with_idle == fit_beta_binomial([0, 1, 3, 9], [20, 20, 20, 30])


@pytest.mark.parametrize(
    ("events", "trials", "message"),
    [
        ([3], [2], "events == 3, must be at most trials == 2"),
        ([-1], [2], "events == -1, must be a number of at least 0"),
        ([1], [float("nan")], "trials == nan, must be a number of at least 0"),
        ([0], [0], "trials: none is above 0"),
        ([1, 2], [3], "events and trials: 2 and 1 are given, must be as many"),
    ],
)
def test_what_are_no_counts_is_refused(events: list[float], trials: list[float], message: str) -> None:
    """One line: what, its value, what it must be."""
    with pytest.raises(DataError, match=message):
        fit_beta_binomial(events, trials)


def test_a_posterior_rate_lies_between_the_account_s_and_that_of_all() -> None:
    """As rat group 71: 4 of 14, with the prior of the others, is thought to be 0.207."""
    assert pl.select(posterior_rate(BetaBinomial(2.3048, 14.0798), pl.lit(4), pl.lit(14))).item() == (
        pytest.approx(0.2075, abs=5e-5)
    )


def test_few_values_are_not_drawn_together() -> None:
    """James and Stein's gain begins with four values around an unknown mean."""
    with pytest.raises(DataError, match="3 are given, must be at least 4"):
        james_stein([1.0, 2.0, 3.0])
