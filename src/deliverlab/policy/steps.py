"""Every step of a simulation with its numbers, what would have avoided it, and what comes next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.metrics import METRICS
from deliverlab.policy.diary import chosen, diary
from deliverlab.policy.outlook import outlook
from deliverlab.policy.sentences import Words
from deliverlab.schemas import CAUSES, GOOD, METRIC_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliverlab.policy.model import Policy
    from deliverlab.policy.simulate import Simulation

KINDS = ("rate", "peer", "evidence")


class Steps(Table):
    """A transition, the numbers of the rule behind it, what would have avoided it and what follows.

    `entered_on` is the day of the notice into the stage that is left. `least_events` is the fewest events
    that can breach an evidence rule. `other_rules` were breached on the same day. With `fewer_events` bad
    events fewer (of an evidence rule: on `window_to`), or `more_mails` mails more without one, `rule` had not
    been breached. A review completed by `review_by` would have cleared the stage instead.
    """

    account_id = dy.String(primary_key=True)
    day = dy.Date(primary_key=True)
    from_stage = dy.String()
    to_stage = dy.String()
    cause = dy.Enum(CAUSES)
    entered_on = dy.Date(nullable=True)
    rule = dy.String(nullable=True)
    metric = dy.Enum(METRIC_NAMES, nullable=True)
    kind = dy.Enum(KINDS, nullable=True)
    window_from = dy.Date(nullable=True)
    window_to = dy.Date(nullable=True)
    events = dy.Float64(nullable=True)
    trials = dy.Float64(nullable=True)
    rate = dy.Float64(nullable=True)
    limit = dy.Float64(nullable=True)
    peer_rate = dy.Float64(nullable=True)
    evidence = dy.Float64(nullable=True)
    least_events = dy.Int64(nullable=True, min=1)
    other_rules = dy.List(dy.String())
    fewer_events = dy.Int64(nullable=True, min=1)
    more_mails = dy.Int64(nullable=True, min=1)
    review_by = dy.Date(nullable=True)
    next_stage = dy.String(nullable=True)
    next_on = dy.Date(nullable=True)
    sentence = dy.String()


def explain_steps(
    result: Simulation, /, account_id: str | Iterable[str] | None = None
) -> dy.DataFrame[Steps]:
    """Every step of an account (of several, or of all), explained, in the order of `result.transitions`.

    Only accounts that moved are walked again, and only the days of their steps are noted: that costs no more
    than the simulation did.

    Raises `DataError` where an account is not in the result.
    """
    transitions = result.transitions.filter(pl.col("account_id").is_in(chosen(result, account_id).implode()))
    _, readings = diary(result, transitions["account_id"], only_steps=True)
    policy = result.policy
    key = ["account_id", "day", "rule"]
    own = readings.select(*key, "window_from", fewer_events="flip_events", more_mails="flip_mails")
    begun = result.start.select("account_id", began_in="entered_on")
    told = (
        transitions.lazy()
        .join(own.lazy(), on=key, how="left", maintain_order="left")
        .join(rules_of(policy).lazy(), on="rule", how="left", maintain_order="left")
        .join(_others(transitions, readings, policy).lazy(), on=key[:2], how="left", maintain_order="left")
        .join(begun.lazy(), on="account_id", how="left", maintain_order="left")
        .with_columns(
            entered_on=pl.when(pl.col("from_stage") != GOOD).then(
                pl.coalesce(pl.col("day").shift().over("account_id"), "began_in")
            ),
            window_to=pl.when(pl.col("window_from").is_not_null()).then(newest(policy)),
            least_events=least_events(pl.col("limit")),
            other_rules=pl.col("other_rules").fill_null([]),
            review_by=pl.when(
                pl.col("to_stage") != GOOD, pl.col("from_stage").is_in(_lifted_stages(policy))
            ).then("day"),
        )
        .collect()
    )
    told = told.with_columns(
        *_upcoming(told, stage="to_stage", since="day", as_of=pl.col("day"), policy=policy),
        rank=_rank(policy, "to_stage"),
        rank_otherwise=pl.max_horizontal("rank_by_others", _rank_by_time(told, policy)),
    )
    words = Words(policy)
    sentences = [words.step(row) for row in told.iter_rows(named=True)]
    return Steps.cast(told.with_columns(sentence=pl.Series(sentences, dtype=pl.String)))


def rules_of(policy: Policy, /) -> pl.DataFrame:
    """What explanations need of each rule, under its name."""
    rows = [
        {
            "rule": rule.name,
            "metric": rule.metric,
            "kind": rule.kind,
            "is_high_bad": METRICS[rule.metric].is_high_bad,
            "min_sent": float(rule.min_sent),
            "min_events": float(rule.min_events),
            "min_ratio": float(rule.min_ratio),
            "log_ratio": math.log(rule.detect / rule.tolerate),
        }
        for rule in policy.rules
    ]
    texts, numbers = ("rule", "metric", "kind"), ("min_sent", "min_events", "min_ratio", "log_ratio")
    schema = dict.fromkeys(texts, pl.String()) | {"is_high_bad": pl.Boolean()}
    return pl.DataFrame(rows, schema=schema | dict.fromkeys(numbers, pl.Float64()))


def newest(policy: Policy, /) -> pl.Expr:
    """The newest day that counts on a day."""
    return pl.col("day") - pl.duration(days=policy.window.lag_days)


def least_events(missing: pl.Expr, /) -> pl.Expr:
    """The fewest events that can bring an evidence rule the sum that is missing; null for other rules.

    An event adds at most ln(detect / tolerate), and the sum must be past the limit.
    """
    fewest = (missing / pl.col("log_ratio")).floor() + 1
    needed = pl.max_horizontal(fewest, pl.col("min_events").ceil(), 1)
    return pl.when(kind="evidence").then(needed.cast(pl.Int64))


def _others(transitions: pl.DataFrame, readings: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """The other rules that were breached when rules decided a step, in the order of the file.

    With them their metrics, if others than the step's, and the rank of the highest stage they had led to.
    """
    metrics = {rule.name: rule.metric for rule in policy.rules}
    decided = transitions.filter(pl.col("cause").cast(pl.String) != "review")
    other = (
        readings.filter("is_breached")
        .join(decided.select("account_id", "day", own="rule"), on=["account_id", "day"])
        .filter(pl.col("rule").ne_missing(pl.col("own")))
        .with_columns(
            pl.col("rule", "own").replace(metrics).name.prefix("metric_of_"),
            rank=_rank(policy, "leads_to"),
        )
    )
    differs = pl.col("metric_of_rule").ne_missing(pl.col("metric_of_own"))
    return other.group_by("account_id", "day", maintain_order=True).agg(
        other_rules="rule",
        other_metrics=pl.col("metric_of_rule").filter(differs).unique(maintain_order=True),
        rank_by_others=pl.col("rank").max(),
    )


def _rank(policy: Policy, stage: str) -> pl.Expr:
    """The place of a stage on the ladder, 0 for good standing."""
    ranks = {name: rank for rank, name in enumerate((GOOD, *policy.stage_names))}
    return pl.col(stage).replace_strict(ranks, return_dtype=pl.Int64)


def _rank_by_time(told: pl.DataFrame, policy: Policy) -> pl.Series:
    """The rank of the stage that time alone had brought on the day of each step; null where none."""
    stage, day = _upcoming(
        told, stage="from_stage", since="entered_on", as_of=pl.col("day") - pl.duration(days=1), policy=policy
    )
    is_due = (told["day"] >= day) & (policy.ladder.escalates_when == "unreviewed")
    return pl.select(next_stage=stage, is_due=is_due).select(
        pl.when("is_due").then(_rank(policy, "next_stage"))
    )["next_stage"]


def _lifted_stages(policy: Policy) -> list[str]:
    return [stage.name for stage in policy.stages if "review" in policy.ways_out(stage)]


def _upcoming(
    told: pl.DataFrame, *, stage: str, since: str, as_of: pl.Expr, policy: Policy
) -> tuple[pl.Series, pl.Series]:
    """The next escalation of an account in a stage, as the outlook has it: the stage and its first day."""
    numbers = pl.int_range(pl.len()).cast(pl.String).str.zfill(12)
    stands = told.select(account_id=numbers, as_of=as_of, stage=stage, entered_on=since)
    upcoming = outlook(stands, policy=policy).collect()
    return upcoming["next_stage"], upcoming["next_on"]
