"""The desk queues cases by harm, counts them by day, and says who ended how many."""

from datetime import date

import polars as pl

from deliverlab.review.desk import queue, reviewers, workload
from deliverlab.review.spells import answers, spells
from deliverlab.schemas import Enforcement, Reviews
from tests.tables import table

AS_OF = date(2026, 5, 20)
ENFORCEMENT = Enforcement.admit(
    table("""
    account_id | from_day   | to_day     | stage         | send_share
    calm       | 2026-05-02 | -          | probation     | 1
    harmful    | 2026-05-11 | -          | first warning | 1
    silent     | 2026-05-03 | -          | probation     | 1
    over       | 2026-05-01 | 2026-05-07 | probation     | 1
    done       | 2026-05-12 | 2026-05-18 | probation     | 1
"""),
    what="enforcement",
)
REVIEWS = Reviews.admit(
    table("""
    account_id | reviewed_on | outcome   | reviewer
    calm       | 2026-05-10  | rejected  | Kim
    done       | 2026-05-16  | completed | Kim
    over       | 2026-03-01  | completed | Lee
    silent     | 2026-05-19  | withdrawn | -
"""),
    what="reviews",
)
SPELLS = spells(ENFORCEMENT, REVIEWS)
ANSWERS = answers(REVIEWS, SPELLS)
STAGES = table("""
    account_id | stage         | entered_on | next_stage     | next_on    | lifts_by_review
    calm       | probation     | 2026-05-01 | first warning  | 2026-05-22 | true
    harmful    | first warning | 2026-05-10 | second warning | 2026-05-25 | true
    silent     | probation     | 2026-05-02 | -              | -          | true
    shut       | suspended     | 2026-05-02 | -              | -          | false
""")
LOOKS = table("""
    account_id | metric           | expected_excess | harm
    calm       | hard_bounce_rate | 10              | 0.2
    harmful    | complaint_rate   | 5               | 5.0
    shut       | complaint_rate   | 50              | 50.0
""")
ACCOUNTS = pl.DataFrame(
    {"account_id": ["calm", "harmful", "silent", "shut"], "name": [None, "H & Co", None, None]}
)


def test_most_harm_comes_first_and_what_cannot_be_judged_last() -> None:
    """A stage that no review lifts is no case; ages count from the notice, deadlines to the next stage."""
    queued = queue(STAGES, LOOKS, ACCOUNTS, ANSWERS, SPELLS, as_of=AS_OF)

    assert queued.select("place", "account_id", "name", "age_days", "days_left", "last_outcome").rows() == [
        (1, "harmful", "H & Co", 10, 5, None),
        (2, "calm", "calm", 19, 2, "rejected"),
        (3, "silent", "silent", 18, None, "withdrawn"),
    ]


def test_cases_are_counted_on_the_days_they_open_and_close() -> None:
    """What waits at the end of a day is what opened and has not closed."""
    days = workload(SPELLS, ANSWERS, as_of=AS_OF, days=20)
    told = {row["day"].day: (row["opened"], row["closed"], row["waiting"]) for row in days.rows(named=True)}

    assert len(told) == 20
    assert told[1] == (1, 0, 2)  # calm; over has been open since the day before
    assert told[7] == (0, 1, 2)
    assert told[16] == (0, 1, 3)  # done, by its review
    assert told[20] == (0, 0, 3)
    assert days.select(pl.col("opened").sum() - pl.col("closed").sum()).item() + 1 == told[20][2]


def test_reviewers_are_counted_by_outcome() -> None:
    """Only lately; the days since the notice are a median; nobody named is a row as well."""
    assert reviewers(ANSWERS, as_of=AS_OF).rows() == [("Kim", 1, 1, 0, 7.0), ("nobody named", 0, 0, 1, 17.0)]
