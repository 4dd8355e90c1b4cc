"""Addresses that are none, not the one meant, nobody's for long, or there twice."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from tests.review.lists import contacts_with, decided, events_of, evidence_for

BY_HAND = {"consent": "single_opt_in", "consent_source": "checkout", "consent_means": "spoken"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"email": "not an address"}, ("remove", "invalid_address")),
        ({"email": ""}, ("remove", "invalid_address")),
        ({"email": "jane@@example.com"}, ("remove", "invalid_address")),
        ({"email": "jane@example.invalid"}, ("remove", "invalid_address")),
        ({"email": " jane@example.com "}, ("keep", "")),
        ({"email": "jäne@exämple.com"}, ("keep", "")),
        ({"email": "jane@gamil.com"}, ("remove", "typo_domain")),
        ({"email": "jane@ymail.com"}, ("keep", "")),  # one slip away, and real
        ({"email": "jane@mailinator.com"}, ("remove", "disposable_domain")),
        ({"email": "jane@eu.mailinator.com"}, ("remove", "disposable_domain")),
        ({"email": "info@example.com", **BY_HAND}, ("reconfirm", "role_address")),
        ({"email": "Info+news@example.com", **BY_HAND}, ("reconfirm", "role_address")),
        ({"email": "info@example.com", **BY_HAND, "consent_means": "Web form"}, ("keep", "")),
        ({"email": "info@example.com"}, ("keep", "")),  # confirmed
        ({"status": "hard_bounced"}, ("remove", "hard_bounced")),
    ],
)
def test_the_address_decides(change: dict[str, Any], expected: tuple[str, str]) -> None:
    """Each fault of an address leads to its decision and to no other reason."""
    assert decided(contacts_with(change)) == [expected]


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (["invalid_address"], ("remove", "hard_bounced")),
        (["mailbox_disabled"], ("remove", "hard_bounced")),
        (["mailbox_full", "unknown"], ("keep", "")),
        (["mailbox_full", "-", "unknown"], ("remove", "repeatedly_bounced")),
        (["blocked", "blocked", "blocked", "content"], ("keep", "")),  # the sender's own doing
    ],
)
def test_hard_bounces_decide_by_their_reason(reasons: list[str], expected: tuple[str, str]) -> None:
    """No such mailbox counts at once, other hard bounces when they repeat, the sender's own never."""
    rows = [
        f"jane@example.com | hard_bounce | 2026-05-{10 + i} | {reason}" for i, reason in enumerate(reasons)
    ]
    events = events_of("\n".join(["recipient | event_type | day | bounce_reason", *rows]))
    contacts = contacts_with({"last_engaged_at": None, "sends_since_engagement": None})

    assert decided(contacts, events) == [expected]


def test_a_typing_slip_names_the_domain_meant() -> None:
    """The evidence gives the likely right domain."""
    assert (
        evidence_for("typo_domain", contacts_with({"email": "jane@gamil.com"}))
        == "gamil.com is most likely gmail.com"
    )


def test_of_one_address_in_several_letters_the_best_proven_stays() -> None:
    """Of entries that mean one address the one with the most proof is kept, then the oldest."""
    older = {"created_at": datetime(2026, 1, 1, tzinfo=UTC)}
    contacts = contacts_with(
        {"email": "Jane@Example.com"},
        older | {"email": "jane@example.com"},
        older | {"email": "JANE@example.com", "consent_means": None},
        {"email": "jane@example.com", "account_id": "b"},
    )

    assert decided(contacts) == [
        ("remove", "duplicate"),
        ("keep", ""),
        ("remove", "permission_unverifiable duplicate"),
        ("keep", ""),
    ]


def test_a_no_holds_for_every_way_to_write_the_address() -> None:
    """Who unsubscribed under one spelling is unsubscribed under all."""
    contacts = contacts_with(
        {"email": "JANE@example.com", "status": "unsubscribed"}, {"email": "jane@example.com"}
    )
    bounce = events_of("""
        recipient        | event_type  | day        | bounce_reason
        Jane@Example.com | hard_bounce | 2026-06-10 | invalid_address
    """)

    assert [set(reasons.split()) - {"duplicate"} for _, reasons in decided(contacts, bounce)] == [
        {"unsubscribed", "hard_bounced"}
    ] * 2


def test_events_of_another_account_are_not_its_own() -> None:
    """The same address on two lists has a history with each."""
    contacts = contacts_with({}, {"email": "jane@example.com", "account_id": "b"})
    bounce = events_of("""
        recipient        | event_type  | day        | bounce_reason
        jane@example.com | hard_bounce | 2026-06-10 | invalid_address
    """)
    elsewhere = bounce.with_columns(account_id=pl.lit("b"))

    assert decided(contacts, elsewhere) == [("keep", ""), ("remove", "hard_bounced")]
