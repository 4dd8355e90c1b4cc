"""Optimism: how much of the best figure is the luck of having picked the best of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from deliverlab.policy.contributions import contributions
from deliverlab.policy.evaluate import TAIL, groups
from deliverlab.policy.named import figure_named
from deliverlab.policy.tune.choice import best_of, is_allowed, merits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.policy.simulate import Simulation
    from deliverlab.policy.tune.choice import Floats
    from deliverlab.policy.tune.search import Search


class Resampled(NamedTuple):
    """What finalists come to in other draws of accounts."""

    figures: dict[str, Floats]  # by measure: [finalist, sample], as they are first
    optimism: float  # in the first objective, in its own unit: subtract it from the figure of the best
    picked: Floats  # by finalist: the share of the resamples in which it is the one to take

    def interval(self, measure: str, place: int) -> tuple[float, float]:
        """The middle 95% of a finalist's figure."""
        low, high = np.nanquantile(self.figures[measure][place, 1:], (TAIL, 1 - TAIL))
        return float(low), float(high)


def resampled(results: Sequence[Simulation], search: Search, /, *, resamples: int) -> Resampled:
    """Finalists in the same resamples of accounts, and how optimistic it is to pick the best of them.

    In each resample the best is picked as it is in history, and its figure there is held against that in
    history: the mean of what is lost is the optimism (Efron 1983). It is that of the choice among these
    finalists: the luck by which they became finalists comes on top, and shows in the days that judge them.
    """
    rows = [contributions(result).filter("is_in_scope") for result in results]
    (group,) = groups(rows, by=None, resamples=resamples, seed=search.seed)
    figures = {name: np.stack([figure_named(name, sums) for sums in group.sums]) for name in search.measures}
    samples = [
        pl.DataFrame({name: values[:, sample] for name, values in figures.items()})
        for sample in range(resamples + 1)
    ]
    first = search.objectives[0]
    picks = [best_of(merits(each, search), is_allowed(each, search), most=1) for each in samples[1:]]
    own = figures[first.measure]
    lost = [own[place, sample] - own[place, 0] for sample, pick in enumerate(picks, 1) for place in pick]
    sign = 1.0 if first.aim == "most" else -1.0
    counts = np.bincount(np.concatenate([np.zeros(0, np.int64), *picks]), minlength=len(results))
    return Resampled(
        figures,
        optimism=sign * max(sign * float(np.mean(lost)), 0.0) if lost else np.nan,
        picked=counts / max(len(picks), 1),
    )
