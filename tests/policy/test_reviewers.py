"""Reviewers with a desk: reviews wait, the ladder does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deliverlab.errors import PolicyError
from deliverlab.policy.model import Policy
from deliverlab.policy.queue import WORKING_DAYS, served
from deliverlab.policy.reviewers import simulate_with_reviewers
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.schemas import GOOD
from tests.policy.answers import history_of
from tests.policy.drawn import history, lines, policy
from tests.policy.test_laws import law
from tests.policy.worlds import World, toml, worlds
from tests.tables import table

DAY = timedelta(days=1)
TABLES = ("transitions", "outcomes", "standing")
BOUNCING = """
    account_id | day        | sent | hard_bounces
    a          | 2026-05-01 | 10   | 5
    a          | 2026-05-09 | 10   | 0
    b          | 2026-05-01 | 10   | 5
    c          | 2026-05-02 | 10   | 5
"""
ACCOUNTS = "account_id | industry | tier\na | Retail | free\nb | Retail | free\nc | Retail | free"
PATIENT = policy(('name = "probation"', 'name = "probation"\ngrace_days = 3'))


def test_whoever_came_first_is_reviewed_first_and_the_others_escalate_meanwhile() -> None:
    """One review a day: a and b come on the 3rd, c on the 4th; c is suspended on the day before its turn."""
    past = history(BOUNCING, accounts=ACCOUNTS)
    queue = simulate_with_reviewers(
        past, policy=PATIENT, scenario=Scenario.after(days=2), per_day=1, promised_days=1
    )
    shown = queue.cases.select(
        "account_id", "requested_on", "reviewed_on", "waited_days", "escalates_on", "is_missed", "is_late"
    )
    assert shown.equals(
        table("""
            account_id | requested_on | reviewed_on | waited_days | escalates_on | is_missed | is_late
            a          | 2026-05-03   | 2026-05-03  | 0           | 2026-05-04   | false     | false
            b          | 2026-05-03   | 2026-05-04  | 1           | 2026-05-04   | false     | false
            c          | 2026-05-04   | 2026-05-05  | 1           | 2026-05-05   | false     | false
        """)
    )
    assert queue.workload.head(3).equals(
        table("""
            day        | arrived | done | withdrawn | waiting
            2026-05-03 | 2       | 1    | 0         | 1
            2026-05-04 | 1       | 1    | 0         | 1
            2026-05-05 | 0       | 1    | 0         | 0
        """)
    )


def test_weekends_make_reviews_wait_and_accounts_escalate() -> None:
    """2 May 2026 is a Saturday: what comes on Sunday is reviewed on Monday, a day after c's suspension."""
    past = history(BOUNCING, accounts=ACCOUNTS)
    hasty = policy(('name = "probation"', 'name = "probation"\ngrace_days = 2'))
    queue = simulate_with_reviewers(
        past, policy=hasty, scenario=Scenario.after(days=2), per_day=None, weekdays=WORKING_DAYS
    )
    assert lines(queue.simulation) == [
        "a 2026-05-01 good → probation: breach of bounces",
        "a 2026-05-03 probation → suspended: unreviewed",
        "a 2026-05-04 suspended → good: review",
        "b 2026-05-01 good → probation: breach of bounces",
        "b 2026-05-03 probation → suspended: unreviewed",
        "b 2026-05-04 suspended → good: review",
        "c 2026-05-02 good → probation: breach of bounces",
        "c 2026-05-04 probation → good: review",
    ]
    assert queue.cases["is_missed"].to_list() == [True, True, False]


def test_an_account_that_clears_meanwhile_withdraws_its_review() -> None:
    """A week without bounces clears it, before any reviewer comes to it."""
    recovering = policy(
        ('name = "drawn"', 'name = "drawn"\nladder = { clears_on = ["recovery"], recovery_days = 2 }')
    )
    daily = "day | sent | hard_bounces\n2026-05-01 | 10 | 5\n2026-05-04 | 10 | 0\n2026-05-08 | 10 | 0"
    queue = simulate_with_reviewers(
        history(daily), policy=recovering, scenario=Scenario.after(days=1), per_day=0
    )
    assert queue.cases["ended"].to_list() == ["withdrawn"]
    assert queue.workload["waiting"].to_list()[-1] == 0


def test_the_summary_covers_days_and_waits() -> None:
    """Means over days and over cases; the 95th percentile is a number that occurred."""
    queue = simulate_with_reviewers(
        history(BOUNCING, accounts=ACCOUNTS), policy=PATIENT, scenario=Scenario.after(days=2), per_day=1
    )
    assert queue.summary().filter(measure="waited_days").row(0) == ("waited_days", 2 / 3, 1, 1)
    assert queue.summary().filter(measure="arrived")["max"].item() == 2


@pytest.mark.parametrize(
    ("scenario", "per_day", "weekdays", "message"),
    [
        (Scenario.historical(), 1, WORKING_DAYS, 'review mode = "historical", must be "after", "chance" or'),
        (Scenario.after(), -1, WORKING_DAYS, "per_day = -1, must be a whole number, 0 or more"),
        (Scenario.after(), 1, (0,), "weekdays = .*, must be some of 1"),
    ],
)
def test_what_reviewers_cannot_be(
    scenario: Scenario, per_day: int, weekdays: tuple[int, ...], message: str
) -> None:
    """Refused in a line: reviews with days of their own, and numbers that are none."""
    past = history(BOUNCING, accounts=ACCOUNTS)
    with pytest.raises(PolicyError, match=message):
        simulate_with_reviewers(past, policy=PATIENT, scenario=scenario, per_day=per_day, weekdays=weekdays)


