"""Every reason of a contact review once: its section on the checklist, what it leads to, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deliverlab.review.rules import SHIPPED, read_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

Section = Literal["permission", "engagement", "address"]
Decision = Literal["keep", "reconfirm", "remove"]
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
    source: str
    is_already_suppressed: bool = False
    is_told_by_mail: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a reason holds among contact facts, and the line of evidence for it."""

    code: str
    holds: pl.Expr
    evidence: pl.Expr


REASONS: Mapping[str, Reason] = {
    code: Reason(code=code, **told) for code, told in read_rules(SHIPPED)["reasons"].items()
}


def codes_of(decision: Decision, /) -> tuple[str, ...]:
    """The codes of all reasons that lead to a decision.

    >>> codes_of("keep")
    ('quiet_for_a_resend', 'records_disagree')
    """
    return tuple(reason.code for reason in REASONS.values() if reason.decision == decision)
