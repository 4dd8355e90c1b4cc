"""Scenario files, the scenarios that have a name of their own, and the one that history suggests."""

from __future__ import annotations

import polars as pl
import pytest

from deliverlab.errors import PolicyError
from deliverlab.policy.fields import FRACTION
from deliverlab.policy.scenario import Effect, Scenario
from tests.policy.drawn import history, policy

CHANCE = """
name = "half of them"
seed = 7
[review]
mode = "chance"
after_days = 5
chance = [0.5, 0.3]
[effect]
volume = 0.95
hard_bounces = 0.4
"""


def test_attributes_are_the_keys_of_the_file() -> None:
    """What is left out of the effect stays as it is."""
    scenario = Scenario.from_text(CHANCE)
    assert (scenario.name, scenario.seed) == ("half of them", 7)
    assert (scenario.review.mode, scenario.review.after_days, scenario.review.chance) == (
        "chance",
        5,
        (0.5, 0.3),
    )
    assert scenario.effect == Effect(volume=0.95, hard_bounces=0.4)
    assert scenario.effect.clicks == 1.0


def test_scenarios_name_themselves() -> None:
    """Every result carries the name of its scenario, so each says what it assumes."""
    assert Scenario.never().name == "never reviewed"
    assert Scenario.historical().name == "reviewed as in history"
    assert Scenario.given(effect={"volume": 0.5}).effect == Effect(volume=0.5)
    assert Scenario.after(days=1).name == "reviewed 1 day after the notice"
    assert Scenario.after(effect={"volume": 0.5}).effect == Effect(volume=0.5)
    assert Scenario.after(effect=Effect(volume=0.5)).sha256 != Scenario.after().sha256


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        ('name = "half of them"', "", "name is missing, must be a name in quotes"),
        ("seed = 7", "", 'seed is missing, must be a whole number for mode = "chance"'),
        ("seed = 7", "seed = 0.5", "seed = 0.5, must be a whole number"),
        (
            '"chance"',
            '"luck"',
            'review mode = "luck", must be "never", "after", "chance", "historical" or "given"',
        ),
        ("after_days = 5", "", 'review after_days is missing, must be given for mode = "chance"'),
        (
            "after_days = 5",
            "after_days = 0",
            "review after_days = 0, must be a whole number of days, 1 or more",
        ),
        ("chance = [0.5, 0.3]", "", 'review chance is missing, must be given for mode = "chance"'),
        ("hard_bounces = 0.4", "hard_bounces = -1", "effect hard_bounces = -1, must be a factor, 0 or more"),
        (
            '"chance"',
            '"never"',
            'effect is given, must be left out for mode = "never": no review is completed',
        ),
        (
            '"chance"',
            '"historical"',
            'effect is given, must be left out for mode = "historical": the data already hold it',
        ),
        (
            "chance = [0.5, 0.3]",
            "chance = [0.5, 30]",
            f"review chance[2] = 30, must be a list of one probability a stage, each {FRACTION}",
        ),
        (
            "[effect]",
            "[effects]",
            'unknown key "effects", must be one of name, seed, review, effect (did you mean "effect"?)',
        ),
    ],
)
def test_what_a_scenario_must_not_say(line: str, instead: str, message: str) -> None:
    """Each refusal is one line: file, place, value, and what it must be."""
    with pytest.raises(PolicyError) as refusal:
        Scenario.from_text(CHANCE.replace(line, instead, 1), where="scenario.toml")
    assert str(refusal.value) == f"scenario.toml: {message}"


def test_arguments_are_refused_like_files() -> None:
    """A scenario that is made by arguments is named in the error."""
    with pytest.raises(
        PolicyError, match='scenario "reviewed 0 days after the notice": review after_days = 0'
    ):
        Scenario.after(days=0)


MAIL = """
    account_id | day        | sent | hard_bounces
    a          | 2026-05-01 | 9    | 0
    a          | 2026-05-31 | 9    | 0
    b          | 2026-05-01 | 9    | 0
"""
ACCOUNTS = "account_id | industry | tier\na | Retail | free\nb | Retail | free"
ENFORCED = """
    account_id | from_day   | to_day     | stage     | send_share
    a          | 2026-05-02 | 2026-05-05 | probation | 1.0
    a          | 2026-05-10 | 2026-05-20 | probation | 1.0
    b          | 2026-05-02 | 2026-05-09 | probation | 1.0
    b          | 2026-05-12 | -          | probation | 1.0
"""
REVIEWED = """
    account_id | reviewed_on | outcome
    a          | 2026-05-05  | completed
    a          | 2026-05-15  | rejected
    a          | 2026-05-25  | completed
    b          | 2026-05-08  | completed
    b          | 2026-05-17  | completed
    b          | 2026-05-18  | completed
"""


def test_history_suggests_how_often_and_how_fast_accounts_review() -> None:
    """Three of four entries were answered, 4, 7 and 6 days after the notice; nobody was ever suspended.

    A review that was rejected, or came after the stage, answers nothing; of two the first counts.
    """
    past = history(MAIL, accounts=ACCOUNTS, enforcement=ENFORCED, reviews=REVIEWED)
    scenario = Scenario.from_history(past, policy=policy(), seed=3)
    assert scenario.review.chance == (0.75, 0.75)
    assert scenario.review.after_days == 6
    assert scenario.effect is None
    assert scenario.seed == 3


def test_a_history_without_answers_suggests_nothing() -> None:
    """No enforcement, or none of the policy's stages, or no review: refused."""
    other = ENFORCED.replace("probation", "limbo    ")
    for enforcement, reviews in ((None, REVIEWED), (other, REVIEWED), (ENFORCED, None)):
        past = history(MAIL, accounts=ACCOUNTS, enforcement=enforcement, reviews=reviews)
        with pytest.raises(PolicyError, match="was answered by a completed review, must hold at least one"):
            Scenario.from_history(past, policy=policy(), seed=3)


MEASURED = pl.DataFrame(
    {
        "column": ["volume", "hard_bounces", "clicks"],
        "multiplier": [0.9, 0.4, 1.0],
        "multiplier_low": [0.8, 0.3, None],
        "multiplier_high": [1.0, 0.5, None],
    }
)


def test_a_measured_effect_has_three_scenarios() -> None:
    """As measured and at both ends; what was not measured stays; the rest of the scenario does too."""
    half = Scenario.from_text(CHANCE)
    low, high = half.with_effect(MEASURED, at="low"), half.with_effect(MEASURED, at="high")

    assert half.with_effect(MEASURED).effect == Effect(volume=0.9, hard_bounces=0.4)
    assert low.effect == Effect(volume=0.8, hard_bounces=0.3)
    assert high.effect == Effect(volume=1.0, hard_bounces=0.5)
    assert low.name == "half of them; effect at the low end of what was measured"
    assert (low.review, low.seed) == (half.review, half.seed)
    assert len({half.sha256, low.sha256, high.sha256}) == 3


@pytest.mark.parametrize(
    ("scenario", "measured", "message"),
    [
        (Scenario.after(), MEASURED.tail(1), "the effect was not measured, must have bounds in some column"),
        (Scenario.never(), MEASURED, 'effect is given, must be left out for mode = "never"'),
        (Scenario.historical(), MEASURED, "the data already hold it"),
    ],
)
def test_an_effect_that_has_no_place_is_refused(
    scenario: Scenario, measured: pl.DataFrame, message: str
) -> None:
    """Nothing measured, or nobody who reviews in the simulation."""
    with pytest.raises(PolicyError, match=message):
        scenario.with_effect(measured)
