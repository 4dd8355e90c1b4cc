"""What the diary adds to the twin's: where a rule would lead, and what would turn its verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random
from typing import TYPE_CHECKING

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.metrics import METRICS
from deliverlab.policy.diary import Diary, Readings, diary
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from tests.policy import reference
from tests.policy.answers import history_of, result_of
from tests.policy.drawn import history, policy
from tests.policy.worlds import random_world

if TYPE_CHECKING:
    from tests.policy.worlds import Row, World

TWO_DAYS = """
    account_id | day        | sent | hard_bounces
    a          | 2026-05-01 | 100  | 20
    a          | 2026-05-02 | 100  | 0
    b          | 2026-05-01 | 100  | 1
    b          | 2026-05-02 | 100  | 1
"""
BOTH = "account_id | industry | tier\na | Retail | free\nb | Retail | free"


def changed(row: Row, rule: Row, *, bad: int = 0, mails: int = 0) -> bool:
    """Whether the twin's rule is breached by a reading with so many bad events and mails more."""
    is_high_bad = METRICS[rule["metric"]].is_high_bad
    events = row["events"] + (bad if is_high_bad else -bad)
    has_enough = row["sent"] + mails >= rule["min_sent"] and events >= rule["min_events"]
    return has_enough and reference.is_beyond(
        events, row["trials"] + mails, row["limit"], z=rule["z"], is_high_bad=is_high_bad
    )


def turning(world: World) -> tuple[list[Row], dict[str, Row]]:
    """The readings of a world but for those of evidence rules, and its rules with their defaults."""
    rules = {rule["name"]: rule for rule in reference.with_defaults(world.policy)["rules"]}
    _, readings = diary(result_of(world, history_of(world)))
    return [row for row in readings.to_dicts() if rules[row["rule"]]["kind"] != "evidence"], rules


@pytest.mark.parametrize("seed", range(40))
def test_the_fewest_events_turn_the_verdict(seed: int) -> None:
    """With so many bad events more or fewer the twin's rule says the contrary, with one less it does not."""
    rows, rules = turning(random_world(Random(seed)))
    for row in rows:
        rule, verdict, step = rules[row["rule"]], row["is_breached"], -1 if row["is_breached"] else 1
        if row["flip_events"]:
            assert changed(row, rule, bad=step * row["flip_events"]) is not verdict
            assert changed(row, rule, bad=step * (row["flip_events"] - 1)) is verdict
        elif row["events"] is not None and METRICS[rule["metric"]].is_high_bad:
            most = row["events"] if verdict else row["trials"] - row["events"]
            assert changed(row, rule, bad=step * max(0, int(most))) is verdict


@pytest.mark.parametrize("seed", range(40))
def test_the_fewest_mails_end_a_breach(seed: int) -> None:
    """With so many good mails more the twin's rule is breached no more, with one less it still is."""
    rows, rules = turning(random_world(Random(seed)))
    for row in rows:
        if row["flip_mails"]:
            assert row["is_breached"]
            assert not changed(row, rules[row["rule"]], mails=row["flip_mails"])
            assert changed(row, rules[row["rule"]], mails=row["flip_mails"] - 1)


def plain(world: World, *, kind: str) -> World | None:
    """The world under its first rule of a kind that looks for what is bad when it is high, nothing held."""
    fitting = [
        rule for rule in world.policy["rules"]
        if rule["kind"] == kind and METRICS[rule["metric"]].is_high_bad
    ]  # fmt: skip
    stages = [stage | {"send_share": 1.0} for stage in world.policy["stages"]]
    never: Row = {"name": "never", "review": {"mode": "never"}}
    one = world.policy | {"rules": fitting[:1], "stages": stages}
    return replace(world, policy=one, scenario=never) if fitting else None


def with_events(world: World, account_id: str, day: date, column: str, count: int) -> World:
    """The world with so many more events of an account on a day."""
    daily = [dict(row) for row in world.daily]
    own = [row for row in daily if row["account_id"] == account_id and row["day"] == day]
    if not own:
        own = [dict.fromkeys(world.daily[0], 0) | {"account_id": account_id, "day": day}]
        daily += own
    own[0][column] += count
    return replace(world, daily=daily)


