"""SendGrid: every kind of record, and the traps."""

from datetime import UTC, datetime

import pytest

from tests.events.exports import Json, ndjson, only, read, refusals, sendgrid, ses

OCCURRED_AT = datetime(2026, 5, 4, 9, 0, 7, tzinfo=UTC)


def _only(record: Json, **options: str) -> Json:
    return only(read(record, provider="sendgrid", **options))


@pytest.mark.parametrize(
    ("event", "event_type"),
    [
        ("processed", "sent"),
        ("delivered", "delivered"),
        ("deferred", "deferred"),
        ("dropped", "dropped"),
        ("spamreport", "complaint"),
        ("unsubscribe", "unsubscribe"),
        ("group_unsubscribe", "unsubscribe"),
        ("group_resubscribe", "other"),
        ("open", "open"),
        ("click", "click"),
        ("Processed", "sent"),
    ],
)
def test_each_kind_of_record(event: str, event_type: str) -> None:
    """The event's name, in any case, decides its type."""
    found = _only(sendgrid(event))
    assert (found["event_type"], found["occurred_at"]) == (event_type, OCCURRED_AT)
    assert (found["recipient"], found["recipient_domain"]) == ("ann@mail.test", "mail.test")
    assert (found["account_id"], found["provider"]) == ("unknown", "sendgrid")
    assert (found["message_id"], found["provider_event_id"]) == ("m-1.filter-7", f"e-{event}")


@pytest.mark.parametrize(
    ("facts", "event_type", "reason"),
    [
        ({"type": "bounce", "reason": "550 5.1.1 no such user"}, "hard_bounce", "invalid_address"),
        ({"type": "blocked", "reason": "500 unknown recipient"}, "soft_bounce", "invalid_address"),
        ({"type": "blocked", "status": "5.7.1", "reason": "550 on a blocklist"}, "soft_bounce", "blocked"),
        ({"type": "Blocked", "reason": "452 mailbox full"}, "soft_bounce", "mailbox_full"),
        ({"type": "bounce", "bounce_classification": "Reputation"}, "hard_bounce", "blocked"),
        ({"type": "bounce", "bounce_classification": "Invalid Address"}, "hard_bounce", "invalid_address"),
        ({"type": "blocked", "bounce_classification": "Mailbox Unavailable", "status": "5.2.2"},
         "soft_bounce", "mailbox_full"),
        ({"status": "5.0.0", "reason": "500 unknown recipient"}, "hard_bounce", "invalid_address"),
        ({"reason": "550 5.7.1 refused by a blocklist"}, "soft_bounce", "blocked"),
        ({"reason": "552 5.2.2 over quota"}, "soft_bounce", "mailbox_full"),
        ({}, "hard_bounce", "unknown"),
    ],
)  # fmt: skip
def test_bounces_and_blocks(facts: Json, event_type: str, reason: str) -> None:
    """SendGrid's type decides; without it the reason does, and 5xx alone is not hard."""
    event = _only(sendgrid("bounce", **facts))
    assert (event["event_type"], event["bounce_reason"]) == (event_type, reason)


@pytest.mark.parametrize(
    ("why", "reason"),
    [("Bounced Address", "invalid_address"), ("Invalid", "invalid_address"), ("Spam Content", "content"),
     ("Unsubscribed Address", None), ("Recipient List over Package Quota", None)],
)  # fmt: skip
def test_dropped_mail_was_never_tried(why: str, reason: str | None) -> None:
    """A drop is no bounce, whatever its status says; its reason is told where it is one of a bounce."""
    event = _only(sendgrid("dropped", reason=why, status="5.0.0"))
    assert (event["event_type"], event["bounce_reason"]) == ("dropped", reason)


def test_a_deferral_says_why_mail_waits() -> None:
    """The receiver's answer to an attempt gives the reason; the attempt is a text."""
    event = _only(sendgrid("deferred", response="451 try again later", attempt="5"))
    assert (event["event_type"], event["bounce_reason"]) == ("deferred", "transient")


@pytest.mark.parametrize("timestamp", [1_777_885_207, "1777885207", 1_777_885_207_000, "1777885207000"])
def test_times_come_as_seconds_milliseconds_and_text(timestamp: object) -> None:
    """All spellings are the same moment."""
    assert _only(sendgrid("open", timestamp=timestamp))["occurred_at"] == OCCURRED_AT


@pytest.mark.parametrize(
    ("flag", "is_machine"), [(True, True), ("true", True), (False, False), (None, False)]
)
def test_machine_opens_are_marked(flag: object, is_machine: bool) -> None:
    """An open that a mail program made by itself is told apart from a reader's."""
    assert _only(sendgrid("open", sg_machine_open=flag))["is_machine"] is is_machine


