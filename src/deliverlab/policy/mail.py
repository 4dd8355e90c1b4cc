"""Mail in parts: that which one policy treated alike, and which is compared with one and the same peers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.metrics import BAND_DAYS, band_of
from deliverlab.policy.stretches import last_day_of
from deliverlab.schemas import COUNTS, PeerRates

if TYPE_CHECKING:
    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.policy.simulate import Simulation

PART = (
    "account_id", "band", "compared_on", "send_share", "has_effect", "noticed_metric", "noticed_rate",
)  # fmt: skip


def peer_rates_of(history: History) -> dy.DataFrame[PeerRates]:
    """The peer rates of a history; none where it holds none."""
    return PeerRates.create_empty() if history.peer_rates is None else history.peer_rates


def seen_mail(result: Simulation, stretches: pl.LazyFrame) -> pl.LazyFrame:
    """The counts of history by `PART`: what was sent and what came of it, before any policy or review.

    `compared_on` is the day on which the peer rates that hold became valid; null before there are any. Whole
    numbers are added up here and made fractions later, so that no sum depends on the order of rows.
    """
    daily = result.history.daily.lazy().filter(pl.col("day") <= last_day_of(result))
    # One policy decides on an account's mail, and not with whom it is compared: the band is history's.
    before = pl.col("sent").rolling_sum_by("day", window_size=f"{BAND_DAYS}d", closed="left")
    return (
        daily.with_columns(band=band_of(before.over("account_id").fill_null(0)))
        .join_asof(
            stretches,
            left_on="day",
            right_on="first_day",
            by="account_id",
            check_sortedness=False,  # both sides are sorted account by account, which Polars cannot see
        )
        .filter(pl.col("stage").is_not_null())  # a simulation that goes on from a standing begins later
        .join(_calendar(daily, result.history), on="day")
        .group_by(PART)
        .agg(pl.col(COUNTS).sum())
    )


def _calendar(daily: pl.LazyFrame, history: History) -> pl.LazyFrame:
    """The day on which the peer rates of each day became valid."""
    starts = peer_rates_of(history).lazy().select(compared_on="effective_from").unique().sort("compared_on")
    days = daily.select("day").unique().sort("day")
    return days.join_asof(starts, left_on="day", right_on="compared_on")
