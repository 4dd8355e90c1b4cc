"""How many times its peers' rates an account's were, seen from any day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.health.compared import compared, peers_of
from deliverlab.health.posterior import add_posterior
from deliverlab.health.rates import WINDOW_DAYS
from deliverlab.schemas import BANDS, METRIC_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from deliverlab.history import History

DAYS_AT_ONCE = 28  # days whose looks are held in memory together


class Ratios(Table):
    """One row an account, day and metric with mail and peers: the rate of a window, and what it is to theirs.

    `spread` is how far the rate of such a window varies by its days, `expected` what peers would have had,
    and `evidence` how many independent events that is worth.
    """

    account_id = dy.String(primary_key=True)
    day = dy.Date(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    industry = dy.String()
    band = dy.Enum(BANDS)
    events = dy.Int64(min=0)
    trials = dy.Int64(min=1)
    spread = dy.Float64(min=0.0)
    expected = dy.Float64(min=0.0)
    evidence = dy.Float64(min=0.0)
    ratio = dy.Float64(min=0.0)
    shrunken_ratio = dy.Float64(min=0.0)


def ratios(
    history: History,
    *,
    days: Iterable[date],
    window_days: int = WINDOW_DAYS,
    lag_days: int | None = None,
    metrics: Sequence[str] = METRIC_NAMES,
) -> dy.DataFrame[Ratios]:
    """Every account's ratios on each of `days`, as `account_health` would have shown them then.

    `lag_days` moves the window back from its day, while the peers stay those of the day: what an account was
    a month ago beside the peers of now.

    >>> from datetime import date
    >>> from deliverlab.history import History
    >>> from deliverlab.schemas import Accounts, Daily
    >>> ratios(History(Daily.create_empty(), Accounts.create_empty()), days=[date(2026, 5, 1)]).height
    0
    """
    peers = peers_of(history)
    wanted = sorted(set(days))
    parts = [Ratios.create_empty()]
    for first in range(0, len(wanted), DAYS_AT_ONCE):
        together = wanted[first : first + DAYS_AT_ONCE]
        looks = compared(history, peers=peers, days=together, window_days=window_days, lag_days=lag_days)
        known = looks.filter(pl.col("metric").cast(pl.String).is_in(list(metrics))).pipe(add_posterior)
        parts.append(
            Ratios.cast(
                known.filter(pl.col("ratio").is_not_null())
                .with_columns(evidence="looked_for")
                .select(Ratios.column_names())
            ).collect()
        )
    return Ratios.cast(pl.concat(parts).sort("account_id", "day", "metric"))
