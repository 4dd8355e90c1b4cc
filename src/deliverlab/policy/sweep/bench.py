"""Many policies on one history at once: what each comes to, by every measure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.kernel.many import ADDED
from deliverlab.policy.named import figures_named
from deliverlab.policy.simulate import good_standing, refuse_unfit
from deliverlab.policy.sweep.sums import swept_sums
from deliverlab.policy.toml import shown
from deliverlab.schemas import BANDS, GOOD, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.policy.kernel.layout import Floats
    from deliverlab.policy.kernel.many import Tallies
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.sums import Sums
    from deliverlab.policy.sweep.ground import Ground


@dataclass(frozen=True)
class Bench:
    """A history and a scenario laid out once, on which policies like one of them are swept.

    Policies are alike that differ in numbers only: they have the same rules and stages in the same order, and
    are about the same tiers.
    """

    history: History
    like: Policy
    scenario: Scenario
    until: date
    since: date | None = None  # from here on, with everybody in good standing; left out: from the first mail

    @property
    def days(self) -> str:
        """The days in words."""
        return f"{self.since or min(self.history.daily['day'], default=self.until)} to {self.until}"

    @cached_property
    def start(self) -> dy.DataFrame[Standing]:
        """The standing in which `simulate` begins to walk the same days."""
        return Standing.create_empty() if self.since is None else good_standing(self.history, self.since)

    @cached_property
    def ground(self) -> Ground:
        """The history in arrays."""
        from deliverlab.policy.sweep.ground import ground_of

        return ground_of(
            self.history, like=self.like, scenario=self.scenario, start=self.start, until=self.until
        )

    @cached_property
    def untouched(self) -> Floats:
        """What accounts are if nobody touches them: [industry, band, `layout.UNTOUCHED`]."""
        from deliverlab.policy.sweep.leaps import survey_of

        return survey_of(self.ground)

    def sweep(self, policies: Sequence[Policy], *, says_who: bool = False) -> Sweep:
        """What each of these policies comes to: the sums that `simulate` and `evaluate` make one by one.

        Where it `says_who`, it also keeps whom each policy notices: for a few policies.
        """
        from deliverlab.policy.sweep.leaps import leap_over  # compiled code, loaded by those who use it

        for policy in policies:
            _refuse_unlike(policy, self.like)
        for policy in {policy.window.lag_days: policy for policy in policies}.values():
            refuse_unfit(self.history, policy=policy, scenario=self.scenario)
        return Sweep(self, tuple(policies), leap_over(self.ground, policies, says_who=says_who))


@dataclass(frozen=True)
class Sweep:
    """What each of many policies comes to."""

    bench: Bench
    policies: tuple[Policy, ...]
    tallies: Tallies

    @cached_property
    def sums(self) -> Sums:
        """The sums over all accounts that measures are made of, with a policy where else a resample is."""
        bench = self.bench
        return swept_sums(self.tallies, bench.untouched, ground=bench.ground, stages=bench.like.stage_names)

    def figures(self, names: Iterable[str]) -> pl.DataFrame:
        """A row a policy and a column a measure, by name; null where it cannot be said."""
        return figures_named(names, self.sums)

    def stages_by_day(self, p: int) -> pl.DataFrame:
        """The accounts in each stage on each day under one policy: columns `day` and the stages."""
        ground, moves = self.bench.ground, self.tallies.moves[p]
        first_day = ground.told.first_day
        accounts = np.cumsum(moves, axis=1)
        accounts[0] += np.cumsum(np.bincount(ground.records["first"] - first_day, minlength=moves.shape[1]))
        days = pl.date_range(date(1970, 1, 1) + timedelta(days=first_day), self.bench.until, eager=True)
        stages = zip((GOOD, *self.bench.like.stage_names), accounts, strict=True)
        return pl.DataFrame({"day": days} | {name: pl.Series(counts) for name, counts in stages})

    def noticed(self, p: int) -> pl.Series:
        """The ids of the accounts that one policy notices, where the sweep says who."""
        return self.bench.ground.ids.filter(pl.Series(self.tallies.first_notices[p] > 0))

    def by_group(self, p: int, name: str) -> pl.DataFrame:
        """What a policy adds by industry and band, such as `noticed`: columns industry, band and `name`."""
        sums = self.tallies.sums[p, :, :, ADDED.index(name)]
        industries = self.bench.ground.industries
        return pl.DataFrame({
            "industry": np.repeat(industries, len(BANDS)),
            "band": pl.Series([*BANDS] * len(industries), dtype=pl.Enum(BANDS)),
            name: sums.ravel(),
        })  # fmt: skip


def _refuse_unlike(policy: Policy, like: Policy) -> None:
    """Policies of a sweep differ in numbers only."""
    for what, ours, theirs in (
        ("stages", policy.stage_names, like.stage_names),
        ("tiers", policy.tiers, like.tiers),
        ("rules", _kinds(policy), _kinds(like)),
        ("denominators", policy.denominators, like.denominators),
    ):
        if ours != theirs:
            raise PolicyError(
                f"policy {shown(policy.name)}: {what} = {shown(ours)}, must be {shown(theirs)} as in policy "
                f"{shown(like.name)}: a sweep varies numbers only"
            )


def _kinds(policy: Policy) -> tuple[tuple[str, str, str], ...]:
    return tuple((rule.name, rule.metric, rule.kind) for rule in policy.rules)
