"""Mandrill (Mailchimp Transactional): batches as its webhooks post them, as a form or as the JSON inside.

Source: Mailchimp's developer pages on webhook events and their format. `ts` is the event, `msg.ts` the
sending. `_id` is the message, and stands for no event; a message's lists of opens and clicks repeat history
and are not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.entries import NAME, Mapping, Provider, Tags, at, one_of, word
from deliverlab.events.fields import TEXT

if TYPE_CHECKING:
    from deliverlab.events.fields import Fields

EVENT_TYPES = {
    "send": "sent",
    "delivered": "delivered",
    "deferral": "deferred",
    "hard_bounce": "hard_bounce",
    "soft_bounce": "soft_bounce",
    "reject": "dropped",
    "spam": "complaint",
    "unsub": "unsubscribe",
    "open": "open",
    "click": "click",
    "inbound": "other",
    "sync": "other",  # a change of the allow or deny list, which has a type and no event
    "blacklist": "other", "whitelist": "other", "allowlist": "other", "denylist": "other",
}  # fmt: skip
# What Mandrill calls the cause of a bounce.
DESCRIPTIONS = {
    "bad_mailbox": "invalid_address", "invalid_domain": "invalid_address", "mailbox_full": "mailbox_full",
    "message_too_large": "too_large", "spam": "content", "dns_failed": "transient",
    "auto_reply": "autoreply", "misc_transient": "transient",
}  # fmt: skip
REJECTIONS = {"hard-bounce": "invalid_address", "invalid": "invalid_address", "spam": "blocked"}


def fields(tags: Tags) -> Fields:
    """What is read of a record."""
    listed = {"email": TEXT, "reason": TEXT}
    return {
        "event": TEXT, "type": TEXT, "action": TEXT, "ts": TEXT, "_id": TEXT, "url": TEXT,
        "reject": listed, "entry": listed,
        "msg": {
            "ts": TEXT, "email": TEXT, "_id": TEXT, "subaccount": TEXT, "bounce_description": TEXT,
            "diag": TEXT, "reject": {"reason": TEXT},
            "metadata": {tags.account: TEXT, tags.campaign: TEXT}, "tags": [TEXT],
        },
    }  # fmt: skip


def mapping(tags: Tags) -> Mapping:
    """Where in a record what stands."""
    bounced = NAME.is_in(("hard_bounce", "soft_bounce", "deferral"))
    return Mapping(
        name=word(pl.coalesce("event", "type")).str.to_lowercase(),
        event_type=one_of(EVENT_TYPES, NAME),
        raw_type=pl.concat_str(
            NAME, pl.when(bounced).then(at("msg.bounce_description")).otherwise(
                pl.coalesce(at("msg.reject.reason"), "action")
            ), separator="/", ignore_nulls=True,
        ),
        recipient=pl.coalesce(at("msg.email"), at("reject.email"), at("entry.email")),
        occurred_at=pl.col("ts"),
        sent_at=at("msg.ts"),
        words=at("msg.diag"),
        stated=pl.when(bounced).then(one_of(DESCRIPTIONS, at("msg.bounce_description")))
        .when(NAME == "reject").then(one_of(REJECTIONS, at("msg.reject.reason"))),
        account_id=at(f"msg.metadata.{tags.account}"),
        provider_account=at("msg.subaccount"),
        campaign_id=at(f"msg.metadata.{tags.campaign}"),
        message_id=pl.coalesce(at("msg._id"), "_id"),
        detail=pl.concat_str("url", "action", separator=" ", ignore_nulls=True),
        is_transactional=pl.lit(value=True),
    )  # fmt: skip


PROVIDER = Provider(
    name="mandrill",
    title="Mandrill",
    fields=fields,
    mapping=mapping,
    knows=lambda record: (
        "ts" in record
        and ({"event", "msg"} <= record.keys() or (record.get("type") in EVENT_TYPES and "action" in record))
    ),
    envelopes=("mandrill_events*",),
)
