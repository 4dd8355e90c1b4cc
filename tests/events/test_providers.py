"""Mailgun, Postmark, HubSpot, SparkPost, Mandrill and Brevo: every kind of record, and the traps."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from deliverlab.errors import DataError
from deliverlab.events.bounces import HARD_REASONS
from deliverlab.events.entries import BOUNCE, Tags
from deliverlab.events.providers import PROVIDERS
from deliverlab.schemas import BOUNCE_REASONS, EVENT_TYPES
from tests.events.exports import (
    SECONDS,
    Json,
    brevo,
    hubspot,
    mailgun,
    mailgun_failure,
    mandrill,
    only,
    postmark,
    read,
    refusals,
    sparkpost,
)

AT = datetime(2026, 5, 4, 9, 0, 7, 250_000, tzinfo=UTC)
AT_SECOND = datetime(2026, 5, 4, 9, 0, 7, tzinfo=UTC)
SENT_AT = datetime(2026, 5, 4, 9, 0, 0, tzinfo=UTC)

BY_NAME: dict[str, tuple[Callable[..., Json], datetime]] = {
    "mailgun": (mailgun, AT),
    "postmark": (postmark, AT),
    "hubspot": (hubspot, AT),
    "sparkpost": (sparkpost, AT_SECOND),
    "mandrill": (mandrill, AT_SECOND),
    "brevo": (brevo, AT),
}

KINDS = {
    "mailgun": {
        "accepted": "sent", "delivered": "delivered", "opened": "open", "clicked": "click",
        "unsubscribed": "unsubscribe", "complained": "complaint", "rejected": "dropped", "stored": "other",
        "list_member_uploaded": "other", "Delivered": "delivered",
    },
    "postmark": {
        "Delivery": "delivered", "Open": "open", "Click": "click", "SpamComplaint": "complaint",
        "SubscriptionChange": "other",
    },
    "hubspot": {
        "SENT": "sent", "PROCESSED": "other", "DELIVERED": "delivered",
        "DEFERRED": "deferred", "OPEN": "open",
        "CLICK": "click", "CLICK_ON_IDENTIFIED_LINK": "click", "SPAMREPORT": "complaint",
        "DROPPED": "dropped",
        "SUPPRESSED": "dropped", "MTA_DROPPED": "dropped", "ERROR": "dropped", "UNSUBSCRIBED": "unsubscribe",
        "STATUSCHANGE": "other", "UNBOUNCE": "other", "FORWARD": "other", "PRINT": "other", "REPLY": "other",
        "SELECTED": "other", "OPT_IN_CHANGE": "other",
    },
    "sparkpost": {
        "injection": "sent", "delivery": "delivered", "delay": "deferred", "spam_complaint": "complaint",
        "policy_rejection": "dropped", "generation_failure": "dropped", "generation_rejection": "dropped",
        "list_unsubscribe": "unsubscribe", "link_unsubscribe": "unsubscribe", "open": "open",
        "amp_open": "open", "initial_open": "other", "amp_initial_open": "other", "click": "click",
        "amp_click": "click",
    },
    "mandrill": {
        "send": "sent", "delivered": "delivered", "deferral": "deferred", "hard_bounce": "hard_bounce",
        "soft_bounce": "soft_bounce", "reject": "dropped", "spam": "complaint", "unsub": "unsubscribe",
        "open": "open", "click": "click",
    },
    "brevo": {
        "request": "sent", "delivered": "delivered", "hard_bounce": "hard_bounce",
        "hardBounces": "hard_bounce",
        "soft_bounce": "soft_bounce", "softBounces": "soft_bounce", "deferred": "deferred",
        "blocked": "dropped",
        "invalid_email": "hard_bounce", "error": "dropped", "spam": "complaint", "complaint": "complaint",
        "unsubscribe": "unsubscribe", "unsubscribed": "unsubscribe", "opened": "open",
        "unique_opened": "open",
        "proxy_open": "open", "unique_proxy_open": "open", "click": "click", "clicks": "click",
        "requests": "sent", "list_addition": "other",
    },
}  # fmt: skip


def _only(record: Json | list[Json], provider: str, **options: Any) -> Json:  # noqa: ANN401 - options of read
    return only(read(record, provider=provider, **options))


@pytest.mark.parametrize(
    ("provider", "word", "event_type"),
    [(provider, word, kind) for provider, kinds in KINDS.items() for word, kind in kinds.items()],
)
def test_each_kind_of_record(provider: str, word: str, event_type: str) -> None:
    """The provider's word decides the type; time, recipient, message and provider are the record's own."""
    make, at = BY_NAME[provider]
    event = _only(make(word), provider)
    assert (event["event_type"], event["occurred_at"]) == (event_type, at)
    assert (event["recipient"], event["recipient_domain"]) == ("ann@mail.test", "mail.test")
    assert event["provider"] == provider


@pytest.mark.parametrize("provider", BY_NAME)
def test_strange_words_are_refused(provider: str) -> None:
    """A kind of event that a provider has added since is quarantined, and named."""
    ((_, reason),) = refusals(read(BY_NAME[provider][0]("levitated"), provider=provider))
    assert reason.startswith("unknown ")
    assert "levitated" in reason.lower()


@pytest.mark.parametrize("provider", BY_NAME)
def test_records_of_others_are_refused(provider: str) -> None:
    """No provider takes an object that is nothing, nor a mail that is no event."""
    reading = read([{"n": 1}, {}], provider=provider)
    assert reading.accepted == 0
    assert {reason for _, reason in refusals(reading)} == {f"no event of {PROVIDERS[provider].title}"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_tables_of_every_provider_hold_known_words(provider: str) -> None:
    """Whatever a mapping table of a provider says is a type or a reason that deliverlab knows."""
    import importlib

    module = importlib.import_module(f"deliverlab.events.{provider}")
    allowed = {*EVENT_TYPES, *BOUNCE_REASONS, BOUNCE, None, True, False}
    for name, told in vars(module).items():
        if name.isupper() and isinstance(told, dict) and name not in ("KINDS", "IDS", "PREFERENCES"):
            words = {
                word for value in told.values() for word in (value if isinstance(value, tuple) else (value,))
            }
            assert words <= allowed, name


@pytest.mark.parametrize(
    ("record", "event_type", "reason"),
    [
        (mailgun_failure("temporary", "generic", code=451, message="4.7.0 try again"),
         "deferred", "transient"),
        (mailgun_failure("permanent", "suppress-bounce", code=605), "dropped", None),
        (mailgun_failure("permanent", "suppress-unsubscribe", code=606), "dropped", None),
        (mailgun_failure("permanent", "generic", code=607), "dropped", None),
        (mailgun_failure("permanent", "old", code=602, message="too old"), "soft_bounce", "expired"),
        (mailgun_failure("permanent", "bounce", code=550, **{"enhanced-code": "5.1.1"}),
         "hard_bounce", "invalid_address"),
        (mailgun_failure("permanent", "generic", code=550, message="5.7.1 on a blocklist"),
         "soft_bounce", "blocked"),
        (mailgun_failure("permanent", "espblock", code=550), "soft_bounce", "blocked"),
        (mailgun("dropped"), "dropped", None),
        (mailgun("bounced", code="550", error="no such user"), "hard_bounce", "invalid_address"),
    ],
)  # fmt: skip
def test_mailgun_failures(record: Json, event_type: str, reason: str | None) -> None:
    """Mail that Mailgun never tried is no bounce, an attempt neither; 550 alone is not hard."""
    event = _only(record, "mailgun")
    assert (event["event_type"], event["bounce_reason"]) == (event_type, reason)


def test_mailgun_comes_in_envelopes_and_pages() -> None:
    """A webhook signs its event at another time; a page of the API holds many, or none."""
    signed = {"signature": {"timestamp": "1600000000", "token": "t"}, "event-data": mailgun("opened")}
    assert _only(signed, "mailgun")["occurred_at"] == AT
    page = {"items": [mailgun("opened"), mailgun("clicked")], "paging": {"next": "https://api.test"}}
    assert read(page, provider="mailgun").accepted == 2
    empty = read({"items": [], "paging": {}}, provider="mailgun")
    assert (empty.records, empty.read) == (1, 0)


def test_mailgun_says_whom_an_event_concerns() -> None:
    """The recipient is not the To header; rejected mail has only that, stored mail nobody."""
    assert _only(mailgun("delivered"), "mailgun")["recipient"] == "ann@mail.test"
    assert _only(mailgun("rejected", recipient=None), "mailgun")["recipient"] == "team@mail.test"
    stored = _only(mailgun("stored", recipient=None), "mailgun")
    assert (stored["event_type"], stored["recipient"], stored["recipient_domain"]) == ("other", None, None)
    assert refusals(read(mailgun("opened", recipient=None), provider="mailgun")) == [
        ("line 1", "no recipient")
    ]


def test_mailgun_keys_machines_and_tests() -> None:
    """An id is unique within a day only; a bot's open and a test are marked; the domain is the account."""
    twice = [mailgun("opened"), mailgun("opened"), mailgun("opened", timestamp=SECONDS + 86_400)]
    reading = read(twice, provider="mailgun")
    assert (reading.accepted, reading.duplicate) == (2, 1)
    event = _only(
        mailgun("opened", **{"client-info": {"bot": "apple"}, "flags": {"is-test-mode": True}}), "mailgun"
    )
    assert (event["is_machine"], event["is_test"], event["account_id"]) == (True, True, "shop.test")
    tagged = mailgun("opened", **{"user-variables": {"account_id": "north", "campaign_id": 7}})
    event = _only(tagged, "mailgun")
    assert (event["account_id"], event["campaign_id"], event["is_machine"]) == ("north", "7", False)
    assert _only(mailgun("opened", **{"user-variables": []}), "mailgun")["message_id"] == "m-1@shop.test"


