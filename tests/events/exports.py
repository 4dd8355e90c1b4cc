"""Exports of our own making: records as the providers write them, and files of them."""

import json
import tempfile
from pathlib import Path
from typing import Any

from deliverlab.events.read import Reading, read_provider

Json = dict[str, Any]

SENT = "2026-05-04T09:00:00.000Z"
AT = "2026-05-04T09:00:07.250Z"

PARTS = {
    "Send": "send",
    "Delivery": "delivery",
    "DeliveryDelay": "deliveryDelay",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Reject": "reject",
    "Rendering Failure": "failure",
    "Open": "open",
    "Click": "click",
    "Subscription": "subscription",
}


def ses(
    event_type: str,
    *,
    to: tuple[str, ...] = ("ann@mail.test",),
    message: str = "m-1",
    sent: str = SENT,
    tags: Json | None = None,
    key: str = "eventType",
    **part: object,
) -> Json:
    """An SES record; what concerns the outcome stands in `part`."""
    mail: Json = {
        "timestamp": sent,
        "messageId": message,
        "destination": list(to),
        "sendingAccountId": "000011112222",
    }
    if tags is not None:
        mail["tags"] = tags
    return {key: event_type, "mail": mail, PARTS.get(event_type, "thing"): part}


def ses_bounce(
    kind: str,
    sub_type: str,
    *,
    recipients: list[Json] | None = None,
    to: tuple[str, ...] = ("ann@mail.test",),
    key: str = "eventType",
) -> Json:
    """An SES bounce with a delivery report that says little, unless `recipients` say more."""
    report = {"emailAddress": "ann@mail.test", "action": "failed", "status": "5.0.0"}
    return ses(
        "Bounce",
        to=to,
        key=key,
        bounceType=kind,
        bounceSubType=sub_type,
        bouncedRecipients=[report] if recipients is None else recipients,
        timestamp=AT,
        feedbackId="fb-1",
    )


def sns(record: Json, *, at: str = "2026-05-04T09:00:09.000Z", message_id: str = "n-1") -> Json:
    """The record inside an SNS notification."""
    return {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": "arn:aws:sns:eu-west-1:000011112222:mail",
        "Message": json.dumps(record),
        "Timestamp": at,
    }


def sendgrid(event: str, **facts: object) -> Json:
    """A SendGrid record of 2026-05-04 09:00:07 UTC."""
    return {
        "email": "ann@mail.test",
        "timestamp": 1_777_885_207,
        "event": event,
        "sg_event_id": f"e-{event}",
        "sg_message_id": "m-1.filter-7",
    } | facts


def ndjson(*records: Json) -> bytes:
    """One record a line, as Firehose is told to write them."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def read(*files: bytes | Json | list[Json], provider: str = "ses", **options: str) -> Reading:
    """What reading these files gives; a record or a list of records stands for its JSON."""
    with tempfile.TemporaryDirectory() as directory:
        for number, content in enumerate(files):
            packed = content if isinstance(content, bytes) else json.dumps(content).encode()
            (Path(directory) / f"{number}.json").write_bytes(packed)
        return read_provider(directory, provider=provider, **options)


def only(reading: Reading) -> Json:
    """The one event of a reading in which nothing was left over."""
    assert (reading.accepted, reading.duplicate, reading.quarantined) == (1, 0, 0)
    return reading.events.row(0, named=True)


def refusals(reading: Reading) -> list[tuple[str, str]]:
    """Where and why entries were refused."""
    return list(reading.quarantine.select("position", "reason").iter_rows())
