"""Rolling origins: the same search again and again as history went on, each judged by what came next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import PolicyError
from deliverlab.policy.tune.search import Search
from deliverlab.policy.tune.tune import tune

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario


class Origins(Table):
    """One row an origin: the first objective of what the search would have chosen, and what came of it.

    `seen` is on the days searched, `later` from the origin to the day before the next one; `champion_later`
    is the policy in force on these days. Null where no policy was allowed.
    """

    origin = dy.Date(primary_key=True)
    until = dy.Date()
    chosen = dy.String(nullable=True)
    seen = dy.Float64(nullable=True)
    later = dy.Float64(nullable=True)
    champion_later = dy.Float64(nullable=True)


def rolling_origins(
    history: History,
    /,
    *,
    policy: Policy,
    search: Search,
    scenario: Scenario,
    origins: Sequence[date],
    embargo_days: int = 30,
) -> dy.DataFrame[Origins]:
    """What the search would have chosen on each of these days, and how that did until the next of them.

    It tells of the search, not of a policy: whether what it finds outlives the quarter it was found in. On
    each origin only earlier days are searched, less the embargo. The last row is judged until history ends.

    Raises `PolicyError` where origins are not in order, or leave no days to search or to judge.
    """
    if list(origins) != sorted(set(origins)):
        raise PolicyError(f"origins = {[str(day) for day in origins]}, must be days in order, each once")
    first, rows = search.objectives[0].measure, []
    ends = [day - timedelta(days=1) for day in origins[1:]] + [history.until or date.max]
    for origin, end in zip(origins, ends, strict=True):
        split = {"split": {"validate_from": origin, "embargo_days": embargo_days}}
        dated = Search.from_data(search.model_dump(exclude_unset=True) | split, where=f"search from {origin}")
        known = history.with_tables(daily=history.daily.filter(pl.col("day") <= end), until=end)
        found = tune(known, policy=policy, search=dated, scenario=scenario, resamples=0)
        both = [policy, policy if found.chosen is None else found.policy(found.chosen)]
        swept = found.judging.sweep(both).figures([first])[first]
        row = {"origin": origin, "until": end, "champion_later": swept[0]}
        if found.chosen is not None:
            numbers = zip(search.vary, found.numbers(found.chosen), strict=True)
            said = ", ".join(f"{vary.words} {number:g}" for vary, number in numbers)
            row |= {"chosen": said, "seen": found.rows[first][found.chosen], "later": swept[1]}
        rows.append(row)
    return Origins.cast(pl.DataFrame(rows, schema=Origins.create_empty().schema))
