"""What comes next for an account in a stage, and what it can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import PolicyError
from deliverlab.policy.toml import shown
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from deliverlab.history import Frame
    from deliverlab.policy.model import Policy, Stage


class Stands(Table):
    """Where accounts stand: a `Standing`, or as much of it as `enforcement` knows.

    `entered_on` is the day of the notice, so the day before the first day in the stage.
    """

    account_id = dy.String(primary_key=True)
    as_of = dy.Date()
    stage = dy.String()
    entered_on = dy.Date(nullable=True)


class Outlook(Stands):
    """What comes next: how many warnings are left, the next stage and day, and whether a review helps."""

    warnings_left = dy.Int64(nullable=True, min=0)
    next_stage = dy.String(nullable=True)
    next_on = dy.Date(nullable=True)
    lifts_by_review = dy.Bool()


def outlook(standing: Frame, /, *, policy: Policy) -> dy.LazyFrame[Outlook]:
    """What each account must know: notices left, the next stage, the first day it can come, and the way out.

    `warnings_left` counts the notices before the one into the last stage: two on probation, none after the
    second warning; null in good standing. `next_on` is the first day after `as_of` on which the next
    escalation can be given; null where time alone never brings one: no grace days, or the stage ends by
    itself before. A breach of a rule that enters a higher stage can come on any day.

    Raises `PolicyError` where an account stands in a stage that the policy does not have.
    """
    stands = Stands.admit(standing, what="standing").sort("account_id")
    stages = _stages(policy)
    strange = stands.join(stages, on="stage", how="anti")
    if strange.height:
        who, stage = strange.select("account_id", "stage").row(0)
        raise PolicyError(
            f"standing: stage = {shown(stage)} (at account_id {shown(who)}), "
            f"must be {GOOD} or a stage of policy {shown(policy.name)}: {', '.join(policy.stage_names)}"
        )
    earliest = pl.max_horizontal(
        pl.col("entered_on") + pl.duration(days="escalates_after"), pl.col("as_of") + pl.duration(days=1)
    )
    return Outlook.cast(
        stands.lazy()
        .join(stages.lazy(), on="stage", how="left", maintain_order="left")
        .with_columns(next_on=pl.when(pl.col("entered_on").is_not_null(), "escalates_after").then(earliest))
    )


def _stages(policy: Policy) -> pl.DataFrame:
    """What is true of each stage, whoever stands in it."""
    last = len(policy.stages) - 1
    rows = [
        {
            "stage": stage.name,
            "warnings_left": max(last - k - 1, 0),
            "next_stage": policy.stages[k + 1].name if k < last else None,
            "escalates_after": escalates_after(stage) if k < last else None,
            "lifts_by_review": "review" in policy.ways_out(stage),
        }
        for k, stage in enumerate(policy.stages)
    ]
    good = {"stage": GOOD, "lifts_by_review": False}
    types = {"stage": pl.String, "warnings_left": pl.Int64, "next_stage": pl.String}
    return pl.DataFrame(
        [good, *rows], schema=types | {"escalates_after": pl.Int64, "lifts_by_review": pl.Boolean}
    )


def escalates_after(stage: Stage) -> int | None:
    """The days after which time may bring the next notice; none if it never does, or the stage ends before.

    >>> from deliverlab.policy.model import Stage
    >>> escalates_after(Stage(name="block", grace_days=0)), escalates_after(Stage(name="block", lasts_days=1))
    (1, None)
    """
    if stage.grace_days is None:
        return None
    days = max(stage.grace_days, 1)
    return None if stage.lasts_days is not None and stage.lasts_days <= days else days
