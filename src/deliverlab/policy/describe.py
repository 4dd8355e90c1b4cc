"""A policy in words, for the person who answers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.metrics import METRICS

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy, Stage
    from deliverlab.policy.rule import Rule, Span


def describe(policy: Policy, /) -> list[str]:
    """A line for the scope, for each rule with its exceptions, and for each stage; numbers say their basis.

    >>> from deliverlab.policy.model import Policy
    >>> text = 'name = "n"' + chr(10) + '[window]' + chr(10) + 'days = 30' + chr(10)
    >>> text += '[[stages]]' + chr(10) + 'name = "probation"' + chr(10) + 'grace_days = 7'
    >>> describe(Policy.from_text(text))[-1]
    'probation: lets through all mail; may escalate after 7 days (inferred).'
    """
    tiers = ", ".join(policy.tiers) if policy.tiers else "all"
    return [
        policy.title,
        f"Applies to tiers: {tiers}.",
        f"Looks at {_span(policy.window)}, without the newest {policy.window.lag_days} days.",
        *(line for rule in policy.rules for line in _rule(rule, first=policy.stages[0].name)),
        *(_stage(stage) for stage in policy.stages),
    ]


def _span(span: Span) -> str:
    return f"{span.days} days" if span.days is not None else f"the last {span.sends:,} mails"


def _rule(rule: Rule, *, first: str) -> list[str]:
    metric = METRICS[rule.metric]
    side = "above" if metric.is_high_bad else "below"
    unit = {"rate": "", "peer": " times the peer rate", "evidence": " of evidence"}[rule.kind]
    silent = f", silent under {rule.min_sent:,.0f} mails" if rule.min_sent else ""
    limit = f"{metric.words} {side} {_limit(rule.limit, rule)}{unit}"
    return [
        f"{rule.name}: {limit} leads to {rule.enters or first}{silent} ({rule.basis}).",
        *(
            f"  {' in '.join(filter(None, (override.industry, override.band)))}: "
            f"{_limit(override.limit, rule)} ({override.basis})."
            for override in rule.overrides
        ),
    ]


def _limit(limit: float, rule: Rule) -> str:
    return f"{limit:.3%}" if rule.kind == "rate" else f"{limit:g}"


def _stage(stage: Stage) -> str:
    share = {1.0: "all mail", 0.0: "no mail"}.get(stage.send_share, f"{stage.send_share:.0%} of the mail")
    grace = "" if stage.grace_days is None else f"; may escalate after {stage.grace_days} days"
    lasts = "" if stage.lasts_days is None else f"; ends by itself after {stage.lasts_days} days"
    return f"{stage.name}: lets through {share}{grace}{lasts} ({stage.basis})."
