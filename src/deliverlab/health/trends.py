"""How an account's rates went, and where its peers were meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.compared import compared, peers_of
from deliverlab.health.posterior import peer_range
from deliverlab.health.rates import WINDOW_DAYS, with_bounds
from deliverlab.schemas import Trends

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import dataframely as dy

    from deliverlab.history import History

SHOWN_DAYS = 90
PEERS_SHOWN = (0.1, 0.9)  # the shares of peers below the lower and the upper edge of their band


def trends(
    history: History,
    *,
    account_ids: Iterable[str] | None = None,
    until: date | None = None,
    days: int = SHOWN_DAYS,
    window_days: int = WINDOW_DAYS,
) -> dy.LazyFrame[Trends]:
    """Each account's trailing rate on each day, with bounds, beside the peers' rate that was valid that day.

    As in `rates.trailing_rates` the window of a day ends `known_within_days` before it. `peer_low` to
    `peer_high` is where four of five peers lie; accounts of one industry and band differ, and not every
    difference is a fault. Peers are null before there are any. `until` is the newest day, by default the
    last of the history.
    """
    peers = peers_of(history)
    chosen = history if account_ids is None else history.select(account_ids)
    last = until or history.until
    shown = [last - timedelta(days=back) for back in reversed(range(days))] if last else []
    low, high = (pl.col("peer_rate") * peer_range(pl.col("tau2"), share=share) for share in PEERS_SHOWN)
    return Trends.cast(
        compared(chosen, peers=peers, days=shown, window_days=window_days)
        .pipe(with_bounds)
        .with_columns(peer_low=low, peer_high=high)
        .sort("account_id", "day", "metric")
    )
