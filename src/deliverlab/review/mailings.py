"""What events say of each contact: when it was mailed, when a person engaged, and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.review.addresses import normalised
from deliverlab.schemas import BOUNCE_REASONS, EVENT_TYPES, Table

if TYPE_CHECKING:
    from datetime import datetime

    from deliverlab.review.rules import ReviewRules

NOT_MAILED = ("dropped", "other")
ENGAGED = ("open", "click")


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


def mailings(events: pl.LazyFrame, /, *, seen_until: datetime, rules: ReviewRules) -> pl.LazyFrame:
    """One row an account and address: first and last mail, last engagement, mails since, and what came back.

    A mail is one send time: a record that came twice is no second mail. Where a provider reports no `sent`
    events mail is counted by what was delivered. Machine opens and clicks are no engagement.
    """
    kind = pl.col("event_type")
    mailed = pl.col("sent_at").filter(~kind.is_in(NOT_MAILED))
    engaged = pl.col("occurred_at").filter(kind.is_in(ENGAGED) & ~pl.col("is_machine").fill_null(value=False))
    is_since = (pl.col("sent_at") > engaged.max()).fill_null(value=True)
    hard = kind == "hard_bounce"
    reason = pl.col("bounce_reason").fill_null("unknown")
    return (
        events.filter(pl.col("occurred_at") < seen_until)
        .group_by("account_id", address=normalised(pl.col("recipient")))
        .agg(
            first_sent_at=mailed.min(),
            last_sent_at=mailed.max(),
            events_engaged_at=engaged.max(),
            mails_since=pl.max_horizontal(
                pl.col("sent_at").filter((kind == word) & is_since).n_unique()
                for word in ("sent", "delivered")
            ).cast(pl.Int64),
            accepted_at=pl.col("occurred_at").filter(kind == "delivered").max(),
            bounced_at=pl.col("occurred_at").filter(hard & reason.is_in(rules.address_bounces)).max(),
            hard_bounces=pl.col("sent_at").filter(hard & ~reason.is_in(rules.sender_bounces)).n_unique(),
            complained_at=pl.col("occurred_at").filter(kind == "complaint").min(),
            unsubscribed_at=pl.col("occurred_at").filter(kind == "unsubscribe").min(),
        )
    )


def coverage(events: pl.LazyFrame, /, *, seen_until: datetime) -> pl.LazyFrame:
    """Since when the events speak for each account: before that their silence says nothing."""
    seen = events.filter(pl.col("occurred_at") < seen_until)
    return seen.group_by("account_id").agg(covered_from=pl.col("occurred_at").min())