@pytest.mark.parametrize("category", ["news", ["news", "spring"], [], None, {"a": 1}])
def test_categories_of_any_shape_are_no_hindrance(category: object) -> None:
    """A category may be a word, a list or nothing; it is no campaign."""
    assert _only(sendgrid("open", category=category))["campaign_id"] is None


@pytest.mark.parametrize("shape", ["array", "object", "lines", "line of arrays"])
def test_records_come_in_any_container(shape: str) -> None:
    """Posted arrays, a single object and a record a line hold the same events."""
    one, two = sendgrid("open"), sendgrid("click", url="https://shop.test")
    files: dict[str, list[bytes | Json | list[Json]]] = {
        "array": [[one, two]],
        "object": [one, two],
        "lines": [ndjson(one, two)],
        "line of arrays": [b"[" + ndjson(one).strip() + b"]\n[" + ndjson(two).strip() + b"]\n"],
    }
    reading = read(*files[shape], provider="sendgrid")
    assert sorted(reading.events["event_type"].cast(str)) == ["click", "open"]


def test_custom_arguments_name_account_and_campaign() -> None:
    """Arguments stand flat in the record, and their names can be chosen."""
    record = sendgrid("open", account_id="north", campaign_id="spring", tenant=7, mailing="may")
    assert (_only(record)["account_id"], _only(record)["campaign_id"]) == ("north", "spring")
    event = _only(record, account_tag="tenant", campaign_tag="mailing")
    assert (event["account_id"], event["campaign_id"]) == ("7", "may")


def test_a_documented_field_is_no_custom_argument() -> None:
    """Whoever names a field of SendGrid's own as account gets none, not the recipient."""
    assert _only(sendgrid("open"), account_tag="email", account_id="north")["account_id"] == "north"


@pytest.mark.parametrize(
    ("facts", "campaign"), [({"marketing_campaign_id": 12345}, "12345"), ({"singlesend_id": "s-1"}, "s-1")]
)
def test_marketing_mail_names_its_campaign(facts: Json, campaign: str) -> None:
    """Without an argument the marketing campaign or single send is the campaign."""
    assert _only(sendgrid("open", **facts))["campaign_id"] == campaign


def test_a_shared_event_id_is_not_enough_to_be_a_duplicate() -> None:
    """Events of one id but another kind, recipient or time are kept; only the same again is a duplicate."""
    records = [
        sendgrid("open", sg_event_id="x"),
        sendgrid("click", sg_event_id="x"),
        sendgrid("open", sg_event_id="x", email="bob@mail.test"),
        sendgrid("open", sg_event_id="x", timestamp=1_777_885_208),
        sendgrid("open", sg_event_id="x"),
    ]
    reading = read(records, provider="sendgrid")
    assert (reading.accepted, reading.duplicate) == (4, 1)


def test_the_message_may_have_its_older_name_only() -> None:
    """Without SendGrid's message id the mail's own stands in; without any the message is unknown."""
    assert _only(sendgrid("open", sg_message_id=None, **{"smtp-id": "<a.b>"}))["message_id"] == "a.b"
    assert _only(sendgrid("open", sg_message_id="", **{"smtp-id": ""}))["message_id"] is None


def test_the_send_time_is_that_of_the_processed_event() -> None:
    """SendGrid says nothing of the sending: the message's own event does, else the event's own day."""
    reading = read(
        [
            sendgrid("open", timestamp=1_778_000_000),
            sendgrid("processed", timestamp=1_777_885_000),
            sendgrid("open", timestamp=1_778_000_000, email="bob@mail.test"),
        ],
        provider="sendgrid",
    )
    sent_at = {row["recipient"]: row["sent_at"].timestamp() for row in reading.events.iter_rows(named=True)}
    assert sent_at == {"ann@mail.test": 1_777_885_000, "bob@mail.test": 1_778_000_000}
    assert reading.sent_at_from == {"provider": 0, "message": 2, "event": 1}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (ses("Send"), "no event of SendGrid"),
        (sendgrid("levitated"), "unknown SendGrid event 'levitated'"),
        ({"event": 7}, "unknown SendGrid event '7'"),
        (sendgrid("open", timestamp=None), "time of the event is missing"),
        (sendgrid("open", timestamp=0), "time of the event == '0', must lie in the years 1971 to 2099"),
        (sendgrid("open", timestamp="now"), "time of the event == 'now', must be a point in time"),
        (sendgrid("open", email=None), "no recipient"),
        (sendgrid("open", email="ann"), "recipient is no address"),
    ],
)
def test_what_is_no_event_is_refused_with_its_reason(record: Json, reason: str) -> None:
    """A record of another provider, of unknown kind or without what makes an event is quarantined."""
    reading = read([sendgrid("click"), record], provider="sendgrid")
    assert refusals(reading) == [("line 1, item 2", reason)]
    assert reading.accepted == 1