def steps_on(world: World, account_id: str, day: date) -> list[str]:
    """The stages that an account of the world enters on a day."""
    moves = result_of(world, history_of(world)).transitions.filter(account_id=account_id, day=day)
    return moves["to_stage"].to_list()


@pytest.mark.parametrize("seed", range(60))
def test_history_with_fewer_events_of_evidence_has_no_step(seed: int) -> None:
    """A first notice by evidence goes away with so many events fewer on the newest day, with one less not."""
    world = plain(random_world(Random(seed)), kind="evidence")
    if world is None:
        return
    rule = world.policy["rules"][0]
    column, lag = METRICS[rule["metric"]].numerator, world.policy["window"].get("lag_days", 2)
    result = result_of(world, history_of(world))
    readings = diary(result, only_steps=True)[1].filter("is_breached")
    firsts = result.transitions.unique("account_id", keep="first", maintain_order=True)
    told = (
        firsts.select("account_id", "day").join(readings, on=["account_id", "day"]).drop_nulls("flip_events")
    )
    for row in told.head(2).to_dicts():
        newest, fewer = date.fromordinal(row["day"].toordinal() - lag), row["flip_events"]
        avoided = with_events(world, row["account_id"], newest, column, -fewer)
        assert steps_on(avoided, row["account_id"], row["day"]) == []
        barely = with_events(world, row["account_id"], newest, column, 1 - fewer)
        assert steps_on(barely, row["account_id"], row["day"]) == [row["leads_to"]]


@pytest.mark.parametrize("kind", ["rate", "peer", "evidence"])
@pytest.mark.parametrize("seed", range(60))
def test_history_with_more_events_has_the_step(seed: int, kind: str) -> None:
    """On the last day so many bad events more start the stage that the rule leads to, one less does not."""
    world = plain(random_world(Random(seed)), kind=kind)
    if world is None:
        return
    rule, lag = world.policy["rules"][0], world.policy["window"].get("lag_days", 2)
    column = METRICS[rule["metric"]].numerator
    result = result_of(world, history_of(world))
    readings = diary(result, since=result.until)[1].filter(pl.col("is_breached").not_())
    for row in readings.drop_nulls(["flip_events", "leads_to"]).head(2).to_dicts():
        newest, more = date.fromordinal(row["day"].toordinal() - lag), row["flip_events"]
        before = steps_on(world, row["account_id"], row["day"])
        if before:
            continue
        tripped = with_events(world, row["account_id"], newest, column, more)
        assert steps_on(tripped, row["account_id"], row["day"]) == [row["leads_to"]]
        spared = with_events(world, row["account_id"], newest, column, more - 1)
        assert steps_on(spared, row["account_id"], row["day"]) == []


def test_the_diary_is_of_the_days_and_accounts_asked_for() -> None:
    """Of one account from a day on, or of steps alone; both tables pass their own checks."""
    result = simulate(history(TWO_DAYS, accounts=BOTH), policy=policy(), scenario=Scenario.never())
    days, readings = diary(result, "b", since=date(2026, 5, 2))
    assert days.select("account_id", "day", "sent_sent").rows() == [("b", date(2026, 5, 2), 100.0)]
    assert readings.select("account_id", "events", "trials").rows() == [("b", 2.0, 200.0)]
    days, readings = diary(result, only_steps=True)
    assert days.select("account_id", "day").rows() == [("a", date(2026, 5, 1))]
    assert readings["is_breached"].to_list() == [True]
    Diary.validate(days)
    Readings.validate(readings)


def test_the_diary_goes_on_from_a_standing() -> None:
    """A result that ran on from a standing tells of its own days as the whole would have."""
    past = history(TWO_DAYS, accounts=BOTH)
    whole = simulate(past, policy=policy(), scenario=Scenario.never())
    head = simulate(past, policy=policy(), scenario=Scenario.never(), until=date(2026, 5, 1))
    tail = simulate(past, policy=policy(), scenario=Scenario.never(), start=head.standing)
    for told, expected in zip(diary(tail), diary(whole, since=date(2026, 5, 2)), strict=True):
        assert told.equals(expected)


def test_strangers_are_refused() -> None:
    """An account that the result does not have names itself."""
    result = simulate(history(TWO_DAYS, accounts=BOTH), policy=policy(), scenario=Scenario.never())
    with pytest.raises(DataError, match='account_id = "zoë", must be an account of the simulation'):
        diary(result, ["a", "zoë"])
