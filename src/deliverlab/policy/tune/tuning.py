"""What a search found on a history at hand, and how sure it is that these are the best."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.compare import Comparison
from deliverlab.policy.simulate import simulate
from deliverlab.policy.sweep.bench import Bench
from deliverlab.policy.toml import shown
from deliverlab.policy.tune.finalists import Searched
from deliverlab.policy.tune.optimism import resampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.simulate import Simulation
    from deliverlab.policy.tune.optimism import Resampled


@dataclass(frozen=True, kw_only=True, repr=False)
class Tuning(Searched):
    """What a search found, the one to take beside the champion, and how sure that is."""

    seen: Bench
    judging: Bench
    history: History
    resamples: int

    @cached_property
    def finalists(self) -> pl.DataFrame:
        """The best that are allowed: see `Searched.finalists`, with how sure their figures are.

        `low` and `high` are 95% of resamples of accounts, `picked` the share of them in which it is the best.
        """
        found, first = super().finalists, self.search.objectives[0]
        if not self.places:
            return found
        ends = [self.drawn_again.interval(first.measure, i) for i in range(len(self.places))]
        return found.with_columns(
            low=pl.Series([low for low, _ in ends]),
            high=pl.Series([high for _, high in ends]),
            picked=pl.Series(self.drawn_again.picked),
        )

    @cached_property
    def drawn_again(self) -> Resampled:
        """The finalists in other draws of accounts, and the optimism of having picked the best of them."""
        results = [self._simulated(self.policy(place), self.seen) for place in self.places]
        return resampled(results, self.search, resamples=self.resamples)

    @cached_property
    def sentences(self) -> Sequence[str]:
        """The answer, a sentence each: what to change, what it brings and costs, and how sure that is."""
        from deliverlab.policy.tune.sentences import sentences

        return sentences(self)

    @cached_property
    def comparison(self) -> Comparison:
        """The candidate beside the champion, on the days that judge.

        Raises `PolicyError` where there is no candidate.
        """
        return self._compared(self.judging)

    def open_test(self) -> Comparison:
        """The candidate beside the champion on the days that were kept for the end.

        Opened twice they are no test any more: write down that they were, and when.

        Raises `PolicyError` where the search keeps no such days, or has no candidate.
        """
        split, history = self.search.split, self.history
        if split is None or split.test_from is None:
            raise PolicyError(f"search {shown(self.search.name)}: split test_from is missing, must be a date")
        last = history.until or date.max
        return self._compared(Bench(history, self.champion, self.seen.scenario, last, split.test_from))

    def _compared(self, bench: Bench) -> Comparison:
        if self.candidate is None:
            raise PolicyError(
                f"search {shown(self.search.name)}: no policy is allowed, so there is no candidate"
            )
        return Comparison(
            champion=self._simulated(self.champion, bench),
            challenger=self._simulated(self.candidate, bench),
            resamples=self.resamples,
            seed=self.search.seed,
        )

    def _simulated(self, policy: Policy, bench: Bench) -> Simulation:
        return simulate(
            bench.history, policy=policy, scenario=bench.scenario, start=bench.start, until=bench.until
        )
