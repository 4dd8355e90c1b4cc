"""A policy and a scenario in numbers, as the walk reads them."""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from deliverlab.metrics import METRICS
from deliverlab.policy.kernel import layout
from deliverlab.policy.kernel.layout import NONE, Assumed, Book
from deliverlab.policy.model import ACCEPTED
from deliverlab.schemas import BANDS, CAUSES, COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deliverlab.policy.kernel.layout import Floats, Integers, Record, Records
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario


def book_of(policy: Policy, *, industries: Sequence[str]) -> Book:
    """The policy, its limits laid out by rule, industry and band."""
    limits = [
        [[rule.limit_for(industry=industry, band=band) for band in BANDS] for industry in industries]
        for rule in policy.rules
    ]
    return Book(
        ladder=_ladder(policy),
        rules=_rules(policy),
        limits=np.array(limits, np.float64).reshape(len(policy.rules), len(industries), len(BANDS)),
        stages=_stages(policy),
        restarts=np.array([policy.window.restarts_on(cause) for cause in CAUSES]),
    )


def assumed_of(scenario: Scenario) -> Assumed:
    """The scenario: when reviews complete, and what becomes of each column before and after one."""
    reviews = np.zeros(1, layout.REVIEWS)
    reviews["mode"] = layout.MODES.index(scenario.review.mode)
    reviews["after_days"] = scenario.review.after_days or 0
    effects = np.zeros((2, 2, len(COUNTS)))
    effects[:, layout.FACTOR] = 1.0
    if (effect := scenario.effect) is not None:
        own = [getattr(effect, name.removeprefix("late_"), 1.0) for name in COUNTS]
        effects[1, layout.FACTOR] = [effect.volume * factor for factor in own]
        effects[1, layout.AVOIDED, layout.SENT] = 1.0 - effect.hard_bounces
    chance = np.array([0.0, *(scenario.review.chance or ())])
    return Assumed(reviews=reviews[0], chance=chance, effects=effects)


def draws_of(scenario: Scenario, *, account_ids: Iterable[str], given: Integers, draws: int) -> Floats:
    """The luck of each account's next notices, the same under every policy; `given` is how many it had."""
    drawn = [
        [luck(scenario.seed, account_id, before + i) for i in range(1, draws + 1)]
        for account_id, before in zip(account_ids, given.tolist(), strict=True)
    ]
    return np.array(drawn, np.float64).reshape(len(drawn), draws)


def luck(seed: int | None, account_id: str, notice: int) -> float:
    """How lucky an account is with its notice of this number, from 1: a number from 0 to 1."""
    digest = blake2b(f"{seed}\x1f{account_id}\x1f{notice}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _ladder(policy: Policy) -> Record:
    """What the policy says of its window, and of climbing and leaving."""
    window, ladder = policy.window, policy.ladder
    record = np.zeros(1, layout.LADDER)
    record["lag_days"] = window.lag_days
    record["days"], record["sends"] = _or_none(window.days), _or_none(window.sends)
    record["recovery_days"], record["remembers_days"] = ladder.recovery_days, ladder.remembers_days
    record["quiet_days"] = layout.QUIET.index(ladder.quiet_days)
    record["escalates_unreviewed"] = ladder.escalates_when == "unreviewed"
    record["remembers_highest"] = ladder.remembers == "highest"
    record["forgets_after_clean_days"] = ladder.forgets_after == "clean days"
    record["accepts_reviews"] = ACCEPTED in window.fresh_after
    return record[0]


def _rules(policy: Policy) -> Records:
    """The rules in file order."""
    rules = np.zeros(len(policy.rules), layout.RULE)
    for record, rule in zip(rules, policy.rules, strict=True):
        span, metric = policy.span_of(rule), METRICS[rule.metric]
        record["kind"] = layout.KINDS.index(rule.kind)
        record["numerator"] = COUNTS.index(metric.numerator)
        record["denominator"] = COUNTS.index(policy.denominator_of(rule.metric))
        record["is_high_bad"] = metric.is_high_bad
        record["days"], record["sends"] = _or_none(span.days), _or_none(span.sends)
        record["enters"] = policy.stage_names.index(policy.stage_entered_by(rule)) + 1
        record["peer"] = NONE if rule.kind == "rate" else policy.peer_metrics.index(rule.metric)
        record["log_ratio"] = math.log(rule.detect / rule.tolerate)
        record["clean_limit"] = math.nan if rule.clean_limit is None else rule.clean_limit
        for key in ("min_sent", "min_events", "min_ratio", "z", "climbs", "tolerate", "detect", "cap"):
            record[key] = getattr(rule, key)
    return rules


def _stages(policy: Policy) -> Records:
    """Good standing, then the stages in order."""
    stages = np.zeros(len(policy.stages) + 1, layout.STAGE)
    stages[0] = (NONE, NONE, 1.0, False, False)
    for k, stage in enumerate(policy.stages, start=1):
        ways = policy.ways_out(stage)
        days = (_or_none(stage.grace_days), _or_none(stage.lasts_days))
        stages[k] = (*days, stage.send_share, "review" in ways, "recovery" in ways)
    return stages


def _or_none(number: int | None) -> int:
    return NONE if number is None else number
