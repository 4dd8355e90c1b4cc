"""The policy check with the rates it needs: a history's own peer rates, or published ones."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.published import published_peer_rates
from deliverlab.pipeline.directory import open_history
from deliverlab.pipeline.road import with_peers
from deliverlab.policy import check
from deliverlab.policy.toml import printable
from deliverlab.policy.trips import good_trips
from deliverlab.schemas import PeerRates

if TYPE_CHECKING:
    from pathlib import Path

    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.policy.checks.findings import Findings
    from deliverlab.policy.model import Policy
    from deliverlab.policy.trips import GoodTrips

REFERENCE, EVERYBODY = "mailchimp-2018", "All non-labeled accounts"  # the newest edition with complaints


def check_policy(
    policy: Policy,
    /,
    *,
    history: History | None = None,
    trips: dy.DataFrame[GoodTrips] | None = None,
    seed: int = 0,
) -> dy.DataFrame[Findings]:
    """What is wrong with a policy although it can be read; see `policy.check.check_policy`.

    Good accounts have the newest peer rates of the history; without one, what Mailchimp printed in 2018 of
    all its accounts, the newest table that knows complaints.
    """
    return check.check_policy(policy, usual=usual_rates(history), history=history, trips=trips, seed=seed)


def good_account_trips(
    policy: Policy, /, *, history: History | None = None, seed: int = 0
) -> dy.DataFrame[GoodTrips]:
    """How probably each rule gives a good account of each band a notice within a year; see `good_trips`."""
    return good_trips(policy, usual=usual_rates(history), seed=seed)


def check_lines(
    policy: Policy, /, *, data: str | Path | None = None, seed: int = 0
) -> tuple[list[str], bool]:
    """What a check prints, and whether no warning is among it: findings, then luck band by band."""
    history = None if data is None else open_history(data)
    trips = good_account_trips(policy, history=history, seed=seed)
    found = check_policy(policy, history=history, trips=trips, seed=seed)
    lines = [
        f"{row['severity']}: {row['place']}: {row['kind']}: {row['what']}; {row['advice']}"
        for row in found.iter_rows(named=True)
    ]
    rates = f"peer rates of {data}" if data else f"rates of all accounts in {REFERENCE}"
    lines.append(
        f"Accounts as good as their peers ({rates}) that get a notice within a year, by volume band:"
    )
    for (rule,), bands in trips.group_by("rule", maintain_order=True):
        shares = "  ".join(f"{band} {share:.1%}" for band, share in bands["band", "share"].iter_rows())
        lines.append(f"  {'any rule' if rule is None else printable(str(rule))}: {shares}")
    return lines, found.filter(severity="warning").is_empty()


def usual_rates(history: History | None = None, /) -> dy.DataFrame[PeerRates]:
    """The newest peer rate of each industry, band and metric; the published reference without a history."""
    if history is None:
        start = date(2018, 1, 1)
        printed = published_peer_rates({EVERYBODY: EVERYBODY}, edition=REFERENCE, effective_from=start)
        return PeerRates.cast(printed.filter(industry=EVERYBODY))
    peers = with_peers(history).peer_rates
    assert peers is not None
    group = ("industry", "band", "metric")
    shared = peers.filter(pl.col("account_id").is_null()).sort("effective_from", *group)
    return PeerRates.cast(shared.unique(group, keep="last").sort(group))
