"""Tuning: a search over the numbers of a policy, judged on days that it did not see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.compare import Comparison
from deliverlab.policy.evaluate import RESAMPLES
from deliverlab.policy.model import Policy
from deliverlab.policy.named import measure_named
from deliverlab.policy.simulate import simulate
from deliverlab.policy.sweep.bench import Bench
from deliverlab.policy.toml import shown
from deliverlab.policy.tune.choice import best_of, is_allowed, is_on_front, merits, worst_near
from deliverlab.policy.tune.optimism import resampled
from deliverlab.policy.tune.points import first_points, neighbours, numbers_at, points_near, policy_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.history import History
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.simulate import Simulation
    from deliverlab.policy.tune.choice import Floats
    from deliverlab.policy.tune.optimism import Resampled
    from deliverlab.policy.tune.search import Search

    Numbers = tuple[float, ...]

FINALISTS = 8  # the best, whose neighbours are tried, and who are drawn again
AROUND = 4  # of the best, near which it is looked again
BESIDE = ("noticed_share", "identified_share")  # what is told of every policy, asked for or not
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, repr=False)
class Tuning:
    """What a search found: every policy's row, the finalists, and the one to take, if there is one.

    `rows` has a row a policy: `policy` (its place), the numbers that vary, every measure asked for, in which
    `round` it was tried, whether it `is_allowed` and `is_on_front`, and why it was `refused` where no policy
    can have these numbers. The champion's figures are `champion_row`.
    """

    search: Search
    champion: Policy
    scenario: Scenario
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
        """The best that are allowed, best first: what they are worth a little off, and on the days that judge.

        `worst_near` is the first objective at its worst where one number is a tenth off, null where that
        breaks a constraint. `low` and `high` are 95% of resamples of accounts, `picked` the share of them in
        which it is the best. `…_later` are figures on the days that judge.
        """
        places = self._finalists()
        chosen = self.rows[places].drop("round", "is_allowed", "is_on_front", "refused")
        later = (
            self.judging.sweep([self.policy(p) for p in places]).figures(self._measures)
            if len(places)
            else None
        )
        if later is None:
            return chosen
        ends = [self.drawn_again.interval(self.search.objectives[0].measure, i) for i in range(len(places))]
        return chosen.with_columns(
            low=pl.Series([low for low, _ in ends]),
            high=pl.Series([high for _, high in ends]),
            picked=pl.Series(self.drawn_again.picked),
            worst_near=self._worst_near(places),
            **{f"{name}_later": later[name] for name in later.columns},
        )

    @cached_property
    def drawn_again(self) -> Resampled:
        """The finalists in other draws of accounts, and the optimism of having picked the best of them."""
        results = [self._simulated(self.policy(p), self.seen) for p in self._finalists()]
        return resampled(results, self.search, resamples=self.resamples)

    @cached_property
    def chosen(self) -> int | None:
        """The place of the policy to take: the finalist that is worth most a little off its numbers.

        A plateau before a peak: of a threshold that only helps where it is exactly so, nobody knows on which
        side of it next quarter lies. None where no policy is allowed.
        """
        if not self.finalists.height:
            return None
        sign = 1.0 if self.search.objectives[0].aim == "most" else -1.0
        worst = self.finalists["worst_near"] * sign
        best = worst.arg_max()
        return int(self.finalists["policy"][best if best is not None else 0])

    @property
    def candidate(self) -> Policy | None:
        """The policy to take, ready to be written into a file; none where none is allowed."""
        if self.chosen is None:
            return None
        data = self.policy(self.chosen).model_dump(exclude_unset=True)
        source = f"search {self.search.name} of {self.rows.height} policies, on {_days(self.seen)}"
        return Policy.from_data(data | {"name": f"{self.champion.name} tuned", "source": source})

    @cached_property
    def comparison(self) -> Comparison | None:
        """The candidate beside the champion, on the days that judge."""
        if self.candidate is None:
            return None
        champion, challenger = (
            self._simulated(each, self.judging) for each in (self.champion, self.candidate)
        )
        return Comparison(
            champion=champion, challenger=challenger, resamples=self.resamples, seed=self.search.seed
        )

    def policy(self, place: int) -> Policy:
        """The policy of a row."""
        return policy_at(self._numbers(place), self.search, self.champion)

    def open_test(self, history: History) -> Comparison:
        """The candidate beside the champion on the days that were kept for the end; whoever opens them twice
        has no test any more, so whoever calls this should write it down.

        Raises `PolicyError` where the search keeps no such days, or has no candidate.
        """
        split = self.search.split
        if split is None or split.test_from is None:
            raise PolicyError(
                f"search {shown(self.search.name)}: split test_from is missing: no days are kept"
            )
        if self.candidate is None:
            raise PolicyError(
                f"search {shown(self.search.name)}: no policy is allowed: there is none to test"
            )
        until = history.until or date.max
        bench = Bench(history, self.champion, self.scenario, until, split.test_from)
        champion, challenger = (self._simulated(each, bench) for each in (self.champion, self.candidate))
        return Comparison(
            champion=champion, challenger=challenger, resamples=self.resamples, seed=self.search.seed
        )

    @property
    def _measures(self) -> tuple[str, ...]:
        return measures_of(self.search)

    def _numbers(self, place: int) -> Numbers:
        row = self.rows.row(place, named=True)
        return tuple(row[vary.name] for vary in self.search.vary)

    def _finalists(self) -> Sequence[int]:
        worth, allowed = merits(self.rows, self.search), self.rows["is_allowed"].to_numpy()
        return [int(place) for place in best_of(worth, allowed, most=FINALISTS)]

    def _simulated(self, policy: Policy, bench: Bench) -> Simulation:
        return simulate(
            bench.history, policy=policy, scenario=bench.scenario, start=bench.start, until=bench.until
        )

    def _worst_near(self, places: Sequence[int]) -> pl.Series:
        """The first objective of each finalist where one number is a little off, at its worst."""
        around = [list(neighbours(self._numbers(place), self.search)) for place in places]
        tried = _tried([numbers for near in around for numbers in near], self.search, self.champion)
        figures = _figures(self.seen, tried, self.search)
        worth, allowed = merits(figures, self.search), is_allowed(figures, self.search)
        own, sign = (
            merits(self.rows, self.search)[:, 0],
            1.0 if self.search.objectives[0].aim == "most" else -1.0,
        )
        worst, at = [], 0
        for place, near in zip(places, around, strict=True):
            beside = slice(at, at + len(near))
            at += len(near)
            found = worst_near(float(own[place]), worth[beside, 0], allowed[beside])
            worst.append(None if np.isinf(found) else sign * found)
        return pl.Series(worst, dtype=pl.Float64)


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
    objective decides; the others are what it costs. Of the best, the one is taken that is worth most where its
    numbers are a tenth off, and it is judged on days that the search did not see (`search.split`).

    What someone could dispute: each part of the calendar begins with everybody in good standing and a fresh
    window, so that no policy is judged by what another one left. Peer rates are those of the history, each
    computed from earlier days. What accounts do is assumed alike for all policies.

    Raises `PolicyError` for a key that is not in the policy, a measure that does not exist, days that do not
    fit the history, or where none of the points is a policy.
    """
    for name in search.measures:
        measure_named(name)
    seen, judging = _blocks(history, policy, scenario, search)
    figures_of_champion = seen.sweep([policy]).figures(measures_of(search))
    points, tables = first_points(search), []
    known: dict[Numbers, Floats] = {}
    for round_ in range(search.refinements + 1):
        fresh = {numbers_at(point, search): point for point in points}
        fresh = {numbers: point for numbers, point in fresh.items() if numbers not in known}
        known |= fresh
        tried = _tried(list(fresh), search, policy)
        tables.append(_figures(seen, tried, search).with_columns(round=pl.lit(round_)))
        rows = pl.concat(tables)
        best = best_of(merits(rows, search), is_allowed(rows, search), most=AROUND)
        if not len(best):
            break  # none is allowed: there is nothing to be near to
        if round_ < search.refinements:
            points = points_near(np.array([*known.values()])[best], search, round_=round_ + 1)
    return Tuning(
        search=search,
        champion=policy,
        scenario=scenario,
        seen=seen,
        judging=judging,
        rows=_rows(rows, search),
        champion_row=figures_of_champion,
        resamples=resamples,
    )


