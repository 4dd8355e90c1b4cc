"""Rates of a window, and bounds that keep their promise though days share a fate."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.health import clusters
from deliverlab.health.rates import trailing_rates
from deliverlab.intervals import negative_binomial, wilson
from deliverlab.schemas import Daily, Rates
from tests.health.worlds import START, clustered, daily_table, steady

DAYS = 30
AS_OF = START + timedelta(days=DAYS + 1)


def rates(daily: pl.DataFrame, **options: int) -> pl.DataFrame:
    return trailing_rates(Daily.cast(daily.lazy()), as_of=AS_OF, **options).collect()


def test_a_rate_is_null_without_trials() -> None:
    """Without mail in the window there is no rate, not one of 0; without opens no click-to-open rate."""
    daily = daily_table("""
        account_id | day        | sent | hard_bounces
        mailing    | 2026-01-20 | 200  | 4
        silent     | 2025-06-01 | 200  | 4
    """)
    seen = rates(daily).filter(pl.col("metric").is_in(["hard_bounce_rate", "click_to_open_rate"]))
    assert seen.select("account_id", "metric", "events", "trials", "rate").rows() == [
        ("mailing", "hard_bounce_rate", 4, 200, 0.02),
        ("mailing", "click_to_open_rate", 0, 0, None),
        ("silent", "hard_bounce_rate", 0, 0, None),
        ("silent", "click_to_open_rate", 0, 0, None),
    ]
    assert seen.filter(pl.col("rate").is_null()).select("rate_low", "rate_high").null_count().row(0) == (3, 3)


def test_every_account_has_a_row_a_metric() -> None:
    """The table is what it says it is."""
    daily = pl.concat([steady("b", days=DAYS, sent=50, hard_bounces=1), steady("a", days=DAYS, sent=10)])
    seen = rates(daily)
    assert Rates.is_valid(seen)
    assert seen["account_id"].to_list() == ["a"] * 7 + ["b"] * 7


def test_an_account_whose_days_are_alike_has_plain_bounds() -> None:
    """Where days differ no more than by chance, their spread is nothing."""
    seen = rates(steady("a", days=DAYS, sent=100, hard_bounces=2)).row(0, named=True)
    plain = pl.select(negative_binomial(pl.lit(60), pl.lit(3000), spread=pl.lit(0.0))).item()
    assert (seen["rate_low"], seen["rate_high"]) == (plain["low"], plain["high"])


@pytest.mark.parametrize(("mean_sent", "day_spread"), [(1_000, 0.36), (50_000, 0.36), (5_000, 1.0)])
def test_bounds_of_clustered_accounts_hold_the_true_rate(mean_sent: int, day_spread: float) -> None:
    """Plain bounds miss it far too often; those of the effective sample hold it nine times in ten."""
    true_rate = 0.02
    daily = clustered(
        accounts=400, days=DAYS, mean_sent=mean_sent, rate=true_rate, day_spread=day_spread, seed=11
    )
    seen = rates(daily).filter(metric="hard_bounce_rate")
    plain = seen.select(wilson(pl.col("events"), pl.col("trials")).alias("bounds")).unnest("bounds")
    is_held = pl.lit(true_rate).is_between("rate_low", "rate_high").mean()
    assert plain.select(pl.lit(true_rate).is_between("low", "high").mean()).item() < 0.7
    assert 0.9 <= seen.select(is_held).item() <= 0.99


def test_an_account_with_few_days_borrows_from_the_others() -> None:
    """One day says nothing of how days differ: what others' days say widens its bounds."""
    once = daily_table("""
        account_id | day        | sent | hard_bounces
        once       | 2026-01-20 | 5000 | 100
    """)
    others = clustered(accounts=20, days=DAYS, mean_sent=5_000, rate=0.02, day_spread=0.5, seed=3)
    alone, among = (
        rates(daily).filter(account_id="once", metric="hard_bounce_rate").row(0, named=True)
        for daily in (once, pl.concat([once, others]))
    )
    assert among["rate"] == alone["rate"]
    assert among["rate_high"] - among["rate_low"] > 3 * (alone["rate_high"] - alone["rate_low"])


@given(st.floats(0, 5), st.floats(0, 1e6), st.floats(1, 100))
def test_phi_is_never_below_one(day_spread: float, events: float, days: float) -> None:
    """A day's mails never say more than as many independent ones."""
    spread = clusters.window_spread(pl.lit(day_spread), pl.lit(0.3))
    sending = pl.DataFrame({"sending_days": [days], "sending_weeks": [max(1.0, days / 7)]})
    assert sending.select(clusters.phi(spread, events=pl.lit(events))).item() >= 1


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_never_matters(seed: int) -> None:
    """The same rows in another order give the same rates and bounds to the last bit."""
    daily = clustered(accounts=10, days=DAYS, mean_sent=300, rate=0.03, day_spread=0.5, seed=5)
    shuffled = daily.sample(fraction=1.0, shuffle=True, seed=seed)
    assert_frame_equal(rates(daily), rates(shuffled), check_exact=True)


def test_a_later_look_and_a_shorter_window_see_fewer_days() -> None:
    """`window_days` and `known_within_days` say which days count."""
    daily = steady("a", days=DAYS, sent=10)
    assert rates(daily)["trials"][0] == 300
    assert rates(daily, window_days=7)["trials"][0] == 70
    assert rates(daily, known_within_days=5)["trials"][0] == 270
