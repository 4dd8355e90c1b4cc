"""What changed from one policy to another, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.policy.words import Saying, sayings

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy

WHOLE = ("rule", "override", "stage")  # what comes and goes as one
IMPORTANCE = (  # whom it is about, what trips, what then happens, how it is left; then the fine print
    "scope", "rule", "stage", "order", "metric", "limit", "override", "leads to", "mail", "grace", "end",
    "way out", "escalation", "recovery", "memory", "window", "lag", "restart", "least mail", "least events",
    "least ratio", "z", "evidence", "clean limit", "quiet days", "basis", "in force from", "name", "version",
    "source",
)  # fmt: skip

Told = dict[tuple[str, str, str], str]


def policy_diff(old: Policy, new: Policy, /) -> list[str]:
    """What changed, a line each, the most important first; nothing where both mean the same.

    A rule or stage with another name is a new one. Which rule stands first is no change: it decides only
    which of several breached rules a notice names.

    >>> from deliverlab.policy.model import Policy
    >>> hubspot, harder = Policy.preset("hubspot-like"), Policy.preset("hubspot-2025-like")
    >>> [line for line in policy_diff(hubspot, harder) if "hard bounces: limit" in line]
    ['rule hard bounces: limit: above 2.5% → above 2%']
    """
    before, after = sayings(old), sayings(new)
    lines = [*_come_and_gone(before, after), *_changed(_told(before), _told(after))]
    return [line for _, line in sorted(lines, key=lambda ranked: ranked[0])]


def _come_and_gone(before: list[Saying], after: list[Saying]) -> list[tuple[int, str]]:
    lines = []
    for sign, said, others in (("new", after, before), ("gone", before, after)):
        strange = _subjects(said) - _subjects(others)
        for kind, about in dict.fromkeys((one.kind, one.about) for one in said):
            if (kind, about) in strange:
                words = "; ".join(one.words for one in said if (one.kind, one.about) == (kind, about))
                lines.append((IMPORTANCE.index(kind), f"{sign}: {kind} {about}: {words}"))
    return lines


def _changed(before: Told, after: Told) -> list[tuple[int, str]]:
    lines = []
    subjects = {key[:2] for key in before} & {key[:2] for key in after}
    for kind, about, key in dict.fromkeys([*after, *before]):
        old, new = before.get((kind, about, key), "nothing"), after.get((kind, about, key), "nothing")
        if (kind, about) in subjects and old != new:
            subject = f"{kind} {about}" if about else kind
            lines.append((IMPORTANCE.index(key), f"{subject}: {key}: {old} → {new}"))
    return lines


def _subjects(said: list[Saying]) -> set[tuple[str, str]]:
    return {(one.kind, one.about) for one in said if one.kind in WHOLE}


def _told(said: list[Saying]) -> Told:
    return {(one.kind, one.about, one.key): one.words for one in said}
