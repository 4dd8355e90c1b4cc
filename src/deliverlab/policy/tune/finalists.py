"""The best of what a search tried: which to take, and what it is worth where its numbers are a little off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.policy.model import Policy
from deliverlab.policy.tune.choice import best_of, is_allowed, merits, worst_near
from deliverlab.policy.tune.points import neighbours, policy_at
from deliverlab.policy.tune.trials import measures_of, trials

if TYPE_CHECKING:
    from deliverlab.policy.tune.choice import Flags
    from deliverlab.policy.tune.search import Search
    from deliverlab.policy.tune.trials import Numbers, Sweeper

SHORTLIST = 64  # the best, whose neighbours are tried
FINALISTS = 8  # of these, those that are worth most a little off: they are drawn again and judged
OUTDATED = ("version", "effective_from")  # what a candidate does not take over from the champion
TUNED = "tuned"


@dataclass(frozen=True, kw_only=True, repr=False)
class Searched:
    """Every policy that a search tried, the finalists, and the one to take, if there is one.

    `rows` has a row a policy: `policy` (its place), the numbers that vary, every measure asked for, in which
    `round` it was tried, whether it `is_allowed` and `is_on_front`, and why it was `refused` where no policy
    can have these numbers. The champion's figures are `champion_row`.
    """

    search: Search
    champion: Policy
    seen: Sweeper
    judging: Sweeper
    rows: pl.DataFrame
    champion_row: pl.DataFrame

    def __repr__(self) -> str:
        """How much was tried, and what to take."""
        chosen = "none" if self.chosen is None else f"policy {self.chosen}"
        return f"Tuning({self.search.name}, policies: {self.rows.height}, chosen: {chosen})"

    @property
    def is_split(self) -> bool:
        """Whether the days that judge are not those that were searched."""
        return self.judging is not self.seen

    @cached_property
    def finalists(self) -> pl.DataFrame:
        """The best that are allowed, and what they are worth on later days; the first is the one to take.

        They are ordered by `worst_near`, the first objective at its worst where one number is a tenth off:
        a plateau before a peak, for of a threshold that only helps where it is exactly so nobody knows on
        which side of it next quarter lies. It is null where that breaks a constraint; such ones come last.
        `…_later` are figures on the days that judge.
        """
        places = self.places
        chosen = self.rows[places].drop("round", "is_allowed", "is_on_front", "refused")
        if not places:
            return chosen
        later = self.judging.sweep([*map(self.policy, places)]).figures(measures_of(self.search))
        return chosen.with_columns(
            later.select(pl.all().name.suffix("_later")),
            worst_near=pl.Series([self._near[place] for place in places], dtype=pl.Float64),
        )

    @property
    def chosen(self) -> int | None:
        """The place of the policy to take; none where none is allowed."""
        return next(iter(self.places), None)

    @property
    def candidate(self) -> Policy | None:
        """The policy to take, ready to be written into a file; none where none is allowed."""
        if self.chosen is None:
            return None
        data = self.policy(self.chosen).model_dump(exclude_unset=True, exclude={*OUTDATED})
        source = f"search {self.search.name}, the best of {self.rows.height} policies on {self.seen.days}"
        return Policy.from_data(data | {"name": f"{self.champion.name} {TUNED}", "source": source})

    @cached_property
    def places(self) -> list[int]:
        """The places of the finalists in `rows`, the one to take first."""

        def order(place: int) -> float:
            near = self._near[place]
            return np.inf if near is None else -self._sign * near

        return sorted(self._near, key=order)[:FINALISTS]

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
