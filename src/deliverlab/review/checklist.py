"""The checklist of a contact review: its groups, what it adds up to, and a hash that names it."""

from __future__ import annotations

import json
from hashlib import sha256

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.review.reasons import REASONS, SECTIONS
from deliverlab.schemas import DECISIONS, ContactDecisions


class ChecklistGroups(Table):
    """One row a reason that some contact has, in the order of the checklist."""

    section = dy.Enum(SECTIONS)
    reason = dy.String(primary_key=True)
    words = dy.String()
    decision = dy.Enum(DECISIONS)
    contacts = dy.Int64(min=1)
    share = dy.Float64(min=0.0, max=1.0)
    is_already_suppressed = dy.Bool()


class ChecklistSummary(Table):
    """One row: what the decisions add up to."""

    contacts = dy.Int64(min=0)
    kept = dy.Int64(min=0)
    to_reconfirm = dy.Int64(min=0)
    to_remove = dy.Int64(min=0)
    already_suppressed = dy.Int64(min=0)
    is_remedy = dy.Bool()


def checklist_groups(decisions: pl.DataFrame | pl.LazyFrame, /) -> dy.LazyFrame[ChecklistGroups]:
    """One row a reason with its section, words, decision and how many contacts have it.

    A contact counts in every group it has a reason for, so shares may add up to more than one. `share` is of
    all the contacts given, kept ones included: give the decisions of one account.
    """
    table = pl.LazyFrame(
        [
            (place, reason.section, reason.code, reason.words, reason.decision, reason.is_already_suppressed)
            for place, reason in enumerate(REASONS.values())
        ],
        schema=["place", "section", "reason", "words", "decision", "is_already_suppressed"],
        orient="row",
    )
    given = decisions.lazy()
    counts = (
        given.select(reason=pl.col("reasons").explode())
        .group_by("reason")
        .agg(contacts=pl.len())
        .join(given.select(all_contacts=pl.len()), how="cross")
    )
    return ChecklistGroups.cast(
        table.join(counts, on="reason")
        .with_columns(share=pl.col("contacts") / pl.col("all_contacts"))
        .sort("place")
        .select(ChecklistGroups.column_names())
    )


def checklist_summary(decisions: pl.DataFrame | pl.LazyFrame, /) -> dy.LazyFrame[ChecklistSummary]:
    """One row: contacts kept, to reconfirm, to remove, and how many of these get no mail as it is.

    `is_remedy` is false where the list would only lose what is already suppressed: that changes no rate.

    >>> decisions = pl.DataFrame({"decision": ["keep", "remove"], "reasons": [[], ["unsubscribed"]]})
    >>> checklist_summary(decisions).collect().row(0)
    (2, 1, 0, 1, 1, False)
    """
    suppressed = [reason.code for reason in REASONS.values() if reason.is_already_suppressed]
    is_suppressed = pl.any_horizontal(pl.col("reasons").list.contains(code) for code in suppressed)
    kept, reconfirmed, removed = (
        (pl.col("decision").cast(pl.String) == decision).sum() for decision in DECISIONS
    )
    return ChecklistSummary.cast(
        decisions.lazy()
        .select(
            contacts=pl.len(),
            kept=kept,
            to_reconfirm=reconfirmed,
            to_remove=removed,
            already_suppressed=is_suppressed.sum(),
        )
        .with_columns(is_remedy=pl.col("to_reconfirm") + pl.col("to_remove") > pl.col("already_suppressed"))
    )


def checklist_hash(decisions: pl.DataFrame | pl.LazyFrame, /) -> str:
    """The SHA-256 of the decisions, whatever the order of their rows.

    It names a checklist on paper and in `reviews`, and shows no address.
    """
    rows = decisions.lazy().select(ContactDecisions.column_names()).sort("account_id", "email").collect()
    digest = sha256()
    for row in rows.iter_rows():
        digest.update(json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()
