"""Nothing that a policy decides may hang on what was not known yet."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.pipeline.causal import check_causal
from deliverlab.pipeline.road import monthly_peers_of
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario

if TYPE_CHECKING:
    from pathlib import Path

    from deliverlab.history import History

CUTS = (date(2026, 3, 20), date(2026, 4, 1), date(2026, 5, 17))
AFTER = Scenario.after(days=4)


@pytest.fixture(scope="module")
def past(sample: Path) -> History:
    """The sample's history."""
    return dl.open_history(sample)


@pytest.mark.parametrize("name", ["evidence", "hubspot-like"])
def test_the_presets_see_no_future(past: History, name: str) -> None:
    """Peer rates are made anew from what was known by each cut, and not a bit of the past changes."""
    policy = Policy.preset(name)
    assert check_causal(past, policy=policy, scenario=AFTER, cuts=CUTS).is_empty()
    until = dl.simulate(past, policy=policy, scenario=AFTER, until=CUTS[-1])
    assert until.transitions.height > 10


def test_peer_rates_made_with_hindsight_leak(past: History) -> None:
    """Each month's rates are those of the month after: what they change of the past is listed."""
    peers = monthly_peers_of(past)
    leaking = past.with_peer_rates(
        peers.with_columns(effective_from=pl.col("effective_from").dt.offset_by("-1mo"))
    )
    leaks = check_causal(leaking, policy=Policy.preset("evidence"), scenario=AFTER, cuts=CUTS)
    assert leaks.height > 10
    assert {"peer_rate", "transition"} <= set(leaks["column"])
    assert (leaks["day"] <= leaks["known_until"]).all()


def test_peer_rates_of_ones_own_are_made_by_ones_own_function(past: History) -> None:
    """Published rates do not come from history: the caller says so, and they leak nothing."""
    flat = monthly_peers_of(past).with_columns(rate=pl.lit(0.01), account_id=pl.lit(None, pl.String))
    flat = flat.unique(["industry", "band", "metric", "effective_from"], maintain_order=True)
    given = past.with_peer_rates(flat)
    evidence = Policy.preset("evidence")
    assert check_causal(
        given, policy=evidence, scenario=AFTER, cuts=CUTS[:2], peers=lambda _: flat
    ).is_empty()
    assert not check_causal(given, policy=evidence, scenario=AFTER, cuts=CUTS[2:]).is_empty()


def test_without_cuts_it_chooses_days(past: History) -> None:
    """Some spread evenly, and those on which peer rates change, of which the last lies after all mail."""
    assert check_causal(past, policy=Policy.preset("hubspot-like"), scenario=AFTER).is_empty()
    changes = past.peer_rates
    assert changes is not None
    assert past.until is not None
    assert changes["effective_from"].max() > past.until  # type: ignore[operator]
