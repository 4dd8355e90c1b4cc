"""Reviewers: what becomes of a simulation when contact reviews wait for those who check them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import PolicyError
from deliverlab.policy.book import luck
from deliverlab.policy.outlook import escalates_after
from deliverlab.policy.queue import ENDS, EVERY_DAY, Workload, served, workload
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import Simulation, simulate
from deliverlab.policy.toml import shown
from deliverlab.schemas import GOOD, Standing

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from deliverlab.history import History
    from deliverlab.policy.model import Policy


class Cases(Table):
    """A row a contact review that an account handed in, and how long it waited.

    `stage` is where the account stood that morning, `escalates_on` the first day on which time alone could
    move it on from there, `is_missed` whether it really moved up while it waited, `is_late` whether it waited
    more days, of the calendar, than were promised. A review that its account no longer needs, since it
    cleared meanwhile, is withdrawn; `waited_days` is null unless it was reviewed.
    """

    account_id = dy.String(primary_key=True)
    notice_on = dy.Date(primary_key=True)
    requested_on = dy.Date()
    stage = dy.String()
    escalates_on = dy.Date(nullable=True)
    reviewed_on = dy.Date(nullable=True)
    waited_days = dy.Int64(nullable=True, min=0)
    ended = dy.Enum(ENDS)
    is_missed = dy.Bool()
    is_late = dy.Bool(nullable=True)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A simulation in which reviews waited, every case of it, and the days of those who checked them."""

    simulation: Simulation
    cases: dy.DataFrame[Cases]
    workload: dy.DataFrame[Workload]

    def summary(self) -> pl.DataFrame:
        """measure, mean, p95, max: of what came, was done and waited by day, and of the days of waiting.

        A 95th percentile is the least number that covers 95% of the days. Cases that wait still are left out
        of `waited_days`, which is therefore too short while the queue grows: see `waiting`.
        """
        days = self.workload.select("arrived", "done", "waiting").unpivot(variable_name="measure")
        waited = (
            self.cases.select(value="waited_days").drop_nulls().with_columns(measure=pl.lit("waited_days"))
        )
        return (
            pl.concat([days, waited.select("measure", "value")])
            .group_by("measure", maintain_order=True)
            .agg(
                mean=pl.col("value").mean(),
                p95=pl.col("value").quantile(0.95, interpolation="higher").cast(pl.Int64),
                max=pl.col("value").max(),
            )
        )


def simulate_with_reviewers(
    history: History,
    *,
    policy: Policy,
    scenario: Scenario,
    per_day: int | None,
    weekdays: Collection[int] = EVERY_DAY,
    promised_days: int | None = None,
    until: date | None = None,
) -> Queue:
    """What the policy would have done, had reviewers checked so many contact reviews a day.

    The scenario says which notices are answered, and after how many days the account hands its review in.
    There it waits: reviewers take what was handed in first (of one day in the order of account ids),
    `per_day` of it on each of `weekdays` (1 is Monday). Meanwhile its stage runs on: the account may
    escalate, or clear in another way, which withdraws it. An account whose review waits hands in no second
    one. With `per_day` None nobody waits, and the answer is that of `simulate`; with 0 nobody is reviewed.

    Each pass simulates with review days that are given, and then queues what that simulation hands in. It is
    repeated until no day changes. That comes, and comes to the one right answer: who is reviewed by day t
    depends on notices before t and on clearings before t only, since a notice is answered a day later at the
    earliest. So if the days given are right up to t, the simulation is right up to t, what it hands in by
    t + 1 is right, and so are the review days of t + 1. Every pass gains a day at least, mostly many.

    The simulation that is returned can be had again: `simulate` of its history, which holds the review days,
    under its scenario. In its standing, cases that wait still are due on the day after.

    Where accounts react to what reviewers do, more of them can make somebody wait longer: an account that
    clears sooner may come again sooner, before others. With the same requests, one an account, it never does.

    Raises `PolicyError` where `per_day` or `weekdays` are no such numbers, the scenario's reviews have their
    days already, or as `simulate` does.
    """
    _refuse_unfit(scenario, per_day=per_day, weekdays=weekdays)
    free = simulate(history, policy=policy, scenario=scenario, until=until)
    capacity = "nobody waits" if per_day is None else f"at most {per_day} a day"
    given = Scenario.given(name=f"{scenario.name}, {capacity}", effect=scenario.effect)
    last_day = until or history.until
    current, reviews = free, None
    while True:
        requests = _requests(current, scenario=scenario)
        cases = served(requests, per_day=per_day, weekdays=weekdays, until=last_day)
        found = cases.select("account_id", "reviewed_on", outcome=pl.lit("completed")).drop_nulls()
        found = found.sort("account_id", "reviewed_on")
        if reviews is not None and found.equals(reviews):
            break
        reviews = found
        current = simulate(history.with_reviews(reviews), policy=policy, scenario=given, until=until)
    return Queue(
        simulation=_with_dues(current, cases, requests),
        cases=_cases(cases, current, promised_days=promised_days),
        workload=workload(cases, until=last_day),
    )


