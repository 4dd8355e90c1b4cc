"""The laws of the simulator as properties of random worlds; law 7, that it equals its twin, is test_twin."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from deliverlab.metrics import METRICS
from deliverlab.policy import replay
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.schemas import COUNTS
from tests.policy.answers import history_of
from tests.policy.worlds import World, toml, worlds

if TYPE_CHECKING:
    from random import Random

    from deliverlab.policy.simulate import Simulation

law = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
DAY = timedelta(days=1)


def result_of(world: World, *, start: pl.DataFrame | None = None, until: date | None = None) -> Simulation:
    """The simulation of a world."""
    return simulate(
        history_of(world),
        policy=Policy.from_text(toml(world.policy)),
        scenario=Scenario.from_text(toml(world.scenario)),
        start=start,
        until=until,
    )


def with_policy(world: World, **changes: object) -> World:
    """The world under a policy with other keys."""
    return replace(world, policy=world.policy | changes)


def first_notices(result: Simulation) -> dict[str, date]:
    """When each account got its first notice; the end of time where it got none."""
    notices = result.outcomes.select("account_id", pl.col("first_notice_on").fill_null(date.max))
    return dict(notices.iter_rows())


def within_trials(world: World) -> World:
    """The world without more events than mail, which real data also have, and with the usual denominators."""

    def bounded(row: dict[str, Any]) -> dict[str, Any]:
        most = dict.fromkeys(("complaints", "unsubscribes", "opens"), row["delivered"])
        most |= {"soft_bounces": row["sent"], "clicks": min(row["opens"], row["delivered"])}
        return row | {name: min(row[name], count) for name, count in most.items()}

    policy = {key: value for key, value in world.policy.items() if key != "denominators"}
    peers = [row | {"denominator": None} for row in world.peer_rates]
    return replace(world, daily=[bounded(row) for row in world.daily], policy=policy, peer_rates=peers)


@law
@given(worlds())
def test_law_1_a_policy_without_breaches_moves_nobody(world: World) -> None:
    """Without rules there are no transitions, all is sent and nothing held."""
    result = result_of(with_policy(world, rules=[]))
    assert result.transitions.is_empty()
    assert (result.outcomes["final_stage"] == "good").all()
    held = result.outcomes.select(f"{name}_held" for name in COUNTS)
    assert held.sum().sum_horizontal().item() == 0
    mail = history_of(world).daily.group_by("account_id").agg(pl.col(name).sum() for name in COUNTS)
    sent = result.outcomes.select("account_id", *(pl.col(f"{name}_sent").alias(name) for name in COUNTS))
    assert sent.equals(
        mail.join(sent, on="account_id", how="semi").sort("account_id").cast({pl.Int64: pl.Float64})
    )


@law
@given(worlds(), st.floats(0, 1))
def test_law_2_a_laxer_limit_never_gives_an_earlier_first_notice(world: World, share: float) -> None:
    """Limits of rate rules moved to the lenient side: higher where high is bad, lower where low is bad."""
    world = within_trials(world)
    rules = [rule for rule in world.policy["rules"] if rule["kind"] == "rate"]
    assume(rules)

    def lax(rule: dict[str, Any]) -> dict[str, Any]:
        end = 1.0 if METRICS[rule["metric"]].is_high_bad else 0.0
        changed = rule | {"limit": rule["limit"] + share * (end - rule["limit"])}
        if "overrides" in rule:
            changed["overrides"] = [
                o | {"limit": o["limit"] + share * (end - o["limit"])} for o in rule["overrides"]
            ]
        return changed

    strict = first_notices(result_of(with_policy(world, rules=rules)))
    lenient = first_notices(result_of(with_policy(world, rules=[lax(rule) for rule in rules])))
    assert all(lenient[account_id] >= day for account_id, day in strict.items())


@law
@given(worlds(), st.randoms(use_true_random=False), st.integers(1, 3))
def test_law_3_order_and_chunks_change_nothing(world: World, rng: Random, block: int) -> None:
    """Rows and accounts in another order, walked in smaller blocks: the same to the last bit."""
    usual = result_of(world)
    lists = ("daily", "accounts", "peer_rates", "reviews", "enforcement")
    mixed: dict[str, Any] = {
        name: rng.sample(rows, len(rows)) for name in lists if (rows := getattr(world, name))
    }
    shuffled = replace(world, **mixed)
    usual_block, replay.BLOCK = replay.BLOCK, block
    try:
        other = result_of(shuffled)
    finally:
        replay.BLOCK = usual_block
    for table in ("transitions", "outcomes", "standing"):
        assert getattr(other, table).equals(getattr(usual, table))


@law
@given(worlds(), st.floats(0, 1))
def test_law_4_the_future_changes_no_past_transition(world: World, share: float) -> None:
    """All that happens or becomes valid after a day taken away: every transition up to that day stays."""
    cut = world.first_day + round(share * (world.last_day - world.first_day).days) * DAY
    known = replace(
        world,
        daily=[row for row in world.daily if row["day"] <= cut],
        peer_rates=[row for row in world.peer_rates if row["effective_from"] <= cut],
        reviews=[row for row in world.reviews if row["reviewed_on"] <= cut],
        enforcement=[row for row in world.enforcement if row["from_day"] <= cut],
    )
    whole = result_of(world).transitions.filter(pl.col("day") <= cut)
    assert result_of(known, until=cut).transitions.equals(whole)


@law
@given(worlds())
def test_law_5_windows_are_plain_trailing_sums(world: World) -> None:
    """With nothing held, no effect and a window that nothing restarts."""
    window = world.policy["window"] | {"fresh_after": []}
    stages = [stage | {"send_share": 1.0} for stage in world.policy["stages"]]
    scenario = {key: value for key, value in world.scenario.items() if key != "effect"}
    plain = replace(with_policy(world, window=window, stages=stages), scenario=scenario)
    result = result_of(plain)
    rules = {rule.name: rule for rule in result.policy.rules}
    for step in result.transitions.filter(pl.col("rule").is_not_null()).iter_rows(named=True):
        rule = rules[step["rule"]]
        own = history_of(world).daily.filter(account_id=step["account_id"])
        newest = step["day"] - result.policy.window.lag_days * DAY
        counts = own.filter(pl.col("day") <= newest).sort("day", descending=True)
        span = result.policy.span_of(rule)
        if span.days is not None:
            counts = counts.filter(pl.col("day") > newest - span.days * DAY)
        elif span.sends is not None:
            counts = counts.filter(pl.col("sent").cum_sum() - pl.col("sent") < span.sends)
        sums = counts.sum()
        assert step["events"] == sums[METRICS[rule.metric].numerator].item()
        assert step["trials"] == sums[result.policy.denominator_of(rule.metric)].item()
        assert step["sent"] == sums["sent"].item()


@law
@given(worlds())
def test_law_6_accounts_do_not_see_one_another(world: World) -> None:
    """Each account alone, given the same peers, does what it does among all."""
    usual = result_of(world)
    for account_id in usual.outcomes["account_id"]:
        alone = simulate(usual.history.select([account_id]), policy=usual.policy, scenario=usual.scenario)
        for table in ("transitions", "outcomes", "standing"):
            assert getattr(alone, table).equals(getattr(usual, table).filter(account_id=account_id))


@law
@given(worlds(), st.floats(0, 1))
def test_law_8_two_pieces_equal_one_run(world: World, share: float) -> None:
    """Cut on any day and carried on from its standing: the same transitions, standing and sums."""
    cut = world.first_day + round(share * (world.last_day - world.first_day).days) * DAY
    whole, first = result_of(world), result_of(world, until=cut)
    second = result_of(world, start=first.standing)
    assert (
        pl.concat([first.transitions, second.transitions]).sort("account_id", "day").equals(whole.transitions)
    )
    assert second.standing.equals(whole.standing)
    sums = pl.concat([first.outcomes, second.outcomes]).group_by("account_id", maintain_order=True)
    counts = ("notices", "reviews", "sending_days", "identified_days")
    assert (
        sums.agg(pl.col(counts).sum()).sort("account_id").equals(whole.outcomes.select("account_id", *counts))
    )


@law
@given(worlds())
def test_nothing_is_lost(world: World) -> None:
    """Sent and held add up to the history where no effect changes it, and nothing is negative."""
    scenario = {key: value for key, value in world.scenario.items() if key != "effect"}
    result = result_of(replace(world, scenario=scenario))
    totals = history_of(world).daily.group_by("account_id").agg(pl.col(name).sum() for name in COUNTS)
    joined = result.outcomes.join(totals, on="account_id")
    for name in COUNTS:
        lost = (joined[f"{name}_sent"] + joined[f"{name}_held"] - joined[name]).abs()
        assert (lost <= 1e-9 * joined[name]).all()
        assert (joined[f"{name}_held"] >= 0).all()
