"""Amazon SES: every kind of record, and the traps."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.events.exports import AT, SENT, Json, only, read, refusals, ses, ses_bounce, sns

SENT_AT = datetime(2026, 5, 4, 9, 0, 0, tzinfo=UTC)
OCCURRED_AT = datetime(2026, 5, 4, 9, 0, 7, 250_000, tzinfo=UTC)
THREE = ("ann@mail.test", "bob@mail.test", "cyd@mail.test")


def _concerned(*recipients: str) -> list[Json]:
    return [{"emailAddress": recipient} for recipient in recipients]


@pytest.mark.parametrize(
    ("record", "event_type", "occurred_at"),
    [
        (ses("Send"), "sent", SENT_AT),
        (ses("Delivery", timestamp=AT, recipients=["ann@mail.test"]), "delivered", OCCURRED_AT),
        (
            ses("DeliveryDelay", timestamp=AT, delayedRecipients=_concerned("ann@mail.test")),
            "deferred",
            OCCURRED_AT,
        ),
        (
            ses("Complaint", timestamp=AT, complainedRecipients=_concerned("ann@mail.test")),
            "complaint",
            OCCURRED_AT,
        ),
        (ses("Reject", reason="Bad content"), "dropped", SENT_AT),
        (ses("Rendering Failure", errorMessage="no such attribute"), "dropped", SENT_AT),
        (ses("Open", timestamp=AT), "open", OCCURRED_AT),
        (ses("Click", timestamp=AT, link="https://shop.test/"), "click", OCCURRED_AT),
        (ses_bounce("Permanent", "General"), "hard_bounce", OCCURRED_AT),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind_of_record(record: Json, event_type: str, occurred_at: datetime) -> None:
    """The event's type and time are the record's; its send time is the mail's own."""
    event = only(read(record))
    assert (event["event_type"], event["occurred_at"], event["sent_at"]) == (event_type, occurred_at, SENT_AT)
    assert (event["recipient"], event["recipient_domain"]) == ("ann@mail.test", "mail.test")
    assert (event["provider"], event["message_id"], event["source"]) == ("ses", "m-1", "0.json")
    assert event["received_at"] is None
    assert not event["is_machine"]


@pytest.mark.parametrize("kind", ["Delivery", "Bounce", "Complaint"])
def test_feedback_notifications_are_events_too(kind: str) -> None:
    """Without event publishing the type stands under another name; nothing else differs."""
    records: dict[str, Json] = {
        "Delivery": ses("Delivery", key="notificationType", timestamp=AT, recipients=["ann@mail.test"]),
        "Bounce": ses_bounce("Permanent", "NoEmail", key="notificationType"),
        "Complaint": ses(
            "Complaint",
            key="notificationType",
            timestamp=AT,
            complainedRecipients=_concerned("ann@mail.test"),
        ),
    }
    assert only(read(records[kind]))["raw_type"].startswith(kind)


@pytest.mark.parametrize(
    ("kind", "sub_type", "event_type", "reason"),
    [
        ("Permanent", "General", "hard_bounce", "unknown"),
        ("Permanent", "NoEmail", "hard_bounce", "invalid_address"),
        ("Permanent", "Suppressed", "hard_bounce", "invalid_address"),
        ("Permanent", "OnAccountSuppressionList", "dropped", None),
        ("Permanent", "OnTenantSuppressionList", "dropped", None),
        ("Permanent", "EmailValidationSuppressed", "dropped", None),
        ("Permanent", "UnsubscribedRecipient", "dropped", None),
        ("Permanent", "SomethingNew", "hard_bounce", "unknown"),
        ("Transient", "General", "soft_bounce", "unknown"),
        ("Transient", "MailboxFull", "soft_bounce", "mailbox_full"),
        ("Transient", "MessageTooLarge", "soft_bounce", "too_large"),
        ("Transient", "ContentRejected", "soft_bounce", "content"),
        ("Transient", "AttachmentRejected", "soft_bounce", "content"),
        ("Transient", "CustomTimeoutExceeded", "soft_bounce", "expired"),
        ("Undetermined", "Undetermined", "soft_bounce", "unknown"),
    ],
)
def test_each_bounce_class(kind: str, sub_type: str, event_type: str, reason: str | None) -> None:
    """SES's own class decides the type, and the reason where it means one; new sub-types follow."""
    event = only(read(ses_bounce(kind, sub_type)))
    assert (event["event_type"], event["bounce_reason"]) == (event_type, reason)
    assert event["raw_type"] == f"Bounce/{kind}/{sub_type}"
    assert event["provider_event_id"] == "fb-1"


