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

    from deliverlab.history import History
    from deliverlab.policy.simulate import Simulation
    from deliverlab.policy.tune.choice import Flags
    from deliverlab.policy.tune.optimism import Resampled
    from deliverlab.policy.tune.search import Search
    from deliverlab.policy.tune.trials import Numbers

SHORTLIST = 64  # the best, whose neighbours are tried
FINALISTS = 8  # of these, those that are worth most a little off: they are drawn again and judged
OUTDATED = ("version", "effective_from")  # what a candidate does not take over from the champion
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
    history: History
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
        """The best that are allowed, and what they are worth on later days; the first is the one to take.

        They are ordered by `worst_near`, the first objective at its worst where one number is a tenth off:
        a plateau before a peak, for of a threshold that only helps where it is exactly so nobody knows on
        which side of it next quarter lies. It is null where that breaks a constraint; such ones come last.
        `low` and `high` are 95% of resamples of accounts, `picked` the share of them in which it is the best.
        `…_later` are figures on the days that judge.
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
            worst_near=pl.Series([self._near[place] for place in places], dtype=pl.Float64),
        )

    @cached_property
    def drawn_again(self) -> Resampled:
        """The finalists in other draws of accounts, and the optimism of having picked the best of them."""
        results = [self._simulated(self.policy(place), self.seen) for place in self._finalists]
        return resampled(results, self.search, resamples=self.resamples)

    @property
    def chosen(self) -> int | None:
        """The place of the policy to take; none where none is allowed."""
        return next(iter(self._finalists), None)

    @property
    def candidate(self) -> Policy | None:
        """The policy to take, ready to be written into a file; none where none is allowed."""
        if self.chosen is None:
            return None
        data = self.policy(self.chosen).model_dump(exclude_unset=True, exclude={*OUTDATED})
        source = f"search {self.search.name}, the best of {self.rows.height} policies on {self.seen.days}"
        return Policy.from_data(data | {"name": f"{self.champion.name} {TUNED}", "source": source})

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

    def policy(self, place: int) -> Policy:
        """The policy of a row."""
        return policy_at(self.numbers(place), self.search, self.champion)

    def numbers(self, place: int) -> Numbers:
        """The numbers of a row, in the order of the search."""
        row = self.rows.row(place, named=True)
        return tuple(row[vary.name] for vary in self.search.vary)

    def allowed(self, rows: pl.DataFrame) -> Flags:
        """Whether each policy of such rows keeps every constraint."""
        return is_allowed(rows, self.search)

    @cached_property
    def _finalists(self) -> list[int]:
        def order(place: int) -> float:
            near = self._near[place]
            return np.inf if near is None else -self._sign * near

        return sorted(self._near, key=order)[:FINALISTS]

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

    @cached_property
    def _near(self) -> dict[int, float | None]:
        """The first objective of each of the shortlist where one number is a little off, at its worst."""
        worth, allowed = merits(self.rows, self.search), self.rows["is_allowed"].to_numpy()
        places = [int(place) for place in best_of(worth, allowed, most=SHORTLIST)]
        around = [list(neighbours(self.numbers(place), self.search)) for place in places]
        near = trials(list(chain(*around)), self.search, policy=self.champion, bench=self.seen)
        merit, is_kept = merits(near, self.search)[:, 0], self.allowed(near)
        found: dict[int, float | None] = {}
        at = 0
        for place, numbers in zip(places, around, strict=True):
            beside = slice(at, at := at + len(numbers))
            worst = worst_near(float(worth[place, 0]), merit[beside], is_kept[beside])
            found[place] = None if np.isinf(worst) else self._sign * worst
        return found

    @property
    def _sign(self) -> float:
        """Whether more of the first objective is better."""
        return 1.0 if self.search.objectives[0].aim == "most" else -1.0
