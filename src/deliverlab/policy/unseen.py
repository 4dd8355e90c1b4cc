"""Unseen mail: what an account might have sent on days on which it was really blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.metrics import BAND_DAYS, METRICS, band_of
from deliverlab.peer_lookup import peer_rates_on
from deliverlab.policy.mail import PART, peer_rates_of
from deliverlab.policy.stretches import DAY, last_day_of
from deliverlab.schemas import COUNTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.policy.excess import Yardstick
    from deliverlab.policy.simulate import Simulation


def unseen_mail(
    result: Simulation, stretches: pl.LazyFrame, *, yardsticks: Mapping[str, Yardstick]
) -> pl.LazyFrame:
    """Counts by `PART`, as if accounts had mailed on through each block as before, at their shrunken rates.

    The mail of a day is the mean of the `BAND_DAYS` before the block (fewer where another block ended since,
    or the account is younger). Its bad events are those of its peers times its own ratio to them in those
    days, shrunken by empirical Bayes: accounts are blocked on their worst days, and would have come back a
    part of the way. Nobody knows whether they would have mailed at all: this is one end of a range whose
    other end is no mail.
    """
    blocks = _blocks(result)
    days = _day_before(blocks, result).pipe(_shrunken, result, yardsticks=yardsticks)
    stood = stretches.select("account_id", "first_day", "last_day", *PART[3:])
    first, last = pl.max_horizontal("from_day", "first_day"), pl.min_horizontal("to_day", "last_day")
    return (
        days.join(stood, on="account_id")
        .with_columns(days=(last - first).dt.total_days() + 1)
        .filter(pl.col("days") > 0)
        .select(*PART, *(pl.col(name) * pl.col("days") for name in COUNTS))
    )


def _blocks(result: Simulation) -> pl.LazyFrame:
    """The days of each real block, adjoining ones as one, and the end of the block before."""
    until = last_day_of(result)
    latest = pl.col("to_day").cum_max().shift(1).over("account_id")
    return (
        result.history.enforcement.lazy()
        .filter(pl.col("from_day") <= until, send_share=0.0)
        .sort("account_id", "from_day")
        .with_columns(pl.col("to_day").fill_null(until).clip(upper_bound=until))
        .with_columns(is_new=(pl.col("from_day") > latest + DAY).fill_null(value=True))
        .group_by("account_id", block=pl.col("is_new").cum_sum())
        .agg(pl.col("from_day").min(), pl.col("to_day").max())
        .sort("account_id", "from_day")
        .with_columns(block_before=pl.col("to_day").shift(1).over("account_id"))
    )


def _day_before(blocks: pl.LazyFrame, result: Simulation) -> pl.LazyFrame:
    """Each block with the counts of a mean day before it, and the `days` these are the mean of."""
    daily = result.history.daily.lazy()
    first_mail = daily.group_by("account_id").agg(first_mail=pl.col("day").min())
    begins_on = pl.max_horizontal(
        pl.col("from_day") - pl.duration(days=BAND_DAYS), "first_mail", pl.col("block_before") + DAY
    )
    return (
        blocks.join(first_mail, on="account_id")
        .with_columns(begins_on=begins_on)
        .with_columns(days=(pl.col("from_day") - pl.col("begins_on")).dt.total_days())
        .filter(pl.col("days") > 0)
        .join(daily, on="account_id")
        .filter(pl.col("day").is_between("begins_on", pl.col("from_day") - DAY))
        .group_by("account_id", "from_day", "to_day", "days")
        .agg(pl.col(COUNTS).sum())
        .with_columns(
            *(pl.col(name) / pl.col("days") for name in COUNTS),
            band=band_of(pl.col("sent")),
            compared_on="from_day",
        )
    )


def _shrunken(days: pl.LazyFrame, result: Simulation, *, yardsticks: Mapping[str, Yardstick]) -> pl.LazyFrame:
    """The same days with the bad events that the account's shrunken ratio to its peers makes of its mail."""
    industries = result.history.accounts.lazy().select("account_id", "industry")
    groups = days.join(industries, on="account_id").select(
        "account_id", "industry", "band", "from_day", day="from_day"
    )
    peers = peer_rates_on(peer_rates_of(result.history).lazy(), groups)
    for name, yardstick in yardsticks.items():
        own = peers.filter(metric=name).select(
            "account_id", "from_day", "peer_rate", "day_spread", pl.col("tau2").fill_null(0.0)
        )
        known = pl.col("peer_rate") * pl.col(yardstick.denominator)
        expected = known * yardstick.lateness * pl.col("days")
        clustered = 1 + expected * pl.col("day_spread").fill_null(0.0) / pl.col("days")
        spread = pl.col("tau2") / clustered
        ratio = (1 + spread * pl.col("days") * yardstick.events()) / (1 + spread * expected)
        numerator = METRICS[name].numerator
        late = f"late_{numerator}"
        changed = {numerator: known * ratio}
        if late in COUNTS:
            changed[late] = known * ratio * (yardstick.lateness - 1)
        days = (
            days.join(own, on=["account_id", "from_day"], how="left")
            .with_columns(pl.coalesce(value, name).alias(name) for name, value in changed.items())
            .drop("peer_rate", "day_spread", "tau2")
        )
    return days
