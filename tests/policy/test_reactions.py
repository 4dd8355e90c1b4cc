"""Undoing what notices did: a band of histories between the one that is and a milder reaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.errors import PolicyError
from deliverlab.policy.reactions import undo_reactions
from deliverlab.schemas import COUNTS
from tests.policy.drawn import history

if TYPE_CHECKING:
    from deliverlab.history import History

MAIL = """
    account_id | day        | sent | hard_bounces | complaints
    a          | 2026-05-01 | 100  | 10           | 0
    a          | 2026-05-02 | 100  | 20           | 0
    a          | 2026-05-03 | 100  | 5            | 9
    a          | 2026-05-04 | 100  | 5            | 0
    a          | 2026-05-05 | 200  | 10           | 0
    b          | 2026-05-01 | 100  | 50           | 0
    b          | 2026-05-05 | 100  | 0            | 0
"""
ACCOUNTS = "account_id | industry | tier\na | Retail | free\nb | Retail | free"
ENFORCED = """
    account_id | from_day   | to_day     | stage     | send_share
    a          | 2026-05-03 | 2026-05-03 | probation | 1.0
    a          | 2026-05-04 | -          | suspended | 1.0
"""


def drawn() -> History:
    """Account a fell from 15% to 5% bounces after its notice; b was never told."""
    return history(MAIL, accounts=ACCOUNTS, enforcement=ENFORCED)


def test_half_of_the_fall_is_put_back_in_whole_bounces() -> None:
    """From 5% half way up to 15% is 10%: 5, 5 and 10 bounces more, which are delivered no more."""
    undone = undo_reactions(drawn(), share=0.5).daily
    assert undone.filter(account_id="a")["hard_bounces"].to_list() == [10, 20, 10, 10, 20]
    assert undone.filter(account_id="a")["delivered"].to_list() == [90, 80, 90, 90, 180]


def test_what_rose_and_who_was_never_told_stay() -> None:
    """Complaints rose after a's notice, and b got none."""
    was, undone = drawn().daily, undo_reactions(drawn(), share=1.0).daily
    assert undone["complaints"].equals(was["complaints"])
    assert undone.filter(account_id="b").equals(was.filter(account_id="b"))


def test_with_nothing_undone_history_is_as_it_was() -> None:
    """Every count."""
    assert undo_reactions(drawn(), share=0.0).daily.equals(drawn().daily)


@settings(deadline=None)
@given(st.floats(0, 1))
def test_the_sum_is_the_share_of_the_fall(share: float) -> None:
    """To within half an event, however days divide it."""
    undone = undo_reactions(drawn(), share=share).daily
    more = sum(undone["hard_bounces"]) - sum(drawn().daily["hard_bounces"])
    assert abs(more - share * 0.1 * 400) <= 0.5 + 1e-9
    kept = [name for name in COUNTS if name not in ("hard_bounces", "delivered")]
    assert undone.select(kept).equals(drawn().daily.select(kept))


def test_a_second_notice_from_good_standing_begins_anew() -> None:
    """Each fall is undone until the next notice only."""
    again = ENFORCED.replace("2026-05-04 | -          | suspended", "2026-05-05 | -          | probation")
    undone = undo_reactions(history(MAIL, accounts=ACCOUNTS, enforcement=again), share=1.0, before_days=1)
    assert undone.daily.filter(account_id="a")["hard_bounces"].to_list() == [10, 20, 20, 20, 10]


def test_a_share_is_a_fraction() -> None:
    """Refused in a line."""
    with pytest.raises(PolicyError, match="share = 25, must be a fraction from 0 to 1"):
        undo_reactions(drawn(), share=25)


def test_days_of_one_account_do_not_change_another() -> None:
    """The accounts are treated one by one."""
    alone = undo_reactions(drawn().select(["a"]), share=0.5).daily
    assert alone.equals(undo_reactions(drawn(), share=0.5).daily.filter(pl.col("account_id") == "a"))