@pytest.mark.parametrize(
    ("kind", "event_type", "reason"),
    [
        ("HardBounce", "hard_bounce", "invalid_address"),
        ("BadEmailAddress", "hard_bounce", "invalid_address"),
        ("SoftBounce", "soft_bounce", "invalid_address"),
        ("SpamNotification", "soft_bounce", "content"),
        ("Blocked", "soft_bounce", "blocked"),
        ("DMARCPolicy", "soft_bounce", "policy"),
        ("Transient", "deferred", "transient"),
        ("DnsError", "deferred", "transient"),
        ("SpamComplaint", "complaint", None),
        ("Unsubscribe", "unsubscribe", None),
        ("Subscribe", "other", None),
        ("AutoResponder", "other", "autoreply"),
        ("AddressChange", "other", None),
        ("ManuallyDeactivated", "dropped", None),
    ],
)
def test_postmark_bounces_by_type(kind: str, event_type: str, reason: str | None) -> None:
    """The type decides, not the code that contradicts it; an unsubscribe may come as a bounce."""
    record = postmark("Bounce", Type=kind, TypeCode=512, ID=9, Details="smtp;550 5.1.1 user unknown")
    event = _only(record, "postmark")
    assert (event["event_type"], event["bounce_reason"]) == (event_type, reason)
    assert (event["provider_event_id"], event["raw_type"]) == ("9", f"Bounce/{kind}")


