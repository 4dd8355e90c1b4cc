"""What the provider has on record about its accounts, and the truth beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.sample.accounts import account_id
from deliverlab.sample.industries import OTHER
from deliverlab.schemas import Accounts, Enforcement, Reviews

if TYPE_CHECKING:
    from collections.abc import Iterable

    import dataframely as dy

    from deliverlab.admission import Table
    from deliverlab.sample.accounts import Account

REVIEWERS = ("reviewer-1", "reviewer-2", "reviewer-3")
ATTESTED_AT = time(10, 30)
STORY_COLUMNS = {
    "account_id": pl.String, "story": pl.String, "label": pl.String, "from_day": pl.Date, "note": pl.String,
}  # fmt: skip


def accounts_table(accounts: Iterable[Account], /) -> dy.DataFrame[Accounts]:
    """One row an account, as the provider knows it: of most healthy ones nobody has judged anything."""
    rows = [
        {
            "account_id": account.account_id,
            "parent_id": account_id(account.parent) if account.parent else None,
            "name": account.name,
            "industry": None if account.industry is OTHER else account.industry.name,
            "tier": account.tier,
            "created_on": account.created_on,
            "label": account.label,
            "label_on": account.label_on,
        }
        for account in accounts
    ]
    return Accounts.validate(pl.DataFrame(rows, infer_schema_length=None), cast=True)


def reviews_table(accounts: Iterable[Account], /, *, last_day: date) -> dy.DataFrame[Reviews]:
    """Contact reviews as they ended; only a completed one is attested."""
    rows = []
    for account in accounts:
        for review in account.reviews:
            reviewed_on = last_day - timedelta(days=review.ago + account.shift)
            is_attested = review.outcome == "completed"
            checklist = f"synthetic checklist of {account.account_id} on {reviewed_on}"
            rows.append(
                {
                    "account_id": account.account_id,
                    "reviewed_on": reviewed_on,
                    "outcome": review.outcome,
                    "reviewer": REVIEWERS[account.number % len(REVIEWERS)],
                    "attested_at": datetime.combine(reviewed_on, ATTESTED_AT, UTC) if is_attested else None,
                    "checklist_hash": sha256(checklist.encode()).hexdigest() if is_attested else None,
                }
            )
    return Reviews.validate(pl.DataFrame(rows, schema=_dtypes(Reviews)), cast=True)


def enforcement_table(accounts: Iterable[Account], /, *, last_day: date) -> dy.DataFrame[Enforcement]:
    """The stages that accounts were really put into; without `to_day` they are in it still."""
    rows = [
        {
            "account_id": account.account_id,
            "from_day": last_day - timedelta(days=step.since + account.shift),
            "to_day": None if step.until is None else last_day - timedelta(days=step.until + account.shift),
            "stage": step.stage,
            "send_share": step.send_share,
        }
        for account in accounts
        for step in account.steps
    ]
    return Enforcement.validate(pl.DataFrame(rows, schema=_dtypes(Enforcement)), cast=True)


def stories_table(accounts: Iterable[Account], /, *, last_day: date) -> pl.DataFrame:
    """What is true of each account and no provider knows."""
    rows = [
        (
            account.account_id,
            account.story.name,
            account.story.label,
            None
            if account.story.begins is None
            else max(account.created_on, last_day - timedelta(days=account.story.begins + account.shift)),
            account.story.note,
        )
        for account in accounts
    ]
    return pl.DataFrame(rows, schema=STORY_COLUMNS, orient="row")


def _dtypes(table: type[Table]) -> dict[str, pl.DataType]:
    """So that a table without rows has its types."""
    return {name: column.dtype for name, column in table.columns().items()}