def asked(world: World) -> tuple[Policy, Scenario]:
    """The policy and the scenario of a world in which reviews answer notices."""
    assume(world.scenario["review"]["mode"] in ("after", "chance", "never"))
    return Policy.from_text(toml(world.policy)), Scenario.from_text(toml(world.scenario))


@law
@given(worlds())
def test_without_a_limit_nobody_waits(world: World) -> None:
    """Transitions, outcomes and standing are those of the plain simulation, to the last bit."""
    rules, scenario = asked(world)
    queue = simulate_with_reviewers(history_of(world), policy=rules, scenario=scenario, per_day=None)
    plain = simulate(history_of(world), policy=rules, scenario=scenario)
    for name in TABLES:
        assert getattr(queue.simulation, name).equals(getattr(plain, name)), name


@law
@given(worlds())
def test_without_reviewers_nobody_is_reviewed(world: World) -> None:
    """The transitions are those of a world in which nobody ever hands in a review."""
    rules, scenario = asked(world)
    queue = simulate_with_reviewers(history_of(world), policy=rules, scenario=scenario, per_day=0)
    never = simulate(history_of(world), policy=rules, scenario=Scenario.never())
    assert queue.simulation.transitions.equals(never.transitions)


@law
@given(worlds(), st.integers(1, 2))
def test_the_queue_is_what_comes_of_taking_day_after_day(world: World, per_day: int) -> None:
    """Simulated one day at a time, with the desk kept beside it by hand: the same transitions."""
    rules, scenario = asked(world)
    queue = simulate_with_reviewers(history_of(world), policy=rules, scenario=scenario, per_day=per_day)
    stepped = day_after_day(world, rules, scenario, per_day=per_day)
    assert queue.simulation.transitions.equals(stepped)


def day_after_day(world: World, rules: Policy, scenario: Scenario, *, per_day: int) -> pl.DataFrame:
    """The transitions when each morning so many of those who wait, longest first, are let through."""
    past, pieces = history_of(world), list[pl.DataFrame]()
    standing: pl.DataFrame | None = None
    waiting: list[str] = []
    day = world.first_day
    while day <= world.last_day:
        if standing is not None:
            good = set(standing.filter(stage=GOOD)["account_id"])
            waiting = [name for name in waiting if name not in good]
            due = standing.filter(pl.col("reviews_due").list.contains(pl.lit(day)))["account_id"].sort()
            waiting += [name for name in due if name not in waiting]
            now, waiting = waiting[:per_day], waiting[per_day:]
            later = pl.col("reviews_due").list.eval(pl.element().filter(pl.element() > day))
            standing = standing.with_columns(
                reviews_due=pl.when(pl.col("account_id").is_in(now))
                .then(pl.concat_list(pl.lit(day), later))
                .otherwise(later)
            )
        result = simulate(past, policy=rules, scenario=scenario, start=standing, until=day)
        pieces.append(result.transitions)
        standing, day = result.standing, day + DAY
    return pl.concat(pieces).sort("account_id", "day")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.none() | st.integers(0, 9)), max_size=12),
    st.sampled_from([WORKING_DAYS, (1,), range(1, 8)]),
)
def test_with_the_same_requests_more_reviewers_make_nobody_wait_longer(
    drawn: list[tuple[int, int | None]], weekdays: tuple[int, ...]
) -> None:
    """One request an account: each is reviewed as soon or sooner, the more are reviewed a day."""
    start = date(2026, 5, 1)
    rows = [
        (f"{number:02}", start, start + day * DAY, None if stays is None else start + (day + stays) * DAY)
        for number, (day, stays) in enumerate(drawn)
    ]
    names = {"account_id": pl.String, "notice_on": pl.Date, "requested_on": pl.Date, "cleared_on": pl.Date}
    requests = pl.DataFrame(rows, schema=names, orient="row")
    days = [
        served(requests, per_day=per_day, weekdays=weekdays, until=start + 40 * DAY)
        .sort("account_id")
        .filter(ended="reviewed")
        .select("account_id", day="reviewed_on")
        for per_day in (0, 1, 2, 3, None)
    ]
    for fewer, more in pairwise(days):
        both = fewer.join(more, on="account_id", suffix="_more")
        assert both.height == fewer.height
        assert (both["day_more"] <= both["day"]).all()


def test_the_simulation_can_be_had_again() -> None:
    """Its history holds the review days, and its scenario takes them as given, with the effect assumed."""
    queue = simulate_with_reviewers(
        history(BOUNCING, accounts=ACCOUNTS),
        policy=PATIENT,
        scenario=Scenario.after(days=2, effect={"volume": 0.5}),
        per_day=1,
    )
    made = queue.simulation
    again = simulate(made.history, policy=made.policy, scenario=made.scenario)
    assert again.outcomes.equals(made.outcomes)
    assert again.outcomes.filter(account_id="a")["sent_sent"].item() == 15
    assert made.scenario.name == "reviewed 2 days after the notice, at most 1 a day"
    assert replace(again, standing=made.standing).transitions.equals(made.transitions)
