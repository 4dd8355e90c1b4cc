"""SES records: the documented fields, and nothing that gives a real name away."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from deliverlab.sample.replies import REPLIES
from deliverlab.sample.ses import ses_record, sns_envelope

EVENT: dict[str, Any] = {
    "account_id": "acct-0003", "message": 27, "event": 5, "email": "ada.lake7@mail.example.com",
    "campaign": "newsletter-2026-05", "sent_at": datetime(2026, 5, 1, 9, 0, 0, 250_000, tzinfo=UTC),
    "occurred_at": datetime(2026, 5, 1, 9, 0, 7, 250_000, tzinfo=UTC), "is_machine": False,
    "bounce_reason": "invalid_address", "event_type": "sent",
}  # fmt: skip


@pytest.mark.parametrize(
    ("event_type", "name", "part"),
    [
        ("sent", "Send", "send"), ("delivered", "Delivery", "delivery"), ("open", "Open", "open"),
        ("deferred", "DeliveryDelay", "deliveryDelay"), ("hard_bounce", "Bounce", "bounce"),
        ("soft_bounce", "Bounce", "bounce"), ("complaint", "Complaint", "complaint"),
        ("click", "Click", "click"), ("unsubscribe", "Subscription", "subscription"),
    ],
)  # fmt: skip
def test_each_type_has_its_object(event_type: str, name: str, part: str) -> None:
    """A record names its type, and holds the mail and one object of that type with its own time."""
    record = ses_record(EVENT | {"event_type": event_type})
    assert list(record) == ["eventType", "mail", part]
    assert record["eventType"] == name
    assert record["mail"]["timestamp"] == "2026-05-01T09:00:00.250Z"
    assert record["mail"]["tags"]["account_id"] == ["acct-0003"]
    assert record["mail"]["tags"]["campaign_id"] == ["newsletter-2026-05"]
    assert record[part].get("timestamp") == (None if part == "send" else "2026-05-01T09:00:07.250Z")


@pytest.mark.parametrize("reason", REPLIES)
def test_a_bounce_names_the_recipient_and_the_reply(reason: str) -> None:
    """Only dead addresses and mailboxes are permanent; a reply carries its status in its words."""
    bounce = ses_record(EVENT | {"event_type": "soft_bounce", "bounce_reason": reason})["bounce"]
    (recipient,) = bounce["bouncedRecipients"]
    assert recipient["emailAddress"] == EVENT["email"]
    assert recipient["status"] in recipient["diagnosticCode"]
    assert (bounce["bounceType"] == "Permanent") == (reason in ("invalid_address", "mailbox_disabled"))


def test_an_envelope_carries_the_record_as_text() -> None:
    """SNS hands over the very record, and says when and under which id."""
    envelope = sns_envelope(EVENT)
    assert envelope["Type"] == "Notification"
    assert json.loads(envelope["Message"]) == ses_record(EVENT)
    assert envelope["Timestamp"] == "2026-05-01T09:00:07.250Z"
    assert envelope["MessageId"] != sns_envelope(EVENT | {"event": 6})["MessageId"]
    assert envelope["MessageId"] != sns_envelope(EVENT | {"account_id": "acct-0007"})["MessageId"]
