"""A sweep of many policies comes to what `simulate` and `evaluate` say of each, on random worlds.

A longer run: `SWEEP_SEED=1000 SWEEP_WORLDS=5000 pytest tests/policy/test_sweep.py`.
"""

import os
from dataclasses import replace
from random import Random

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from deliverlab.history import History
from deliverlab.policy.contributions import contributions
from deliverlab.policy.measures import MEASURES
from deliverlab.policy.model import Policy
from deliverlab.policy.named import UNSWEPT
from deliverlab.policy.resample import resample
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import Simulation, simulate
from deliverlab.policy.sums import Ledger, Sums
from deliverlab.policy.sweep.bench import Bench
from deliverlab.policy.sweep.parts import added, sums_of, table_of
from deliverlab.schemas import GOOD, LABELS
from tests.policy.answers import DAY, history_of
from tests.policy.reference import Row
from tests.policy.worlds import World, random_policy, random_rule, random_stage, random_world, toml

SEEDS = range(
    first := int(os.environ.get("SWEEP_SEED", "0")), first + int(os.environ.get("SWEEP_WORLDS", "40"))
)
POLICIES = 6


@pytest.mark.parametrize("seed", SEEDS)
def test_one_by_one(seed: int) -> None:
    """Every measure, every column and every tally of every policy is that of the policy simulated alone."""
    bench, policies = drawn(seed)
    swept = bench.sweep(policies, says_who=True)
    for p, policy in enumerate(policies):
        alone = simulate(
            bench.history, policy=policy, scenario=bench.scenario, start=bench.start, until=bench.until
        )
        sums = sums_alone(alone)
        differ = {
            name: (value[p], sums.columns[name][0])
            for name, value in swept.sums.columns.items()
            if not np.isclose(value[p], sums.columns[name][0], rtol=1e-9, atol=1e-6)
        }
        assert not differ, (p, policy)
        for measure in MEASURES:
            if measure.name in UNSWEPT:
                continue
            theirs = measure.figures(sums, sums)
            for about, figure in measure.figures(swept.sums, swept.sums).items():
                expected = theirs[about][0] if about in theirs else measure.unreached or 0.0
                assert figure[p] == pytest.approx(expected, rel=1e-9, abs=1e-6, nan_ok=True), measure.name
        noticed = alone.outcomes.drop_nulls("first_notice_on")["account_id"]
        assert swept.noticed(p).to_list() == noticed.to_list()
        by_day = swept.stages_by_day(p).drop("day").sum()
        assert stage_days(alone, policy) == by_day.row(0, named=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_in_parts(seed: int) -> None:
    """Accounts swept in parts and added up, in whatever order, are accounts swept at once."""
    (bench, policies), rng = drawn(seed), Random(seed)
    ids = bench.history.accounts["account_id"]
    place = pl.Series([rng.randrange(4) for _ in ids])
    tables = [
        table_of(replace(bench, history=part_of(bench.history, ids.filter(place == n))).sweep(policies).sums)
        for n in range(4)
    ]

    found = sums_of(added(pl.concat(tables)))

    whole = bench.sweep(policies).sums
    assert found.days == whole.days
    assert found.columns.keys() == whole.columns.keys()
    for name, value in whole.columns.items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-6), name
    for name, tally in whole.tallies.items():
        keys = tally.keys.columns
        expected, ours = (
            each.keys.with_columns(n=pl.Series(each.sums.tolist())).sort(keys)
            for each in (tally, found.tallies[name])
        )
        assert_frame_equal(ours, expected, check_dtypes=False)
    assert added(pl.concat(tables)).equals(added(pl.concat(tables[::-1])))


def drawn(seed: int) -> tuple[Bench, list[Policy]]:
    """Policies, and the bench of a random world to sweep them on."""
    rng = Random(seed)
    world = random_world(rng)
    history, scenario = labelled(history_of(world), rng), Scenario.from_text(toml(world.scenario))
    policies = variants(world, rng)
    since = rng.choice((None, world.first_day + rng.randrange(span_of(world)) * DAY))
    return Bench(history, policies[0], scenario, world.last_day, since), policies


