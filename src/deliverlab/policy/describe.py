"""A policy in words, for the person who answers for it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from deliverlab.policy.words import sayings

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy

NAMED = ("version", "in force from", "source")  # whose words do not tell what they are of


def describe(policy: Policy, /) -> list[str]:
    """A line for the policy, its window, each rule with its exceptions, each stage, and the ladder.

    >>> from deliverlab.policy.model import Policy
    >>> text = 'name = "n"' + chr(10) + '[window]' + chr(10) + 'days = 30' + chr(10)
    >>> text += '[[stages]]' + chr(10) + 'name = "probation"' + chr(10) + 'lasts_days = 7'
    >>> describe(Policy.from_text(text))[-1]
    'probation: lets through all mail; ends by itself after 7 days; cleared by a review; inferred.'
    """
    lines = []
    for (kind, about), said in groupby(sayings(policy), key=lambda saying: saying[:2]):
        words = "; ".join(f"{one.key}: {one.words}" if one.key in NAMED else one.words for one in said)
        indent = "  " if kind == "override" else ""
        lines.append(f"{indent}{about or kind}: {words}." if kind != "policy" else f"{words}.")
    return lines
