"""The checklist of a contact review: the steps in their order, and the contacts that each step is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.reports import texts
from deliverlab.reports.account_page import heading
from deliverlab.reports.fragments import fragment

if TYPE_CHECKING:
    from deliverlab.reports.inputs import Case
    from deliverlab.reports.render import Html

SHOWN_AT_ONCE = 8
LISTED = 500  # contacts named in a group; a longer list is work for a spreadsheet


def review_heading(case: Case, /) -> Html:
    """Whose contacts are to be reviewed, and what a reader must know before anything else."""
    return heading(case, subject=texts.REVIEW)


def to_review(case: Case, /) -> Html:
    """The answer: how many contacts are to be removed, how many to be asked again."""
    decided = case.decisions["decision"].cast(pl.String)
    tally = {decision: int((decided == decision).sum()) for decision in texts.DECISION_WORDS}
    headline = texts.to_fix(case.decisions.height - tally["keep"], case.decisions.height)
    return fragment(
        "to_review", words=headline, headline=headline, tally=tally, has_contacts=case.has_contacts
    )


def checklist(case: Case, /, *, show_addresses: bool = False) -> Html:
    """The steps of the review with their contacts, and at the end a line to sign.

    Addresses are masked; `show_addresses` prints them in clear, and the page says so.
    """
    listed = _listed(case.decisions if show_addresses else case.masked_decisions)
    groups = [group | {"listed": listed.get(group["reason"], [])} for group in case.groups.rows(named=True)]
    return fragment(
        "checklist",
        words="; ".join(f"{number}. {step.title}" for number, step in enumerate(case.steps, start=1)),
        steps=case.steps, groups=groups, show_addresses=show_addresses, shown_at_once=SHOWN_AT_ONCE,
        attestation=case.attestation, checklist_hash=case.checklist_hash, has_contacts=case.has_contacts,
    )  # fmt: skip


def _listed(decisions: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """The contacts of each reason with the evidence for it, at most `LISTED`."""
    found = (
        decisions.select("email", reason="reasons", evidence="evidence")
        .explode("reason", "evidence")
        .drop_nulls("reason")
        .sort("reason", "email", maintain_order=True)
    )
    groups = found.group_by("reason", maintain_order=True).head(LISTED).partition_by("reason", as_dict=True)
    return {str(reason): contacts.rows(named=True) for (reason,), contacts in groups.items()}
