"""What is kept of contact reviews and appeals in a data directory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.pipeline.directory import read_table, write_table
from deliverlab.pipeline.lookup import refuse_stranger
from deliverlab.review.appeals import appeal_summary, decide_appeal, record_appeal
from deliverlab.review.attest import record_review
from deliverlab.review.kept import LONGEST_VALIDITY, read_checklist, refuse_other
from deliverlab.review.spells import spells
from deliverlab.schemas import Accounts, Appeals, Enforcement, Reviews

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import dataframely as dy

    from deliverlab.review.appeals import AppealSummary


def write_review(
    data: str | Path, /, *, account_id: str, reviewed_on: date, reviewer: str, outcome: str,
    checklist: Path | None = None, checklist_hash: str | None = None,
) -> None:  # fmt: skip
    """Keep the outcome of a contact review among the data directory's reviews.

    Of a `checklist` file its number is kept, and what it removed. It must be the account's own and of this
    case: made on a day from the notice to the review, or, where the account is in no stage, not older than
    `LONGEST_VALIDITY` days. A checklist on paper has only its number, `checklist_hash`.
    """
    refuse_stranger(account_id, read_table(data, Accounts))
    reviews = read_table(data, Reviews)
    kept = None
    if checklist is not None:
        kept = read_checklist(checklist)
        first = _case_opened(data, reviews, account_id=account_id, on=reviewed_on)
        refuse_other(kept, checklist, account_id=account_id, first=first, last=reviewed_on)
    recorded = record_review(
        reviews, account_id=account_id, reviewed_on=reviewed_on, reviewer=reviewer, outcome=outcome,
        checklist_hash=checklist_hash, kept=kept,
    )  # fmt: skip
    write_table(data, Reviews, recorded)


def write_appeal(
    data: str | Path, /, *, account_id: str, on: date, reviewer: str | None = None, outcome: str | None = None
) -> None:
    """Keep an appeal that came on a day, or, with an outcome, what became of the open one."""
    refuse_stranger(account_id, read_table(data, Accounts))
    appeals = read_table(data, Appeals)
    if outcome is None:
        recorded = record_appeal(appeals, account_id=account_id, appealed_on=on, reviewer=reviewer)
    else:
        recorded = decide_appeal(
            appeals, account_id=account_id, decided_on=on, outcome=outcome, reviewer=reviewer or ""
        )
    write_table(data, Appeals, recorded)


def appeals_so_far(data: str | Path, /) -> dy.DataFrame[AppealSummary]:
    """What became of the appeals of a data directory, in one row."""
    return appeal_summary(read_table(data, Appeals))


def _case_opened(data: str | Path, reviews: dy.DataFrame[Reviews], /, *, account_id: str, on: date) -> date:
    """The day of the notice that the account is in a stage for, or as far back as a checklist serves."""
    found = spells(read_table(data, Enforcement), reviews).filter(
        pl.col("account_id") == account_id,
        pl.col("noticed_on") < on,
        pl.col("to_day").is_null() | (pl.col("to_day") >= on),
    )
    noticed: date | None = found["noticed_on"].max()  # type: ignore[assignment]  # the column is of days
    return noticed or on - timedelta(days=LONGEST_VALIDITY)
