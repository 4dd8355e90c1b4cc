"""Twilio SendGrid: the Event Webhook's records, in arrays as they are posted, or one by one.

Source: SendGrid's Event Webhook reference. Custom arguments stand flat beside the documented fields, which
win over an argument of the same name before we see it. Events are posted again for a day until they are
answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliverlab.events.bounces import bounce_reason, bounce_type
from deliverlab.events.entries import Entry, Provider, Tags, Unusable, moment, text

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT_TYPES = {
    "processed": "sent",
    "delivered": "delivered",
    "deferred": "deferred",
    "bounce": "hard_bounce",  # see BOUNCE_TYPES
    "dropped": "dropped",
    "spamreport": "complaint",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "unsubscribe",
    "group_resubscribe": "other",
    "open": "open",
    "click": "click",
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

RESERVED = frozenset({
    "email", "timestamp", "event", "smtp-id", "category", "sg_event_id", "sg_message_id", "reason", "status",
    "response", "attempt", "useragent", "ip", "url", "url_offset", "asm_group_id", "type", "tls", "cert_err",
    "pool", "bounce_classification", "sg_machine_open", "sg_content_type", "sg_template_id", "sg_user_id",
    "sg_template_name", "post_type",
})  # fmt: skip


def entries(record: dict[str, Any], tags: Tags) -> Iterator[Entry]:
    """The one entry of a record; raises `Unusable` where it is no SendGrid event."""
    name = record.get("event")
    if name is None:
        raise Unusable("no event: not a SendGrid event")
    event_type = EVENT_TYPES.get(name.lower()) if isinstance(name, str) else None
    if event_type is None:
        raise Unusable(f"unknown SendGrid event {str(name)[:40]!r}")
    event_id = text(record.get("sg_event_id"))
    entry = Entry(
        event_type=event_type,
        raw_type=name.lower(),
        recipient=record.get("email"),
        occurred_at=moment(record.get("timestamp"), what="timestamp"),
        account_id=_argument(record, tags.account),
        campaign_id=_argument(record, tags.campaign)
        or text(record.get("marketing_campaign_id"))
        or text(record.get("singlesend_id")),
        message_id=text(record.get("sg_message_id"))
        or (text(record.get("smtp-id")) or "").strip("<>")
        or None,
        provider_event_id=event_id,
        is_machine=text(record.get("sg_machine_open")) == "true" or record.get("sg_machine_open") is True,
        detail=f"{event_id or ''} {text(record.get('url')) or ''}",
    )
    yield _refined(entry, record)


def _refined(entry: Entry, record: dict[str, Any]) -> Entry:
    """The entry with what the record says beyond its event's name."""
    status, words = text(record.get("status")), text(record.get("reason")) or text(record.get("response"))
    if entry.raw_type == "dropped":
        return entry._replace(bounce_reason=DROP_REASONS.get((words or "").lower()))
    if entry.raw_type not in ("bounce", "deferred"):
        return entry
    stated = CLASSIFICATIONS.get((text(record.get("bounce_classification")) or "").lower())
    reason = bounce_reason(status, words, stated=stated)
    if entry.raw_type == "deferred":
        return entry._replace(bounce_reason=reason)
    kind = (text(record.get("type")) or "").lower()
    return entry._replace(
        event_type=BOUNCE_TYPES.get(kind) or bounce_type(reason, status, words),
        raw_type=f"bounce/{kind}" if kind else "bounce",
        bounce_reason=reason,
    )


def _argument(record: dict[str, Any], name: str) -> str | None:
    """A custom argument; a documented field is never one."""
    return None if name in RESERVED else text(record.get(name))


PROVIDER = Provider(name="sendgrid", entries=entries, states_sent_at=False)
