"""The last whole month beside the one before: which month, what changed, and what is only chance."""

from datetime import date

import polars as pl
import pytest

from deliverlab.health.months import months
from deliverlab.history import History
from tests.health.worlds import history, peers, steady

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def a_history(**counts: int) -> History:
    """April with 1% of hard bounces and 20% of opens; May with the counts a day that are given."""
    april = steady("a", days=30, start=APRIL, sent=1_000, delivered=990, hard_bounces=10, opens=200)
    may = steady("a", days=31, start=MAY, sent=1_000, delivered=990, **counts)
    return history(pl.concat([april, may]), peer_rates=peers())


@pytest.mark.parametrize(
    ("as_of", "first", "last"),
    [
        (date(2026, 6, 30), date(2026, 5, 1), date(2026, 5, 31)),
        (date(2026, 6, 2), date(2026, 5, 1), date(2026, 5, 31)),  # outcomes are known within two days
        (date(2026, 6, 1), date(2026, 4, 1), date(2026, 4, 30)),
        (date(2026, 3, 2), date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 1, 15), date(2025, 12, 1), date(2025, 12, 31)),
    ],
)
def test_the_month_is_the_last_whose_outcomes_are_known(as_of: date, first: date, last: date) -> None:
    """A month counts once its last day's bounces and complaints are in."""
    row = months(a_history(hard_bounces=10, opens=200), as_of=as_of).row(0, named=True)

    assert (row["first"], row["last"]) == (first, last)


@pytest.mark.parametrize(
    ("hard_bounces", "opens", "hard", "opened"),
    [(10, 200, "alike", "alike"), (30, 100, "worse", "worse"), (2, 400, "better", "better")],
)
def test_more_bounces_are_worse_and_more_opens_better(
    hard_bounces: int, opens: int, hard: str, opened: str
) -> None:
    """Which way is bad hangs on the metric; days that are all alike leave chance little room."""
    found = months(a_history(hard_bounces=hard_bounces, opens=opens), as_of=date(2026, 6, 30))
    turns = dict(found.select(pl.col("metric").cast(pl.String), pl.col("turn").cast(pl.String)).iter_rows())

    assert turns["hard_bounce_rate"] == hard
    assert turns["open_rate"] == opened


def test_a_month_has_its_counts_and_both_rates() -> None:
    """31 days of 30 bounces in 1,000 mails, after 30 days of 10; the bounds of the change hold it."""
    row = months(a_history(hard_bounces=30, opens=200), as_of=date(2026, 6, 30)).row(0, named=True)

    assert (row["events"], row["trials"]) == (930, 31_000)
    assert (row["rate"], row["rate_before"]) == (0.03, 0.01)
    assert 0 < row["change_low"] < 0.02 < row["change_high"]


def test_one_bad_blast_in_a_small_month_is_chance() -> None:
    """The mails of one day share a fate: a single bad day among few is no turn for the worse."""
    april = steady("a", days=4, start=APRIL, sent=50, hard_bounces=1)
    may = pl.concat(
        [
            steady("a", days=3, start=MAY, sent=50, hard_bounces=1),
            steady("a", days=1, start=date(2026, 5, 10), sent=50, hard_bounces=6),
        ]
    )
    found = months(history(pl.concat([april, may]), peer_rates=peers()), as_of=date(2026, 6, 30))

    assert found.row(0, named=True)["turn"] == "alike"


def test_without_mail_in_a_month_there_is_nothing_to_compare() -> None:
    """No mail is neither a good month nor a bad one."""
    only_may = history(steady("a", days=31, start=MAY, sent=1_000, hard_bounces=10), peer_rates=peers())
    row = months(only_may, as_of=date(2026, 6, 30)).row(0, named=True)

    assert row["turn"] == "unknown"
    assert row["rate_before"] is None
    assert row["change_low"] is None
