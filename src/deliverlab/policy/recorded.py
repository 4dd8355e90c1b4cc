"""What was really done to accounts, read from the record as if it had been simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.kernel.layout import NUMBERS
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import Simulation
from deliverlab.policy.spells import spells
from deliverlab.policy.toml import shown
from deliverlab.schemas import CAUSES, COUNTS, GOOD, Outcomes, Standing, Transitions

if TYPE_CHECKING:
    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.policy.model import Policy


def recorded(history: History, *, policy: Policy) -> Simulation:
    """What was really done to the accounts of a policy's tiers, in the shape of a simulation.

    So a proposal can be compared with what happened, and its shadow can start from where accounts really
    stand. The record does not say why: a step from good standing is called a breach and one from stage to
    stage unreviewed, both without a rule; a stage that was lifted without a review counts as recovery.
    All mail of `daily` was let through, and none is held: what a real block held was never counted.
    In `standing` sums of evidence and clean streaks begin at nothing.

    Raises `PolicyError` where `enforcement` names a stage that the policy does not have.
    """
    days = history.daily.group_by("account_id").agg(
        pl.col(COUNTS).sum(), first=pl.col("day").min(), mail_days=(pl.col("sent") > 0).sum()
    )
    in_scope = pl.col("tier").is_in(policy.tiers) if policy.tiers else pl.lit(value=True)
    accounts = history.accounts.filter(in_scope).select("account_id")
    accounts = accounts.join(days, on="account_id", maintain_order="left")
    found = spells(history.enforcement, history.reviews, until=history.until)
    steps = _steps(found.join(accounts, on="account_id", how="semi"), policy=policy)
    numbers = [pl.lit(None).alias(name) for name in ("rule", *NUMBERS)]
    return Simulation(
        transitions=Transitions.cast(steps.with_columns(numbers).sort("account_id", "day")),
        outcomes=_outcomes(accounts, steps, history, policy=policy),
        standing=_standing(accounts, steps, history, policy=policy),
        policy=policy,
        scenario=Scenario.historical(),
        history=history,
    )


def _steps(found: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """Notices on the day before a stage begins, clearings on its last; of both on one day, the notice."""
    strange = found.filter(~pl.col("stage").is_in(policy.stage_names))
    if strange.height:
        who, stage = strange.select("account_id", "stage").row(0)
        raise PolicyError(
            f"enforcement: stage = {shown(stage)} (at account_id {shown(who)}), "
            f"must be a stage of policy {shown(policy.name)}: {', '.join(policy.stage_names)}"
        )
    notices = found.select("account_id", day=pl.col("from_day").dt.offset_by("-1d"), to_stage="stage")
    clears = found.drop_nulls("to_day").select("account_id", "ended_by", day="to_day", to_stage=pl.lit(GOOD))
    before = pl.col("to_stage").shift(1).over("account_id", order_by="day").fill_null(GOOD)
    cause = (
        pl.when(pl.col("to_stage") == GOOD)
        .then(pl.when(ended_by="review").then(pl.lit("review")).otherwise(pl.lit("recovery")))
        .otherwise(pl.when(from_stage=GOOD).then(pl.lit("breach")).otherwise(pl.lit("unreviewed")))
    )
    return (
        pl.concat([notices, clears], how="diagonal")
        .unique(["account_id", "day"], keep="first", maintain_order=True)
        .with_columns(from_stage=before)
        .filter(pl.col("from_stage") != pl.col("to_stage"))
        .with_columns(cause=cause)
    )


def _outcomes(
    accounts: pl.DataFrame, steps: pl.DataFrame, history: History, *, policy: Policy
) -> dy.DataFrame[Outcomes]:
    until, is_notice = history.until, pl.col("to_stage") != GOOD
    first = accounts.select("account_id", "first")
    begins = pl.concat(
        [
            first.select("account_id", stage=pl.lit(GOOD), begins="first"),
            steps.select("account_id", stage="to_stage", begins=pl.col("day").dt.offset_by("1d")),
        ]
    )
    ends = (
        pl.col("begins")
        .shift(-1)
        .over("account_id", order_by="begins")
        .fill_null(pl.lit(until).dt.offset_by("1d"))
    )
    stays = begins.join(first, on="account_id").with_columns(
        days=(ends - pl.max_horizontal("begins", "first")).dt.total_days().clip(lower_bound=0)
    )
    in_stages = [
        pl.struct(stage=pl.lit(name), days=pl.col("days").filter(stage=name).sum())
        for name in (GOOD, *policy.stage_names)
    ]
    counted = history.reviews.join(first, on="account_id").filter(
        pl.col("reviewed_on").is_between("first", pl.lit(until)), outcome="completed"
    )
    stayed = stays.group_by("account_id").agg(days_in_stage=pl.concat_list(in_stages))
    found = (
        accounts.join(stayed, on="account_id")
        .join(
            steps.sort("day").group_by("account_id").agg(
                final_stage=pl.col("to_stage").last(),
                first_notice_on=pl.col("day").filter(is_notice).min(),
                notices=is_notice.sum(),
            ),
            on="account_id", how="left",
        )
        .join(counted.group_by("account_id").len("reviews"), on="account_id", how="left")
        .with_columns(pl.col("final_stage").fill_null(GOOD), pl.col("notices", "reviews").fill_null(0))
    )  # fmt: skip
    mail = {f"{name}_sent": pl.col(name) for name in COUNTS} | {
        f"{name}_held": pl.lit(0.0) for name in COUNTS
    }
    sending = {"sending_days": pl.col("mail_days"), "identified_days": pl.col("mail_days")}
    return Outcomes.cast(found.with_columns(**mail, **sending).sort("account_id"))


def _standing(
    accounts: pl.DataFrame, steps: pl.DataFrame, history: History, *, policy: Policy
) -> dy.DataFrame[Standing]:
    is_notice = pl.col("to_stage") != GOOD
    restarts = pl.col("cause").is_in([cause for cause in CAUSES if policy.window.restarts_on(cause)])
    last = (
        steps.sort("day")
        .group_by("account_id")
        .agg(
            stage=pl.col("to_stage").last(),
            entered_on=pl.when(is_notice.last()).then(pl.col("day").last()),
            cleared_on=pl.col("day").filter(~is_notice).last(),
            last_left=pl.col("from_stage").filter(~is_notice).last(),
            fresh_from=pl.col("day").filter(restarts).last().dt.offset_by("1d"),
            notices=is_notice.sum(),
        )
    )
    let_through = pl.struct(from_day="fresh_from", send_share=pl.lit(1.0), has_effect=pl.lit(value=False))
    return Standing.cast(
        accounts.join(last, on="account_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("stage").fill_null(GOOD),
            pl.col("notices").fill_null(0),
            pl.max_horizontal("fresh_from", "first"),
            as_of=pl.lit(history.until),
            clean_streak=pl.lit(0),
            effect_from=pl.lit(None, pl.Date),
            reviews_due=pl.lit([]),
            evidence=pl.lit([]),
        )
        .with_columns(runs=pl.concat_list(let_through))
    )
