"""What a search comes to, in sentences that a person can read out: what to change first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.policy.diff import policy_diff

if TYPE_CHECKING:
    from deliverlab.policy.tune.tuning import Tuning

NAMES = ("policy: name", "policy: source", "policy: version")  # what differs of a candidate in any case
TOLD = 3  # changes in the first sentence


def changes(tuning: Tuning, /) -> list[str]:
    """What differs from the champion, a line each, the most important first."""
    if tuning.candidate is None:
        return []
    lines = policy_diff(tuning.champion, tuning.candidate)
    return [line for line in lines if not line.startswith(NAMES)]


def sentences(tuning: Tuning, /) -> list[str]:
    """The answer, a sentence each: what to change, what it brings and costs, and how sure that is."""
    champion, tried = tuning.champion.name, f"{tuning.rows.height:,} policies"
    if tuning.candidate is None:
        return [
            f"Keep {champion}: none of {tried} keeps every constraint.",
            "Constraints: " + "; ".join(constraint.words for constraint in tuning.search.constraints) + ".",
        ]
    changed, (harm, mail, *rest) = changes(tuning), tuning.comparison.sentences
    if not changed:
        return [f"Keep {champion}: of {tried} none is better.", harm, mail, *rest]
    more = f" and {len(changed) - TOLD} more" if len(changed) > TOLD else ""
    told = "; ".join(changed[:TOLD])
    return [
        f"Change in {champion}: {told}{more}. {harm} {mail}",
        _judged(tuning),
        _optimism(tuning),
        _plateau(tuning),
        *rest,
    ]


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
    first, drawn = tuning.search.objectives[0], tuning.drawn_again
    (row,) = tuning.finalists.filter(policy=tuning.chosen).rows(named=True)
    later = f", {row[f'{first.measure}_later']:.3g} on later days" if tuning.is_split else ""
    return (
        f"Of {first.measure} it has {row[first.measure]:.3g} where it was searched "
        f"(95% of the time between {row['low']:.3g} and {row['high']:.3g}){later}. "
        f"About {abs(drawn.optimism):.2g} of that is luck: it was picked as the best of {len(drawn.picked)}."
    )


def _plateau(tuning: Tuning) -> str:
    """What a small error in its numbers costs."""
    first = tuning.search.objectives[0]
    (row,) = tuning.finalists.filter(policy=tuning.chosen).rows(named=True)
    if row["worst_near"] is None:
        return "A tenth more or less of some number would break a constraint: it stands at an edge."
    return f"With any one number a tenth more or less, {first.measure} is {row['worst_near']:.3g} at worst."
