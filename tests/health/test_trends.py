"""Rates over time beside the peers of the same day."""

from datetime import date, timedelta

import polars as pl
import pytest

from deliverlab.health.trends import trends
from deliverlab.schemas import Trends
from tests.health.worlds import START, history, peers, steady


def test_each_day_has_the_rate_of_its_own_window_and_peers() -> None:
    """Ten good days, then ten bad ones: the rate of a seven-day window follows two days later."""
    daily = pl.concat([
        steady("a", days=10, sent=100, hard_bounces=1),
        steady("a", days=10, start=START + timedelta(days=10), sent=100, hard_bounces=8),
    ])  # fmt: skip
    rates = pl.concat([
        peers(effective_from=date(2026, 1, 12), rates={"hard_bounce_rate": 0.01}),
        peers(effective_from=date(2026, 1, 14), rates={"hard_bounce_rate": 0.02}),
    ])  # fmt: skip
    seen = trends(history(daily, peer_rates=rates), until=date(2026, 1, 14), days=4, window_days=7).collect()
    assert Trends.is_valid(seen)
    hard = seen.filter(metric="hard_bounce_rate")
    assert hard["day"].to_list() == [date(2026, 1, day) for day in (11, 12, 13, 14)]
    assert hard["rate"].to_list() == [7 / 700, 7 / 700, 14 / 700, 21 / 700]
    assert hard["peer_rate"].to_list() == [None, 0.01, 0.01, 0.02]


def test_the_peer_band_is_around_the_peer_rate() -> None:
    """Where accounts differ by half their rate, four of five lie between 0.44 and 1.67 times it."""
    daily = steady("a", days=40, sent=100, hard_bounces=1)
    row = trends(history(daily, peer_rates=peers(tau2=0.25)), days=1).collect().row(0, named=True)
    assert row["peer_low"] == pytest.approx(0.01 * 0.4362, rel=1e-3)  # gamma(4) quantiles, over 4
    assert row["peer_high"] == pytest.approx(0.01 * 1.6702, rel=1e-3)


def test_trends_end_with_the_last_day_and_show_whom_is_asked_for() -> None:
    """By default ninety days of everybody, up to the last day of the history."""
    both = history(steady("a", days=120, sent=100), steady("b", days=120, sent=100), peer_rates=peers())
    everybody = trends(both).collect()
    assert everybody.height == 2 * 90 * 7
    assert everybody["day"].max() == START + timedelta(days=119)
    assert trends(both, account_ids=["b"]).collect()["account_id"].unique().to_list() == ["b"]


def test_the_peers_of_one_account_are_those_of_all() -> None:
    """Choosing an account chooses what is shown, not whom it is compared with."""
    others = [steady(f"{n}", days=120, sent=1_000, hard_bounces=20) for n in range(9)]
    everybody = history(steady("a", days=120, sent=1_000, hard_bounces=1), *others)
    shown = trends(everybody, account_ids=["a"], days=1).collect()
    assert shown.filter(metric="hard_bounce_rate")["peer_rate"].to_list() == [pytest.approx(0.02)]


def test_a_history_without_mail_has_no_trend() -> None:
    """No day, no rows."""
    empty = history(steady("a", days=1, sent=1)).select([])
    assert trends(empty).collect().is_empty()
