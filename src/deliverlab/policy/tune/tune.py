"""Tuning: a search over the numbers of a policy, judged on days that it did not see."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.policy.evaluate import RESAMPLES
from deliverlab.policy.sweep.bench import Bench
from deliverlab.policy.tune.calendar import blocks_of
from deliverlab.policy.tune.rounds import rounds
from deliverlab.policy.tune.tuning import Tuning

if TYPE_CHECKING:
    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.tune.search import Search


def tune(
    history: History,
    /,
    *,
    policy: Policy,
    search: Search,
    scenario: Scenario,
    resamples: int = RESAMPLES,
) -> Tuning:
    """What a search over the numbers of a policy finds: every policy tried, and the one to take.

    Policies are tried at Sobol points, then near the best of those that keep every constraint. The first
    objective decides; the others are what it costs. Of the best, the one is taken that is worth most where
    its numbers are a tenth off, and it is judged on days that the search did not see (`search.split`).

    What someone could dispute: each part of the calendar begins with everybody in good standing and a fresh
    window, so that no policy is judged by what another one left. Peer rates are those of the history, each
    computed from earlier days. What accounts do is assumed alike for all policies.

    Raises `PolicyError` for a key that is not in the policy, a measure that does not exist, days that do not
    fit the history, or where none of the points is a policy.
    """
    first_day = min(history.daily["day"], default=date.max)
    blocks = blocks_of(search, first_day=first_day, last_day=history.until or date.min)
    benches = {
        block: Bench(
            history if search.split is None else _until(history, block.until),
            policy, scenario, block.until, block.since,
        )
        for block in blocks
    }  # fmt: skip
    seen, judging = (benches[block] for block in blocks)
    tried = rounds(seen, policy=policy, search=search)
    return Tuning(
        search=search,
        champion=policy,
        history=history,
        seen=seen,
        judging=judging,
        rows=tried.rows,
        champion_row=tried.champion_row,
        resamples=resamples,
    )


def _until(history: History, day: date) -> History:
    """The history without the mail of later days, so that nothing of them can be seen."""
    return history.with_tables(daily=history.daily.filter(pl.col("day") <= day), until=day)
