"""Each account beside its peers: what grades and trends are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.health.lookup import peer_groups
from deliverlab.health.peers import peer_rates
from deliverlab.health.rates import windowed
from deliverlab.health.windows import measured, windows_before
from deliverlab.peer_lookup import denominators_of, peer_rates_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import dataframely as dy
    import polars as pl

    from deliverlab.history import History
    from deliverlab.schemas import PeerRates


def peers_of(history: History) -> dy.DataFrame[PeerRates]:
    """The peer rates of a history: its own, or where it has none, monthly ones from all its accounts."""
    if history.peer_rates is not None:
        return history.peer_rates
    return peer_rates(
        history.daily.lazy(), history.accounts.lazy(), known_within_days=history.known_within_days
    ).collect()


def compared(
    history: History,
    *,
    peers: dy.DataFrame[PeerRates],
    days: Sequence[date],
    window_days: int,
    lag_days: int | None = None,
) -> pl.LazyFrame:
    """Each account, day and metric: its trailing sums, its rate, and the peers of that day.

    Windows end `lag_days` before their day; the default is the newest day whose outcomes are known in full.
    """
    lag = history.known_within_days if lag_days is None else lag_days
    windows = windows_before(days, window_days=window_days, known_within_days=lag)
    return beside_peers(history, peers=peers, windows=windows)


def beside_peers(history: History, *, peers: dy.DataFrame[PeerRates], windows: pl.LazyFrame) -> pl.LazyFrame:
    """The same for any windows: the `day` they are seen from, and their `first` and `last` send day."""
    days = windows.select("day").collect()["day"].to_list()
    groups = peer_groups(history.daily.lazy(), history.accounts.lazy(), days=days)
    sums = windowed(
        history.daily.lazy(),
        groups.select("account_id", "day"),
        windows,
        metrics=measured(denominators_of(peers)),
    )
    return sums.join(peer_rates_on(peers.lazy(), groups), on=["account_id", "day", "metric"])