def test_postmark_objects_of_its_api_have_no_record_type() -> None:
    """A bounce that was polled is the bounce that was posted: one event."""
    posted = postmark("Bounce", Type="HardBounce", ID=9)
    polled = {name: value for name, value in posted.items() if name not in ("RecordType", "ServerID")}
    page = {"TotalCount": 1, "Bounces": [polled | {"ServerID": 23}]}
    assert _only(polled, "postmark")["event_type"] == "hard_bounce"
    reading = read([posted, page], provider="postmark")
    assert (reading.accepted, reading.duplicate) == (1, 1)


@pytest.mark.parametrize(
    ("facts", "event_type"),
    [
        (
            {"SuppressSending": True, "SuppressionReason": "ManualSuppression", "Origin": "Recipient"},
            "unsubscribe",
        ),
        ({"SuppressSending": True, "SuppressionReason": "ManualSuppression", "Origin": "Customer"}, "other"),
        ({"SuppressSending": True, "SuppressionReason": "HardBounce", "Origin": "Recipient"}, "other"),
        ({"SuppressSending": False, "SuppressionReason": None, "Origin": "Recipient"}, "other"),
    ],
)
def test_postmark_subscriptions_change_for_many_reasons(facts: Json, event_type: str) -> None:
    """Only a recipient who asked for it unsubscribes; bounces come as records of their own."""
    assert _only(postmark("SubscriptionChange", **facts), "postmark")["event_type"] == event_type


