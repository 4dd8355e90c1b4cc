"""What events say of each contact: when it was mailed, when a person engaged, and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.review.addresses import normalised
from deliverlab.schemas import BOUNCE_REASONS, EVENT_TYPES

if TYPE_CHECKING:
    from datetime import datetime

    from deliverlab.review.rules import ReviewRules

NOT_MAILED = ("dropped", "other")
ENGAGED = ("open", "click")
BOUNCED = ("hard_bounce", "soft_bounce")


class ContactEvents(Table):
    """The columns of `ClearEvents` that a contact review needs."""

    account_id = dy.String()
    recipient = dy.String()
    event_type = dy.Enum(EVENT_TYPES)
    occurred_at = dy.Datetime(time_unit="us", time_zone="UTC")
    sent_at = dy.Datetime(time_unit="us", time_zone="UTC")
    is_machine = dy.Bool()
    bounce_reason = dy.Enum(BOUNCE_REASONS, nullable=True)


def admitted_events(events: pl.DataFrame | pl.LazyFrame | None, /) -> pl.LazyFrame:
    """The events with the needed columns only, lazily; their rows were checked where they were read.

    None is no events. Raises `DataError` for a missing column or a wrong type.
    """
    if events is None:
        return ContactEvents.create_empty().lazy()
    ContactEvents.admit(events.head(0), what="events")
    optional = (
        [] if "bounce_reason" in events.lazy().collect_schema() else [pl.lit(None).alias("bounce_reason")]
    )
    return (
        events.lazy()
        .with_columns(optional)
        .select(ContactEvents.column_names())
        .with_columns(pl.col("event_type", "bounce_reason").cast(pl.String))
    )


def mailings(
    events: pl.LazyFrame, places: pl.DataFrame, /, *, seen_until: datetime, rules: ReviewRules
) -> pl.DataFrame:
    """One row a mailbox: first and last mail, last engagement, mails since, and what came back.

    `places` says which `place` (a number for a mailbox) an `account_id` and `address` belong to; events of
    anybody else are left out. A mail is one send time: a record that came twice is no second mail. Where a
    provider reports no `sent` events mail is counted by what was delivered. Machine opens and clicks are no
    engagement.

    Events are streamed twice and answered here: whoever collects the decisions later need not hold them.
    """
    kind, reason = pl.col("event_type"), pl.col("bounce_reason").fill_null("unknown")
    hard = kind == "hard_bounce"
    is_problem = kind.is_in(BOUNCED) & reason.is_in(rules.mailbox_problems)
    mailed = pl.col("sent_at").filter(~kind.is_in(NOT_MAILED))
    known = (
        events.filter(pl.col("occurred_at") < seen_until)
        .with_columns(address=normalised(pl.col("recipient")))
        .join(places.lazy(), on=["account_id", "address"])
        .drop("account_id", "recipient", "address")
    )
    summed = (
        known.group_by("place")
        .agg(
            first_sent_at=mailed.min(),
            last_sent_at=mailed.max(),
            events_engaged_at=_when(kind.is_in(ENGAGED) & ~pl.col("is_machine").fill_null(value=False)).max(),
            accepted_at=_when(kind == "delivered").max(),
            bounced_at=_when(hard & reason.is_in(rules.address_bounces)).max(),
            complained_at=_when(kind == "complaint").min(),
            unsubscribed_at=_when(kind == "unsubscribe").min(),
        )
        .collect(engine="streaming")
    )
    since, accepted_at = pl.col("events_engaged_at"), pl.col("accepted_at")
    is_since = (pl.col("sent_at") > since).fill_null(value=True)
    is_unsolved = (pl.col("sent_at") > accepted_at).fill_null(value=True)
    counted = {
        "sends_since": (kind == "sent") & is_since,
        "deliveries_since": (kind == "delivered") & is_since,
        "hard_bounces": hard & ~reason.is_in(rules.sender_bounces),
        "mailbox_problems": is_problem & is_unsolved,
    }
    mails = (
        known.filter(kind.is_in(("sent", "delivered", *BOUNCED)))
        .select("place", "event_type", "sent_at", "bounce_reason")
        .join(summed.lazy().select("place", since, accepted_at), on="place")
        .group_by("place")
        .agg(
            pl.col("sent_at").filter(holds).n_unique().cast(pl.Int64).alias(n) for n, holds in counted.items()
        )
        .collect(engine="streaming")
    )
    return (
        summed.join(mails, on="place", how="left")
        .with_columns(pl.col(*counted).fill_null(0))
        .with_columns(mails_since=pl.max_horizontal("sends_since", "deliveries_since"))
        .drop("sends_since", "deliveries_since")
    )


def coverage(events: pl.LazyFrame, /, *, seen_until: datetime) -> pl.DataFrame:
    """Since when the events speak for each account: before that their silence says nothing."""
    seen = events.filter(pl.col("occurred_at") < seen_until)
    by_account = seen.group_by("account_id").agg(covered_from=pl.col("occurred_at").min())
    return by_account.collect(engine="streaming")


def _when(holds: pl.Expr) -> pl.Expr:
    return pl.col("occurred_at").filter(holds)
