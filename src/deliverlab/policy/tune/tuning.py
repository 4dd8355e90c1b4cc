"""What a search found: every policy tried, the best of them, and how sure it is that they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.compare import Comparison
from deliverlab.policy.model import Policy
from deliverlab.policy.simulate import simulate
from deliverlab.policy.sweep.bench import Bench
from deliverlab.policy.toml import shown
from deliverlab.policy.tune.choice import best_of, is_allowed, merits, worst_near
from deliverlab.policy.tune.optimism import resampled
from deliverlab.policy.tune.points import neighbours, policy_at
from deliverlab.policy.tune.trials import measures_of, trials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.policy.simulate import Simulation
    from deliverlab.policy.tune.optimism import Resampled
    from deliverlab.policy.tune.search import Search
    from deliverlab.policy.tune.trials import Numbers

FINALISTS = 8  # the best, whose neighbours are tried, and who are drawn again
TUNED = "tuned"


@dataclass(frozen=True, kw_only=True, repr=False)
class Tuning:
    """What a search found: every policy's row, the finalists, and the one to take, if there is one.

    `rows` has a row a policy: `policy` (its place), the numbers that vary, every measure asked for, in which
    `round` it was tried, whether it `is_allowed` and `is_on_front`, and why it was `refused` where no policy
    can have these numbers. The champion's figures are `champion_row`.
    """

    search: Search
    champion: Policy
    seen: Bench
    judging: Bench
    rows: pl.DataFrame
    champion_row: pl.DataFrame
    resamples: int

    def __repr__(self) -> str:
        """How much was tried, and what to take."""
        chosen = "none" if self.chosen is None else f"policy {self.chosen}"
        return f"Tuning({self.search.name}, policies: {self.rows.height}, chosen: {chosen})"

    @property
    def is_split(self) -> bool:
        """Whether the days that judge are not those that were searched."""
        return self.judging != self.seen

    @cached_property
    def finalists(self) -> pl.DataFrame:
        """The best that are allowed, best first: what they are worth a little off, and on later days.

        `worst_near` is the first objective at its worst where one number is a tenth off, null where that
        breaks a constraint. `low` and `high` are 95% of resamples of accounts, `picked` the share of them in
        which it is the best. `…_later` are figures on the days that judge.
        """
        places, first = self._finalists, self.search.objectives[0]
        chosen = self.rows[places].drop("round", "is_allowed", "is_on_front", "refused")
        if not places:
            return chosen
        drawn, later = self.drawn_again, self.judging.sweep([*map(self.policy, places)])
        ends = [drawn.interval(first.measure, i) for i in range(len(places))]
        return chosen.with_columns(
            later.figures(measures_of(self.search)).select(pl.all().name.suffix("_later")),
            low=pl.Series([low for low, _ in ends]),
            high=pl.Series([high for _, high in ends]),
            picked=pl.Series(drawn.picked),
            worst_near=self._worst_near(places),
        )

    @cached_property
    def drawn_again(self) -> Resampled:
        """The finalists in other draws of accounts, and the optimism of having picked the best of them."""
        results = [self._simulated(self.policy(place), self.seen) for place in self._finalists]
        return resampled(results, self.search, resamples=self.resamples)

    @cached_property
    def chosen(self) -> int | None:
        """The place of the policy to take: the finalist that is worth most a little off its numbers.

        A plateau before a peak: of a threshold that only helps where it is exactly so, nobody knows on which
        side of it next quarter lies. None where no policy is allowed.
        """
        if not self._finalists:
            return None
        best = (self.finalists["worst_near"] * self._sign).arg_max()
        return self._finalists[best or 0]

    @property
    def candidate(self) -> Policy | None:
        """The policy to take, ready to be written into a file; none where none is allowed."""
        if self.chosen is None:
            return None
        data = self.policy(self.chosen).model_dump(exclude_unset=True)
        source = f"search {self.search.name}, the best of {self.rows.height} policies on {self.seen.days}"
        return Policy.from_data(data | {"name": f"{self.champion.name} {TUNED}", "source": source})

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
        split, history = self.search.split, self.seen.history
        if split is None or split.test_from is None:
            raise PolicyError(f"search {shown(self.search.name)}: split test_from is missing, must be a date")
        last = history.until or date.max
        return self._compared(Bench(history, self.champion, self.seen.scenario, last, split.test_from))

    def policy(self, place: int) -> Policy:
        """The policy of a row."""
        return policy_at(self._numbers(place), self.search, self.champion)

    @cached_property
    def _finalists(self) -> list[int]:
        worth, allowed = merits(self.rows, self.search), self.rows["is_allowed"].to_numpy()
        return [int(place) for place in best_of(worth, allowed, most=FINALISTS)]

    def _numbers(self, place: int) -> Numbers:
        row = self.rows.row(place, named=True)
        return tuple(row[vary.name] for vary in self.search.vary)

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

    def _worst_near(self, places: Sequence[int]) -> pl.Series:
        """The first objective of each finalist where one number is a little off, at its worst."""
        around = [list(neighbours(self._numbers(place), self.search)) for place in places]
        near = trials(list(chain(*around)), self.search, policy=self.champion, bench=self.seen)
        worth, allowed = merits(near, self.search)[:, 0], is_allowed(near, self.search)
        edges = np.cumsum([len(each) for each in around])[:-1]
        own = merits(self.rows, self.search)[[*places], 0]
        pieces = zip(own, np.split(worth, edges), np.split(allowed, edges), strict=True)
        worst = np.array([worst_near(*piece) for piece in pieces])
        return pl.Series(np.where(np.isinf(worst), np.nan, self._sign * worst)).fill_nan(None)

    @property
    def _sign(self) -> float:
        """Whether more of the first objective is better."""
        return 1.0 if self.search.objectives[0].aim == "most" else -1.0
