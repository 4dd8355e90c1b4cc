"""Tuning: a search over the numbers of a policy, judged on days that it did not see."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.evaluate import RESAMPLES
from deliverlab.policy.named import measure_named
from deliverlab.policy.sweep.bench import Bench
from deliverlab.policy.toml import shown
from deliverlab.policy.tune.choice import best_of, is_allowed, is_on_front, merits
from deliverlab.policy.tune.points import first_points, numbers_at, points_near
from deliverlab.policy.tune.trials import measures_of, trials
from deliverlab.policy.tune.tuning import Tuning

if TYPE_CHECKING:
    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.tune.choice import Floats
    from deliverlab.policy.tune.search import Search
    from deliverlab.policy.tune.trials import Numbers

AROUND = 4  # of the best, near which it is looked again
DAY = timedelta(days=1)


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
    for name in search.measures:
        measure_named(name)
    seen, judging = _blocks(history, policy, scenario, search)
    champion_row = seen.sweep([policy]).figures(measures_of(search))
    points, tables = first_points(search), []
    known: dict[Numbers, Floats] = {}
    for round_ in range(search.refinements + 1):
        fresh = {numbers_at(point, search): point for point in points}
        fresh = {numbers: point for numbers, point in fresh.items() if numbers not in known}
        known |= fresh
        tried = trials(list(fresh), search, policy=policy, bench=seen)
        tables.append(tried.with_columns(round=pl.lit(round_)))
        rows = pl.concat(tables)
        best = best_of(merits(rows, search), is_allowed(rows, search), most=AROUND)
        if not len(best):
            break  # none is allowed: there is nothing to be near to
        points = points_near(np.array([*known.values()])[best], search, round_=round_ + 1)
    return Tuning(
        search=search,
        champion=policy,
        history=history,
        seen=seen,
        judging=judging,
        rows=_rows(rows, search),
        champion_row=champion_row,
        resamples=resamples,
    )


def _rows(rows: pl.DataFrame, search: Search) -> pl.DataFrame:
    """The rows with what is said of them."""
    allowed = is_allowed(rows, search)
    return rows.with_row_index("policy").with_columns(
        pl.col("policy").cast(pl.Int64),
        is_allowed=pl.Series(allowed),
        is_on_front=pl.Series(is_on_front(merits(rows, search), allowed)),
    )


def _blocks(history: History, policy: Policy, scenario: Scenario, search: Search) -> tuple[Bench, Bench]:
    """The days that are searched, and those that judge."""
    last, split = history.until or date.min, search.split
    if split is None:
        whole = Bench(history, policy, scenario, last)
        return whole, whole
    embargo, first_day = split.embargo_days * DAY, min(history.daily["day"], default=date.max)
    seen_until = split.validate_from - embargo - DAY
    judged_until = last if split.test_from is None else split.test_from - embargo - DAY
    if not first_day < seen_until or not split.validate_from < judged_until <= last:
        raise PolicyError(
            f"search {shown(search.name)}: split validate_from = {split.validate_from}, must leave days "
            f"before and after it: history is from {first_day} to {last}, "
            f"less an embargo of {split.embargo_days} days"
        )
    seen, judged = (_until(history, last_day) for last_day in (seen_until, judged_until))
    return (
        Bench(seen, policy, scenario, seen_until),
        Bench(judged, policy, scenario, judged_until, split.validate_from),
    )


def _until(history: History, day: date) -> History:
    """The history without the mail of later days, so that nothing of them can be seen."""
    return history.with_tables(daily=history.daily.filter(pl.col("day") <= day), until=day)
