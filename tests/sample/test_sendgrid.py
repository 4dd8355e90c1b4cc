"""SendGrid records: one flat object an event."""

from typing import Any

import pytest

from deliverlab.sample.sendgrid import sendgrid_record
from tests.sample.test_ses import EVENT


@pytest.mark.parametrize(
    ("event_type", "name", "facts"),
    [
        ("sent", "processed", {}),
        ("delivered", "delivered", {"response": "250 2.0.0 OK"}),
        ("deferred", "deferred", {"attempt": "1"}),
        ("dropped", "dropped", {"reason": "Bounced Address"}),
        ("hard_bounce", "bounce", {"type": "bounce", "status": "5.1.1"}),
        ("open", "open", {"sg_machine_open": False}),
        ("click", "click", {"url": "https://www.example.com/offer"}),
        ("complaint", "spamreport", {}),
        ("unsubscribe", "group_unsubscribe", {"asm_group_id": 10}),
    ],
)
def test_each_type_has_its_fields(event_type: str, name: str, facts: dict[str, Any]) -> None:
    """Documented fields, whole seconds, and the account's own arguments beside them."""
    record = sendgrid_record(EVENT | {"event_type": event_type})
    assert record["event"] == name
    assert record["timestamp"] == 1_777_626_007
    assert (record["account_id"], record["campaign_id"]) == ("acct-0003", "newsletter-2026-05")
    assert record | facts == record


def test_two_events_of_a_message_share_its_id_and_nothing_else() -> None:
    """What belongs together can be joined, what came twice can be told."""
    sent, opened = (
        sendgrid_record(EVENT | {"event_type": name, "event": i}) for i, name in enumerate(["sent", "open"])
    )
    assert sent["sg_message_id"] == opened["sg_message_id"]
    assert sent["sg_event_id"] != opened["sg_event_id"]


def test_two_in_three_unsubscribe_from_everything() -> None:
    """The third leaves one group of mails only."""
    names = [sendgrid_record(EVENT | {"event_type": "unsubscribe", "message": n})["event"] for n in range(3)]
    assert names == ["group_unsubscribe", "unsubscribe", "unsubscribe"]


def test_a_machine_is_marked() -> None:
    """So that a reader need not guess from the user agent."""
    assert sendgrid_record(EVENT | {"event_type": "open", "is_machine": True})["sg_machine_open"] is True
