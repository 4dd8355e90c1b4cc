"""Events as Amazon SES publishes them, and as SNS wraps them.

Sources: Amazon SES Developer Guide, contents of event data; Amazon SNS Developer Guide, message formats.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deliverlab.sample.replies import ACCEPTED, DEFERRAL, LINK, READER_IP, REPLIES, USER_AGENT, sender

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

Event = dict[str, Any]
Record = dict[str, Any]

PROVIDER_ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:eu-north-1:{PROVIDER_ACCOUNT}:mail-events"
BOUNCE_TYPES = {
    "invalid_address": ("Permanent", "General"),
    "mailbox_disabled": ("Permanent", "General"),
    "mailbox_full": ("Transient", "MailboxFull"),
    "transient": ("Transient", "General"),
    "blocked": ("Transient", "General"),
    "content": ("Transient", "ContentRejected"),
}
_SUBSCRIBED: Record = {"unsubscribeAll": False, "topicSubscriptionStatus": []}


def ses_record(event: Event, /) -> Record:
    """The event as SES publishes it and Firehose writes it on a line."""
    name, part, facts = _PARTS[event["event_type"]]
    return {"eventType": name, "mail": _mail(event), part: facts(event)}


def sns_envelope(event: Event, /) -> Record:
    """The same in the envelope in which SNS hands it over; a second delivery is the same to the letter."""
    return {
        "Type": "Notification",
        "MessageId": f"{event['event']:08x}-0000-4000-8000-{int(event['account_id'][-4:]):012x}",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": json.dumps(ses_record(event), separators=(",", ":")),
        "Timestamp": _iso(event["occurred_at"]),
        "SignatureVersion": "1",
        "Signature": "c3ludGhldGlj",
        "SigningCertURL": "https://sns.example.com/synthetic.pem",
    }


def _mail(event: Event) -> Record:
    source = sender(event["account_id"])
    return {
        "timestamp": _iso(event["sent_at"]),
        "source": source,
        "sendingAccountId": PROVIDER_ACCOUNT,
        "messageId": _message_id(event),
        "destination": [event["email"]],
        "headersTruncated": False,
        "commonHeaders": {"from": [source], "to": [event["email"]], "subject": event["campaign"]},
        "tags": {
            "ses:configuration-set": ["deliverlab"],
            "account_id": [event["account_id"]],
            "campaign_id": [event["campaign"]],
        },
    }


def _delivery(event: Event) -> Record:
    return {
        "timestamp": _iso(event["occurred_at"]),
        "processingTimeMillis": (event["occurred_at"] - event["sent_at"]).seconds * 1_000,
        "recipients": [event["email"]],
        "smtpResponse": ACCEPTED,
        "reportingMTA": "mta.example.com",
    }


def _delay(event: Event) -> Record:
    return {
        "timestamp": _iso(event["occurred_at"]),
        "delayType": "TransientCommunicationFailure",
        "delayedRecipients": [_returned(event, *DEFERRAL, action="delayed")],
    }


def _bounce(event: Event) -> Record:
    bounce_type, sub_type = BOUNCE_TYPES[event["bounce_reason"]]
    return {
        "bounceType": bounce_type,
        "bounceSubType": sub_type,
        "bouncedRecipients": [_returned(event, *REPLIES[event["bounce_reason"]], action="failed")],
        "timestamp": _iso(event["occurred_at"]),
        "feedbackId": f"{_message_id(event)}-bounce",
        "reportingMTA": "dns; mta.example.com",
    }


def _returned(event: Event, status: str, words: str, *, action: str) -> Record:
    return {
        "emailAddress": event["email"],
        "action": action,
        "status": status,
        "diagnosticCode": f"smtp; {words}",
    }


def _complaint(event: Event) -> Record:
    return {
        "complainedRecipients": [{"emailAddress": event["email"]}],
        "timestamp": _iso(event["occurred_at"]),
        "feedbackId": f"{_message_id(event)}-complaint",
        "complaintFeedbackType": "abuse",
        "arrivalDate": _iso(event["occurred_at"]),
    }


def _open(event: Event) -> Record:
    return {"timestamp": _iso(event["occurred_at"]), "ipAddress": READER_IP, "userAgent": USER_AGENT}


def _click(event: Event) -> Record:
    return _open(event) | {"link": LINK, "linkTags": None}


def _subscription(event: Event) -> Record:
    return {
        "contactList": event["account_id"],
        "timestamp": _iso(event["occurred_at"]),
        "source": "UnsubscribeHeader",
        "newTopicPreferences": _SUBSCRIBED | {"unsubscribeAll": True},
        "oldTopicPreferences": _SUBSCRIBED,
    }


_PARTS: dict[str, tuple[str, str, Callable[[Event], Record]]] = {
    "sent": ("Send", "send", lambda _: {}),
    "delivered": ("Delivery", "delivery", _delivery),
    "deferred": ("DeliveryDelay", "deliveryDelay", _delay),
    "hard_bounce": ("Bounce", "bounce", _bounce),
    "soft_bounce": ("Bounce", "bounce", _bounce),
    "complaint": ("Complaint", "complaint", _complaint),
    "open": ("Open", "open", _open),
    "click": ("Click", "click", _click),
    "unsubscribe": ("Subscription", "subscription", _subscription),
}


def _message_id(event: Event) -> str:
    """Counted, not drawn: a file of counted ids packs well."""
    return f"{event['account_id']}-{event['message']:08x}-000000"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
