"""Twilio SendGrid: the Event Webhook's records, in arrays as they are posted, or one by one.

Source: SendGrid's Event Webhook reference. Custom arguments stand flat beside the documented fields, which
win over an argument of the same name before we see it. Events are posted again for a day until they are
answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.entries import BOUNCE, NAME, NOTHING, Mapping, Provider, Tags, is_true, one_of, word
from deliverlab.events.fields import TEXT

if TYPE_CHECKING:
    from deliverlab.events.fields import Fields

EVENT_TYPES = {
    "processed": "sent",
    "delivered": "delivered",
    "deferred": "deferred",
    "bounce": BOUNCE,  # see BOUNCE_TYPES
    "blocked": "soft_bounce",
    "dropped": "dropped",
    "spamreport": "complaint",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "unsubscribe",
    "group_resubscribe": "other",
    "open": "open",
    "click": "click",
    "account_status_change": "other",
}

BOUNCE_TYPES = {"bounce": "hard_bounce", "blocked": "soft_bounce"}

# Classes of SendGrid that mean one reason; the others (Mailbox Unavailable, Unclassified) leave it to
# status and words.
CLASSIFICATIONS = {
    "invalid address": "invalid_address",
    "content": "content",
    "reputation": "blocked",
    "frequency or volume too high": "transient",
    "technical failure": "transient",
}

# Why SendGrid never tried, where it says something about the mailbox or the mail.
DROP_REASONS = {"bounced address": "invalid_address", "invalid": "invalid_address", "spam content": "content"}

READ = (
    "email", "timestamp", "event", "smtp-id", "sg_event_id", "sg_message_id", "reason", "status", "response",
    "url", "type", "bounce_classification", "sg_machine_open", "marketing_campaign_id", "singlesend_id",
)  # fmt: skip
RESERVED = frozenset({
    *READ, "category", "attempt", "useragent", "ip", "url_offset", "asm_group_id", "tls", "cert_err", "pool",
    "sg_content_type", "sg_template_id", "sg_user_id", "sg_template_name", "post_type",
})  # fmt: skip


def fields(tags: Tags) -> Fields:
    """What is read of a record."""
    return dict.fromkeys((*READ, *(set(tags) - RESERVED)), TEXT)


def mapping(tags: Tags) -> Mapping:
    """Where in a record what stands."""
    kind = word(pl.col("type")).str.to_lowercase()
    words = pl.coalesce(word(pl.col("reason")), word(pl.col("response")))
    lowered = pl.col("bounce_classification").str.to_lowercase()
    marketing = pl.coalesce(word(pl.col("marketing_campaign_id")), word(pl.col("singlesend_id")))
    return Mapping(
        name=word(pl.col("event")).str.to_lowercase(),
        event_type=pl.when(NAME == "bounce")
        .then(pl.coalesce(one_of(BOUNCE_TYPES, kind), pl.lit(BOUNCE)))
        .otherwise(one_of(EVENT_TYPES, NAME)),
        raw_type=pl.when((NAME == "bounce") & kind.is_not_null())
        .then(pl.format("bounce/{}", kind))
        .otherwise(NAME),
        recipient=pl.col("email"),
        occurred_at=pl.col("timestamp"),
        status=pl.col("status"),
        words=words,
        stated=pl.when(NAME == "dropped")
        .then(one_of(DROP_REASONS, words.str.to_lowercase()))
        .when(NAME.is_in(("bounce", "blocked", "deferred")))
        .then(one_of(CLASSIFICATIONS, lowered)),
        account_id=_argument(tags.account),
        campaign_id=pl.coalesce(word(_argument(tags.campaign)), marketing),
        message_id=pl.coalesce(word(pl.col("sg_message_id")), pl.col("smtp-id").str.strip_chars(" <>")),
        provider_event_id=pl.col("sg_event_id"),
        detail=pl.concat_str("sg_event_id", "url", separator=" ", ignore_nulls=True),
        is_machine=is_true(pl.col("sg_machine_open")),
        is_transactional=pl.when(marketing.is_not_null()).then(pl.lit(value=False)),
    )


def _argument(name: str) -> pl.Expr:
    """A custom argument; a documented field is never one."""
    return NOTHING if name in RESERVED else pl.col(name)


PROVIDER = Provider(
    name="sendgrid",
    title="SendGrid",
    fields=fields,
    mapping=mapping,
    knows=lambda record: (
        {"event", "timestamp"} <= record.keys()
        and ("sg_event_id" in record or ("email" in record and str(record["event"]).lower() in EVENT_TYPES))
        and not {"ts_event", "ts_epoch", "message-id"} & record.keys()
    ),
)