def test_postmark_servers_and_streams() -> None:
    """The account is the server, however spelled; the standard streams tell receipts from newsletters."""
    event = _only(postmark("Open", ServerID=None, ServerId=23, MessageStream="outbound"), "postmark")
    assert (event["account_id"], event["is_transactional"]) == ("23", True)
    assert _only(postmark("Open", MessageStream="broadcast"), "postmark")["is_transactional"] is False
    assert _only(postmark("Open", MessageStream="mine"), "postmark")["is_transactional"] is None


@pytest.mark.parametrize(
    ("facts", "event_type", "reason"),
    [
        ({"category": "UNKNOWN_USER"}, "hard_bounce", "invalid_address"),
        ({"category": "CONTENT"}, "hard_bounce", "content"),
        ({"category": "POLICY"}, "hard_bounce", "policy"),
        ({"category": "MAILBOX_FULL", "status": "5.2.2"}, "soft_bounce", "mailbox_full"),
        ({"category": "THROTTLED"}, "soft_bounce", "transient"),
        ({"category": "DMARC"}, "soft_bounce", "policy"),
        ({"category": "UNCATEGORIZED", "response": "550 5.1.1 no"}, "soft_bounce", "invalid_address"),
        ({"category": "BRAND_NEW", "response": "550 5.1.1 no such user"}, "hard_bounce", "invalid_address"),
        ({"response": "550 5.7.1 blocked"}, "soft_bounce", "blocked"),
        ({}, "soft_bounce", "unknown"),
    ],
)
def test_hubspot_bounces_by_category(facts: Json, event_type: str, reason: str) -> None:
    """HubSpot's own class decides, and code and words where it has none; silence is soft."""
    event = _only(hubspot("BOUNCE", **facts), "hubspot")
    assert (event["event_type"], event["bounce_reason"]) == (event_type, reason)


@pytest.mark.parametrize(
    ("facts", "event_type"),
    [
        ({"portalSubscriptionStatus": "UNSUBSCRIBED"}, "unsubscribe"),
        ({"subscriptions": [{"id": 7, "status": "UNSUBSCRIBED"}]}, "unsubscribe"),
        ({"subscriptions": [{"id": 7, "status": "SUBSCRIBED"}]}, "other"),
        ({"portalSubscriptionStatus": "SUBSCRIBED", "subscriptions": []}, "other"),
    ],
)
def test_hubspot_statuses_change_both_ways(facts: Json, event_type: str) -> None:
    """Who subscribes again does not unsubscribe."""
    assert _only(hubspot("STATUSCHANGE", **facts), "hubspot")["event_type"] == event_type


def test_hubspot_pages_portals_and_robots() -> None:
    """A page holds events backwards; the portal is the account; filtered opens are machines'."""
    page = {"hasMore": False, "offset": "x", "events": [hubspot("OPEN", filteredEvent=True), hubspot("SENT")]}
    reading = read(page, provider="hubspot")
    opened, sent = sorted(reading.events.iter_rows(named=True), key=lambda event: str(event["event_type"]))
    assert (opened["is_machine"], sent["is_machine"]) == (True, False)
    assert (opened["account_id"], opened["campaign_id"], opened["sent_at"]) == ("62515", "13", SENT_AT)
    assert opened["message_id"] == "i-SENT"
    assert (sent["message_id"], sent["sent_at"]) == ("i-SENT", AT)
    again = read([page, page], provider="hubspot")
    assert (again.accepted, again.duplicate) == (2, 2)


def test_hubspot_knows_an_event_by_id_and_time() -> None:
    """A category that HubSpot derives anew makes no second bounce; another time does."""
    reading = read(
        [
            hubspot("BOUNCE", category="CONTENT"),
            hubspot("BOUNCE", category="SPAM"),
            hubspot("BOUNCE", category="SPAM", created=SECONDS * 1_000),
        ],
        provider="hubspot",
    )
    assert (reading.accepted, reading.duplicate) == (2, 1)


