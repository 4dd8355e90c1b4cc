"""The package's answer and the twin's on a world of `worlds`, as rows that can be compared."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.history import History
from deliverlab.policy.diary import diary
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import Simulation, simulate
from deliverlab.schemas import Accounts, Daily, Enforcement, PeerRates, Reviews, Standing
from tests.policy import reference
from tests.policy.reference import Answer, Notes, Row, Tables, days
from tests.policy.worlds import World, random_world, toml

if TYPE_CHECKING:
    from deliverlab.admission import Table

DAY = timedelta(days=1)


def frame(table: type[Table], rows: list[Row]) -> pl.DataFrame:
    """The rows as the table, though there may be none."""
    return pl.DataFrame(rows, schema=table.create_empty().schema)


def history_of(world: World, *, since: date = date.min) -> History:
    """The world's history, without the mail before `since`."""
    return History(
        frame(Daily, [row for row in world.daily if row["day"] >= since]),
        frame(Accounts, world.accounts),
        peer_rates=frame(PeerRates, world.peer_rates),
        reviews=frame(Reviews, world.reviews),
        enforcement=frame(Enforcement, world.enforcement),
        known_within_days=world.known_within_days,
    )


def result_of(
    world: World, history: History, *, until: date | None = None, start: list[Row] | None = None
) -> Simulation:
    """The package's simulation of the world, shown this much of its history."""
    return simulate(
        history,
        policy=Policy.from_text(toml(world.policy)),
        scenario=Scenario.from_text(toml(world.scenario)),
        start=None if start is None else frame(Standing, start),
        until=until,
    )


def package_answer(
    world: World, history: History, *, until: date | None = None, start: list[Row] | None = None
) -> Answer:
    """What the package says of the world, shown this much of its history."""
    result = result_of(world, history, until=until, start=start)
    return Answer(*(table.to_dicts() for table in (result.transitions, result.outcomes, result.standing)))


def twin_answer(world: World, *, until: date | None = None, start: list[Row] | None = None) -> Answer:
    """What the twin says of the world."""
    return reference.simulate(
        tomllib.loads(toml(world.policy)),
        tomllib.loads(toml(world.scenario)),
        Tables(world.daily, world.accounts, world.peer_rates, world.reviews, world.enforcement),
        until=until,
        start=start or (),
    )


def package_notes(world: World) -> Notes:
    """The package's diary of the world; what it says beyond the twin's is left out."""
    days, readings = diary(result_of(world, history_of(world)))
    seen = readings.drop("leads_to", "flip_events", "flip_mails")
    return Notes(days.to_dicts(), seen.to_dicts())


def twin_notes(world: World) -> Notes:
    """The twin's diary of the world."""
    return reference.diary(
        tomllib.loads(toml(world.policy)),
        tomllib.loads(toml(world.scenario)),
        Tables(world.daily, world.accounts, world.peer_rates, world.reviews, world.enforcement),
    )


@cache
def answer_of_seed(seed: int) -> Answer:
    """What the twin says of the world of a seed."""
    return twin_answer(random_world(Random(seed)))


def meaning(world: World, answer: Answer) -> Answer:
    """The answer with the terms of each day that windows still need, into however many runs they are cut."""
    return answer._replace(standing=[row | {"runs": _by_day(world, row)} for row in answer.standing])


def _by_day(world: World, standing: Row) -> list[Row]:
    tomorrow = standing["as_of"] + DAY
    needed = days(max(standing["fresh_from"], windows_reach(world, tomorrow)), tomorrow)
    return [
        [run for run in standing["runs"] if run["from_day"] <= day][-1] | {"from_day": day} for day in needed
    ]


def windows_reach(world: World, day: date) -> date:
    """The first day that may be in a window of `day`: of mail, a window may reach back to any day."""
    sizes = [world.policy["window"], *(rule.get("window", {}) for rule in world.policy["rules"])]
    if any("sends" in size for size in sizes):
        return date.min
    reach = world.policy["window"].get("lag_days", 2) + max(size.get("days", 0) for size in sizes) - 1
    return day - timedelta(days=reach)


def needed_since(world: World, day: date) -> date:
    """The first day whose mail windows and bands of `day` need."""
    return min(windows_reach(world, day), day - timedelta(days=30))
