"""The simulator equals its slow, obvious twin on random worlds, transition by transition, number by number.

A longer run: `TWIN_SEED=1000 TWIN_WORLDS=5000 pytest tests/policy/test_twin.py`.
"""

import os
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policy.answers import (
    DAY,
    answer_of_seed,
    history_of,
    meaning,
    needed_since,
    package_answer,
    package_notes,
    twin_answer,
    twin_notes,
)
from tests.policy.worlds import World, random_world, worlds

SEEDS = range(
    first := int(os.environ.get("TWIN_SEED", "0")), first + int(os.environ.get("TWIN_WORLDS", "200"))
)


@pytest.mark.parametrize("seed", SEEDS)
def test_whole(seed: int) -> None:
    """From the first day to the last, no transition, outcome or standing differs."""
    world = random_world(Random(seed))
    assert meaning(world, package_answer(world, history_of(world))) == meaning(world, answer_of_seed(seed))


@pytest.mark.parametrize("seed", SEEDS[::2])
def test_two_pieces(seed: int) -> None:
    """Cut in two on any day, and gone on from its standing with no more mail than needed, nothing differs."""
    world, whole = random_world(Random(seed)), answer_of_seed(seed)
    cut = world.first_day + Random(seed).randrange((world.last_day - world.first_day).days + 1) * DAY
    head = package_answer(world, history_of(world), until=cut)
    assert meaning(world, head) == meaning(world, twin_answer(world, until=cut))

    needed = history_of(world, since=needed_since(world, cut + DAY))
    tail = package_answer(world, needed, until=world.last_day, start=head.standing)
    twin_tail = twin_answer(world, until=world.last_day, start=head.standing)
    assert meaning(world, tail) == meaning(world, twin_tail)

    both = sorted(head.transitions + tail.transitions, key=lambda row: (row["account_id"], row["day"]))
    assert both == whole.transitions
    assert meaning(world, tail).standing == meaning(world, whole).standing


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_diary(seed: int) -> None:
    """What every rule saw on every day, and what became of the day's mail, differs in no number."""
    world = random_world(Random(seed))
    ours, theirs = package_notes(world), twin_notes(world)
    assert ours.days == theirs.days
    assert ours.readings == theirs.readings


@given(worlds(), st.integers(-3, 10))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_worlds_that_shrink(world: World, silent_days: int) -> None:
    """The same to some other last day, where Hypothesis looks for the smallest world that differs."""
    until = world.last_day + silent_days * DAY
    answer = package_answer(world, history_of(world), until=until)
    assert meaning(world, answer) == meaning(world, twin_answer(world, until=until))
