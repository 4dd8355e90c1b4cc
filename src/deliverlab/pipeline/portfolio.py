"""What the provider's page shows: all accounts on one day, and what was on an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.health.compared import peers_of
from deliverlab.health.looks import next_looks
from deliverlab.health.positions import funnel_positions, limits_of
from deliverlab.pipeline.directory import about, open_history, read_table
from deliverlab.pipeline.judgements import TREND_DAYS
from deliverlab.pipeline.lookup import as_day, as_source, load_policy
from deliverlab.pipeline.road import account_health, with_peers
from deliverlab.pipeline.standings import stages_before, stages_on, timeline_until
from deliverlab.policy.fairness import fairness
from deliverlab.schemas import Slices

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from deliverlab.history import History


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """All accounts on one day: their health, the stage of those that are in one, and what was `since`."""

    health: pl.DataFrame
    scores: pl.DataFrame
    advice: pl.DataFrame
    as_of: date
    policy_title: str
    is_simulated: bool
    is_synthetic: bool
    notes: tuple[str, ...]
    accounts: pl.DataFrame
    stages: pl.DataFrame
    since: date
    scores_then: pl.DataFrame
    stages_then: pl.DataFrame
    fairness: pl.DataFrame
    timeline: pl.DataFrame
    funnel: pl.DataFrame
    funnel_limits: pl.DataFrame
    looks: pl.DataFrame


def open_portfolio(
    data: str | Path,
    /,
    *,
    as_of: date | str,
    policy: str = "hubspot-like",
    stage_from: str = "enforcement",
    since_days: int = 1,
) -> Portfolio:
    """All accounts of a data directory on a day; see `open_case` for where stages come from.

    `since_days` before it is what the page compares with: 1 for yesterday, 7 for last week.
    """
    day = as_day(as_of)
    if since_days < 1:
        raise DataError(f"since_days == {since_days}, must be 1 or more")
    since = day - timedelta(days=since_days)
    history, rules, source = with_peers(open_history(data)), load_policy(policy), as_source(stage_from)
    peers = peers_of(history)
    health, scores, advice = account_health(history, as_of=day, slices=read_table(data, Slices))
    _, scores_then, _ = account_health(history, as_of=since)
    everybody = history.accounts["account_id"]
    stages = stages_on(data, policy=rules, as_of=day, stage_from=source, account_ids=everybody)
    return Portfolio(
        health=health,
        scores=scores,
        advice=advice,
        as_of=day,
        policy_title=rules.title,
        is_simulated=source == "simulation",
        is_synthetic=bool(about(data).get("is_synthetic")),
        notes=history.notes,
        funnel=funnel_positions(health, peers=peers),
        funnel_limits=limits_of(health, peers=peers),
        looks=next_looks(health),
        accounts=history.accounts,
        stages=stages,
        since=since,
        scores_then=scores_then,
        stages_then=stages_before(data, history, day=since, stage_from=source),
        fairness=fairness(_graded(history, health, scores, stages)),
        timeline=timeline_until(data, history, as_of=day, days=TREND_DAYS, stage_from=source),
    )


def _graded(
    history: History, health: pl.DataFrame, scores: pl.DataFrame, stages: pl.DataFrame, /
) -> pl.DataFrame:
    """Every account with its grade, whether it is in a stage, and the groups it belongs to."""
    bands = health.select("account_id", "band").unique("account_id")
    return (
        history.accounts.select("account_id", "industry", "tier")
        .join(scores.select("account_id", "grade"), on="account_id")
        .join(bands, on="account_id")
        .with_columns(is_staged=pl.col("account_id").is_in(stages["account_id"]))
    )
