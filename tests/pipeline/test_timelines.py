"""Accounts by stage, day by day, from what was done or from a replay."""

from datetime import date

import polars as pl

from deliverlab.pipeline.timelines import enforced_timeline, simulated_timeline
from tests.tables import table

UNTIL = date(2026, 5, 5)


def test_a_stage_lasts_until_it_is_lifted_reviewed_or_still_on() -> None:
    """Both ends count; a completed review ends a stage on its day, another outcome does not."""
    enforcement = table("""
        account_id | from_day   | to_day     | stage     | send_share
        a          | 2026-05-01 | 2026-05-02 | probation | 1.0
        b          | 2026-05-02 | -          | probation | 1.0
        c          | 2026-05-04 | -          | suspended | 0.0
    """)
    reviews = table("""
        account_id | reviewed_on | outcome
        b          | 2026-05-03  | completed
        c          | 2026-05-04  | rejected
    """)

    assert enforced_timeline(enforcement, reviews, until=UNTIL, days=5).rows() == [
        (date(2026, 5, 1), "probation", 1),
        (date(2026, 5, 2), "probation", 2),
        (date(2026, 5, 3), "probation", 1),
        (date(2026, 5, 4), "suspended", 1),
        (date(2026, 5, 5), "suspended", 1),
    ]


def test_a_transition_takes_effect_the_day_after() -> None:
    """Good standing is no stage, and the last stage lasts until the end."""
    transitions = table("""
        account_id | day        | to_stage
        a          | 2026-05-01 | probation
        a          | 2026-05-03 | good
        b          | 2026-05-03 | probation
        b          | 2026-05-04 | suspended
    """)

    assert simulated_timeline(transitions, until=UNTIL, days=5).rows() == [
        (date(2026, 5, 2), "probation", 1),
        (date(2026, 5, 3), "probation", 1),
        (date(2026, 5, 4), "probation", 1),
        (date(2026, 5, 5), "suspended", 1),
    ]


def test_days_without_anybody_in_a_stage_are_left_out() -> None:
    """An empty history has an empty timeline."""
    empty = pl.DataFrame(schema={"account_id": pl.String, "day": pl.Date, "to_stage": pl.String})

    assert simulated_timeline(empty, until=UNTIL, days=5).is_empty()
