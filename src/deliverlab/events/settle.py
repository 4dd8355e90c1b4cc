"""Duplicates, send times and repeats: settled once, so that the roll-up only has to add."""

from __future__ import annotations

import polars as pl

SENT_AT_FROM = ("provider", "message", "event")

# When somebody reading along first knew of an event.
known_at = pl.coalesce("received_at", "occurred_at")


def settle(events: pl.DataFrame, /, *, recipient: str) -> pl.DataFrame:
    """Each event once, with its send time, marked where it repeats an earlier one of its message.

    - Of duplicates (one `event_key`) the one that was known first stays, whatever the order of the rows.
    - `sent_at` is what the provider says; where it is null, the time of the message's sent event to that
      recipient; else the event's own time. `sent_at_from` tells which ("provider", "message", "event").
    - `is_repeat` is true for all but the first of one type for one recipient of one message, machine and
      human apart. An event whose message is unknown repeats nothing.

    `recipient` names the column that tells recipients apart. Rows come out by account, time and key.
    """
    once = _first_known(events)
    return once.pipe(_add_sent_at, recipient=recipient).pipe(_add_is_repeat, recipient=recipient)


def _first_known(events: pl.DataFrame) -> pl.DataFrame:
    is_alone = events["event_key"].is_unique()
    others = [name for name in sorted(events.columns) if name not in ("event_key", "received_at")]
    doubled = (
        events.filter(~is_alone)
        .sort(known_at, "received_at", *others, nulls_last=False)
        .unique("event_key", keep="first", maintain_order=True)
    )
    return pl.concat([events.filter(is_alone), doubled])


def _add_sent_at(events: pl.DataFrame, *, recipient: str) -> pl.DataFrame:
    message = ["account_id", "message_id", recipient]
    sent = (
        events.filter(pl.col("event_type") == "sent", pl.col("message_id").is_not_null())
        .group_by(message)
        .agg(message_sent_at=pl.col("occurred_at").min())
    )
    return (
        events.join(sent, on=message, how="left")
        .with_columns(
            sent_at_from=pl.when(pl.col("sent_at").is_not_null())
            .then(pl.lit("provider"))
            .when(pl.col("message_sent_at").is_not_null())
            .then(pl.lit("message"))
            .otherwise(pl.lit("event")),
            sent_at=pl.coalesce("sent_at", "message_sent_at", "occurred_at"),
        )
        .drop("message_sent_at")
    )


def _add_is_repeat(events: pl.DataFrame, *, recipient: str) -> pl.DataFrame:
    same = ["account_id", "message_id", recipient, "event_type", "is_machine"]
    ordered = events.sort("account_id", "occurred_at", known_at, "event_key")
    return ordered.with_columns(
        is_repeat=pl.col("message_id").is_not_null() & ~pl.struct(same).is_first_distinct()
    )


def count_sent_at_from(settled: pl.DataFrame, /) -> dict[str, int]:
    """How many settled events have their send time from where."""
    counts = dict(settled.group_by("sent_at_from").len().iter_rows())
    return {origin: counts.get(origin, 0) for origin in SENT_AT_FROM}
