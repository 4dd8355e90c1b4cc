"""Who said yes, how, when, to whom; and who has said no since."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deliverlab.review.rules import ReviewRules
from tests.review.lists import contacts_with, decided, events_of, evidence_for

NO_PROOF = {"consent_source": None, "consent_means": None, "consent_at": None}
FIRST_MAIL = events_of("""
    recipient        | event_type | day
    jane@example.com | delivered  | 2026-03-01
    jane@example.com | open       | 2026-06-01
""")


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("keep", "")),
        ({"consent": "single_opt_in"}, ("keep", "")),
        ({"import_id": "spring"}, ("keep", "")),  # an import with whole proof
        ({"consent": "none"}, ("remove", "no_permission")),
        ({"consent": "none", **NO_PROOF}, ("remove", "no_permission")),
        ({"consent": "unknown", **NO_PROOF}, ("remove", "no_permission")),
        ({"consent": "unknown"}, ("reconfirm", "permission_unverifiable")),
        ({"consent": "unknown", "consent_at": None}, ("reconfirm", "permission_unverifiable")),
        ({"consent_source": None}, ("reconfirm", "permission_unverifiable")),
        ({"consent_source": "  "}, ("reconfirm", "permission_unverifiable")),  # blank is nothing
        ({"consent_means": None}, ("reconfirm", "permission_unverifiable")),
        ({"consent_at": None}, ("reconfirm", "permission_unverifiable")),
        ({"consent_at": at(2026, 7, 1)}, ("reconfirm", "permission_unverifiable")),  # after as_of
        ({"consent_at": None, "import_id": "spring"}, ("remove", "imported_without_proof")),
        ({"consent": "unknown", **NO_PROOF, "import_id": "x"}, ("remove", "imported_without_proof")),
        ({"consent": "none", "import_id": "x"}, ("remove", "no_permission imported_without_proof")),
        ({"consent_source": "Purchased list"}, ("remove", "imported_without_proof")),
        ({"consent_means": "from a third party"}, ("remove", "imported_without_proof")),
        ({"consent": "implied"}, ("reconfirm", "implied_consent")),
        ({"consent": "implied", "consent_means": "purchase"}, ("reconfirm", "implied_consent")),
        ({"consent": "implied", "consent_at": None}, ("reconfirm", "permission_unverifiable")),
        ({"consent": "implied", "consent_at": at(2024, 7, 1)}, ("reconfirm", "implied_consent")),
        ({"consent": "implied", "consent_at": at(2024, 6, 30)}, ("remove", "implied_consent_lapsed")),
        ({"status": "complained"}, ("remove", "complained")),
        ({"status": "unsubscribed"}, ("remove", "unsubscribed")),
    ],
)  # fmt: skip
def test_permission_decides(change: dict[str, Any], expected: tuple[str, str]) -> None:
    """Each kind of permission and of proof leads to its decision and to no other reason."""
    assert decided(contacts_with(change)) == [expected]


@pytest.mark.parametrize(
    ("consent_at", "expected"),
    [
        (at(2026, 3, 1), ("keep", "")),  # at the very moment
        (at(2026, 3, 2), ("reconfirm", "permission_unverifiable")),
    ],
)
def test_permission_is_not_later_than_the_first_mail(consent_at: datetime, expected: tuple[str, str]) -> None:
    """Permission that came after the first mail does not verify it."""
    assert decided(contacts_with({"consent_at": consent_at}), FIRST_MAIL) == [expected]


def test_a_later_no_in_the_events_counts_and_shows_that_the_list_missed_it() -> None:
    """Complaints and unsubscribes of the events win over an active contact."""
    no = events_of("""
        recipient        | event_type  | day
        jane@example.com | unsubscribe | 2026-05-02
        jane@example.com | complaint   | 2026-05-03
    """)

    assert decided(contacts_with({}), no) == [("remove", "complained unsubscribed records_disagree")]
    assert (
        evidence_for("complained", contacts_with({}), no) == "events: complaint on 2026-05-03; list: active"
    )


def test_another_brand_than_the_one_its_own_contacts_name() -> None:
    """An account's own brand is what most contacts name that it gathered itself, imports left out."""
    own, imported = {"brand": "Acme"}, {"brand": "Else", "import_id": "i"}
    contacts = contacts_with(
        {"brand": "Else"}, own, {"brand": "ACME"}, own, {"brand": None}, imported, imported
    )

    reasons = [reason for _, reason in decided(contacts)]

    assert reasons == ["other_brand", "", "", "", "", "other_brand", "other_brand"]
    assert evidence_for("other_brand", contacts) == 'permission names "Else", not "Acme"'


def test_brands_that_the_rules_call_own_are_no_others() -> None:
    """A rule file can name the brands of an account with several."""
    rules = ReviewRules.default().model_copy(update={"own_brands": ("else",)})

    assert decided(contacts_with({"brand": "Else"}, {}, {}), rules=rules)[0] == ("keep", "")


@pytest.mark.parametrize(
    ("change", "evidence"),
    [
        ({"consent_at": None, "consent_means": None}, "on record is no means, no time"),
        (NO_PROOF, "no source, means or time on record"),
        ({"consent": "unknown"}, "it is not on record what was asked for"),
        ({"consent_at": at(2026, 3, 2)}, "permission of 2026-03-02, first mail on 2026-03-01"),
    ],
)
def test_evidence_names_the_flaw(change: dict[str, Any], evidence: str) -> None:
    """The line of evidence says what is missing or out of order."""
    assert evidence_for("permission_unverifiable", contacts_with(change), FIRST_MAIL) == evidence
