"""What was really done, as a simulation; and the simulator, fed with it, does the same."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import deliverlab as dl
from deliverlab.errors import PolicyError
from deliverlab.policy.model import Policy
from deliverlab.policy.recorded import recorded
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.policy.spells import spells
from deliverlab.schemas import GOOD
from tests.policy.drawn import history, lines, policy
from tests.tables import table

if TYPE_CHECKING:
    from pathlib import Path

    from deliverlab.history import History

MAIL = """
    account_id | day        | sent | complaints
    a          | 2026-05-01 | 9    | 1
    a          | 2026-05-20 | 9    | 0
    b          | 2026-05-03 | 9    | 0
"""
ACCOUNTS = "account_id | industry | tier\na | Retail | free\nb | Retail | free"
ENFORCED = """
    account_id | from_day   | to_day     | stage     | send_share
    a          | 2026-05-03 | 2026-05-05 | probation | 1.0
    a          | 2026-05-06 | -          | suspended | 0.0
    b          | 2026-05-04 | 2026-05-06 | probation | 1.0
    b          | 2026-05-19 | -          | probation | 1.0
"""
REVIEWED = """
    account_id | reviewed_on | outcome
    a          | 2026-05-04  | rejected
    a          | 2026-05-10  | completed
"""


def test_a_stage_ends_with_a_review_with_the_next_stage_or_when_it_is_lifted() -> None:
    """Whichever comes first; one that nothing has ended lasts."""
    past = history(MAIL, accounts=ACCOUNTS, enforcement=ENFORCED, reviews=REVIEWED)
    found = spells(past.enforcement, past.reviews, until=past.until)
    assert found.select(pl.col("to_day", "ended_by").cast(pl.String)).rows() == [
        ("2026-05-05", "next stage"),
        ("2026-05-10", "review"),
        ("2026-05-06", "lifted"),
        (None, None),
    ]


def test_the_record_reads_like_a_simulation() -> None:
    """Notices are given on the day before, nothing is held, and every day is in one stage."""
    past = history(MAIL, accounts=ACCOUNTS, enforcement=ENFORCED, reviews=REVIEWED)
    result = recorded(past, policy=policy())
    assert lines(result) == [
        "a 2026-05-02 good → probation: breach",
        "a 2026-05-05 probation → suspended: unreviewed",
        "a 2026-05-10 suspended → good: review",
        "b 2026-05-03 good → probation: breach",
        "b 2026-05-06 probation → good: recovery",
        "b 2026-05-18 good → probation: breach",
    ]
    assert [
        {stay["stage"]: stay["days"] for stay in stays} for stays in result.outcomes["days_in_stage"]
    ] == [
        {"good": 12, "probation": 3, "suspended": 5},
        {"good": 13, "probation": 5, "suspended": 0},
    ]
    assert result.outcomes.select("complaints_sent", "complaints_held").row(0) == (1.0, 0.0)


def test_a_stage_that_the_policy_does_not_have_is_refused() -> None:
    """The record and the policy must speak of the same stages."""
    past = history(MAIL, accounts=ACCOUNTS, enforcement=ENFORCED.replace("suspended", "banned   "))
    with pytest.raises(
        PolicyError, match=r'stage = "banned" .at account_id "a".*, must be a stage of policy'
    ):
        recorded(past, policy=policy())


@pytest.fixture(scope="module")
def past(sample: Path) -> History:
    """The sample's history."""
    return dl.open_history(sample)


