"""What can be moved in a policy when nobody says what: a search around where its numbers stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.policy.tune.search import Objective, Search, Vary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliverlab.policy.model import Policy

TIMES = 5.0  # a limit may be so many times less or more
LONGEST_WINDOW, LONGEST_GRACE, LONGEST_MEMORY = 60, 30, 90


def search_around(policy: Policy, /) -> Search:
    """A search over every limit, the window, the days of grace and the memory of a policy.

    >>> from deliverlab.policy.model import Policy
    >>> [vary.words for vary in search_around(Policy.preset("posthog-like")).vary][-2:]
    ['window days', 'ladder remembers days']
    """
    return Search(
        name=f"around {policy.name}",
        vary=tuple(_around(policy)),
        objectives=(Objective(measure="harm_averted_share", aim="most"),),
    )


def _around(policy: Policy) -> Iterator[Vary]:
    for rule in policy.rules:
        most = min(rule.limit * TIMES, 1.0) if rule.kind == "rate" else rule.limit * TIMES
        if 0 < rule.limit < most:
            yield Vary(key=("rules", rule.name, "limit"), least=rule.limit / TIMES, most=most, scale="log")
    if policy.window.days is not None:
        yield Vary(key=("window", "days"), least=1, most=max(LONGEST_WINDOW, policy.window.days))
    graces = [stage.grace_days for stage in policy.stages if stage.grace_days is not None]
    if graces:
        yield Vary(key=("stages", "*", "grace_days"), least=0, most=max(LONGEST_GRACE, *graces))
    memory = max(LONGEST_MEMORY, policy.ladder.remembers_days)
    yield Vary(key=("ladder", "remembers_days"), least=0, most=memory)
