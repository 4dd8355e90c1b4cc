"""Results of one step of the road, written beside the data with the note of how they were made."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.health.score import days_needed
from deliverlab.pipeline.directory import open_history, read_table, write_table
from deliverlab.pipeline.lookup import load_policy, load_scenario
from deliverlab.pipeline.road import account_health, simulate, simulate_with_reviewers
from deliverlab.pipeline.runs import note_run
from deliverlab.pipeline.shadow import open_start
from deliverlab.policy.queue import EVERY_DAY, Workload
from deliverlab.policy.reviewers import Cases
from deliverlab.schemas import (
    GOOD,
    Health,
    Outcomes,
    Recommendations,
    Scores,
    Slices,
    Standing,
    Transitions,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.reviewers import Queue
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.simulate import Simulation


def write_health(data: str | Path, /, *, as_of: date, out: str | Path) -> pl.DataFrame:
    """Accounts by grade; `out` then holds health, scores and recommendations."""
    since = as_of - timedelta(days=days_needed())
    history = open_history(data, since=since)
    slices = read_table(data, Slices, since=since)
    health, scores, advice = account_health(history, as_of=as_of, slices=slices)
    write_table(out, Health, health)
    write_table(out, Scores, scores)
    write_table(out, Recommendations, advice)
    note_run(out, command="health", data=data, as_of=as_of)
    return scores.group_by("grade").len("accounts").sort("grade")


def write_simulation(
    data: str | Path,
    /,
    *,
    policy: str,
    scenario: str,
    seed: int = 0,
    out: str | Path | None = None,
    start: Path | None = None,
    until: date | None = None,
) -> Simulation:
    """What the policy would have done; `out` (default: within the data directory) then holds it.

    With `start` the simulation goes on from there, and only its days stand in what is written; see `shadow`.
    """
    history, rules, assumed, last_day = _opened(
        data, policy=policy, scenario=scenario, seed=seed, until=until
    )
    begun = None if start is None else open_start(start, history=history, policy=rules, until=last_day)
    result = simulate(history, policy=rules, scenario=assumed, start=begun and begun.standing, until=last_day)
    _write(
        result, data=data, out=out, scenario=assumed, until=last_day,
        start=start and start.name, start_hash=begun and begun.sha256,
    )  # fmt: skip
    return result


def write_queue(
    data: str | Path,
    /,
    *,
    policy: str,
    scenario: str,
    reviews_per_day: int,
    weekdays: Collection[int] = EVERY_DAY,
    seed: int = 0,
    out: str | Path | None = None,
    until: date | None = None,
) -> Queue:
    """The same with so many reviewed a day; `out` then holds each case and each day's work besides."""
    history, rules, assumed, last_day = _opened(
        data, policy=policy, scenario=scenario, seed=seed, until=until
    )
    queue = simulate_with_reviewers(
        history, policy=rules, scenario=assumed, per_day=reviews_per_day, weekdays=weekdays, until=last_day
    )
    folder = _write(
        queue.simulation, data=data, out=out, scenario=assumed, until=last_day,
        reviews_per_day=reviews_per_day, weekdays=" ".join(map(str, sorted(weekdays))),
    )  # fmt: skip
    write_table(folder, Cases, queue.cases)
    write_table(folder, Workload, queue.workload)
    return queue


def _opened(
    data: str | Path, *, policy: str, scenario: str, seed: int, until: date | None
) -> tuple[History, Policy, Scenario, date]:
    """What a simulation needs, by the names that a person typed."""
    history, rules = open_history(data), load_policy(policy)
    last_day = until or history.until
    if last_day is None or history.until is None or last_day > history.until:
        raise DataError(f"until == {last_day}, must be at most {history.until}, the last day of the data")
    return history, rules, load_scenario(scenario, history=history, policy=rules, seed=seed), last_day


def _write(
    result: Simulation, *, data: str | Path, out: str | Path | None, scenario: Scenario, **parameters: object
) -> str | Path:
    """Where the simulation was written to, with the note of how it was made."""
    folder = data if out is None else out
    write_table(folder, Transitions, result.transitions)
    write_table(folder, Outcomes, result.outcomes)
    write_table(folder, Standing, result.standing)
    note_run(
        Path(folder) / "simulation", command="simulate", data=data,
        policy=result.policy.title, policy_hash=result.policy.sha256,
        scenario=scenario.name, scenario_hash=scenario.sha256, seed=scenario.seed, **parameters,
    )  # fmt: skip
    return folder


def accounts_by_stage(standing: pl.DataFrame, /) -> pl.DataFrame:
    """How many accounts stand where at the end of a simulation, good standing first."""
    counted = standing.group_by("stage").len("accounts")
    return counted.sort(pl.col("stage") != GOOD, "stage")
