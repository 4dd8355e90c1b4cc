"""What the policy check calls impossible or idle does not happen, and changes nothing, in random worlds.

A longer run: `TWIN_SEED=1000 TWIN_WORLDS=5000 pytest tests/policy/test_check_worlds.py`.
"""

from __future__ import annotations

import os
from datetime import timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.policy.checks import ladder, limits, reach
from deliverlab.policy.diff import policy_diff
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.policy.words import sayings
from tests.policy.answers import history_of
from tests.policy.drawn import TWO_STAGES, history
from tests.policy.worlds import World, random_world, toml

SEEDS = range(
    first := int(os.environ.get("TWIN_SEED", "0")), first + int(os.environ.get("TWIN_WORLDS", "80"))
)
BOUNCES = TWO_STAGES[TWO_STAGES.index("[[rules]]") : TWO_STAGES.index("[[stages]]")]
STEPS = ("account_id", "day", "from_stage", "to_stage")


def transitions(world: World, policy: Policy) -> pl.DataFrame:
    """Every step of the world under this policy."""
    scenario = Scenario.from_text(toml(world.scenario))
    return simulate(history_of(world), policy=policy, scenario=scenario).transitions


def named(place: str) -> str:
    """The rule or stage that a place names."""
    return place.split('"')[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_cannot_happen_does_not(seed: int) -> None:
    """Stages never reached, rules that never act, recoveries and escalations without mail."""
    world = random_world(Random(seed))
    policy = Policy.from_text(toml(world.policy))
    steps = transitions(world, policy)
    for found in reach.stage_never_reached(policy):
        assert named(found.place) not in steps["to_stage"].to_list()
    for found in reach.rule_never_acts(policy):
        assert named(found.place) not in steps["rule"].to_list()
    for found in ladder.recovery_without_mail(policy):
        assert steps.filter(from_stage=named(found.place), cause="recovery").is_empty()
    for found in ladder.escalation_without_mail(policy):
        stage = next(stage for stage in policy.stages if stage.name == named(found.place))
        entered = steps.sort("account_id", "day").with_columns(
            pl.col("day").shift().over("account_id").alias("entered")
        )
        late = pl.col("day") - pl.col("entered") >= timedelta(days=stage.grace_days or 0)
        assert entered.filter(late, from_stage=stage.name, cause="breach").is_empty()
    for found in ladder.review_not_heard(policy):
        assert steps.filter(from_stage=named(found.place), cause="review").is_empty()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_idle_changes_nothing(seed: int) -> None:
    """Without an overtaken rule, an idle memory, an idle minimum or key, every step is the same."""
    world = random_world(Random(seed))
    policy = Policy.from_text(toml(world.policy))
    steps = transitions(world, policy)
    others = [without for _, without in ladder.without_a_key(policy) if sayings(without) == sayings(policy)]
    assert all(policy_diff(policy, other) == [] for other in others)
    if list(reach.memory_never_acts(policy)):
        others.append(
            policy.model_copy(update={"ladder": policy.ladder.model_copy(update={"remembers_days": 0})})
        )
    for found in limits.rule_overtaken(policy):
        rest = tuple(rule for rule in policy.rules if rule.name != named(found.place))
        others.append(policy.model_copy(update={"rules": rest}))
    for found in limits.minimum_without_effect(policy):
        key = found.place.split()[-1]
        rules = [
            rule.model_copy(update={key: 0.0}) if rule.name == named(found.place) else rule
            for rule in policy.rules
        ]
        others.append(policy.model_copy(update={"rules": tuple(rules)}))
    for other in others:
        assert transitions(world, other).select(STEPS).equals(steps.select(STEPS))


def rule_text(name: str, numbers: tuple[float, int, int, int], enters: str) -> str:
    """A rule on hard bounces with this limit, these minimums and z."""
    limit, min_sent, min_events, z = numbers
    return (
        f'[[rules]]\nname = "{name}"\nmetric = "hard_bounce_rate"\nkind = "rate"\nlimit = {limit}\n'
        f'min_sent = {min_sent}\nmin_events = {min_events}\nz = {z}\nenters = "{enters}"\n'
    )


numbers = st.tuples(
    st.sampled_from([0.05, 0.1, 0.15]),
    st.sampled_from([0, 50, 100]),
    st.sampled_from([0, 4, 9]),
    st.sampled_from([0, 1, 2]),
)
days = st.lists(st.tuples(st.sampled_from([20, 60, 120]), st.integers(0, 20)), min_size=1, max_size=8)


@given(numbers, numbers, st.sampled_from(["probation", "suspended"]), days)
@settings(max_examples=100, deadline=None)
def test_an_overtaken_rule_decides_nothing(
    first: tuple[float, int, int, int],
    second: tuple[float, int, int, int],
    enters: str,
    mail: list[tuple[int, int]],
) -> None:
    """Two rules on one rate, close enough that one often overtakes the other: without it, all is the same."""
    rules = (rule_text("one", first, "probation"), rule_text("other", second, enters))
    both = Policy.from_text(TWO_STAGES.replace(BOUNCES, "".join(rules)))
    rows = [f"2026-05-{day:02} | {sent} | {bounces}" for day, (sent, bounces) in enumerate(mail, start=1)]
    past = history("\n".join(["day | sent | hard_bounces", *rows]))
    for found in limits.rule_overtaken(both):
        fewer = tuple(rule for rule in both.rules if rule.name != named(found.place))
        ours, without = (
            simulate(past, policy=policy, scenario=Scenario.never()).transitions.select(STEPS)
            for policy in (both, both.model_copy(update={"rules": fewer}))
        )
        assert ours.equals(without)