def part_of(history: History, ids: pl.Series) -> History:
    """Some accounts of a history, as they lie in a part that knows no others."""
    tables = {
        name: getattr(history, name).filter(pl.col("account_id").is_in(ids.implode()))
        for name in ("daily", "accounts", "reviews", "enforcement")
    }
    return History(
        **tables, peer_rates=history.peer_rates, known_within_days=history.known_within_days,
        until=history.until, totals=history.totals,
    )  # fmt: skip


def span_of(world: World) -> int:
    """The days of a world."""
    return (world.last_day - world.first_day).days + 1


def labelled(history: History, rng: Random) -> History:
    """The history with labels for some accounts, of some days."""
    days = history.daily["day"].unique().sort().to_list()
    accounts = history.accounts.with_columns(
        label=pl.Series(
            [rng.choice((*LABELS, None)) for _ in range(len(history.accounts))], dtype=pl.Enum(LABELS)
        ),
        label_on=pl.Series([rng.choice((*days, None)) for _ in range(len(history.accounts))], dtype=pl.Date),
    )
    return history.with_tables(accounts=accounts)


def variants(world: World, rng: Random) -> list[Policy]:
    """The world's policy, and others that differ from it in numbers."""
    first = Policy.from_text(toml(world.policy))
    others = [varied(world, rng) for _ in range(POLICIES - 1)]
    return [first, *(Policy.from_text(toml(other)) for other in others)]


def varied(world: World, rng: Random) -> Row:
    """The world's policy with other numbers, and other words where those are not what it is about."""
    given = world.policy
    other = random_policy(rng, known_within_days=world.known_within_days)
    stages = [stage["name"] for stage in given["stages"]]
    return {
        **{key: value for key, value in given.items() if key != "ladder"},
        **{key: value for key, value in other.items() if key in {"window", "ladder"}},
        "stages": [random_stage(rng, stage) for stage in stages],
        "rules": [varied_rule(rule, rng, stages) for rule in given["rules"]],
    }


def varied_rule(rule: Row, rng: Random, stages: list[str]) -> Row:
    """The same rule with its limits changed, and other numbers drawn anew or kept."""
    times = rng.choice((0.4, 0.9, 1.0, 1.0, 1.5, 3.0))

    def changed(limit: float) -> float:
        return min(limit * times, 1.0) if rule["kind"] == "rate" else limit * times

    new = {key: value for key, value in rule.items() if key not in {"clean_limit", "limit", "overrides"}}
    drawn = random_rule(rng, rule["metric"], rule["name"], stages)
    if drawn["kind"] == rule["kind"]:
        kept = {"name", "metric", "kind", "limit", "clean_limit", "overrides"}
        new |= {key: value for key, value in drawn.items() if key not in kept}
    overrides = [o | {"limit": changed(o["limit"])} for o in rule.get("overrides", [])]
    return new | {"limit": changed(rule["limit"])} | ({"overrides": overrides} if overrides else {})


def sums_alone(result: Simulation) -> Sums:
    """What the contributions of one simulation add up to."""
    rows = contributions(result).filter("is_in_scope")
    drawn = resample(rows, resamples=0, seed=0)
    return Ledger.of(rows).sums(np.full(len(rows), fill_value=True), drawn)


def stage_days(result: Simulation, policy: Policy) -> dict[str, int]:
    """The days that all accounts with mail spent in each stage together."""
    mailed = contributions(result).select("account_id")
    days = result.outcomes.join(mailed, on="account_id").select(
        pl.col("days_in_stage").explode().struct.unnest()
    )
    spent = dict(days.group_by("stage").agg(pl.col("days").sum()).iter_rows())
    return {stage: spent.get(stage, 0) for stage in (GOOD, *policy.stage_names)}
