"""Accounts on the funnel of ratios to their peers."""

import polars as pl
import pytest

from deliverlab.health.positions import FunnelLimits, FunnelPositions, funnel_positions, limits_of
from deliverlab.schemas import Health, PeerRates
from tests.health.worlds import peers
from tests.tables import table

DRAWN = table("""
    account_id | metric           | events | trials  | peer_rate
    alike      | hard_bounce_rate | 100    | 10000   | 0.01
    large      | hard_bounce_rate | 13000  | 1000000 | 0.01
    poor       | hard_bounce_rate | 900    | 10000   | 0.01
    small      | hard_bounce_rate | 2      | 50      | 0.01
    idle       | hard_bounce_rate | 0      | 0       | 0.01
""")
HEALTH = Health.cast(pl.concat([Health.create_empty(), DRAWN], how="diagonal_relaxed"))
PEERS = PeerRates.cast(peers(tau2=0.25))


def test_accounts_are_placed_by_what_they_may_differ_by() -> None:
    """A large account 30% above its peers is far outside of chance, and within what accounts differ by."""
    placed = {row["account_id"]: row for row in funnel_positions(HEALTH, peers=PEERS).iter_rows(named=True)}
    assert {account: row["position"] for account, row in placed.items()} == {
        "alike": "within", "large": "within", "poor": "beyond 99.8%", "small": "within",
    }  # fmt: skip
    assert placed["large"]["z_by_chance"] == pytest.approx(2 * (1.3**0.5 - 1) * 10_000**0.5)
    assert placed["large"]["z"] == pytest.approx((1.3**0.5 - 1) / (1 / 40_000 + 0.25 / 4) ** 0.5)


def test_limits_reach_from_the_smallest_account_to_the_largest() -> None:
    """Four lines a side: both confidences, for chance alone and where accounts differ, all around 1."""
    limits = limits_of(HEALTH, peers=PEERS)
    assert FunnelLimits.is_valid(limits)
    assert FunnelPositions.is_valid(funnel_positions(HEALTH, peers=PEERS))
    assert limits.select("limits", "confidence").unique().height == 4
    assert limits["expected"].min() == pytest.approx(0.5)
    assert limits["expected"].max() == pytest.approx(15_000)
    assert (limits["low"] < 1).all()
    assert (limits["high"] > 1).all()
    largest = limits.filter(expected=limits["expected"].max(), confidence=0.95)
    assert largest.filter(limits="accounts differ")["high"].item() == pytest.approx(
        (1 + 1.96 / 4) ** 2, rel=0.01
    )
