"""Views of a search: what each number does near the policy to take, and what becomes of it on later days."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.model import Policy
from deliverlab.policy.tune.points import number_of
from deliverlab.policy.tune.trials import measures_of, trials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.policy.tune.finalists import Searched
    from deliverlab.policy.tune.search import Vary
    from deliverlab.policy.tune.tuning import Tuning

STEPS = 9  # of each number, from its least to its most
SLIDER_STEPS = 5
LATER = 200  # policies that are walked on later days too


def sensitivity(tuning: Searched, /) -> pl.DataFrame:
    """What each number does by itself, all others as in the policy to take.

    A row a number and step: `key`, `value`, the objectives, and whether it `is_chosen`. Empty where there is
    no policy to take.
    """
    if tuning.chosen is None:
        return pl.DataFrame(schema={"key": pl.String, "value": pl.Float64, "is_chosen": pl.Boolean})
    chosen, vary = tuning.numbers(tuning.chosen), tuning.search.vary
    tables = []
    for i, each in enumerate(vary):
        steps = sorted({*_steps(each, STEPS), chosen[i]})
        tried = _tried(tuning, [(*chosen[:i], step, *chosen[i + 1 :]) for step in steps])
        tables.append(tried.select(
            pl.lit(each.name).alias("key"),
            pl.Series("value", steps, pl.Float64),
            *_objectives(tuning),
            pl.Series("is_chosen", [step == chosen[i] for step in steps]),
        ))  # fmt: skip
    return pl.concat(tables)


def surface(tuning: Searched, /) -> pl.DataFrame:
    """The first objective over the two numbers it hangs on most, and a third: a row a combination.

    All other numbers are as in the policy to take. Columns are the three keys, the objectives and
    `is_allowed`; with fewer numbers that vary there are fewer keys. Empty where there is no policy to take.
    """
    if tuning.chosen is None:
        return pl.DataFrame()
    chosen, vary, first = tuning.numbers(tuning.chosen), tuning.search.vary, tuning.search.objectives[0]
    spread = (
        sensitivity(tuning)
        .group_by("key")
        .agg((pl.col(first.measure).max() - pl.col(first.measure).min()).alias("spread"))
    )
    by_spread = dict(spread.iter_rows())
    axes = sorted(range(len(vary)), key=lambda i: (-(by_spread.get(vary[i].name) or 0.0), i))[:3]
    steps = [
        sorted({*_steps(vary[i], SLIDER_STEPS if place == 2 else STEPS)}) for place, i in enumerate(axes)
    ]
    numbers = []
    for values in product(*steps):
        point = [*chosen]
        for i, value in zip(axes, values, strict=True):
            point[i] = value
        numbers.append(tuple(point))
    tried = _tried(tuning, numbers)
    keys = [vary[i].name for i in axes]
    return tried.select(*keys, *_objectives(tuning), is_allowed=pl.Series(tuning.allowed(tried)))


def seen_and_later(tuning: Tuning, /) -> pl.DataFrame:
    """The first objective on the days searched and on those that judge, of a sample of all policies.

    A row a policy: `policy`, `seen`, `later`, `is_allowed`; the finalists are among them.
    """
    first, rows = tuning.search.objectives[0].measure, tuning.rows.filter(pl.col("refused").is_null())
    places = np.linspace(0, max(rows.height - 1, 0), min(LATER, rows.height)).astype(np.int64).tolist()
    among = sorted({*rows["policy"].gather(places), *tuning.finalists["policy"]})
    chosen = tuning.rows[[*among]]
    later = tuning.judging.sweep([tuning.policy(place) for place in among]).figures([first])
    return chosen.select(
        "policy", pl.col(first).alias("seen"), later[first].alias("later"), "is_allowed",
    )  # fmt: skip


def presets(tuning: Tuning, /) -> pl.DataFrame:
    """What the presets come to on the days searched: `name` and the measures, a row each.

    Each is applied to the accounts that the champion is for. One whose stages the scenario cannot answer, or
    which looks at days whose counts are not known yet, is left out.
    """
    seen, measures, rows = tuning.seen, measures_of(tuning.search), []
    for name in Policy.presets():
        policy = Policy.preset(name).model_copy(update={"tiers": tuning.champion.tiers})
        try:
            swept = replace(seen, like=policy).sweep([policy])
            rows.append(swept.figures(measures).select(pl.lit(name).alias("name"), pl.all()))
        except PolicyError:
            continue
    nothing = pl.DataFrame(schema={"name": pl.String} | dict.fromkeys(measures, pl.Float64()))
    return pl.concat([nothing, *rows])


def _steps(vary: Vary, count: int) -> list[float]:
    """Numbers from the least to the most."""
    if vary.values is not None:
        return [*vary.values]
    return [number_of(float(place), vary) for place in np.linspace(0, 1, count)]


def _tried(tuning: Searched, numbers: Sequence[tuple[float, ...]]) -> pl.DataFrame:
    return trials(numbers, tuning.search, policy=tuning.champion, bench=tuning.seen)


def _objectives(tuning: Searched) -> list[str]:
    return list(dict.fromkeys(objective.measure for objective in tuning.search.objectives))
