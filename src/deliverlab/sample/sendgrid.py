"""Events as SendGrid posts them; custom arguments stand flat beside the documented fields.

Source: SendGrid, Event Webhook reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliverlab.sample.replies import (
    ACCEPTED,
    DEFERRAL,
    LINK,
    PROXY_USER_AGENT,
    READER_IP,
    REPLIES,
    USER_AGENT,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Event = dict[str, Any]
Record = dict[str, Any]

BOUNCE_TYPES = {
    "invalid_address": ("bounce", "Invalid Address"),
    "mailbox_disabled": ("bounce", "Mailbox Unavailable"),
    "mailbox_full": ("blocked", "Mailbox Unavailable"),
    "transient": ("blocked", "Technical Failure"),
    "blocked": ("blocked", "Reputation"),
    "content": ("blocked", "Content"),
}
GROUP_UNSUBSCRIBE_EVERY = 3  # messages: their readers leave a group of mails only


def sendgrid_record(event: Event, /) -> Record:
    """The event as one object of a posted array."""
    name, facts = _PARTS[event["event_type"]]
    message = f"{event['account_id']}.{event['message']:07d}"
    record = {
        "email": event["email"],
        "timestamp": int(event["occurred_at"].timestamp()),
        "event": name,
        "smtp-id": f"<{message}@mta.example.com>",
        "sg_message_id": f"{message}.synthetic-0.0",
        "sg_event_id": f"{event['account_id']}-{event['event']:08d}",
        "category": [event["campaign"]],
        "account_id": event["account_id"],
        "campaign_id": event["campaign"],
    }
    return record | facts(event)


def _bounce(event: Event) -> Record:
    status, words = REPLIES[event["bounce_reason"]]
    bounce_type, bounce_class = BOUNCE_TYPES[event["bounce_reason"]]
    return {"reason": words, "status": status, "type": bounce_type, "bounce_classification": bounce_class}


def _open(event: Event) -> Record:
    user_agent = PROXY_USER_AGENT if event["is_machine"] else USER_AGENT
    return {"useragent": user_agent, "ip": READER_IP, "sg_machine_open": event["is_machine"]}


def _unsubscribe(event: Event) -> Record:
    is_group = event["message"] % GROUP_UNSUBSCRIBE_EVERY == 0
    return {"event": "group_unsubscribe", "asm_group_id": 10} if is_group else {}


_PARTS: dict[str, tuple[str, Callable[[Event], Record]]] = {
    "sent": ("processed", lambda _: {}),
    "delivered": ("delivered", lambda _: {"response": ACCEPTED}),
    "deferred": ("deferred", lambda _: {"response": DEFERRAL[1], "attempt": "1"}),
    "dropped": ("dropped", lambda _: {"reason": "Bounced Address", "status": "5.0.0"}),
    "hard_bounce": ("bounce", _bounce),
    "soft_bounce": ("bounce", _bounce),
    "complaint": ("spamreport", lambda _: {}),
    "open": ("open", _open),
    "click": ("click", lambda _: {"url": LINK, "useragent": USER_AGENT, "ip": READER_IP}),
    "unsubscribe": ("unsubscribe", _unsubscribe),
}
