"""Every reason of a contact review once: its section on the checklist, what it leads to, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

Section = Literal["permission", "engagement", "address"]
Decision = Literal["keep", "reconfirm", "remove"]
TOLD_BY_MAIL = ("complained", "unsubscribed", "hard_bounced", "repeatedly_bounced")
SECTIONS: tuple[Section, ...] = ("permission", "engagement", "address")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a contact is reconfirmed or removed; `keep` marks a note that changes nothing.

    A contact that is already suppressed gets no mail any more: to remove it improves no rate. What is told by
    mail was not known before that mail went out.
    """

    code: str
    section: Section
    decision: Decision
    words: str
    is_already_suppressed: bool = False

    @property
    def is_told_by_mail(self) -> bool:
        """Whether it takes mail to find out."""
        return self.section == "engagement" or self.code in TOLD_BY_MAIL


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a reason holds among contact facts, and the line of evidence for it."""

    code: str
    holds: pl.Expr
    evidence: pl.Expr


REASONS: Mapping[str, Reason] = {
    reason.code: reason
    for reason in (
        Reason("no_permission", "permission", "remove", "No permission on record"),
        Reason(
            "imported_without_proof",
            "permission",
            "remove",
            "Bought, or imported without proof of permission",
        ),
        Reason("other_brand", "permission", "remove", "Permission was given to another brand"),
        Reason("implied_consent_lapsed", "permission", "remove", "Implied permission that has lapsed"),
        Reason(
            "complained", "permission", "remove", "Reported your mail as spam", is_already_suppressed=True
        ),
        Reason("unsubscribed", "permission", "remove", "Unsubscribed", is_already_suppressed=True),
        Reason("permission_unverifiable", "permission", "reconfirm", "Permission that cannot be verified"),
        Reason("implied_consent", "permission", "reconfirm", "Permission is only implied"),
        Reason("never_engaged", "engagement", "remove", "Never opened or clicked"),
        Reason("no_longer_engaged", "engagement", "reconfirm", "No longer opens or clicks"),
        Reason("not_mailed_in_a_year", "engagement", "reconfirm", "No mail and no engagement for a year"),
        Reason("quiet_for_a_resend", "engagement", "keep", "Leave out when a stopped mail goes out again"),
        Reason("records_disagree", "engagement", "keep", "List and events disagree; the events counted"),
        Reason("invalid_address", "address", "remove", "Not a valid address"),
        Reason("typo_domain", "address", "remove", "Domain is most likely a typing slip"),
        Reason("disposable_domain", "address", "remove", "Throw-away mailbox"),
        Reason("hard_bounced", "address", "remove", "Mailbox does not exist", is_already_suppressed=True),
        Reason("repeatedly_bounced", "address", "remove", "Mail was refused for good again and again"),
        Reason("duplicate", "address", "remove", "Same mailbox twice"),
        Reason("role_address", "address", "reconfirm", "Shared mailbox of a role, not of a person"),
    )
}


def codes_of(decision: Decision, /) -> tuple[str, ...]:
    """The codes of all reasons that lead to a decision.

    >>> codes_of("keep")
    ('quiet_for_a_resend', 'records_disagree')
    """
    return tuple(reason.code for reason in REASONS.values() if reason.decision == decision)
