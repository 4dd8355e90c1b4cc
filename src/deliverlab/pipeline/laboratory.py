"""The policy laboratory: what a simulation comes to, and which of several policies does better.

Where the history has no peer rates, every door here computes monthly ones from it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deliverlab.pipeline.road import with_peers
from deliverlab.policy import compare as both
from deliverlab.policy import contributions as added
from deliverlab.policy import evaluate as judge
from deliverlab.policy import rulebooks as shelf
from deliverlab.policy.evaluate import RESAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.policy.compare import Comparison
    from deliverlab.policy.contributions import Contributions
    from deliverlab.policy.evaluate import Evaluation
    from deliverlab.policy.model import Policy
    from deliverlab.policy.rulebooks import Rulebooks
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.simulate import Simulation


def evaluate(
    result: Simulation,
    /,
    *,
    by: str | Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dy.DataFrame[Evaluation]:
    """What a simulation comes to, with 95% intervals; see `policy.evaluate`."""
    return judge.evaluate(_compared(result), by=by, resamples=resamples, seed=seed)


def contributions(result: Simulation, /) -> dy.DataFrame[Contributions]:
    """What each account adds to the measures of a simulation; see `policy.contributions`."""
    return added.contributions(_compared(result))


def compare(
    history: History,
    /,
    *,
    champion: Policy,
    challenger: Policy,
    scenario: Scenario,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Two policies on one history, and the answer which does better; see `policy.compare`."""
    return both.compare(
        with_peers(history),
        champion=champion, challenger=challenger, scenario=scenario, resamples=resamples, seed=seed,
    )  # fmt: skip


def rulebooks(
    history: History,
    /,
    *,
    policies: Sequence[Policy],
    scenario: Scenario,
    everyone: bool = False,
    by: str | Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dy.DataFrame[Rulebooks]:
    """One history under any number of policies, in one table; see `policy.rulebooks`."""
    return shelf.rulebooks(
        with_peers(history),
        policies=policies, scenario=scenario, everyone=everyone, by=by, resamples=resamples, seed=seed,
    )  # fmt: skip


def _compared(result: Simulation, /) -> Simulation:
    """The simulation with a history that has peer rates."""
    return replace(result, history=with_peers(result.history))
