"""What a search comes to, in sentences that a person can read out: what to change first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliverlab.policy.diff import policy_diff
from deliverlab.policy.named import measure_named
from deliverlab.policy.tune.points import numbers_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliverlab.policy.tune.search import Vary
    from deliverlab.policy.tune.tuning import Tuning

FINE_PRINT = ("source", "basis", "version", "name", "in force from")  # it differs of a candidate in any case
TOLD = 3  # changes in the first sentence
EFFECTS = {"harm_averted_share": "harm averted", "good_mail_blocked_share": "good mail held"}


def changes(tuning: Tuning, /) -> list[str]:
    """What differs from the champion, a line each, the most important first."""
    if tuning.candidate is None:
        return []
    lines = policy_diff(tuning.champion, tuning.candidate)
    return [line for line in lines if line.split(": ")[1] not in FINE_PRINT]


def sentences(tuning: Tuning, /) -> list[str]:
    """The answer, a sentence each: what to change, what that brings and costs, and how sure it is."""
    champion, tried = tuning.champion.name, f"{tuning.rows.height:,} policies"
    if tuning.candidate is None:
        return [
            f"Keep {champion}: none of {tried} keeps every constraint.",
            "Constraints: " + "; ".join(constraint.words for constraint in tuning.search.constraints) + ".",
        ]
    changed = list(_changed(tuning))
    if not changed:
        return [f"Keep {champion}: of {tried} none is better.", *tuning.comparison.sentences]
    more = f" and {len(changed) - TOLD} more" if len(changed) > TOLD else ""
    told = ", ".join(changed[:TOLD])
    return [
        f"In {champion}, change {told}{more}: {_effects(tuning)}.",
        _judged(tuning),
        _optimism(tuning),
        _plateau(tuning),
        *tuning.comparison.sentences[1:],
    ]


def _changed(tuning: Tuning) -> Iterator[str]:
    """Every number that changes, from what it was."""
    if tuning.chosen is None:
        return
    for vary, new in zip(tuning.search.vary, tuning.numbers(tuning.chosen), strict=True):
        old = {number for number in numbers_in(tuning.champion, vary) if number != new}
        if old:
            before = " or ".join("none" if number is None else _number(number, vary) for number in old)
            yield f"{vary.words} {before} → {_number(new, vary)}"


def _number(number: float, vary: Vary) -> str:
    """A limit of a rate in percent."""
    return f"{number:.3g}" if vary.key[-1] != "limit" or number >= 1 else f"{100 * number:.3g}%"


def _effects(tuning: Tuning) -> str:
    """What it brings and costs, with how sure that is."""
    rows = {row["measure"]: row for row in tuning.comparison.differences.rows(named=True)}
    return ", ".join(_effect(words, rows[name]) for name, words in EFFECTS.items())


def _effect(words: str, row: dict[str, Any]) -> str:
    """One measure under both policies, and where the difference lies 95% of the time."""
    theirs, ours = row["champion"], row["challenger"]
    ends = [f"{100 * row[end]:+.1f}" for end in ("low", "high") if row[end] is not None]
    if theirs is None or ours is None:
        return f"{words} cannot be told"
    return f"{words} {ours:.1%} instead of {theirs:.1%}" + (f" ({' to '.join(ends)} points)" if ends else "")


def _judged(tuning: Tuning) -> str:
    """On which days that was found, and on which it is said."""
    if tuning.is_split:
        return f"Searched on {tuning.seen.days}; said of {tuning.judging.days}, which the search did not see."
    return (
        f"Searched on {tuning.seen.days}, and said of the same days: it will come out worse on others. "
        f"Give the search a split to learn by how much."
    )


def _optimism(tuning: Tuning) -> str:
    """How much of the best figure is the luck of having been picked."""
    name, drawn = tuning.search.objectives[0].measure, tuning.drawn_again
    row = tuning.finalists.row(0, named=True)
    own, low, high = (_figure(row[key], name) for key in (name, "low", "high"))
    later = f", {_figure(row[f'{name}_later'], name)} on later days" if tuning.is_split else ""
    words = measure_named(name).words
    return (
        f"{words[0].upper()}{words[1:]}: {own} where it was searched "
        f"(95% of the time between {low} and {high}){later}. "
        f"To have picked the best of {len(drawn.picked)} flatters that by about "
        f"{_figure(abs(drawn.optimism), name)}."
    )


def _plateau(tuning: Tuning) -> str:
    """What a small error in its thresholds costs."""
    worst, name = tuning.finalists["worst_near"][0], tuning.search.objectives[0].measure
    if worst is None:
        return "With some threshold a tenth more or less it would break a constraint: it stands at an edge."
    return f"With any one threshold a tenth more or less that is {_figure(worst, name)} at worst."


def _figure(number: float, measure: str) -> str:
    return f"{number:.1%}" if measure_named(measure).unit == "share" else f"{number:,.3g}"
