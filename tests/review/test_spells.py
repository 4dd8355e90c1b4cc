"""Stages that follow one another are one spell; a review answers the spell it falls into."""

from datetime import date

import polars as pl
import pytest

from deliverlab.review.spells import answers, relapses, spells
from deliverlab.schemas import Enforcement, Reviews
from tests.tables import table

ENFORCEMENT = table("""
    account_id | from_day   | to_day     | stage          | send_share
    a          | 2026-05-02 | 2026-05-08 | probation      | 1
    a          | 2026-05-09 | 2026-05-20 | first warning  | 1
    a          | 2026-06-01 | -          | probation      | 1
    b          | 2026-05-02 | -          | probation      | 1
    b          | 2026-05-10 | -          | first warning  | 1
    c          | 2026-05-02 | 2026-05-08 | probation      | 1
    c          | 2026-05-09 | 2026-05-20 | probation      | 1
    d          | 2026-05-02 | 2026-05-08 | good           | 1
""")
REVIEWS = table("""
    account_id | reviewed_on | outcome   | reviewer
    a          | 2026-05-15  | rejected  | Kim
    a          | 2026-05-20  | completed | Kim
    b          | 2026-05-03  | withdrawn | -
    c          | 2026-05-08  | completed | Kim
    d          | 2026-05-05  | completed | -
""")


def enforcement() -> pl.DataFrame:
    return Enforcement.admit(ENFORCEMENT, what="enforcement")


def reviews() -> pl.DataFrame:
    return Reviews.admit(REVIEWS, what="reviews")


def test_a_spell_runs_until_a_day_or_a_completed_review_lies_between() -> None:
    """Escalation goes on with it; after a completed review the same stage is a new one; good is none."""
    assert spells(enforcement(), reviews()).rows() == [
        ("a", date(2026, 5, 1), date(2026, 5, 20)),
        ("a", date(2026, 5, 31), None),
        ("b", date(2026, 5, 1), None),
        ("c", date(2026, 5, 1), date(2026, 5, 8)),
        ("c", date(2026, 5, 8), date(2026, 5, 20)),
    ]


def test_a_review_answers_the_notice_of_its_spell() -> None:
    """Where there was no notice the day before the review stands in; the next notice is told."""
    told = answers(reviews(), spells(enforcement(), reviews()))

    assert told.select("account_id", "reviewed_on", "noticed_on", "was_noticed", "next_notice_on").rows() == [
        ("a", date(2026, 5, 15), date(2026, 5, 1), True, date(2026, 5, 31)),
        ("a", date(2026, 5, 20), date(2026, 5, 1), True, date(2026, 5, 31)),
        ("b", date(2026, 5, 3), date(2026, 5, 1), True, None),
        ("c", date(2026, 5, 8), date(2026, 5, 1), True, date(2026, 5, 8)),
        ("d", date(2026, 5, 5), date(2026, 5, 4), False, None),
    ]


FOLLOWED = table("""
    reviewed_on | next_notice_on
    2026-01-01  | 2026-01-31
    2026-01-01  | -
    2026-01-01  | -
    2026-03-22  | -
    2026-01-01  | 2026-06-01
""")


def test_relapse_counts_what_history_has_followed() -> None:
    """One of five back after 30 days, one followed for 10 only: Kaplan and Meier say one in four."""
    row = relapses(FOLLOWED, until=date(2026, 4, 1), within_days=90).row(0, named=True)

    assert (row["reviews"], row["relapses"]) == (5, 1)
    assert row["share"] == pytest.approx(1 / 4)
    assert row["share_low"] < 0.25 < row["share_high"]


def test_without_relapse_the_bounds_are_those_of_the_reviews_followed() -> None:
    """Nobody came back, of three that were followed: Wilson's bounds of 0 of 3."""
    calm = FOLLOWED.slice(1, 2).vstack(FOLLOWED.slice(4, 1))
    row = relapses(calm, until=date(2026, 4, 1), within_days=90).row(0, named=True)

    assert (row["share"], row["share_low"]) == (0.0, 0.0)
    assert row["share_high"] == pytest.approx(0.5615, abs=1e-4)


@pytest.mark.parametrize("rows", [0, 4])
def test_no_share_is_told_of_days_that_nobody_followed(rows: int) -> None:
    """Ninety days cannot be told of before they are over; nothing is told of no reviews."""
    row = relapses(FOLLOWED.head(rows), until=date(2026, 3, 30), within_days=90).row(0, named=True)

    assert row["reviews"] == rows
    assert row["share"] is None