def measures_of(search: Search, /) -> tuple[str, ...]:
    """All measures that are told of every policy: those asked for, and how much is noticed and observed."""
    return tuple(dict.fromkeys((*search.measures, *BESIDE)))


def _rows(rows: pl.DataFrame, search: Search) -> pl.DataFrame:
    """The rows with what is said of them."""
    allowed = is_allowed(rows, search)
    return rows.with_row_index("policy").with_columns(
        pl.col("policy").cast(pl.Int64),
        is_allowed=pl.Series(allowed),
        is_on_front=pl.Series(is_on_front(merits(rows, search), allowed)),
    )


def _tried(
    numbers: Sequence[Numbers], search: Search, policy: Policy
) -> list[tuple[Numbers, Policy | PolicyError]]:
    """A policy for each of the numbers, or why there is none."""
    tried: list[tuple[Numbers, Policy | PolicyError]] = []
    for each in numbers:
        try:
            tried.append((each, policy_at(each, search, policy)))
        except PolicyError as refusal:
            tried.append((each, refusal))
    refusals = [found for _, found in tried if isinstance(found, PolicyError)]
    if refusals and len(refusals) == len(tried):
        raise refusals[0]
    return tried


def _figures(
    bench: Bench, tried: Sequence[tuple[Numbers, Policy | PolicyError]], search: Search
) -> pl.DataFrame:
    """A row for each: its numbers, its figures, or why it was refused."""
    policies = [found for _, found in tried if isinstance(found, Policy)]
    figures = bench.sweep(policies).figures(measures_of(search))
    found = iter(figures.rows(named=True))
    nothing = dict.fromkeys(figures.columns)
    rows: list[dict[str, Any]] = [
        dict(zip((vary.name for vary in search.vary), numbers, strict=True))
        | (next(found) if isinstance(result, Policy) else nothing)
        | {"refused": None if isinstance(result, Policy) else str(result)}
        for numbers, result in tried
    ]
    kinds = {vary.name: pl.Float64() for vary in search.vary} | figures.schema | {"refused": pl.String()}
    return pl.DataFrame(rows, schema=kinds)


def _blocks(history: History, policy: Policy, scenario: Scenario, search: Search) -> tuple[Bench, Bench]:
    """The days that are searched, and those that judge."""
    last, split = history.until or date.min, search.split
    whole = Bench(history, policy, scenario, last)
    if split is None:
        return whole, whole
    embargo, first_day = split.embargo_days * DAY, history.daily["day"].min()
    seen_until = split.validate_from - embargo - DAY
    judged_until = last if split.test_from is None else split.test_from - embargo - DAY
    if not (first_day is not None and first_day < seen_until and split.validate_from < judged_until <= last):
        raise PolicyError(
            f"search {shown(search.name)}: split validate_from = {split.validate_from}, must leave days before and "
            f"after it: history is from {first_day} to {last}, less {split.embargo_days} days of embargo each"
        )
    if split.test_from is not None and split.test_from >= last:
        raise PolicyError(
            f"search {shown(search.name)}: split test_from = {split.test_from}, must be before {last}"
        )
    return (
        Bench(history, policy, scenario, seen_until),
        Bench(history, policy, scenario, judged_until, split.validate_from),
    )


def _days(bench: Bench) -> str:
    first = bench.since or bench.history.daily["day"].min()
    return f"{first} to {bench.until}"
