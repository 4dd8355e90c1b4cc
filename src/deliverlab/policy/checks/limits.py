"""Limits and minimums: rules that others always overtake, and numbers that do nothing."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from deliverlab.metrics import METRICS
from deliverlab.policy.checks.findings import Finding, at_rule, remark, warn
from deliverlab.policy.checks.reach import can_breach, leads_to
from deliverlab.policy.toml import shown
from deliverlab.policy.words import industries_of, limits, remembers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliverlab.policy.model import Policy
    from deliverlab.policy.rule import Rule

MOST_SPREAD = 0.5  # a rate above it has standard errors that shrink as it grows


def rule_overtaken(policy: Policy) -> Iterator[Finding]:
    """Whenever the rule breaches, another one does too and leads as high; of two alike the later is named."""
    told = set()
    for other, rule in permutations(policy.rules, 2):
        is_twin = overtakes(rule, other, policy) and policy.rules.index(rule) < policy.rules.index(other)
        if overtakes(other, rule, policy) and not is_twin and rule.name not in told and can_breach(rule):
            told.add(rule.name)
            yield warn(
                "rule overtaken", at_rule(policy, rule),
                f"whenever it breaches, so does {shown(other.name)}, which leads as high",
                "tighten it, let it enter a higher stage, or leave it out",
            )  # fmt: skip


def overtakes(other: Rule, rule: Rule, policy: Policy) -> bool:
    """Whether `other` surely breaches whenever `rule` does, and nothing of what `rule` does is its own."""
    same = ("metric", "kind", "tolerate", "detect", "cap")
    least = ("min_sent", "min_events", "min_ratio", "z")
    if any(getattr(other, key) != getattr(rule, key) for key in same) or rule.clean_limit is not None:
        return False
    if policy.span_of(other) != policy.span_of(rule) or leads_to(other, policy) < leads_to(rule, policy):
        return False
    if any(getattr(other, key) > getattr(rule, key) for key in least):
        return False
    if rule.climbs and not other.climbs and remembers(policy):
        return False
    industries = industries_of(rule, other)
    theirs, ours = limits(other, industries), limits(rule, industries)
    if other.z and max(theirs + ours) > MOST_SPREAD:
        return False
    pairs = zip(theirs, ours, strict=True)
    is_high_bad = METRICS[rule.metric].is_high_bad
    return all(other <= own if is_high_bad else other >= own for other, own in pairs)


def minimum_above_window(policy: Policy) -> Iterator[Finding]:
    """A window of so many mails holds hardly ever as many as the rule demands."""
    for rule in policy.rules:
        sends = policy.span_of(rule).sends
        if sends is not None and rule.min_sent > sends:
            yield warn(
                "minimum above window", at_rule(policy, rule, "min_sent"),
                f"the window holds {sends:,} mails and those of one day at most, so that with min_sent = "
                f"{rule.min_sent:,.10g} the rule is silent but after very large days",
                "demand at most as many mails as the window holds",
            )  # fmt: skip


def minimum_without_effect(policy: Policy) -> Iterator[Finding]:
    """Whoever is beyond the limit has as many events, or mails, as the rule demands besides."""
    for rule in policy.rules:
        metric = METRICS[rule.metric]
        if rule.kind != "rate" or not metric.is_high_bad:
            continue
        lowest = min(limits(rule, industries_of(rule)))
        out_of_sent = policy.denominator_of(rule.metric) == "sent"
        if rule.min_events and out_of_sent and rule.min_events <= lowest * rule.min_sent * (1 + 1e-12):
            yield remark(
                "minimum without effect", at_rule(policy, rule, "min_events"),
                f"beyond the limit, {rule.min_sent:,.10g} mails have more than {rule.min_events:,.10g} "
                f"{metric.event_words} anyway",
                "leave it out, or demand more events",
            )  # fmt: skip
        elif rule.min_sent and rule.min_sent <= rule.min_events:
            yield remark(
                "minimum without effect", at_rule(policy, rule, "min_sent"),
                f"{rule.min_events:,.10g} {metric.event_words} take as many mails anyway",
                "leave it out, or demand more mails",
            )  # fmt: skip


def rests_on_engagement(policy: Policy) -> Iterator[Finding]:
    """Opens and clicks inform and do not enforce: privacy proxies open mail that nobody read."""
    for rule in policy.rules:
        if not METRICS[rule.metric].is_enforced:
            yield warn(
                "rests on engagement", at_rule(policy, rule, "metric"),
                f"the {METRICS[rule.metric].words} counts what machines open and click, and misses what "
                f"people read without images",
                "inform by it, and enforce by bounces and complaints",
            )  # fmt: skip