def test_hubspot_recipients_may_be_hashed_or_missing() -> None:
    """A connector's hash stands for the recipient and has no domain; an un-bounce names nobody."""
    event = _only(hubspot("OPEN", recipient="q4Zf0p2mTt1sB7yZQk3vXg=="), "hubspot")
    assert (event["recipient"], event["recipient_domain"]) == ("q4Zf0p2mTt1sB7yZQk3vXg==", None)
    assert _only(hubspot("UNBOUNCE", recipient=None, portalId=None), "hubspot")["recipient"] is None


@pytest.mark.parametrize(
    ("bounce_class", "event_type", "reason"),
    [
        ("10", "hard_bounce", "invalid_address"), (30, "hard_bounce", "invalid_address"),
        ("20", "soft_bounce", "unknown"), ("21", "soft_bounce", "transient"),
        ("22", "soft_bounce", "mailbox_full"), ("23", "soft_bounce", "too_large"),
        ("24", "soft_bounce", "expired"), ("25", "dropped", None), ("26", "dropped", None),
        ("50", "soft_bounce", "blocked"), ("52", "soft_bounce", "content"), ("60", "other", "autoreply"),
        ("70", "soft_bounce", "transient"), ("80", "other", None), ("90", "unsubscribe", None),
        ("100", "other", "autoreply"), (None, "hard_bounce", "unknown"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["bounce", "out_of_band"])
def test_sparkpost_bounces_by_class(
    kind: str, bounce_class: object, event_type: str, reason: str | None
) -> None:
    """A request to unsubscribe is no bad address, an automatic answer no bounce."""
    event = _only(sparkpost(kind, bounce_class=bounce_class), "sparkpost")
    assert (event["event_type"], event["bounce_reason"]) == (event_type, reason)


def test_sparkpost_pings_pages_and_strange_classes() -> None:
    """A ping holds nothing; a page of the API is flat; a class nobody knows is not lost."""
    ping = read([{"msys": {}}], provider="sparkpost")
    assert (ping.records, ping.read) == (1, 0)
    page = {"results": [sparkpost("open")["msys"]["message_event"]], "total_count": 1}
    assert _only(page, "sparkpost")["event_type"] == "open"
    assert refusals(read({"msys": {"sms_event": {"type": "x"}}}, provider="sparkpost")) == [
        ("line 1", "nothing inside that could be an event")
    ]
    for group in ("track_event", "unsubscribe_event", "gen_event", "relay_event"):
        assert _only(sparkpost("click", group=group), "sparkpost")["event_type"] == "click"


def test_sparkpost_times_accounts_and_prefetching() -> None:
    """Times may be ISO text; the subaccount is the account; mail fetched ahead was read by a machine."""
    record = sparkpost(
        "open",
        timestamp="2026-05-04T09:00:07.250Z",
        injection_time="2026-05-04T09:00:00Z",
        user_agent_parsed={"is_prefetched": True, "is_proxy": True},
    )
    event = _only(record, "sparkpost")
    assert (event["occurred_at"], event["sent_at"], event["account_id"]) == (AT, SENT_AT, "101")
    assert event["is_machine"]
    assert _only(sparkpost("open", subaccount_id="0"), "sparkpost")["account_id"] == "1"


def test_mandrill_dates_events_and_not_their_mail() -> None:
    """`ts` is the event and `msg.ts` the sending; lists of earlier opens and clicks are history."""
    event = _only(
        mandrill("click", url="https://a.test", msg={"opens": [{"ts": 1}], "clicks": [{"ts": 2}]}), "mandrill"
    )
    assert (event["occurred_at"], event["sent_at"], event["account_id"]) == (AT_SECOND, SENT_AT, "north")
    links = [mandrill("click", url=f"https://{name}.test") for name in "aba"]
    reading = read(links, provider="mandrill")
    assert (reading.accepted, reading.duplicate) == (2, 1)


@pytest.mark.parametrize("kind", ["blacklist", "whitelist"])
def test_mandrill_lists_are_no_events_of_mail(kind: str) -> None:
    """A change of the deny or allow list has a type, no event, and somebody on the list."""
    record = {
        "type": kind,
        "action": "add",
        "ts": SECONDS,
        "reject": {"email": "ann@mail.test", "reason": "hard-bounce"},
    }
    event = _only(record, "mandrill")
    assert (event["event_type"], event["recipient"]) == ("other", "ann@mail.test")


def test_mandrill_posts_forms() -> None:
    """The body of a post is a form with the batch in it: as it came, or taken apart."""
    import json
    from urllib.parse import urlencode

    batch = json.dumps([mandrill("open"), mandrill("send")])
    assert read({"mandrill_events": batch}, provider="mandrill").accepted == 2
    body = urlencode({"mandrill_events": batch, "other": "x"}).encode()
    assert read(body + b"\n" + body, provider="mandrill").read == 4
    assert (
        _only(mandrill("hard_bounce", msg={"metadata": [], "bounce_description": "bad_mailbox"}), "mandrill")[
            "bounce_reason"
        ]
        == "invalid_address"
    )


def test_brevo_times() -> None:
    """The epoch counts, also in seconds; then the event's stamp; a bare date is central Europe's."""
    assert _only(brevo("opened", ts_epoch=SECONDS), "brevo")["occurred_at"] == AT_SECOND
    without = brevo("opened", ts_epoch=None, ts_event=SECONDS)
    assert _only(without, "brevo")["occurred_at"] == AT_SECOND
    only_date = brevo("opened", ts_epoch=None, ts_event=None, ts=None)
    assert _only(only_date, "brevo")["occurred_at"] == AT_SECOND
    page = {"events": [{"event": "softBounces", "email": "ann@mail.test", "messageId": "<m-1>",
                        "date": "2026-05-04T11:00:07.250+02:00", "reason": "mailbox full"}]}  # fmt: skip
    event = _only(page, "brevo")
    assert (event["occurred_at"], event["bounce_reason"], event["message_id"]) == (AT, "mailbox_full", "m-1")


def test_brevo_proxies_and_deferrals() -> None:
    """A proxy's open is a machine's; a deferral that quotes a 550 is still a deferral."""
    assert _only(brevo("unique_proxy_open"), "brevo")["is_machine"]
    event = _only(brevo("deferred", reason="550 5.1.1 no such user"), "brevo")
    assert (event["event_type"], event["bounce_reason"]) == ("deferred", "invalid_address")
    assert _only(brevo("opened", camp_id=5), "brevo")["campaign_id"] == "5"


def test_contested_bounces_are_the_callers_to_decide() -> None:
    """A reason may be made hard or soft for all; other events of that reason stay what they are."""
    record = mailgun_failure("permanent", "bounce", code=550, **{"enhanced-code": "5.2.1"})
    assert _only(record, "mailgun")["event_type"] == "hard_bounce"
    soft: Any = {"mailbox_disabled": "soft_bounce"}
    assert _only(record, "mailgun", bounce_types=soft)["event_type"] == "soft_bounce"
    waiting = mailgun_failure("temporary", "generic", code=450, **{"enhanced-code": "4.2.1"})
    assert _only(waiting, "mailgun", bounce_types=soft)["event_type"] == "deferred"
    for wrong in ({"mailbox_disbled": "soft_bounce"}, {"mailbox_disabled": "softish"}):
        with pytest.raises(DataError, match="must be one of"):
            read(record, provider="mailgun", bounce_types=wrong)
    assert "mailbox_disabled" in HARD_REASONS


def test_tags_may_have_any_name() -> None:
    """Every provider reads the account and the campaign under the names that the caller gives."""
    tags = Tags(account="tenant", campaign="mailing")
    for provider in PROVIDERS:
        assert PROVIDERS[provider].fields(tags)
    event = _only(mandrill("open", msg={"metadata": {"tenant": "t", "mailing": 5}}), "mandrill",
                  account_tag="tenant", campaign_tag="mailing")  # fmt: skip
    assert (event["account_id"], event["campaign_id"]) == ("t", "5")
