"""Who gets where: rules that can breach, and the stages that rules, time and memory lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.metrics import METRICS
from deliverlab.policy.checks.findings import Finding, at_rule, at_stage, warn
from deliverlab.policy.outlook import escalates_after
from deliverlab.policy.words import days, industries_of, limit_words, limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliverlab.policy.model import Policy, Stage
    from deliverlab.policy.rule import Rule


def can_breach(rule: Rule) -> bool:
    """Whether any rate from 0 to 1 is beyond the limit that somebody has."""
    if rule.kind == "evidence":
        return True
    all_limits = limits(rule, industries_of(rule))
    if METRICS[rule.metric].is_high_bad:
        return rule.kind == "peer" or min(all_limits) < 1
    return max(all_limits) > 0


def leads_to(rule: Rule, policy: Policy) -> int:
    """The place of the stage that a rule enters, the mildest being 0."""
    return policy.stage_names.index(policy.stage_entered_by(rule))


def starts_empty(policy: Policy) -> bool:
    """Whether windows hold no mail after a notice, whatever it was given for."""
    causes = {"unreviewed": ("breach", "unreviewed"), "breaching": ("breach",)}
    return all(policy.window.restarts_on(cause) for cause in causes[policy.ladder.escalates_when])


def is_starved(stage: Stage, policy: Policy) -> bool:
    """Whether no rule can breach when the grace of a stage is over: it holds all mail, and old mail is out.

    The mail of before counts no more if the window starts anew with the notice, or has run out by then.
    """
    if stage.send_share > 0 or stage.grace_days is None:
        return False
    if starts_empty(policy):
        return True
    spans = [policy.span_of(rule).days for rule in policy.rules]
    has_sums = any(rule.kind == "evidence" for rule in policy.rules)
    reach = max((span for span in spans if span is not None), default=0)
    return not has_sums and None not in spans and stage.grace_days >= reach + policy.window.lag_days


def can_escalate(stage: Stage, policy: Policy) -> bool:
    """Whether time leads from a stage to the next."""
    if stage == policy.stages[-1] or escalates_after(stage) is None:
        return False
    return policy.ladder.escalates_when == "unreviewed" or (
        any(map(can_breach, policy.rules)) and not is_starved(stage, policy)
    )


def can_leave(stage: Stage, policy: Policy) -> bool:
    """Whether anything clears an account in a stage."""
    return bool(policy.ways_out(stage)) or stage.lasts_days is not None


def memory_is_short(policy: Policy) -> bool:
    """Whether memory ends before a breach can follow a clear, because the window is still empty."""
    ladder, window = policy.ladder, policy.window
    if not all(window.restarts_on(cause) for cause in ("review", "recovery", "expired")):
        return False
    passes = ladder.forgets_after == "days" or ladder.quiet_days == "count"
    return passes and ladder.remembers_days <= window.lag_days


def stages_reached(policy: Policy) -> list[bool]:
    """Which stages an account can come to stand in, by a rule, by time, or by memory."""
    last = len(policy.stages) - 1
    acting = [rule for rule in policy.rules if can_breach(rule)]
    reached = [any(leads_to(rule, policy) == k for rule in acting) for k in range(last + 1)]
    recalls = any(rule.climbs for rule in acting) and policy.ladder.remembers_days > 0
    recalls = recalls and not memory_is_short(policy)
    for k, stage in enumerate(policy.stages[:-1]):
        if reached[k] and (can_escalate(stage, policy) or (recalls and can_leave(stage, policy))):
            reached[k + 1] = True
    return reached


def stage_never_reached(policy: Policy) -> Iterator[Finding]:
    """No rule enters the stage, no grace leads to it, no memory lifts into it."""
    for stage, is_reached in zip(policy.stages, stages_reached(policy), strict=True):
        if not is_reached and policy.rules:
            yield warn(
                "stage never reached", at_stage(policy, stage),
                "no rule that can breach enters it, no grace leads to it, and no memory lifts into it",
                "give the stage before it grace_days, let a rule enter it, or leave it out",
            )  # fmt: skip


def rule_never_acts(policy: Policy) -> Iterator[Finding]:
    """No rate is beyond the limit that anybody has."""
    for rule in policy.rules:
        if not can_breach(rule):
            yield warn(
                "rule never acts", at_rule(policy, rule, "limit"),
                f"no rate is {limit_words(rule.limit, rule)}, so nobody ever breaches it",
                "write the limit as a fraction that rates can pass, or leave the rule out",
            )  # fmt: skip


def no_rule(policy: Policy) -> Iterator[Finding]:
    """There is no rule at all."""
    if not policy.rules:
        yield warn("no rule", "rules", "without a rule nobody ever gets a notice", "write a rule")


def memory_never_acts(policy: Policy) -> Iterator[Finding]:
    """The policy remembers, and nobody is ever lifted higher for it."""
    remembered = policy.ladder.remembers_days
    if not remembered or not policy.rules:
        return
    reached = zip(policy.stages, stages_reached(policy), strict=True)
    left = [k for k, (stage, is_reached) in enumerate(reached) if is_reached and can_leave(stage, policy)]
    highest = min(max(left, default=-1) + 1, len(policy.stages) - 1)
    climbing = [leads_to(rule, policy) for rule in policy.rules if rule.climbs and can_breach(rule)]
    place, advice = "ladder remembers_days", "leave it out, or mend what it needs"
    if not climbing:
        yield warn("memory never acts", place, "no rule climbs, so no breach is lifted higher", advice)
    elif not left:
        yield warn("memory never acts", place, "no stage is ever left, so there is none to remember", advice)
    elif min(climbing) >= highest:
        why = "every rule that climbs enters as high a stage by itself"
        yield warn("memory never acts", place, why, advice)
    elif memory_is_short(policy):
        least = policy.window.lag_days + 1
        yield warn(
            "memory never acts", place,
            f"it ends after {days(remembered)}, and no breach follows a clear within less than {days(least)}",
            f"remember at least {days(least)}",
        )  # fmt: skip
