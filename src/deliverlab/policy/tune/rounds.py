"""The rounds of a search: points spread evenly, then points near the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from deliverlab.policy.named import refuse_unknown
from deliverlab.policy.tune.choice import best_of, is_allowed, is_on_front, merits
from deliverlab.policy.tune.points import first_points, numbers_at, points_near
from deliverlab.policy.tune.trials import measures_of, trials

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy
    from deliverlab.policy.tune.choice import Floats
    from deliverlab.policy.tune.search import Search
    from deliverlab.policy.tune.trials import Numbers, Sweeper

AROUND = 4  # of the best, near which it is looked again


class Tried(NamedTuple):
    """Every policy tried, a row each, and what the policy in force comes to."""

    rows: pl.DataFrame
    champion_row: pl.DataFrame


def rounds(bench: Sweeper, /, *, policy: Policy, search: Search) -> Tried:
    """What a search tries: see `tune`."""
    for name in search.measures:
        refuse_unknown(name, stages=policy.stage_names)
    champion_row = bench.sweep([policy]).figures(measures_of(search))
    points, tables = first_points(search), []
    known: dict[Numbers, Floats] = {}
    for round_ in range(search.refinements + 1):
        fresh = {numbers_at(point, search): point for point in points}
        fresh = {numbers: point for numbers, point in fresh.items() if numbers not in known}
        known |= fresh
        tried = trials(list(fresh), search, policy=policy, bench=bench)
        tables.append(tried.with_columns(round=pl.lit(round_)))
        rows = pl.concat(tables)
        best = best_of(merits(rows, search), is_allowed(rows, search), most=AROUND)
        if not len(best):
            break  # none is allowed: there is nothing to be near to
        points = points_near(np.array([*known.values()])[best], search, round_=round_ + 1)
    return Tried(_told(rows, search), champion_row)


def _told(rows: pl.DataFrame, search: Search) -> pl.DataFrame:
    """The rows with what is said of them."""
    allowed = is_allowed(rows, search)
    return rows.with_row_index("policy").with_columns(
        pl.col("policy").cast(pl.Int64),
        is_allowed=pl.Series(allowed),
        is_on_front=pl.Series(is_on_front(merits(rows, search), allowed)),
    )
