"""On the sample's stories: what a review did is told apart from what would have come by itself."""

from datetime import date, timedelta

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.pipeline.effect import ReviewEffect
from deliverlab.review.effect import compare
from deliverlab.sample.crowd import make_crowd
from deliverlab.schemas import Reviews

LAST_DAY = date(2026, 6, 30)
WINDOW_DAYS = 20


@pytest.fixture(scope="module")
def told() -> tuple[ReviewEffect, pl.DataFrame]:
    """The effect in a crowd of the sample's accounts, and their stories.

    Every other account that regressed to the mean has ticked the box too, when its bad weeks were over.
    """
    blocks = list(make_crowd(accounts=2_400, days=200, seed=8, last_day=LAST_DAY))
    stories = pl.concat(block.stories for block in blocks)
    place = pl.int_range(pl.len())
    cast = stories.filter((pl.col("story") != "healthy") | (place % 2 == 0))["account_id"].to_list()
    enforcement = pl.concat(block.enforcement for block in blocks)
    ticked = stories.filter(story="regressed_to_mean")["account_id"].gather_every(2)
    boxes = (
        enforcement.filter(pl.col("account_id").is_in(ticked.implode()))
        .group_by("account_id")
        .agg(reviewed_on=pl.col("from_day").min() + timedelta(days=5))
        .with_columns(outcome=pl.lit("completed", Reviews.create_empty().schema["outcome"]))
    )
    reviews = pl.concat([*(block.reviews for block in blocks), boxes], how="diagonal")
    history = dl.History(
        pl.concat(block.daily for block in blocks), pl.concat(block.accounts for block in blocks),
        reviews=reviews, enforcement=enforcement,
    )  # fmt: skip
    found = dl.review_effect(history.select(cast), window_days=WINDOW_DAYS, seed=7)
    return found, stories.select("account_id", "story")


def of_story(told: tuple[ReviewEffect, pl.DataFrame], story: str) -> dict[str, float]:
    """The effect on what accounts of a story tripped by."""
    found, stories = told
    mine = found.changes.join(stories.filter(story=story), on="account_id", how="semi")
    tripped = mine.filter(pl.col("measure").cast(pl.String) == pl.col("tripped_by").cast(pl.String))
    return compare(tripped, seed=7)


def test_reviewed_in_name_only_shows_no_effect(told: tuple[ReviewEffect, pl.DataFrame]) -> None:
    """The box was ticked and nothing removed: what is left is all there would have been."""
    row = of_story(told, "reviewed_in_name_only")

    assert row["effect_low"] < 1 < row["effect_high"]


def test_reviewed_and_recovered_does(told: tuple[ReviewEffect, pl.DataFrame]) -> None:
    """The rates came down, and those of accounts that were alike did not."""
    row = of_story(told, "reviewed_and_recovered")

    assert row["effect_high"] < 0.5


def test_regressed_to_the_mean_alone_does_not_count_as_helped(
    told: tuple[ReviewEffect, pl.DataFrame],
) -> None:
    """Before and after look like the best of reviews; others mended as well without one."""
    row = of_story(told, "regressed_to_mean")

    assert row["before_after"] < 0.4
    assert row["effect_low"] < 1 < row["effect_high"]


def test_single_accounts_are_told_apart_too(told: tuple[ReviewEffect, pl.DataFrame]) -> None:
    """Most of the recovered were helped, and few of the others."""
    found, stories = told
    named = found.accounts.filter("is_what_tripped").join(stories, on="account_id")
    helped = dict(
        named.group_by("story").agg((pl.col("verdict") == "helped").mean()).iter_rows()
    )  # fmt: skip

    assert helped["reviewed_and_recovered"] > 0.5
    assert helped["reviewed_in_name_only"] < 0.2
    assert helped["regressed_to_mean"] < 0.2


def test_both_sides_go_together_before_the_notice(told: tuple[ReviewEffect, pl.DataFrame]) -> None:
    """In every bin before it the mean ratios of the two sides are within a half of each other."""
    found, _ = told
    before = found.event_study.filter(pl.col("to_day") <= 0).pivot(
        "is_reviewed", index="to_day", values="ratio"
    )

    assert before.height == 6
    assert before.select((pl.col("true") / pl.col("false")).is_between(1 / 1.5, 1.5).all()).item()


def test_a_scenario_takes_the_effect_with_its_ends(told: tuple[ReviewEffect, pl.DataFrame]) -> None:
    """What is measured stands between the ends, and each scenario says which it is."""
    found, _ = told
    scenario = dl.Scenario.after(days=5)
    scenarios = [
        scenario.with_effect(found.multipliers, at="low"),
        scenario.with_effect(found.multipliers),
        scenario.with_effect(found.multipliers, at="high"),
    ]
    left = [scenario.effect.hard_bounces for scenario in scenarios if scenario.effect]

    assert left == sorted(left)
    assert scenarios[0].name == "reviewed 5 days after the notice; effect at the low end of what was measured"


def test_with_few_alike_there_is_no_figure(sample: object) -> None:
    """The small sample holds hardly anybody who was alike: it says so, and a scenario refuses it."""
    found = dl.review_effect(dl.open_history(str(sample)))

    assert found.effects["effect"].null_count() == found.effects.height
    assert "must be 10 of each" in found.sentence
    with pytest.raises(dl.PolicyError, match="the effect was not measured"):
        dl.Scenario.after(days=5).with_effect(found.multipliers)


def test_a_window_of_no_days_is_refused(sample: object) -> None:
    """One line says what it must be."""
    with pytest.raises(dl.DataError, match="review_effect: window_days == 0, must be at least 1"):
        dl.review_effect(dl.open_history(str(sample)), window_days=0)
