"""How an account did in the last whole month, beside the month before and beside its peers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.health.compared import beside_peers, peers_of
from deliverlab.health.rates import with_bounds
from deliverlab.intervals import difference
from deliverlab.metrics import METRICS
from deliverlab.schemas import METRIC_NAMES

if TYPE_CHECKING:
    from datetime import date

    from deliverlab.history import History

TURNS = ("better", "worse", "alike", "unknown")


class Months(Table):
    """One row an account and metric: the rate of a calendar month, that of the month before, and the change.

    `change_low` to `change_high` is where the difference of the two rates lies; `turn` is "alike" where that
    holds 0, "unknown" where one of the months had no mail.
    """

    account_id = dy.String(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    first = dy.Date()
    last = dy.Date()
    events = dy.Int64(min=0)
    trials = dy.Int64(min=0)
    rate = dy.Float64(nullable=True, min=0.0)
    rate_low = dy.Float64(nullable=True, min=0.0)
    rate_high = dy.Float64(nullable=True, min=0.0)
    rate_before = dy.Float64(nullable=True, min=0.0)
    peer_rate = dy.Float64(nullable=True, min=0.0)
    change_low = dy.Float64(nullable=True)
    change_high = dy.Float64(nullable=True)
    turn = dy.Enum(TURNS)


def months(history: History, *, as_of: date) -> dy.DataFrame[Months]:
    """Every account's last calendar month whose outcomes were known in full on `as_of`, and how it turned.

    A month is compared with the one before by the interval of the difference of their rates, made of the two
    rates' own bounds (`intervals.difference`): these know that mails of one day share a fate. So the months
    of a small sender are "alike" more often than not, and that is the truth about them. The peers are those
    of the month's end.

    >>> from datetime import date
    >>> from deliverlab.history import History
    >>> from deliverlab.schemas import Accounts, Daily
    >>> months(History(Daily.create_empty(), Accounts.create_empty()), as_of=date(2026, 7, 1)).height
    0
    """
    known = as_of - timedelta(days=history.known_within_days)
    this = (known + timedelta(days=1)).replace(day=1) - timedelta(days=1)  # the last day of a month
    before = this.replace(day=1) - timedelta(days=1)
    windows = pl.LazyFrame({"last": [this, before]}).select(
        pl.col("last").dt.offset_by(f"{history.known_within_days}d").alias("day"),
        first=pl.col("last").dt.month_start(),
        last="last",
    )
    rates = (
        beside_peers(history, peers=peers_of(history), windows=windows)
        .pipe(with_bounds)
        .join(windows, on="day")
        .select("account_id", "metric", "first", "last", "events", "trials", *_BOUNDED, "peer_rate")
    )
    of_before = rates.filter(pl.col("last") == before).select("account_id", "metric", *_BOUNDED)
    of_this = rates.filter(pl.col("last") == this)
    return Months.cast(
        of_this.join(of_before, on=["account_id", "metric"], how="left", suffix="_before")
        .with_columns(change_low=_change().struct.field("low"), change_high=_change().struct.field("high"))
        .with_columns(turn=_turn())
        .sort("account_id", "metric")
    ).collect()


_BOUNDED = ("rate", "rate_low", "rate_high")


def _change() -> pl.Expr:
    """Bounds of how far the rate is from that of the month before."""
    now = pl.struct(low="rate_low", high="rate_high")
    then = pl.struct(low="rate_low_before", high="rate_high_before")
    return difference(pl.col("rate"), now, pl.col("rate_before"), then)


def _turn() -> pl.Expr:
    is_high_bad = pl.col("metric").cast(pl.String).is_in([n for n, m in METRICS.items() if m.is_high_bad])
    up, down = pl.col("change_low") > 0, pl.col("change_high") < 0
    turn = (
        pl.when(up.is_null() | down.is_null()).then(pl.lit("unknown"))
        .when(pl.when(is_high_bad).then(up).otherwise(down)).then(pl.lit("worse"))
        .when(up | down).then(pl.lit("better"))
        .otherwise(pl.lit("alike"))
    )  # fmt: skip
    return turn.cast(pl.Enum(TURNS))