def test_a_bounce_says_why_in_status_and_words() -> None:
    """Where the class is general, the receiver's own report tells the reason of each recipient."""
    reading = read(
        ses_bounce(
            "Transient",
            "General",
            recipients=[
                {"emailAddress": "ann@mail.test", "status": "5.2.2", "action": "failed"},
                {"emailAddress": "bob@mail.test", "diagnosticCode": "smtp; 550 5.7.1 on a blocklist"},
            ],
        )
    )
    assert dict(reading.events.select("recipient", "bounce_reason").iter_rows()) == {
        "ann@mail.test": "mailbox_full",
        "bob@mail.test": "blocked",
    }


def test_out_of_office_is_no_bounce() -> None:
    """An automatic answer comes as a transient bounce without any report, its recipient as a name."""
    event = only(read(ses_bounce("Transient", "General", recipients=_concerned("Ann Lee <ann@Mail.test>"))))
    assert (event["event_type"], event["bounce_reason"]) == ("other", "autoreply")
    assert event["recipient"] == "ann@mail.test"


def test_a_permanent_bounce_needs_no_report() -> None:
    """A hard bounce without any report stays one."""
    assert (
        only(read(ses_bounce("Permanent", "General", recipients=_concerned("ann@mail.test"))))["event_type"]
        == "hard_bounce"
    )


@pytest.mark.parametrize(
    "record",
    [
        ses_bounce("Permanent", "General", to=THREE, recipients=_concerned("bob@mail.test")),
        ses("Complaint", to=THREE, timestamp=AT, complainedRecipients=_concerned("bob@mail.test")),
        ses("Delivery", to=THREE, timestamp=AT, recipients=["bob@mail.test"]),
        ses("DeliveryDelay", to=THREE, timestamp=AT, delayedRecipients=_concerned("bob@mail.test")),
    ],
    ids=["bounce", "complaint", "delivery", "delay"],
)
def test_only_those_concerned_count(record: Json) -> None:
    """The message's recipients are not those who bounced, complained or got the mail."""
    assert only(read(record))["recipient"] == "bob@mail.test"


@pytest.mark.parametrize(
    "record", [ses("Send", to=THREE), ses("Open", to=THREE, timestamp=AT)], ids=["send", "open"]
)
def test_what_concerns_the_message_concerns_all(record: Json) -> None:
    """A message is sent to everybody, and SES cannot say which of them opened it."""
    assert sorted(read(record).events["recipient"]) == list(THREE)


@pytest.mark.parametrize(
    ("part", "event_type"),
    [
        ({"complaintFeedbackType": "abuse", "complaintSubType": None}, "complaint"),
        ({"complaintFeedbackType": "not-spam"}, "other"),
        ({"complaintSubType": "OnAccountSuppressionList"}, "dropped"),
        ({"complaintSubType": "SomethingNew"}, "complaint"),
    ],
)
def test_not_every_complaint_is_one(part: dict[str, Any], event_type: str) -> None:
    """Feedback that mail is no spam, and mail that was never tried, are no complaints."""
    record = ses("Complaint", timestamp=AT, complainedRecipients=_concerned("ann@mail.test"), **part)
    assert only(read(record))["event_type"] == event_type


def test_a_complaint_is_dated_by_its_feedback() -> None:
    """The time at which the receiver got the mail is not the time of the complaint."""
    record = ses(
        "Complaint", timestamp=AT, arrivalDate=SENT, complainedRecipients=_concerned("ann@mail.test")
    )
    assert only(read(record))["occurred_at"] == OCCURRED_AT


def _topics(**status: str) -> list[Json]:
    return [{"topicName": name, "subscriptionStatus": value} for name, value in status.items()]


@pytest.mark.parametrize(
    ("before", "after", "event_type"),
    [
        ({"unsubscribeAll": False}, {"unsubscribeAll": True}, "unsubscribe"),
        (
            {"unsubscribeAll": False, "topicSubscriptionStatus": _topics(news="OptIn", shop="OptOut")},
            {"unsubscribeAll": False, "topicSubscriptionStatus": _topics(news="OptOut", shop="OptOut")},
            "unsubscribe",
        ),
        (
            {"unsubscribeAll": True, "topicSubscriptionStatus": _topics(news="OptOut", shop="OptOut")},
            {"unsubscribeAll": False, "topicSubscriptionStatus": _topics(news="OptIn", shop="OptOut")},
            "other",
        ),
        (None, {"topicSubscriptionStatus": _topics(news="OptOut")}, "unsubscribe"),
        (None, None, "other"),
        ("x", {"topicSubscriptionStatus": [1, None]}, "other"),
    ],
)
def test_a_subscription_may_go_either_way(before: object, after: object, event_type: str) -> None:
    """Only who leaves everything, or a topic not left before, unsubscribes."""
    record = ses("Subscription", timestamp=AT, oldTopicPreferences=before, newTopicPreferences=after)
    assert only(read(record))["event_type"] == event_type


