"""Who never read, who stopped, who was left alone; and where list and events disagree."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from tests.review.lists import contacts_with, decided, events_of, evidence_for, sends

NEVER = {"last_engaged_at": None, "sends_since_engagement": None}
OLD = {
    "created_at": datetime(2024, 1, 1, tzinfo=UTC),
    "consent_at": datetime(2024, 1, 1, tzinfo=UTC),
    "last_engaged_at": datetime(2025, 6, 29, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"last_engaged_at": None, "sends_since_engagement": 10}, ("keep", "")),
        ({"last_engaged_at": None, "sends_since_engagement": 11}, ("remove", "never_engaged")),
        ({"sends_since_engagement": 15}, ("keep", "")),
        ({"sends_since_engagement": 16}, ("reconfirm", "no_longer_engaged")),
        (NEVER, ("keep", "")),  # nothing known is nothing held against anybody
        (OLD | {"sends_since_engagement": 0}, ("reconfirm", "not_mailed_in_a_year")),
        (OLD | {"sends_since_engagement": None}, ("reconfirm", "not_mailed_in_a_year")),
        (OLD | {"sends_since_engagement": 3}, ("keep", "")),  # mailed since, on days not on record
        (OLD | {"last_engaged_at": datetime(2025, 7, 1, tzinfo=UTC)}, ("keep", "")),
        (OLD | {"created_at": datetime(2026, 6, 1, tzinfo=UTC), "sends_since_engagement": 0}, ("keep", "")),
    ],
)
def test_the_list_alone_decides_without_events(change: dict[str, Any], expected: tuple[str, str]) -> None:
    """Without events the columns of the list count."""
    assert decided(contacts_with(change)) == [expected]


@pytest.mark.parametrize(("count", "expected"), [(10, ("keep", "")), (11, ("remove", "never_engaged"))])
def test_eleven_mails_without_engagement_are_never_engaged(count: int, expected: tuple[str, str]) -> None:
    """The events count the mails where the list says nothing."""
    assert decided(contacts_with(NEVER), sends(count)) == [expected]


def test_machine_opens_are_no_engagement() -> None:
    """Mail that only a privacy proxy opened was opened by nobody."""
    proxy = events_of("""
        recipient        | event_type | day        | is_machine
        jane@example.com | open       | 2026-03-20 | true
        jane@example.com | click      | 2026-03-20 | true
    """)
    person = proxy.with_columns(is_machine=pl.lit(value=False))
    mails = sends(12)

    assert decided(contacts_with(NEVER), pl.concat([mails, proxy])) == [("remove", "never_engaged")]
    assert decided(contacts_with(NEVER), pl.concat([mails, person])) == [("keep", "")]


@pytest.mark.parametrize(
    ("count", "expected"), [(15, ("keep", "")), (16, ("reconfirm", "no_longer_engaged"))]
)
def test_sixteen_mails_since_the_last_engagement_are_graymail(count: int, expected: tuple[str, str]) -> None:
    """Only mails after the last engagement count, and a mail that came twice counts once."""
    before = events_of("""
        recipient        | event_type | day
        jane@example.com | sent       | 2026-03-01
        jane@example.com | open       | 2026-03-02
    """)
    after = sends(count, since=date(2026, 3, 3))
    events = pl.concat([before, after, after])

    assert decided(contacts_with(NEVER), events) == [expected]


def test_what_was_delivered_counts_where_no_sends_are_reported() -> None:
    """A provider without `sent` events is counted by its deliveries."""
    delivered = sends(11).with_columns(event_type=pl.lit("delivered"))

    assert decided(contacts_with(NEVER), delivered) == [("remove", "never_engaged")]


def test_events_win_over_an_engagement_that_they_deny() -> None:
    """The list claims an engagement on a day that the events cover, and they know of none."""
    contacts = contacts_with({})

    assert decided(contacts, sends(12)) == [("remove", "never_engaged records_disagree")]
    assert evidence_for("records_disagree", contacts, sends(12)) == (
        "list: last engaged 2026-06-01, 2 mails since; with the events: never, 12 mails since"
    )


def test_events_win_over_a_list_that_says_never() -> None:
    """A contact that the list gave up, and that clicked, is kept; the disagreement is shown."""
    contacts = contacts_with({"last_engaged_at": None, "sends_since_engagement": 20})
    click = events_of("""
        recipient        | event_type | day
        jane@example.com | sent       | 2026-06-01
        jane@example.com | click      | 2026-06-02
    """)

    assert decided(contacts, click) == [("keep", "records_disagree")]


def test_events_are_silent_about_what_was_before_them() -> None:
    """An engagement older than the account's first event stands as the list has it."""
    older = {"last_engaged_at": datetime(2026, 2, 20, tzinfo=UTC), "sends_since_engagement": 14}

    assert decided(contacts_with(older), sends(3)) == [("keep", "")]
    assert decided(contacts_with(older), sends(16)) == [("reconfirm", "no_longer_engaged records_disagree")]


def test_a_contact_without_events_in_an_account_with_some() -> None:
    """Who signed up since the events began and is not in them was never mailed, whatever the list says."""
    contacts = contacts_with({"created_at": datetime(2026, 3, 5, tzinfo=UTC), "last_engaged_at": None,
                              "sends_since_engagement": 30})  # fmt: skip

    assert decided(contacts, sends(3, recipient="other@example.com")) == [("keep", "records_disagree")]


def test_a_mail_within_the_year_is_enough() -> None:
    """The last mail of the events counts against being left alone, until a year has passed."""
    contacts = contacts_with(OLD | {"sends_since_engagement": 0})
    mail = sends(1, since=date(2025, 7, 10))

    assert decided(contacts, mail) == [("keep", "quiet_for_a_resend")]
    assert decided(contacts, mail, as_of=date(2026, 7, 10)) == [("reconfirm", "not_mailed_in_a_year")]


def test_a_mailbox_that_accepts_mail_is_not_hard_bounced() -> None:
    """The list calls it hard bounced, the events saw it accept mail: the events win."""
    accepted = events_of("""
        recipient        | event_type | day
        jane@example.com | delivered  | 2026-06-01
        jane@example.com | open       | 2026-06-01
    """)
    contacts = contacts_with({"status": "hard_bounced"})

    assert decided(contacts, accepted) == [("keep", "records_disagree")]
    assert evidence_for("records_disagree", contacts, accepted) == (
        "list: hard bounced; events: mail accepted on 2026-06-01, no bounce"
    )
