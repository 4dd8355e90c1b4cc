"""The ladder: notices that nobody can see, escalations and recoveries that cannot come, idle keys."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from deliverlab.policy.checks.findings import Finding, at_rule, at_stage, remark, warn
from deliverlab.policy.checks.reach import can_breach, can_escalate, can_leave, is_starved, starts_empty
from deliverlab.policy.model import ACCEPTED
from deliverlab.policy.outlook import escalates_after
from deliverlab.policy.toml import Entry, shown
from deliverlab.policy.words import days, sayings, telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliverlab.policy.model import Policy
    from deliverlab.policy.rule import Rule

E = TypeVar("E", bound=Entry)

ASIDE = (
    "days", "sends",  # one of them must be there
    "overrides",  # each is a key of its own
    "enters", "clears_on", "window",  # may say again what would be so anyway
)  # fmt: skip


def passed_the_next_day(policy: Policy) -> Iterator[Finding]:
    """The next notice comes on the day after the last."""
    for stage in policy.stages:
        if can_escalate(stage, policy) and escalates_after(stage) == 1:
            yield warn(
                "passed the next day", at_stage(policy, stage, "grace_days"),
                "the next notice can come on the very next day, before anybody has read the first",
                "leave days to answer, more than a weekend",
            )  # fmt: skip


def ends_unseen(policy: Policy) -> Iterator[Finding]:
    """A stage holds nothing and is over before any mail sent in it is looked at."""
    lag = policy.window.lag_days
    for stage in policy.stages:
        if stage.send_share == 1 and stage.lasts_days is not None and stage.lasts_days <= lag:
            yield warn(
                "ends unseen", at_stage(policy, stage, "lasts_days"),
                f"it holds nothing and ends after {days(stage.lasts_days)}, before mail sent in it is looked "
                f"at (lag_days = {lag}): nobody notices",
                f"let it last longer than {days(lag)}, or hold mail",
            )  # fmt: skip


def escalation_without_mail(policy: Policy) -> Iterator[Finding]:
    """It escalates while a rule is breached, and no mail is left to breach one."""
    for stage in policy.stages[:-1]:
        is_due = policy.ladder.escalates_when == "breaching" and escalates_after(stage) is not None
        if is_due and is_starved(stage, policy):
            yield warn(
                "escalation without mail", at_stage(policy, stage, "grace_days"),
                "it holds all mail, so no rule is breached when its grace is over: it never escalates",
                'let some mail through, or let escalates_when be "unreviewed"',
            )  # fmt: skip


def recovery_without_mail(policy: Policy) -> Iterator[Finding]:
    """It is left by recovery, and days without mail do not count as clean."""
    quiet, days_back = policy.ladder.quiet_days, policy.window.days
    # The days on which a window still holds mail of before the stage.
    most = math.inf if days_back is None else policy.window.lag_days + days_back - 1
    is_out = quiet != "count" and (starts_empty(policy) or policy.ladder.recovery_days > most)
    for stage in policy.stages:
        if is_out and stage.send_share == 0 and "recovery" in policy.ways_out(stage):
            yield warn(
                "recovery without mail", at_stage(policy, stage, "clears_on"),
                f"it holds all mail, and a day without mail is not clean (quiet_days = {shown(quiet)}): "
                f"nobody recovers",
                'let some mail through, let a review or lasts_days end it, or let quiet_days be "count"',
            )  # fmt: skip


def review_not_heard(policy: Policy) -> Iterator[Finding]:
    """It escalates for want of a review, and a review does not clear it."""
    for stage in policy.stages[:-1]:
        is_due = policy.ladder.escalates_when == "unreviewed" and can_escalate(stage, policy)
        if is_due and "review" not in policy.ways_out(stage):
            yield warn(
                "review not heard", at_stage(policy, stage, "clears_on"),
                "it escalates for want of a review, and a completed review does not clear it",
                'let a review clear it, or let escalates_when be "breaching"',
            )  # fmt: skip


def review_lifts_nothing(policy: Policy) -> Iterator[Finding]:
    """No stage is cleared by a review, and a review restarts no window either."""
    heard = any("review" in policy.ways_out(stage) for stage in policy.stages)
    if not heard and ACCEPTED not in policy.window.fresh_after:
        yield remark(
            "review lifts nothing", "ladder clears_on",
            "a completed review clears no stage and restarts no window, so nothing is gained by one",
            f'let a review clear a stage, or let fresh_after name "{ACCEPTED}", if reviews are asked for',
        )  # fmt: skip


def nobody_leaves(policy: Policy) -> Iterator[Finding]:
    """Nothing clears the stage, nor leads out of it."""
    for stage in policy.stages:
        if not can_leave(stage, policy) and not can_escalate(stage, policy):
            yield remark(
                "nobody leaves", at_stage(policy, stage, "clears_on"),
                "no review, recovery or day ends it: who enters it stays",
                "say a way out, if there is one",
            )  # fmt: skip


def escalates_on_old_mail(policy: Policy) -> Iterator[Finding]:
    """The mail that brought the notice can bring the next one, whatever was sent since."""
    if policy.ladder.escalates_when != "breaching" or starts_empty(policy):
        return
    spans = [policy.span_of(rule).days for rule in policy.rules if can_breach(rule)]
    reach = max((span for span in spans if span is not None), default=0) + policy.window.lag_days
    for stage in policy.stages[:-1]:
        after = escalates_after(stage) if can_escalate(stage, policy) else None
        if after is not None and (None in spans or after < reach):
            yield remark(
                "escalates on old mail", at_stage(policy, stage, "grace_days"),
                "when its grace is over, windows still hold the mail that brought the notice: an account can "
                "escalate without having sent anything since",
                'let fresh_after name "notice", or give a grace longer than the windows',
            )  # fmt: skip


def key_without_effect(policy: Policy) -> Iterator[Finding]:
    """Without the key, the policy would mean the same."""
    meant = sayings(policy)
    for place, without in without_a_key(policy):
        if sayings(without) == meant:
            yield warn(
                "key without effect", place,
                "the policy means the same without it",
                "leave it out, or mend what keeps it from acting",
            )  # fmt: skip


def without_a_key(policy: Policy) -> Iterator[tuple[str, Policy]]:
    """The policy with one key fewer: one that is not at its default anyway, or an override that is idle."""
    for metric in policy.denominators:
        others = {key: column for key, column in policy.denominators.items() if key != metric}
        yield f"denominators {metric}", policy.model_copy(update={"denominators": others})
    for part in ("window", "ladder"):
        for key, entry in _with_one_fewer(getattr(policy, part)):
            yield f"{part} {key}", policy.model_copy(update={part: entry})
    for i, rule in enumerate(policy.rules):
        for key, fewer in [*_with_one_fewer(rule), *_without_an_override(rule)]:
            rules = (*policy.rules[:i], fewer, *policy.rules[i + 1 :])
            yield at_rule(policy, rule, key), policy.model_copy(update={"rules": rules})
    for i, stage in enumerate(policy.stages):
        for key, entry in _with_one_fewer(stage):
            stages = (*policy.stages[:i], entry, *policy.stages[i + 1 :])
            yield at_stage(policy, stage, key), policy.model_copy(update={"stages": stages})


def _with_one_fewer(entry: E) -> Iterator[tuple[str, E]]:
    for key, field in type(entry).model_fields.items():
        if not field.is_required() and key not in ASIDE and getattr(entry, key) != field.default:
            yield key, entry.model_copy(update={key: field.default})


def _without_an_override(rule: Rule) -> Iterator[tuple[str, Rule]]:
    kept = {(override.industry, override.band) for override in telling(rule)}
    for i, override in enumerate(rule.overrides):
        if (override.industry, override.band) not in kept:
            others = (*rule.overrides[:i], *rule.overrides[i + 1 :])
            yield f"overrides[{i + 1}]", rule.model_copy(update={"overrides": others})
