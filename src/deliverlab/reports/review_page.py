"""The checklist of a contact review: the steps in their order, and the contacts that each step is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.language import say
from deliverlab.metrics import METRICS
from deliverlab.reports import numbers, review_texts, texts
from deliverlab.reports.account_page import coming, heading
from deliverlab.reports.fragments import fragment
from deliverlab.reports.reader import in_its_language

if TYPE_CHECKING:
    from deliverlab.reports.inputs import Case
    from deliverlab.reports.render import Html

SHOWN_AT_ONCE = 8
SHOWN_RATES = ("hard_bounce_rate", "complaint_rate")  # of all enforced rates those that stages hang on most
LISTED = 500  # contacts named in a group; a longer list is work for a spreadsheet


@in_its_language
def review_heading(case: Case, /) -> Html:
    """Whose contacts are to be reviewed, and what a reader must know before anything else."""
    return heading(case, subject=texts.REVIEW)


@in_its_language
def to_review(case: Case, /) -> Html:
    """The answer: how many contacts are to be removed, how many to be asked again."""
    decided = case.decisions["decision"].cast(pl.String)
    tally = {decision: int((decided == decision).sum()) for decision in review_texts.DECISION_WORDS}
    headcount = case.decisions.height
    headline = review_texts.to_fix(headcount - tally["keep"], headcount)
    has_remedy = case.summary["is_remedy"] or headcount == tally["keep"]
    no_remedy = "" if has_remedy else say(review_texts.NO_REMEDY)
    return fragment(
        "to_review", words=f"{headline}. {no_remedy}".strip(" ."), headline=headline, tally=tally,
        no_remedy=no_remedy, has_contacts=case.has_contacts,
    )  # fmt: skip


@in_its_language
def what_it_changes(case: Case, /) -> Html:
    """What removing each group would have done to the rates of the last window, and what that assumes."""
    rates, words = _rates(case), dict(case.groups.select("reason", "words").iter_rows())
    rows: list[dict[str, Any]] = [
        {
            "words": say(review_texts.REMOVED_WORDS.get(removed) or words[removed]),
            "contacts": contacts,
            "rates": [rates[metric, removed] for metric in SHOWN_RATES],
            "is_sum": removed in review_texts.REMOVED_WORDS,
        }
        for removed, contacts in case.removals.select("removed", "contacts")
        .unique(maintain_order=True)
        .iter_rows()
    ]
    as_it_was = [rates[metric, None] for metric in SHOWN_RATES] if rows else []
    told = [f"{row['words']}: {', '.join(map(numbers.percent, row['rates']))}" for row in rows]
    return fragment(
        "removals", words="; ".join(told) or say(review_texts.NO_WINDOW), rows=rows, metrics=SHOWN_RATES,
        as_it_was=as_it_was, first=case.window[0], last=case.window[1],
    )  # fmt: skip


@in_its_language
def where_from(case: Case, /) -> Html:
    """The imports, forms and campaigns that carry what the account's worst rate has above its peers'."""
    worst = case.scores["worst_metric"].head(1).cast(pl.String).to_list()
    rows = case.segments.rows(named=True)
    told = [
        f"{say(review_texts.SEGMENT_WORDS[row['by']])} {row['value']}: {numbers.percent(row['share'])}"
        for row in rows
    ]
    metric = METRICS[worst[0]] if rows else None
    return fragment(
        "segments", words="; ".join(told) or say(review_texts.NO_SEGMENTS), rows=rows, metric=metric
    )


@in_its_language
def checklist(case: Case, /, *, show_addresses: bool = False) -> Html:
    """The steps of the review with their contacts, and at the end a line to sign.

    Addresses are masked; `show_addresses` prints them in clear, and the page says so.
    """
    listed = _listed(case.told if show_addresses else case.masked_decisions)
    groups = [group | {"listed": listed.get(group["reason"], [])} for group in case.groups.rows(named=True)]
    return fragment(
        "checklist",
        words="; ".join(f"{number}. {say(step.title)}" for number, step in enumerate(case.steps, start=1)),
        steps=case.steps, groups=groups, show_addresses=show_addresses, shown_at_once=SHOWN_AT_ONCE,
        attestation=case.attestation, checklist_hash=case.checklist_hash, has_contacts=case.has_contacts,
        coming=[*coming(case), *_recovery(case)], policy=case.policy_title,
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


def _rates(case: Case) -> dict[tuple[str, str | None], float | None]:
    """The rates without each group by metric and group; as they were, without a group."""
    found: dict[tuple[str, str | None], float | None] = {}
    for row in case.removals.iter_rows(named=True):
        found[row["metric"], row["removed"]] = row["rate_without"]
        found[row["metric"], None] = row["rate"]
    return found


def _recovery(case: Case) -> list[tuple[str, str]]:
    """When the last of today's mail has left the figures, and what the worst rate can come near by then."""
    worst = case.scores["worst_metric"].head(1).cast(pl.String).to_list()
    foreseen = case.removals.filter(
        pl.col("removed") == review_texts.FORESEEN, pl.col("metric").cast(pl.String).is_in(worst)
    )
    by = numbers.day(case.as_of + (case.as_of - case.window[0]))
    return [
        (by, review_texts.recovery(**row))
        for row in foreseen.select("metric", "rate", "rate_without").iter_rows(named=True)
        if row["rate_without"] is not None and row["rate_without"] < row["rate"]
    ]
