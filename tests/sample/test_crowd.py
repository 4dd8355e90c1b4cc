"""Very many accounts: the same people as in a small world, counted by day alone."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from deliverlab.sample import crowd
from deliverlab.sample.crowd import Block, make_crowd
from deliverlab.sample.world import make_world
from deliverlab.schemas import Accounts, Daily

LAST_DAY = date(2026, 6, 30)


def blocks(accounts: int, *, days: int = 60) -> list[Block]:
    return list(make_crowd(accounts=accounts, days=days, seed=7, last_day=LAST_DAY))


def test_a_crowd_is_made_of_the_accounts_of_a_small_world() -> None:
    """Who they are, what befalls them and what was done is the same; only the draws of their mail are not."""
    (block,), world = blocks(60), make_world(accounts=60, days=60, seed=7, last_day=LAST_DAY)
    assert_frame_equal(block.accounts, world.accounts)
    assert_frame_equal(block.stories, world.stories)
    assert_frame_equal(block.enforcement, world.enforcement)
    assert_frame_equal(block.reviews, world.reviews)
    Daily.admit(block.daily, what="daily")
    Accounts.admit(block.accounts, what="accounts")


def test_an_account_is_the_same_whatever_the_number_of_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it matter how many are made at a time."""
    few = pl.concat(block.daily for block in blocks(25))
    monkeypatch.setattr(crowd, "BLOCK", 10)
    cut = blocks(40)
    assert [block.accounts.height for block in cut] == [10, 10, 10, 10]
    many = pl.concat(block.daily for block in cut)
    assert_frame_equal(many.filter(pl.col("account_id").is_in(few["account_id"].unique())), few)


def test_the_same_mail_meets_the_same_chances() -> None:
    """Over many accounts the rates are those of mail that is split by campaign and provider."""
    (block,), world = blocks(150, days=120), make_world(accounts=150, days=120, seed=7, last_day=LAST_DAY)
    plain = pl.col("account_id") > "acct-0014"  # accounts with raw records are told message by message
    for count, of in (("hard_bounces", "sent"), ("complaints", "delivered"), ("opens", "delivered")):
        rate = pl.col(count).sum() / pl.col(of).sum()
        mine, theirs = (daily.filter(plain).select(rate).item() for daily in (block.daily, world.daily))
        assert mine == pytest.approx(theirs, rel=0.03)
