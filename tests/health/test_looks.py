"""Whom to look at first, and when to look again."""

from datetime import date, timedelta

import polars as pl
import pytest

from deliverlab.health.looks import Looks, next_looks
from deliverlab.metrics import HARM, METRICS
from deliverlab.schemas import Health
from tests.tables import table

AS_OF = date(2026, 6, 30)


def looks(text: str) -> pl.DataFrame:
    """The looks of a health that is drawn as text, peers having 1% hard bounces and 0.1% complaints."""
    drawn = table(text).with_columns(
        as_of=pl.lit(AS_OF), peer_rate=pl.when(metric="hard_bounce_rate").then(0.01).otherwise(0.001)
    )
    rows = drawn.with_columns(shrunken_rate=pl.col("peer_rate") * pl.col("times")).drop("times")
    whole = pl.concat([Health.create_empty(), rows], how="diagonal_relaxed")
    return next_looks(Health.cast(whole))


def test_every_enforced_metric_has_a_harm() -> None:
    """And no other: nobody is looked at first because few open the mail."""
    assert set(HARM) == {metric.name for metric in METRICS.values() if metric.is_enforced}


def test_a_small_problem_of_a_large_account_outweighs_a_large_problem_of_a_small_one() -> None:
    """What counts is the harm to come: probability, times excess, times what such an event does."""
    found = looks("""
        account_id | metric           | trials  | times | twice_peers_probability | grade
        small      | hard_bounce_rate | 300     | 9.0   | 1.0                     | poor
        large      | hard_bounce_rate | 3000000 | 1.9   | 0.4                     | good
        alike      | hard_bounce_rate | 3000000 | 1.0   | 0.0                     | good
    """)
    assert found["account_id"].to_list() == ["large", "small", "alike"]
    large = found.row(0, named=True)
    assert large["expected_excess"] == pytest.approx(0.009 * 3_000_000 * 14 / 30)
    assert large["harm"] == pytest.approx(0.4 * 0.02 * 0.009 * 3_000_000 * 14 / 30)
    assert found["harm"][2] == 0


def test_a_complaint_harms_as_much_as_fifty_hard_bounces() -> None:
    """By their published limits; the metric that harms most is the one an account is looked at for."""
    found = looks("""
        account_id | metric           | trials | times | twice_peers_probability | grade
        both       | hard_bounce_rate | 30000  | 3.0   | 1.0                     | poor
        both       | complaint_rate   | 30000  | 3.0   | 1.0                     | fair
    """)
    assert found.select("metric", "grade").rows() == [("complaint_rate", "poor")]


@pytest.mark.parametrize(
    ("grade", "trials", "days"),
    [
        ("poor", 30_000, 1),
        ("fair", 30_000, 7),
        ("good", 30_000, 7),  # ten expected events a day: a week is soon enough
        ("good", 1_500, 20),  # half an expected event a day
        ("excellent", 600, 50),
        ("not enough mail to tell", 30, 90),
    ],
)
def test_the_next_look_waits_for_mail_that_says_something_new(grade: str, trials: int, days: int) -> None:
    """Mail worth ten expected events; but the poor are due tomorrow, and nobody later than in 90 days."""
    found = looks(f"""
        account_id | metric           | trials   | times | twice_peers_probability | grade
        a          | hard_bounce_rate | {trials} | 1.0   | 0.0                     | {grade}
    """)
    assert found["due_on"].to_list() == [AS_OF + timedelta(days=days)]


def test_who_has_no_mail_or_peers_is_not_looked_at() -> None:
    """There is nothing to look at; opens alone are no reason."""
    drawn = """
        account_id | metric    | trials | times | twice_peers_probability | grade
        a          | open_rate | 100    | 0.1   | 0.0                     | poor
    """
    assert looks(drawn).is_empty()
    assert Looks.is_valid(looks(drawn))
