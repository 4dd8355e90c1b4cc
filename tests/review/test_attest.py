"""A review is recorded once a day, and ends the stage that asked for it."""

import re
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.review.attest import current_stage, record_review
from deliverlab.schemas import Reviews
from tests.tables import table

ENFORCEMENT = table("""
    account_id | from_day   | to_day     | stage          | send_share
    open       | 2026-05-01 | 2026-05-07 | probation      | 1
    open       | 2026-05-08 | -          | first warning  | 1
    ended      | 2026-05-01 | 2026-05-07 | probation      | 1
    reviewed   | 2026-05-08 | -          | probation      | 1
    early      | 2026-05-08 | -          | probation      | 1
    rejected   | 2026-05-08 | -          | probation      | 1
    restored   | 2026-05-01 | -          | probation      | 1
    restored   | 2026-05-05 | -          | good           | 1
""")
REVIEWS = table("""
    account_id | reviewed_on | outcome
    reviewed   | 2026-05-20  | completed
    early      | 2026-05-07  | completed
    rejected   | 2026-05-20  | rejected
""")
REVIEW: dict[str, Any] = {
    "account_id": "a", "reviewed_on": date(2026, 6, 3), "outcome": "completed", "reviewer": "Kim",
}  # fmt: skip


def stages(as_of: date, reviews: pl.DataFrame = REVIEWS) -> dict[str, tuple[str, date]]:
    found = current_stage(ENFORCEMENT, reviews, as_of=as_of).collect()
    assert found["as_of"].is_in([as_of]).all()
    return {account: (stage, entered) for account, stage, entered in found.drop("as_of").iter_rows()}


def test_the_open_stage_counts_unless_a_completed_review_ended_it() -> None:
    """An early or rejected review ends nothing; a stage that ended, or gave way to good standing, is none."""
    entered = date(2026, 5, 8)

    assert stages(date(2026, 5, 21)) == {
        "early": ("probation", entered),
        "open": ("first warning", entered),
        "rejected": ("probation", entered),
    }


@pytest.mark.parametrize(("day", "is_in_stage"), [(7, False), (8, True), (19, True), (20, False)])
def test_a_review_puts_the_account_back_from_its_own_day_on(day: int, is_in_stage: bool) -> None:
    """What comes after as_of is not seen, neither the stage nor the review."""
    assert ("reviewed" in stages(date(2026, 5, day))) == is_in_stage


def test_the_last_day_of_a_stage_is_in_it() -> None:
    """`to_day` is the last day that counts."""
    assert stages(date(2026, 5, 7))["ended"] == ("probation", date(2026, 5, 1))
    assert "ended" not in stages(date(2026, 5, 8))


def test_a_recorded_review_clears_the_account() -> None:
    """What `record_review` writes, `current_stage` reads."""
    recorded = record_review(REVIEWS, **REVIEW | {"account_id": "open"})

    assert "open" not in stages(date(2026, 6, 3), recorded)
    assert "open" in stages(date(2026, 6, 2), recorded)


def test_a_review_is_added_in_its_place() -> None:
    """All is kept that was there, and what was told of the review."""
    at = datetime(2026, 6, 3, 9, tzinfo=UTC)

    recorded = record_review(REVIEWS.lazy(), **REVIEW, attested_at=at, checklist_hash="abc")

    assert recorded.select("account_id", "reviewed_on").equals(
        recorded.select("account_id", "reviewed_on").sort("account_id", "reviewed_on")
    )
    assert recorded.height == REVIEWS.height + 1
    assert recorded.row(0)[:6] == ("a", date(2026, 6, 3), "completed", "Kim", at, "abc")
    assert recorded.row(0)[6:] == (None, None, None, None)


def test_the_next_day_can_have_a_review_of_its_own() -> None:
    """One a day, not one for ever; another account's is another's."""
    recorded = record_review(Reviews.create_empty(), **REVIEW)
    recorded = record_review(recorded, **REVIEW | {"reviewed_on": date(2026, 6, 4)})

    assert record_review(recorded, **REVIEW | {"account_id": "b"}).height == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "review: a has one of 2026-06-03 (completed), must be one review a day"),
        ({"outcome": "rejected"}, "review: a has one of 2026-06-03 (completed)"),
        ({"outcome": "done"}, "review: outcome == 'done', must be one of completed, rejected, withdrawn"),
        ({"reviewer": " "}, "review: reviewer == ' ', must be a name on one line"),
        ({"reviewer": "Kim\nLee"}, "review: reviewer == 'Kim\\nLee', must be a name on one line"),
        ({"account_id": ""}, "review: account_id == '', must be a name on one line"),
        (
            {"account_id": "b", "attested_at": datetime(2026, 6, 3)},  # noqa: DTZ001
            "review: attested_at == '2026-06-03T00:00:00', must say its time zone",
        ),
    ],
)
def test_a_review_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    """One line says why, and nothing is recorded."""
    recorded = record_review(Reviews.create_empty(), **REVIEW)

    with pytest.raises(DataError, match=re.escape(message)):
        record_review(recorded, **REVIEW | change)
