"""What the counts of a day rest on: events that were left out of them, and sent events that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.events.daily import ENGAGEMENT, countable, days_without_sent, mistaken

if TYPE_CHECKING:
    from deliverlab.events.daily import Frame
    from deliverlab.events.exclusions import Exclusions

LEFT_OUT = ("test_mailbox", "own_domain", "transactional", "incident", "machine")
CAVEATS = (*LEFT_OUT, "sent_missing")


class Caveats(Table):
    """One row an account-day and caveat: how many events are left out for it, or how many are missing."""

    account_id = dy.String(primary_key=True, min_length=1)
    day = dy.Date(primary_key=True)
    caveat = dy.Enum(CAVEATS, primary_key=True)
    events = dy.Int64(min=1)


def day_caveats(
    events: Frame, /, *, exclusions: Exclusions, incidents: Frame | None = None
) -> dy.LazyFrame[Caveats]:
    """What `daily_counts` left out of each account-day and why, each event for its first reason.

    Repeats are not told: they are the same thing again. "sent_missing" is by how much more was delivered
    than sent.
    """
    reason = exclusions.reason()
    by_machine = pl.col("is_machine") & pl.col("event_type").is_in(ENGAGEMENT)
    left_out = (
        countable(events)
        .with_columns(
            caveat=pl.coalesce(
                reason,
                pl.when(mistaken(incidents)).then(pl.lit("incident")),
                pl.when(by_machine).then(pl.lit("machine")),
            )
        )
        .filter(pl.col("caveat").is_not_null())
        .group_by("account_id", "day", "caveat")
        .agg(events=pl.len().cast(pl.Int64))
    )
    missing = days_without_sent(events, exclude=reason.is_not_null()).select(
        "account_id",
        "day",
        caveat=pl.lit("sent_missing"),
        events=(pl.col("delivered") - pl.col("sent")).cast(pl.Int64),
    )
    return Caveats.cast(pl.concat([left_out, missing]).sort("account_id", "day", "caveat"))


def told(caveats: pl.DataFrame, /) -> tuple[dict[str, int], int]:
    """How many events are left out, by reason, and on how many account-days sent events are missing."""
    sums = dict(caveats.group_by("caveat").agg(pl.col("events").sum()).iter_rows())
    left_out = {reason: sums[reason] for reason in LEFT_OUT if reason in sums}
    return left_out, caveats.filter(caveat="sent_missing").height
