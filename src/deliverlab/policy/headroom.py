"""How far an account is from its next step: in bad events, in days, and in clean days on the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.policy.outlook import Outlook, outlook
from deliverlab.policy.sentences import Words
from deliverlab.policy.steps import KINDS, least_events, newest, rules_of
from deliverlab.schemas import GOOD, METRIC_NAMES

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy
    from deliverlab.policy.simulate import Simulation

STATES = ("silent", "far", "near", "past")
NEAR = 0.75


class Headroom(Table):
    """One row an account and rule: what it sees at the end, and what starts the next stage.

    `more_events` is how many more bad events in this window breach the rule, exactly; of an evidence rule, on
    whichever later days, at least so many (`is_least`). `leads_to` is the stage the account then moves to;
    null where it would stay where it is. `on_day` is when the rule is breached if all goes on at the
    present rate and nothing else moves the account before.

    `state` is past (breached), near (`NEAR`, three quarters, of the events that would breach it, or of the
    evidence, are there already), far, or silent for want of mail.
    """

    account_id = dy.String(primary_key=True)
    rule = dy.String(primary_key=True)
    as_of = dy.Date()
    metric = dy.Enum(METRIC_NAMES)
    kind = dy.Enum(KINDS)
    state = dy.Enum(STATES)
    leads_to = dy.String(nullable=True)
    more_events = dy.Int64(nullable=True, min=1)
    is_least = dy.Bool()
    on_day = dy.Date(nullable=True)
    window_from = dy.Date(nullable=True)
    window_to = dy.Date(nullable=True)
    events = dy.Float64(nullable=True)
    trials = dy.Float64(nullable=True)
    rate = dy.Float64(nullable=True)
    limit = dy.Float64(nullable=True)
    peer_rate = dy.Float64(nullable=True)
    evidence = dy.Float64(nullable=True)
    least_events = dy.Int64(nullable=True, min=1)
    sentence = dy.String()


class MetricStates(Table):
    """One row an account and metric: the state of that of its rules which is farthest along."""

    account_id = dy.String(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    state = dy.Enum(STATES)
    rule = dy.String()
    rate = dy.Float64(nullable=True)
    limit = dy.Float64(nullable=True)


class WayBack(Outlook):
    """The outlook of an account, the days it has left, and what recovery or time still needs."""

    grace_days_left = dy.Int64(nullable=True, min=0)
    clean_days_needed = dy.Int64(nullable=True, min=0)
    ends_on = dy.Date(nullable=True)


def headroom_of(
    result: Simulation, /, *, readings: pl.DataFrame, breaches: pl.DataFrame
) -> dy.DataFrame[Headroom]:
    """The readings of a result's last day, and what they leave room for.

    `breaches` says when rules are breached in days to come: see `forecast.first_breaches`.
    """
    policy = result.policy
    is_evidence = pl.col("kind") == "evidence"
    gates = pl.max_horizontal("min_events", pl.col("min_ratio") * pl.col("peer_rate") * pl.col("trials"))
    table = (
        readings.filter(pl.col("day") == result.until)
        .join(rules_of(policy), on="rule", how="left", maintain_order="left")
        .join(breaches, on=["account_id", "rule"], how="left", maintain_order="left")
        .with_columns(
            window_to=pl.when(pl.col("window_from").is_not_null()).then(newest(policy)),
            is_mute=~((pl.col("sent") >= pl.col("min_sent")) & (pl.col("trials") > 0)).fill_null(value=False),
            is_least=is_evidence,
            least_events=least_events(pl.col("limit")),
        )
        .with_columns(
            more_events=pl.when("is_breached").then(None).when("is_mute").then(None).when(is_evidence).then(
                pl.max_horizontal(
                    ((pl.col("limit") - pl.col("evidence")) / pl.col("log_ratio")).floor() + 1,
                    (gates - pl.col("events")).ceil(),
                    1,
                )
            ).otherwise("flip_events")
        )
        .with_columns(state=_state(), on_day=pl.when(pl.col("is_breached").not_()).then("on_day"))
        .rename({"day": "as_of"})
    )  # fmt: skip
    table = table.with_columns(pl.col("more_events").cast(pl.Int64))
    words = Words(policy)
    sentences = [words.headroom(row) for row in table.iter_rows(named=True)]
    return Headroom.cast(table.with_columns(sentence=pl.Series(sentences, dtype=pl.String)))


def metric_states(headroom: pl.DataFrame, /) -> dy.DataFrame[MetricStates]:
    """Each metric's own state, beside the account's."""
    farthest = headroom.sort(
        "account_id", "metric", "state", descending=[False, False, True], maintain_order=True
    )
    return MetricStates.cast(farthest.unique(["account_id", "metric"], keep="first", maintain_order=True))


def ways_back(standing: pl.DataFrame, /, *, policy: Policy) -> dy.DataFrame[WayBack]:
    """What each account can expect, and how many days and clean days are left to it.

    `clean_days_needed` counts those in a row that recovery still needs, null where it lifts nothing; the
    first escalation comes on `next_on`, and `ends_on` is when the stage is over by itself.
    """
    stages = pl.DataFrame(
        [
            {
                "stage": stage.name,
                "lasts_days": stage.lasts_days,
                "heals": "recovery" in policy.ways_out(stage),
            }
            for stage in policy.stages
        ],
        schema={"stage": pl.String, "lasts_days": pl.Int64, "heals": pl.Boolean},
    )
    streaks = standing.select("account_id", "clean_streak")
    needed = (policy.ladder.recovery_days - pl.col("clean_streak").cast(pl.Int64)).clip(lower_bound=0)
    return WayBack.cast(
        outlook(standing, policy=policy)
        .collect()
        .join(streaks, on="account_id", how="left", maintain_order="left")
        .join(stages, on="stage", how="left", maintain_order="left")
        .with_columns(
            grace_days_left=(pl.col("next_on") - pl.col("as_of")).dt.total_days(),
            clean_days_needed=pl.when("heals", pl.col("stage") != GOOD).then(needed),
            ends_on=pl.max_horizontal(
                pl.col("entered_on") + pl.duration(days="lasts_days"), pl.col("as_of") + pl.duration(days=1)
            ),
        )
        .with_columns(ends_on=pl.when(pl.col("lasts_days").is_not_null()).then("ends_on"))
    )


def _state() -> pl.Expr:
    """How far along a rule is."""
    there = pl.col("events")
    needed = there + pl.when("is_high_bad").then("more_events").otherwise(-pl.col("more_events"))
    share = pl.when(kind="evidence").then(pl.col("evidence") / pl.col("limit")).otherwise(
        pl.min_horizontal(there, needed) / pl.max_horizontal(there, needed)
    )  # fmt: skip
    is_near = (share >= NEAR) & pl.col("more_events").is_not_null()
    return (
        pl.when("is_breached").then(pl.lit("past"))
        .when("is_mute").then(pl.lit("silent"))
        .when(is_near).then(pl.lit("near"))
        .otherwise(pl.lit("far"))
    )  # fmt: skip
