"""Events summed up twice: by send day, as what was known in time; and by contact, as its list tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.sample.rollup import KNOWN_WITHIN_DAYS, Counts
from deliverlab.schemas import COUNTS, Contacts

if TYPE_CHECKING:
    import dataframely as dy

    from deliverlab.schemas import Incidents

KNOWN = {
    "sent": "sent", "delivered": "delivered", "hard_bounce": "hard_bounces", "soft_bounce": "soft_bounces",
    "complaint": "complaints", "unsubscribe": "unsubscribes", "open": "opens", "click": "clicks",
}  # fmt: skip
LATE = {"hard_bounce": "late_hard_bounces", "complaint": "late_complaints"}
OVERSTATED = 9  # contacts of one account claim an engagement that never was


def count_events(events: pl.DataFrame, /, *, incidents: dy.DataFrame[Incidents]) -> Counts:
    """The counts of each send day (UTC).

    Of each message the first event of a type counts, those of machines never. What happened more than two
    calendar days after the send day is late: hard bounces and complaints have a column for it, the rest does
    not count. Bounces that match an incident are left out; their mail stays sent.
    """
    sent_on, happened_on = pl.col("sent_at").dt.date(), pl.col("occurred_at").dt.date()
    is_known = happened_on <= sent_on.dt.offset_by(f"{KNOWN_WITHIN_DAYS}d")
    event_type = pl.col("event_type")
    counted = (
        events.filter(~pl.col("is_machine"))
        .sort("occurred_at")
        .unique(["account_id", "message", "event_type"], keep="first", maintain_order=True)
        .filter(~_is_incident(incidents))
        .with_columns(
            day=sent_on,
            counted_as=pl.when(is_known)
            .then(event_type.replace_strict(KNOWN, default=None))
            .otherwise(event_type.replace_strict(LATE, default=None)),
        )
        .filter(pl.col("counted_as").is_not_null())
    )
    bounces = counted.filter(pl.col("bounce_reason").is_not_null())
    return Counts(
        mail=counted.group_by(
            "account_id", "day", "campaign", "recipient_domain", "import", "contact_age"
        ).agg((pl.col("counted_as") == name).sum().cast(pl.Int64).alias(name) for name in COUNTS),
        bounces=bounces.group_by("account_id", "day", "bounce_reason", "counted_as").agg(
            bounces=pl.len().cast(pl.Int64)
        ),
    )


def list_contacts(
    table: pl.DataFrame, events: pl.DataFrame, /, *, incidents: dy.DataFrame[Incidents], overstates: bool
) -> dy.DataFrame[Contacts]:
    """The contacts with what became of the mail to them: last engagement, mails since, and status.

    Bounces that an incident explains change no status: their addresses were put back. A list that
    `overstates` claims of some who never engaged that they did with their last mail.
    """
    engaged_at = _when("open", "click", having=~pl.col("is_machine"))
    sent_at = pl.col("sent_at").filter(pl.col("event_type") == "sent")
    facts = events.group_by("email").agg(
        last_engaged_at=engaged_at.max(),
        last_sent_at=sent_at.max(),
        sends_since_engagement=sent_at.filter((sent_at > engaged_at.max()).fill_null(value=True))
        .len()
        .cast(pl.Int64),
        status=pl.when(_when("complaint").len() > 0)
        .then(pl.lit("complained"))
        .when(_when("unsubscribe").len() > 0)
        .then(pl.lit("unsubscribed"))
        .when(_when("hard_bounce", having=~_is_incident(incidents)).len() > 0)
        .then(pl.lit("hard_bounced")),
    )
    listed = table.join(facts, on="email", how="left").with_columns(
        pl.col("status").fill_null("active"), pl.col("sends_since_engagement").fill_null(0)
    )
    if overstates:
        never = pl.col("last_engaged_at").is_null() & pl.col("last_sent_at").is_not_null()
        is_claimed = never & (never.cum_sum() <= OVERSTATED)
        listed = listed.with_columns(
            last_engaged_at=pl.when(is_claimed).then("last_sent_at").otherwise("last_engaged_at"),
            sends_since_engagement=pl.when(is_claimed).then(0).otherwise("sends_since_engagement"),
        )
    return Contacts.validate(listed.sort("account_id", "email"), cast=True)


def _when(*event_types: str, having: pl.Expr | bool = True) -> pl.Expr:
    """When events of these types happened."""
    return pl.col("occurred_at").filter(pl.col("event_type").is_in(event_types) & having)


def _is_incident(incidents: dy.DataFrame[Incidents]) -> pl.Expr:
    """Whether a bounce is a receiver's fault; an incident without domain or reason covers every one."""
    return pl.any_horizontal(
        pl.lit(value=False),
        *(
            pl.col("event_type").is_in(["hard_bounce", "soft_bounce"])
            & pl.col("occurred_at").dt.date().is_between(incident["from_day"], incident["to_day"])
            & (pl.col("recipient_domain") == (incident["recipient_domain"] or pl.col("recipient_domain")))
            & (pl.col("bounce_reason") == (incident["bounce_reason"] or pl.col("bounce_reason")))
            for incident in incidents.iter_rows(named=True)
        ),
    ).fill_null(value=False)
