"""The end of a contact review: it is recorded, and an account that completed one is back in good standing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import DataError
from deliverlab.schemas import GOOD, REVIEW_OUTCOMES, Reviews

if TYPE_CHECKING:
    from datetime import date, datetime

    from deliverlab.review.kept import KeptChecklist


class CurrentStages(Table):
    """One row an account that is in a stage on a day."""

    account_id = dy.String(primary_key=True)
    as_of = dy.Date()
    stage = dy.String()
    entered_on = dy.Date()


def record_review(
    reviews: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    account_id: str,
    reviewed_on: date,
    outcome: str,
    reviewer: str,
    attested_at: datetime | None = None,
    checklist_hash: str | None = None,
    kept: KeptChecklist | None = None,
) -> dy.DataFrame[Reviews]:
    """The reviews with one more row, sorted.

    A day has one outcome: a second review of the account on it is refused, whatever their outcomes.
    `attested_at` is when the account ticked the attestation, `checklist_hash` names the list it goes with;
    `kept` says the same of a list in a file, and what it removed.
    Raises `DataError` for that, an empty account or reviewer, a time without a zone, an unknown outcome, a
    `kept` checklist of another account or another number.

    >>> from datetime import date
    >>> ended = {"reviewed_on": date(2026, 6, 3), "outcome": "completed", "reviewer": "Kim"}
    >>> record_review(Reviews.create_empty(), account_id="a", **ended).row(0)[:3]
    ('a', datetime.date(2026, 6, 3), 'completed')
    """
    kept_reviews = Reviews.admit(reviews, what="reviews")
    _refuse_blank("account_id", account_id)
    _refuse_blank("reviewer", reviewer)
    if outcome not in REVIEW_OUTCOMES:
        raise DataError(f"review: outcome == {outcome!r}, must be one of {', '.join(REVIEW_OUTCOMES)}")
    if attested_at is not None and attested_at.tzinfo is None:
        raise DataError(f"review: attested_at == {attested_at.isoformat()!r}, must say its time zone")
    if kept is not None and checklist_hash not in (None, kept.checklist_hash):
        raise DataError(
            f"review: checklist_hash == {checklist_hash!r}, must be that of the file, {kept.checklist_hash}"
        )
    is_same = (pl.col("account_id") == account_id) & (pl.col("reviewed_on") == reviewed_on)
    for there in kept_reviews.filter(is_same)["outcome"]:
        raise DataError(f"review: {account_id} has one of {reviewed_on} ({there}), must be one review a day")
    row = {
        "account_id": account_id,
        "reviewed_on": reviewed_on,
        "outcome": outcome,
        "reviewer": reviewer.strip(),
        "attested_at": attested_at,
        "checklist_hash": checklist_hash,
    } | ({} if kept is None else _facts_of(kept))
    added = pl.DataFrame([row], schema=kept_reviews.schema)
    return Reviews.admit(pl.concat([kept_reviews, added]).sort("account_id", "reviewed_on"), what="reviews")


def current_stage(
    enforcement: pl.DataFrame | pl.LazyFrame, reviews: pl.DataFrame | pl.LazyFrame, /, *, as_of: date
) -> dy.LazyFrame[CurrentStages]:
    """One row an account that is in a stage on a day, with the day it entered it.

    What was really done counts: the latest row that is open on the day. A review completed since that row
    began puts the account back in good standing, from its own day on. An account in good standing has no row.
    """
    as_of_day = pl.lit(as_of)
    is_open = (pl.col("from_day") <= as_of_day) & (
        pl.col("to_day").is_null() | (pl.col("to_day") >= as_of_day)
    )
    completed = (
        reviews.lazy()
        .filter((pl.col("outcome").cast(pl.String) == "completed") & (pl.col("reviewed_on") <= as_of_day))
        .group_by("account_id")
        .agg(pl.col("reviewed_on").max())
    )
    return CurrentStages.cast(
        enforcement.lazy()
        .filter(is_open)
        .group_by("account_id")
        .agg(stage=pl.col("stage").sort_by("from_day").last(), entered_on=pl.col("from_day").max())
        .join(completed, on="account_id", how="left")
        .filter(
            (pl.col("stage") != GOOD)
            & (pl.col("reviewed_on").is_null() | (pl.col("reviewed_on") < pl.col("entered_on")))
        )
        .select("account_id", "stage", "entered_on", as_of=as_of_day)
        .select(CurrentStages.column_names())
        .sort("account_id")
    )


def _facts_of(kept: KeptChecklist) -> dict[str, object]:
    reasons = [{"reason": reason, "contacts": count} for reason, count in kept.removed_by_reason.items()]
    return {
        "checklist_hash": kept.checklist_hash,
        "removed_hash": kept.removed_hash,
        "removed": kept.removed,
        "removed_by_reason": reasons,
        "is_remedy": kept.is_remedy,
    }


def _refuse_blank(name: str, value: str) -> None:
    if not value.strip() or not value.isprintable():
        raise DataError(f"review: {name} == {value!r}, must be a name on one line")