@pytest.mark.parametrize(
    "written", ["2026-05-04T02:00:07.250-07:00", "2026-05-04T09:00:07.250 +0000", "2026-05-04T09:00:07.250Z"]
)
def test_old_spellings_of_time_are_read(written: str) -> None:
    """Records of years ago carry offsets, some with a space before them."""
    assert only(read(ses("Open", timestamp=written)))["occurred_at"] == OCCURRED_AT


def test_tags_name_account_and_campaign() -> None:
    """Tags are lists; the first value counts, and the names of the tags can be chosen."""
    tags = {"account_id": ["north"], "campaign_id": ["spring"], "tenant": ["south"], "mailing": [7]}
    event = only(read(ses("Send", tags=tags)))
    assert (event["account_id"], event["campaign_id"]) == ("north", "spring")
    event = only(read(ses("Send", tags=tags), account_tag="tenant", campaign_tag="mailing"))
    assert (event["account_id"], event["campaign_id"]) == ("south", "7")


def test_an_envelope_adds_when_the_event_was_received() -> None:
    """Inside SNS the record is text; the envelope's time is when it reached us, not when it happened."""
    event = only(read(sns(ses("Open", timestamp=AT))))
    assert event["occurred_at"] == OCCURRED_AT
    assert event["received_at"] == datetime(2026, 5, 4, 9, 0, 9, tzinfo=UTC)


def test_a_second_delivery_in_another_envelope_is_a_duplicate() -> None:
    """Neither the envelope nor its time makes an event; the one that was received first stays."""
    record = ses_bounce("Permanent", "General")
    again = sns(record, at="2026-05-04T11:00:00.000Z", message_id="n-2")
    reading = read([again, sns(record), sns(record, at="2026-05-04T10:00:00.000Z")])
    assert (reading.read, reading.accepted, reading.duplicate) == (3, 1, 2)
    assert reading.events["received_at"][0] == datetime(2026, 5, 4, 9, 0, 9, tzinfo=UTC)


def test_two_clicks_at_once_on_two_links_are_two() -> None:
    """SES gives clicks no name of their own: message, recipient, time and link tell them apart."""
    links = ["https://shop.test/a", "https://shop.test/b", "https://shop.test/a"]
    reading = read([ses("Click", timestamp=AT, link=link) for link in links])
    assert (reading.accepted, reading.duplicate) == (2, 1)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"email": "ann@mail.test", "event": "open"}, "no event of SES"),
        (ses("Teleport"), "unknown SES event 'Teleport'"),
        ({"eventType": {"a": 1}, "mail": {}}, "no event of SES"),
        ({"eventType": "Send"}, "time of the event is missing"),
        ({"eventType": "Open", "mail": {"destination": ["a@b.test"]}}, "time of the event is missing"),
        (ses("Send", to=()), "no recipient"),
        (ses_bounce("Permanent", "General", recipients=[]), "no recipient"),
        (ses("Delivery", timestamp=AT, recipients=[{}]), "no recipient"),
        (ses_bounce("Sideways", "General"), "unknown SES event 'Bounce/Sideways/General'"),
        (ses("Open"), "time of the event is missing"),
        (ses("Open", timestamp="soon"), "time of the event == 'soon', must be a point in time"),
        (
            ses("Open", timestamp=AT, sent="1969-01-01T00:00:00Z"),
            "time of the sending == '1969-01-01T00:00:00Z', must lie in the years 1971 to 2099",
        ),
        (ses("Send", to=("ann",)), "recipient is no address"),
        ({"Type": "SubscriptionConfirmation", "Message": "Visit us"},
         "SNS control message 'SubscriptionConfirmation': not an event"),
        ({"Type": "Notification", "Message": "All is well."}, "the message inside is not JSON"),
        ({"Type": "Notification", "Message": "[1]"}, "the message inside is no JSON object"),
        (sns(ses("Open", timestamp=AT), at="soon"),
         "time of receipt == 'soon', must be a point in time"),
        ({"Records": [{"s3": {"object": "x"}}]}, "nothing inside that could be an event"),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused_with_its_reason(record: Json, reason: str) -> None:
    """A record of another provider, of unknown kind or without what makes an event is quarantined."""
    reading = read(record)
    assert refusals(reading) == [("line 1", reason)]
    assert (reading.read, reading.accepted) == (1, 0)


def test_one_bad_recipient_costs_no_other() -> None:
    """Each recipient is an entry of its own."""
    reading = read(ses("Send", to=("ann@mail.test", "nobody", "bob@mail.test")))
    assert (reading.read, reading.accepted, reading.quarantined) == (3, 2, 1)
