"""Base rates by industry."""

import pytest

from deliverlab.sample.industries import INDUSTRIES, OTHER, OUTCOMES

PLAUSIBLE = {
    "hard_bounces": (0.0015, 0.015), "soft_bounces": (0.002, 0.02), "complaints": (0.0001, 0.0006),
    "unsubscribes": (0.001, 0.005), "opens": (0.15, 0.30), "clicks": (0.01, 0.05),
}  # fmt: skip


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_rates_are_fractions_of_a_plausible_size(outcome: str) -> None:
    """Percent became fractions, at the level of later years, for every industry and for none."""
    low, high = PLAUSIBLE[outcome]
    rates = [industry.rates[outcome] for industry in [*INDUSTRIES.values(), OTHER]]
    assert low <= min(rates) <= max(rates) <= high


def test_industries_differ_as_published() -> None:
    """Construction bounces several times as often as e-commerce: one limit for all would be unfair."""
    hard = {name: industry.rates["hard_bounces"] for name, industry in INDUSTRIES.items()}
    assert hard["Construction"] == max(hard.values())
    assert hard["Construction"] > 5 * hard["E-commerce"]


def test_figures_of_a_later_year_are_taken_as_they_are() -> None:
    """Only the levels of 2014 are brought to those of 2016."""
    assert INDUSTRIES["Health and Fitness"].rates["complaints"] == pytest.approx(0.0003)
    assert INDUSTRIES["Real Estate"].rates["complaints"] == pytest.approx(0.0007 * 0.75)
