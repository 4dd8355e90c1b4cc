"""Accounts: who they are, and how far they lie apart."""

import math
import statistics
from datetime import date

import numpy as np
import polars as pl
import pytest

from deliverlab.sample.accounts import ENFORCED_TIERS, Account, account_id, make_account
from deliverlab.sample.industries import INDUSTRIES, OTHER
from deliverlab.sample.roles import ROLES
from deliverlab.sample.stories import STORIES
from deliverlab.sample.world import World

FIRST_DAY, LAST_DAY = date(2026, 2, 1), date(2026, 6, 30)


@pytest.fixture(scope="module")
def crowd() -> list[Account]:
    """Eight hundred accounts of one world."""
    return [
        make_account(number, rng=np.random.default_rng(number), first_day=FIRST_DAY, last_day=LAST_DAY)
        for number in range(1, 801)
    ]


def test_the_first_accounts_play_their_roles(crowd: list[Account]) -> None:
    """Story, tier and rhythm of a role are those of the account of its number."""
    for account, role in zip(crowd, ROLES, strict=False):
        assert (account.story.name, account.tier, account.rhythm) == (role.story, role.tier, role.rhythm)
        assert (LAST_DAY - account.created_on).days == role.history - 1
    assert all(account.role is None for account in crowd[len(ROLES) :])


def test_ids_sort_as_their_numbers(crowd: list[Account]) -> None:
    """Ids have a fixed width."""
    assert account_id(7) == "acct-0007"
    ids = [account.account_id for account in crowd]
    assert sorted(ids) == ids


def test_whoever_was_put_into_a_stage_is_on_a_tier_where_that_is_done(crowd: list[Account]) -> None:
    """The provider enforces on free and starter accounts only."""
    assert {account.tier for account in crowd if account.steps} == set(ENFORCED_TIERS)


def test_healthy_accounts_lie_around_their_industry(crowd: list[Account]) -> None:
    """Their own rates have the industry's as mean, and half of it as standard deviation."""
    healthy = [account for account in crowd if account.story.name == "healthy" and account.role is None]
    ratios = [account.rates["hard_bounces"] / account.industry.rates["hard_bounces"] for account in healthy]
    assert statistics.mean(ratios) == pytest.approx(1.0, abs=0.08)
    assert statistics.stdev(ratios) == pytest.approx(0.5, abs=0.1)


def test_some_accounts_have_not_said_what_they_do(crowd: list[Account]) -> None:
    """About one in thirteen has no industry; the others are spread over all twelve."""
    industries = [account.industry.name for account in crowd]
    assert 20 <= industries.count(OTHER.name) <= 120
    assert all(industries.count(name) >= 20 for name in INDUSTRIES)


def test_a_parent_comes_before_its_child(crowd: list[Account]) -> None:
    """So that a world of fewer accounts never lacks a parent."""
    assert all(account.parent < account.number for account in crowd if account.parent)


def test_names_are_plainly_invented(crowd: list[Account]) -> None:
    """Nearly all say that they are examples; the few others are hostile on purpose."""
    odd = [account.name for account in crowd if "Example" not in account.name]
    assert 4 <= len(odd) <= 6


def test_rates_in_traffic_are_those_of_the_benchmarks(world: World) -> None:
    """Healthy accounts of an industry, each weighing the same, bounce about as often as was published."""
    healthy = world.stories.filter(pl.col("story") == "healthy").join(world.accounts, on="account_id")
    rates = (
        world.daily.join(healthy, on="account_id")
        .group_by("account_id", "industry")
        .agg(
            pl.col("sent").sum(),
            hard_bounces=pl.col("hard_bounces").sum() / pl.col("sent").sum(),
            complaints=pl.col("complaints").sum() / pl.col("delivered").sum(),
            unsubscribes=pl.col("unsubscribes").sum() / pl.col("delivered").sum(),
            opens=pl.col("opens").sum() / pl.col("delivered").sum(),
            clicks=pl.col("clicks").sum() / pl.col("delivered").sum(),
        )
        .filter(pl.col("sent") > 2_000)
    )
    for outcome, tolerance in (
        ("hard_bounces", 1.6), ("complaints", 1.6), ("unsubscribes", 1.6), ("opens", 1.15), ("clicks", 1.3)
    ):  # fmt: skip
        expected = [
            INDUSTRIES[name].rates[outcome] if name else OTHER.rates[outcome] for name in rates["industry"]
        ]
        known_in_time = 0.75 if outcome == "complaints" else 1.0
        ratio = sum(rates[outcome]) / (sum(expected) * known_in_time)
        assert abs(math.log(ratio)) < math.log(tolerance), outcome


def test_every_story_is_somebodys(crowd: list[Account]) -> None:
    """Stories take turns, so that none is left out by chance."""
    told = [account.story.name for account in crowd[len(ROLES) :]]
    assert all(told.count(name) >= 10 for name in STORIES)