def test_fed_as_the_schedule_the_record_of_the_sample_comes_out_as_it_was(past: History) -> None:
    """Notices and liftings are fed on their days, reviews come from history, all else the simulator does.

    Every step, every day in a stage, every mail, and where all stand at the end are as recorded. No review
    is fed: that each ends its stage on the day on which the record says so is the ladder's doing.
    """
    policy = Policy.preset("hubspot-like")
    patient = [stage.model_copy(update={"grace_days": None}) for stage in policy.stages]
    policy = policy.model_copy(update={"rules": (), "stages": tuple(patient)})
    truth = recorded(past, policy=policy)
    fed = truth.transitions.filter(pl.col("cause") != "review")
    assert fed.height > 40
    assert truth.transitions.height - fed.height == 25

    steps, outcomes = [fed.select("account_id", "day", "from_stage", "to_stage", "cause")], []
    standing: pl.DataFrame | None = None
    for day in (*fed["day"].unique().sort(), past.until):
        piece = simulate(past, policy=policy, scenario=Scenario.historical(), start=standing, until=day)
        steps.append(piece.transitions.select("account_id", "day", "from_stage", "to_stage", "cause"))
        outcomes.append(piece.outcomes)
        standing = after(piece.standing, fed.filter(day=day))

    replayed = pl.concat(steps).sort("account_id", "day")
    assert_frame_equal(replayed, truth.transitions.select(replayed.columns))
    for name in ("stage", "entered_on", "cleared_on", "last_left", "fresh_from", "notices"):
        assert standing is not None
        assert standing[name].equals(truth.standing[name]), name
    counts = [
        name for name in truth.outcomes.columns if name.endswith(("_sent", "_held", "_days", "reviews"))
    ]
    summed = pl.concat(outcomes).group_by("account_id").agg(pl.col(counts).sum()).sort("account_id")
    assert_frame_equal(summed, truth.outcomes.select("account_id", *counts), check_exact=True)
    assert days_in_stages(pl.concat(outcomes)).equals(days_in_stages(truth.outcomes))
    assert truth.outcomes["sent_sent"].sum() == past.daily.join(truth.outcomes, on="account_id")["sent"].sum()


def after(standing: pl.DataFrame, fed: pl.DataFrame) -> pl.DataFrame:
    """The standing when these steps have been taken on its last day, as the fourth step of a day has them."""
    told = fed.select("account_id", "from_stage", to="to_stage")
    is_told, is_good = pl.col("to").is_not_null(), pl.col("to") == GOOD
    today, tomorrow = pl.col("as_of"), pl.col("as_of").dt.offset_by("1d")
    kept = standing.join(told, on="account_id", how="left", maintain_order="left")
    return kept.with_columns(
        stage=pl.coalesce("to", "stage"),
        entered_on=pl.when(is_told).then(pl.when(~is_good).then(today)).otherwise("entered_on"),
        cleared_on=pl.when(is_told & is_good).then(today).otherwise("cleared_on"),
        last_left=pl.when(is_told & is_good).then("from_stage").otherwise("last_left"),
        fresh_from=pl.when(is_told).then(tomorrow).otherwise("fresh_from"),
        clean_streak=pl.when(is_told).then(0).otherwise("clean_streak"),
        notices=pl.col("notices") + (is_told & ~is_good).fill_null(value=False).cast(pl.Int64),
    ).drop("to", "from_stage")


def days_in_stages(outcomes: pl.DataFrame) -> pl.DataFrame:
    """The days of each account in each stage."""
    each = outcomes.select("account_id", "days_in_stage").explode("days_in_stage").unnest("days_in_stage")
    return each.group_by("account_id", "stage").agg(pl.col("days").sum()).sort("account_id", "stage")


def test_a_shadow_can_start_from_where_accounts_really_stand(past: History) -> None:
    """Today's standing by the record is a start: the day after, grace runs on for those who are in it."""
    result = recorded(past, policy=Policy.preset("hubspot-like"))
    tomorrow = date(2026, 6, 30) + timedelta(days=1)
    shadow = simulate(
        past, policy=result.policy, scenario=Scenario.never(), start=result.standing, until=tomorrow
    )
    waiting = result.standing.filter(
        pl.col("entered_on") <= tomorrow - timedelta(days=7), stage="first warning"
    )
    moved = shadow.transitions.filter(from_stage="first warning")
    assert waiting.height > 0
    assert moved["account_id"].equals(waiting["account_id"])
    assert table("stage\nsecond warning")["stage"].item() == moved["to_stage"].unique().item()