def _refuse_unfit(scenario: Scenario, *, per_day: int | None, weekdays: Collection[int]) -> None:
    if per_day is not None and per_day < 0:
        raise PolicyError(f"per_day = {per_day}, must be a whole number, 0 or more, or None for no limit")
    if not weekdays or not set(weekdays) <= set(EVERY_DAY):
        raise PolicyError(f"weekdays = {shown(list(weekdays))}, must be some of 1 (Monday) to 7 (Sunday)")
    if scenario.review.mode in {"historical", "given"}:
        raise PolicyError(
            f"scenario {shown(scenario.name)}: review mode = {shown(scenario.review.mode)}, "
            f'must be "after", "chance" or "never": its reviews have their days, so nobody waits'
        )


def _requests(simulation: Simulation, *, scenario: Scenario) -> pl.DataFrame:
    """Every notice that the account answers: when it hands its review in, and when it next clears."""
    steps = simulation.transitions.select(
        "account_id",
        stage="to_stage",
        notice_on="day",
        cleared_on=pl.when(to_stage=GOOD).then("day").backward_fill().over("account_id", order_by="day"),
    )
    notices = steps.filter(pl.col("stage") != GOOD).with_columns(
        number=pl.int_range(1, pl.len() + 1).over("account_id", order_by="notice_on"),
        requested_on=pl.col("notice_on") + pl.duration(days=scenario.review.after_days or 0),
    )
    chance = dict(zip(simulation.policy.stage_names, scenario.review.chance or (), strict=False))
    match scenario.review.mode:
        case "chance":
            answered = [
                luck(scenario.seed, account_id, number) < chance[stage]
                for account_id, number, stage in notices.select("account_id", "number", "stage").iter_rows()
            ]
        case mode:
            answered = [mode == "after"] * notices.height
    in_time = pl.col("cleared_on").is_null() | (pl.col("cleared_on") >= pl.col("requested_on"))
    return (
        notices.filter(pl.Series(answered, dtype=pl.Boolean))
        .filter(in_time)
        .select("account_id", "notice_on", "requested_on", "cleared_on")
    )


def _cases(cases: pl.DataFrame, simulation: Simulation, *, promised_days: int | None) -> dy.DataFrame[Cases]:
    """The cases with where their accounts stood, and whether they came too late."""
    policy, last_day = simulation.policy, pl.lit(simulation.standing["as_of"].max(), pl.Date)
    grace = {stage.name: escalates_after(stage) for stage in policy.stages[:-1]}
    ended_on = pl.coalesce("reviewed_on", "cleared_on")
    waited = (ended_on.fill_null(last_day) - pl.col("requested_on")).dt.total_days()
    steps = simulation.transitions.select(
        "account_id", "day", stage="to_stage", is_notice=pl.col("to_stage") != GOOD
    )
    missed = cases.join(steps.filter("is_notice"), on="account_id").filter(
        pl.col("day") >= pl.col("requested_on"), ended_on.is_null() | (pl.col("day") < ended_on)
    )
    days_on = pl.col("stage").replace_strict(grace, default=None, return_dtype=pl.Int64)
    return Cases.cast(
        cases.with_columns(morning=pl.col("requested_on").dt.offset_by("-1d"))
        .sort("morning")
        .join_asof(
            steps.sort("day"), left_on="morning", right_on="day", by="account_id", check_sortedness=False
        )
        .join(missed.select("account_id", "notice_on", is_missed=True).unique(), how="left",
              on=["account_id", "notice_on"])
        .with_columns(
            pl.col("is_missed").fill_null(value=False),
            escalates_on=pl.col("day") + pl.duration(days=days_on),
            waited_days=pl.when(ended="reviewed").then(waited),
            is_late=waited > pl.lit(promised_days, pl.Int64),
        )
        .sort("account_id", "notice_on")
    )  # fmt: skip


def _with_dues(simulation: Simulation, cases: pl.DataFrame, requests: pl.DataFrame) -> Simulation:
    """The simulation, in whose standing the reviews that are still to come are known."""
    tomorrow = pl.col("as_of").dt.offset_by("1d")
    waiting = cases.filter(ended="waiting").select("account_id", "notice_on")
    standing = simulation.standing
    days = standing.select("account_id", "as_of").join(requests, on="account_id")
    dues = pl.concat(
        [
            days.filter(pl.col("requested_on") > pl.col("as_of")).select("account_id", due="requested_on"),
            days.join(waiting, on=["account_id", "notice_on"]).select("account_id", due=tomorrow),
        ]
    )
    by_account = dues.unique().group_by("account_id").agg(reviews_due=pl.col("due").sort())
    kept = standing.drop("reviews_due").join(by_account, on="account_id", how="left", maintain_order="left")
    return replace(simulation, standing=Standing.cast(kept.with_columns(pl.col("reviews_due").fill_null([]))))
