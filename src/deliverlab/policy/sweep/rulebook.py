"""Many policies in numbers: laid side by side, with every way in which their rules look at mail said once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from deliverlab.policy.book import book_of
from deliverlab.policy.kernel import layout
from deliverlab.policy.kernel.layout import EVIDENCE, FOREVER, NONE, Book
from deliverlab.policy.kernel.many import Keys, Rulebook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.policy.kernel.layout import Floats, Integers, Record, Records
    from deliverlab.policy.model import Policy

SLACK = 1e-9  # by which a limit is looser on the screen, so that no rounding hides a day
LOOKS = ("kind", "numerator", "denominator", "days", "sends", "peer", "is_high_bad")
EVIDENCE_LOOKS = ("tolerate", "detect", "cap")
LEAST = ("min_sent", "min_events", "min_ratio")


def rulebook_of(
    policies: Sequence[Policy], *, industries: Sequence[str], has_effects: bool
) -> tuple[Rulebook, Keys]:
    """The policies, and what is looked at by any of them; all have as many rules and stages."""
    books = [book_of(policy, industries=industries) for policy in policies]
    ladders = np.array([book.ladder for book in books])
    rules = np.stack([book.rules for book in books])
    limits = np.stack([book.limits for book in books])
    keys, of_rules = _keys(ladders, rules, limits, has_effects=has_effects)
    return Rulebook(
        ladders=ladders,
        rules=rules,
        limits=limits,
        stages=np.stack([book.stages for book in books]),
        restarts=np.stack([book.restarts for book in books]),
        keys=of_rules,
        bounds=_turned(limits, rules["is_high_bad"]) - SLACK * np.abs(limits),
        full_after=np.array([_full_after(book) for book in books], np.int64),
    ), keys


def _turned(limits: Floats, is_high_bad: object) -> Floats:
    """Limits of scores: turned round where low is bad."""
    sign = np.where(np.asarray(is_high_bad), 1.0, -1.0)
    return np.asarray(limits * sign[..., None, None])


def _keys(ladders: Records, rules: Records, limits: Floats, *, has_effects: bool) -> tuple[Keys, Integers]:
    """The ways of looking, and which of them each rule has."""
    places: dict[tuple[float, ...], int] = {}
    of_rules = np.zeros(rules.shape, np.int64)
    for p, r in np.ndindex(*rules.shape):
        looks = _looks(rules[p, r], int(ladders[p]["lag_days"]))
        of_rules[p, r] = places.setdefault(looks, len(places))
    loose, lags = np.zeros(len(places), layout.RULE), np.zeros(len(places), np.int64)
    loosest = np.zeros((len(places), *limits.shape[2:]))
    for k, looks in enumerate(places):
        alike = rules[of_rules == k]
        loose[k], lags[k] = alike[0], looks[0]
        loose[k]["z"], loose[k]["clean_limit"] = 0.0, math.nan
        for name in LEAST:
            loose[k][name] = alike[name].min() * (1 - SLACK)
        own, high = limits[of_rules == k], bool(loose[k]["is_high_bad"])
        loosest[k] = own.min(axis=0) * (1 - SLACK) if high else own.max(axis=0) * (1 + SLACK)
    book = Book(
        ladder=ladders[0],
        rules=loose,
        limits=loosest,
        stages=np.zeros(1, layout.STAGE),
        restarts=np.zeros(1, bool),
    )
    return Keys(book, lags, has_effects), of_rules


def _looks(rule: Record, lag: int) -> tuple[float, ...]:
    """What two rules have in common that see the same on every day."""
    names = LOOKS + (EVIDENCE_LOOKS if rule["kind"] == EVIDENCE else ())
    return (lag, *(rule[name].item() for name in names))


def _full_after(book: Book) -> int:
    """Days after which every window lies within a run of mail; forever where days do not tell."""
    if (book.rules["kind"] == EVIDENCE).any() or (book.rules["sends"] != NONE).any():
        return FOREVER
    return int(book.rules["days"].max(initial=1)) - 1 + int(book.ladder["lag_days"])
