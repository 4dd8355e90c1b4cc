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


def read(*files: bytes | Json | list[Json], provider: str = "ses", **options: Any) -> Reading:  # noqa: ANN401 - options of `read_provider`
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


SECONDS = 1_777_885_207  # 2026-05-04 09:00:07 UTC


def mailgun(event: str, **facts: object) -> Json:
    """A bare Mailgun record of 2026-05-04 09:00:07.25 UTC."""
    return {
        "event": event,
        "id": f"i-{event}",
        "timestamp": SECONDS + 0.25,
        "log-level": "info",
        "recipient": "ann@mail.test",
        "envelope": {"sender": "news@shop.test", "targets": "list@mail.test"},
        "message": {"headers": {"to": "team@mail.test", "message-id": "m-1@shop.test"}},
        "user-variables": {},
    } | facts


def mailgun_failure(severity: str, reason: str, **status: object) -> Json:
    """A Mailgun record of a mail that was not taken."""
    return mailgun("failed", severity=severity, reason=reason, **{"delivery-status": status})


def postmark(kind: str, **facts: object) -> Json:
    """A Postmark record of 2026-05-04 09:00:07.25 UTC, written as in New York."""
    times = {
        "Delivery": "DeliveredAt",
        "Open": "ReceivedAt",
        "Click": "ReceivedAt",
        "SubscriptionChange": "ChangedAt",
    }
    whom = "Email" if kind in ("Bounce", "SpamComplaint") else "Recipient"
    return {
        "RecordType": kind,
        "MessageID": "m-1",
        "ServerID": 23,
        whom: "ann@mail.test",
        times.get(kind, "BouncedAt"): "2026-05-04T05:00:07.2500001-04:00",
    } | facts


def hubspot(kind: str, **facts: object) -> Json:
    """A HubSpot event of 2026-05-04 09:00:07.25 UTC to mail of seven seconds before."""
    return {
        "id": f"i-{kind}",
        "created": SECONDS * 1_000 + 250,
        "type": kind,
        "recipient": "ann@mail.test",
        "portalId": 62_515,
        "emailCampaignId": 13,
        "sentBy": {"id": "i-SENT", "created": SECONDS * 1_000 - 7_000},
    } | facts


def sparkpost(kind: str, *, group: str = "message_event", **facts: object) -> Json:
    """A SparkPost event of 2026-05-04 09:00:07 UTC in its class."""
    event = {
        "type": kind,
        "event_id": f"i-{kind}",
        "timestamp": str(SECONDS),
        "rcpt_to": "ann@mail.test",
        "raw_rcpt_to": "Ann@mail.test",
        "message_id": "m-1",
        "customer_id": "1",
        "subaccount_id": "101",
    }
    return {"msys": {group: event | facts}}


def mandrill(event: str, *, msg: Json | None = None, **facts: object) -> Json:
    """A Mandrill event of 2026-05-04 09:00:07 UTC to mail of seven seconds before."""
    mail = {"_id": "m-1", "ts": SECONDS - 7, "email": "ann@mail.test", "subaccount": "north"}
    return {"event": event, "_id": "m-1", "ts": SECONDS, "msg": mail | (msg or {})} | facts


def brevo(event: str, **facts: object) -> Json:
    """A Brevo event of 2026-05-04 09:00:07.25 UTC; its other times are hours off."""
    return {
        "event": event,
        "email": "ann@mail.test",
        "id": 7,
        "date": "2026-05-04 11:00:07",
        "ts": SECONDS + 32_400,
        "ts_event": SECONDS + 32_400,
        "ts_epoch": SECONDS * 1_000 + 250,
        "message-id": "<m-1@shop.test>",
    } | facts
