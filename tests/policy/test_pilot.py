"""The rest of a send, foretold from its first part."""

from __future__ import annotations

from fractions import Fraction
from math import comb, factorial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from deliverlab.errors import PolicyError
from deliverlab.policy import beta_binomial
from deliverlab.policy.beta_binomial import JEFFREYS, Prior, chance_of_more, peer_prior
from deliverlab.policy.model import Policy
from deliverlab.policy.pilot import pilot_forecast
from deliverlab.policy.scenario import Scenario
from tests.policy.drawn import history, policy, steps

unhurried = settings(max_examples=40, deadline=None)
STRICT = policy(("lag_days = 0", "lag_days = 2"))


@unhurried
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 12), st.integers(-1, 13))
def test_chances_are_those_of_enumeration(events: int, others: int, of: int, than: int) -> None:
    """With whole numbers a beta-binomial is a count of ways: Pólya's urn, in fractions."""

    def ways(balls: int, drawn: int) -> int:
        return factorial(balls + drawn - 1) // factorial(balls - 1)

    exact = sum(
        Fraction(comb(of, y) * ways(events, y) * ways(others, of - y), ways(events + others, of))
        for y in range(max(than + 1, 0), of + 1)
    )
    assert chance_of_more(than, of=of, prior=Prior(events, others)) == pytest.approx(float(exact), abs=1e-12)


@unhurried
@given(st.floats(0.1, 50), st.floats(0.1, 5_000), st.integers(1, 2_000), st.floats(0, 1))
def test_chances_are_scipys(events: float, others: float, of: int, share: float) -> None:
    """Also with priors that are no whole numbers."""
    than = int(share * of)
    expected = betabinom.sf(than, of, events, others)
    assert chance_of_more(than, of=of, prior=Prior(events, others)) == pytest.approx(expected, abs=1e-8)


def test_laplaces_rule_of_succession() -> None:
    """Whoever knew nothing and saw n of n expects m more of m with (n + 1) / (n + m + 1)."""
    assert chance_of_more(4, of=5, prior=Prior(1 + 10, 1)) == pytest.approx(11 / 16)


def test_large_sends_are_summed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many at a time, the chance is the same."""
    whole = chance_of_more(520, of=10_000, prior=Prior(19.5, 381.5))
    monkeypatch.setattr(beta_binomial, "AT_ONCE", 97)
    assert chance_of_more(520, of=10_000, prior=Prior(19.5, 381.5)) == pytest.approx(whole, rel=1e-12)


@unhurried
@given(st.integers(1, 40), st.integers(0, 40), st.sampled_from([0.0, 1.0, 2.5]), st.sampled_from([0, 3, 8]))
def test_what_is_left_is_what_the_simulator_allows(sent: int, window: int, z: float, least: int) -> None:
    """One more bounce than is left breaches when simulated, and just as many do not."""
    rule = policy(
        ("limit = 0.1", f"limit = 0.1\nz = {z}\nmin_events = {least}"), ("days = 3", "days = 4"),
        ("lag_days = 0", "lag_days = 2"),
    )  # fmt: skip
    left = pilot_forecast(rule, metric="hard_bounce_rate", so_far=(0, 0), planned=sent, window=(window, 0))[
        "events_left"
    ].item()
    for bounces, is_breach in ((left, False), (left + 1, True)):
        if bounces <= sent:
            daily = f"day | sent | hard_bounces\n2026-05-01 | {window} | 0\n2026-05-02 | {sent} | {bounces}\n"
            past = history(daily + "2026-05-05 | 0 | 0")
            assert bool(steps(past, rule, Scenario.never())) == is_breach


def test_a_window_counts_with_the_send() -> None:
    """Bounces that the window holds already leave less room, and mail without them more."""
    left = [
        pilot_forecast(STRICT, metric="hard_bounce_rate", so_far=(50, 2), planned=100, window=window)[
            "events_left"
        ].item()
        for window in ((0, 0), (100, 0), (100, 25))
    ]
    assert left == [8, 18, -7]


def test_a_limit_passed_already_is_sure_and_one_without_mail_silent() -> None:
    """A probability of 1, and of 0 with nothing left to count."""
    many = pilot_forecast(STRICT, metric="hard_bounce_rate", so_far=(20, 20), planned=100)
    assert many.select("events_left", "probability").row(0) == (-10, 1.0)
    quiet = policy(("limit = 0.1", "limit = 0.1\nmin_sent = 400"))
    few = pilot_forecast(quiet, metric="hard_bounce_rate", so_far=(20, 20), planned=100)
    assert few.select("events_left", "probability").row(0) == (None, 0.0)


def test_peers_make_a_prior_that_one_bounce_does_not_overturn() -> None:
    """1 bounce of 13 sends is 7.7%, over a limit of 5%; with peers at 1% few such sends end above it."""
    suspension = Policy.preset("hubspot-suspension-like")
    chances = [
        pilot_forecast(suspension, metric="hard_bounce_rate", so_far=(13, 1), planned=5_000, prior=prior)[
            "probability"
        ].item()
        for prior in (JEFFREYS, peer_prior(0.01, tau2=0.25, shape=4.0))
    ]
    assert chances[0] > 0.6
    assert chances[1] < 0.01


@unhurried
@given(st.floats(0.0005, 0.2), st.floats(0.01, 1), st.none() | st.floats(1, 50))
def test_the_prior_of_peers_has_their_mean_and_spread(rate: float, tau2: float, shape: float | None) -> None:
    """Accounts and days vary, one on top of the other."""
    events, others = peer_prior(rate, tau2=tau2, shape=shape)
    total = events + others
    assert events / total == pytest.approx(rate)
    variance = (1 + tau2) * (1 + (1 / shape if shape else 0)) - 1
    assert events * others / total**2 / (total + 1) == pytest.approx(rate**2 * variance)


def test_peer_rules_are_forecast_where_the_peer_rate_is_given() -> None:
    """Their limit is a multiple of it."""
    twice = policy(('kind = "rate"\nlimit = 0.1', 'kind = "peer"\nlimit = 2'))
    found = pilot_forecast(twice, metric="hard_bounce_rate", so_far=(10, 0), planned=100, peer_rate=0.03)
    assert found.select("limit", "events_left").row(0) == (0.06, 6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": "open_rate"}, 'metric = "open_rate", must be one of hard_bounce_rate'),
        ({"metric": "complaint_rate"}, "has no rule on complaint_rate that can be forecast"),
        ({"so_far": (5, 6)}, r"so_far = \(5, 6\), must be trials and at most as many events"),
        ({"planned": 4}, "planned = 4, must be at least the 5 mails sent so far"),
    ],
)
def test_numbers_must_fit_one_another(changes: dict[str, object], message: str) -> None:
    """Refused in a line."""
    usual: dict[str, object] = {"metric": "hard_bounce_rate", "so_far": (5, 1), "planned": 10}
    with pytest.raises(PolicyError, match=message):
        pilot_forecast(STRICT, **(usual | changes))  # type: ignore[arg-type]


def test_the_more_bounce_the_likelier_is_the_breach() -> None:
    """Of the same first part."""
    chances = [
        pilot_forecast(STRICT, metric="hard_bounce_rate", so_far=(50, events), planned=400)[
            "probability"
        ].item()
        for events in range(12)
    ]
    assert chances == sorted(chances)
    assert chances[0] < 0.01 < 0.5 < chances[-1]
