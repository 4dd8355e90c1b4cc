"""What the policy check finds: where, how bad, what is wrong, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import dataframely as dy

from deliverlab.admission import Table
from deliverlab.policy.toml import printable, shown

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy, Stage
    from deliverlab.policy.rule import Rule

SEVERITIES = ("warning", "remark")


class Findings(Table):
    """What is wrong with a policy, a row each: a *warning* is a mistake, a *remark* is worth knowing."""

    severity = dy.Enum(SEVERITIES)
    kind = dy.String()
    place = dy.String()
    what = dy.String()
    advice = dy.String()


class Finding(NamedTuple):
    """A row of `Findings`."""

    severity: str
    kind: str
    place: str
    what: str
    advice: str


def warn(kind: str, place: str, what: str, advice: str) -> Finding:
    """A mistake."""
    return Finding("warning", kind, place, printable(what), printable(advice))


def remark(kind: str, place: str, what: str, advice: str) -> Finding:
    """What is worth knowing, and may be meant."""
    return Finding("remark", kind, place, printable(what), printable(advice))


def at_rule(policy: Policy, rule: Rule, *keys: str) -> str:
    """Where in the file a rule stands, as errors say it: `rules[2] "complaints" limit`."""
    return " ".join([f"rules[{policy.rules.index(rule) + 1}] {shown(rule.name)}", *keys])


def at_stage(policy: Policy, stage: Stage, *keys: str) -> str:
    """Where in the file a stage stands."""
    return " ".join([f"stages[{policy.stages.index(stage) + 1}] {shown(stage.name)}", *keys])
