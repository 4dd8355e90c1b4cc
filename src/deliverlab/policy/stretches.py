"""Stretches: the days on which one and the same thing was true of an account in a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.schemas import GOOD, METRIC_NAMES

if TYPE_CHECKING:
    from datetime import date

    from deliverlab.policy.simulate import Simulation

DAY = pl.duration(days=1)


def last_day_of(result: Simulation) -> date | None:
    """The last day that was simulated."""
    last: date | None = result.standing["as_of"].max()  # type: ignore[assignment]
    return last or result.history.until


def stretches(result: Simulation) -> pl.LazyFrame:
    """Where each account stood from `first_day` to `last_day`, one row a stretch without a gap.

    `send_share` is what the stage lets through, and `has_effect` whether a review has changed the mail by
    then. `noticed_metric` and `noticed_rate` are those of the last breach before. An account that the policy
    does not apply to is in good standing on all its days.
    """
    until = last_day_of(result)
    begun, steps, effects = _beginnings(result), _steps(result), _effects(result)
    together = pl.concat([begun, steps, effects], how="diagonal").group_by("account_id", "first_day")
    shares = {GOOD: 1.0} | {stage.name: stage.send_share for stage in result.policy.stages}
    carried = pl.col("stage", "has_effect", "noticed_metric", "noticed_rate").forward_fill()
    return (
        together.agg(pl.exclude("has_effect").drop_nulls().first(), pl.col("has_effect").max())
        .sort("account_id", "first_day")
        .with_columns(carried.over("account_id"))
        .with_columns(
            send_share=pl.col("stage").replace_strict(shares, return_dtype=pl.Float64),
            last_day=(pl.col("first_day").shift(-1) - DAY).over("account_id").fill_null(until),
        )
        .filter(pl.col("first_day") <= pl.col("last_day"))
    )


def _beginnings(result: Simulation) -> pl.LazyFrame:
    """The first day of every account, in the stage it began in."""
    until = last_day_of(result)
    days = pl.col("days_in_stage").list.eval(pl.element().struct.field("days")).list.sum()
    walked = result.outcomes.lazy().select(
        "account_id", "final_stage", first_day=pl.lit(until) + DAY - pl.duration(days=days)
    )
    first_stages = result.transitions.lazy().group_by("account_id", maintain_order=True).first()
    inside = walked.join(first_stages, on="account_id", how="left").select(
        "account_id", "first_day", stage=pl.coalesce("from_stage", "final_stage")
    )
    outside = (
        result.history.daily.lazy()
        .filter(pl.col("day") <= until)
        .join(walked, on="account_id", how="anti")
        .group_by("account_id")
        .agg(first_day=pl.col("day").min())
        .with_columns(stage=pl.lit(GOOD))
    )
    return pl.concat([inside, outside]).with_columns(has_effect=pl.lit(value=False))


def _steps(result: Simulation) -> pl.LazyFrame:
    """A transition takes effect on the day after; a breach says what was noticed, and at which rate."""
    metrics = {rule.name: rule.metric for rule in result.policy.rules}
    return result.transitions.lazy().select(
        "account_id",
        first_day=pl.col("day") + DAY,
        stage="to_stage",
        noticed_metric=pl.col("rule")
        .replace_strict(metrics, default=None, return_dtype=pl.String)
        .cast(pl.Enum(METRIC_NAMES)),
        noticed_rate=pl.when(pl.col("rule").is_not_null()).then("rate"),
    )


def _effects(result: Simulation) -> pl.LazyFrame:
    """The day from which a review has changed an account's mail, at the earliest its first simulated one."""
    first_days = _beginnings(result).select("account_id", begins_on="first_day")
    return (
        result.standing.lazy()
        .filter(pl.col("effect_from").is_not_null())
        .join(first_days, on="account_id")
        .select(
            "account_id",
            first_day=pl.max_horizontal("effect_from", "begins_on"),
            has_effect=pl.lit(value=True),
        )
    )
