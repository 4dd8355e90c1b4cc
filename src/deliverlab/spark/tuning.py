"""A search over the numbers of a policy on Spark: accounts are swept where they lie, and only sums move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.history import KNOWN_WITHIN_DAYS, History
from deliverlab.pipeline.tuning import search_asked
from deliverlab.policy.named import figures_named
from deliverlab.policy.sweep.bench import Bench as Local
from deliverlab.policy.sweep.parts import KEY, added, sums_of, table_of
from deliverlab.policy.tune.calendar import blocks_of
from deliverlab.policy.tune.finalists import Searched
from deliverlab.policy.tune.rounds import rounds
from deliverlab.spark.partitions import Packed, Rows, taken_apart
from deliverlab.spark.peers import peer_rates as monthly_peers
from deliverlab.spark.tables import first_and_last, tables_of, totals_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame

    from deliverlab.history import Frame
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.sums import Sums
    from deliverlab.policy.tune.calendar import Block
    from deliverlab.policy.tune.search import Constraint, Objective, Search


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Tuning(Searched):
    """What a search found on a cluster: all of `deliverlab.tune` but what needs accounts at hand.

    Spark keeps the accounts, for every look at `finalists` sweeps them again; `unpersist` lets them go.
    """

    kept: DataFrame

    def unpersist(self) -> None:
        """Let go of the accounts that Spark keeps; whatever is swept after that is read anew."""
        self.kept.unpersist()


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """Days of a history that lies on a cluster, on which policies like one of them are swept."""

    rows: Packed  # the tables of each account side by side
    names: tuple[str, ...]
    peers: Frame
    known_within_days: int
    totals: Mapping[str, int]
    like: Policy
    scenario: Scenario
    block: Block
    first_day: date

    @property
    def days(self) -> str:
        """The days in words."""
        return f"{self.block.since or self.first_day} to {self.block.until}"

    def sweep(self, policies: Sequence[Policy], /) -> Swept:
        """What each of these policies comes to, added up over partitions."""
        names, like, scenario, (until, since) = self.names, self.like, self.scenario, self.block
        history_of: Callable[..., History] = partial(
            History, until=until, totals=self.totals, peer_rates=self.peers,
            known_within_days=self.known_within_days,
        )  # fmt: skip

        def swept(rows: pl.DataFrame) -> pl.DataFrame:  # travels to executors, where no data frame can follow
            own = {what: taken_apart(rows, what) for what in names}
            own["daily"] = own["daily"].filter(pl.col("day") <= until)
            bench = Local(history_of(**own), like, scenario, until, since)
            return table_of(bench.sweep(policies).sums)

        parts = self.rows.mapped(swept).together_by(*KEY).mapped(added)
        return Swept(sums_of(parts.collected()))


@dataclass(frozen=True)
class Swept:
    """What each of some policies comes to, in sums over all accounts of a cluster."""

    sums: Sums

    def figures(self, names: Iterable[str]) -> pl.DataFrame:
        """A row a policy and a column a measure, by name; null where it cannot be said."""
        return figures_named(names, self.sums)


def tune(
    daily: DataFrame,
    accounts: DataFrame,
    /,
    *,
    policy: Policy,
    search: Search | str | Path,
    scenario: Scenario,
    objectives: Sequence[Objective] | None = None,
    constraints: Sequence[Constraint] | None = None,
    seed: int | None = None,
    peer_rates: Frame | None = None,
    reviews: DataFrame | None = None,
    enforcement: DataFrame | None = None,
    known_within_days: int = KNOWN_WITHIN_DAYS,
) -> Tuning:
    """What a search over the numbers of a policy finds: the rows and finalists of `deliverlab.tune`.

    Every policy is swept in each partition, and the sums of the partitions are added up: fractions, such as
    harm, may differ from those of one machine in the twelfth digit. `peer_rates` is a Polars table, as
    `spark.peer_rates` gives it; where there is none, it is made first.

    Not here: how other draws of accounts would have come out, and the candidate beside the champion. Both
    need accounts at hand; take a sample of them for `deliverlab.compare`.

    Raises `PolicyError` as `deliverlab.tune` does, and `DataError` where a table lacks a column. What is
    wrong with single rows is found while Spark sweeps: its job ends with the same line.
    """
    asked = search_asked(search, objectives=objectives, constraints=constraints, seed=seed)
    tables = tables_of(daily=daily, accounts=accounts, reviews=reviews, enforcement=enforcement)
    first_day, last_day = (day or date.min for day in first_and_last(tables["daily"], "day"))
    blocks = blocks_of(asked, first_day=first_day, last_day=last_day)
    peers = peer_rates
    if peers is None:
        peers = monthly_peers(daily, accounts, known_within_days=known_within_days)
    kept = Rows.side_by_side(tables, by="account_id").packed().persisted()
    benches = {
        block: Bench(
            rows=kept,
            names=tuple(tables),
            peers=peers,
            known_within_days=known_within_days,
            totals=totals_until(tables["daily"], block.until),
            like=policy,
            scenario=scenario,
            block=block,
            first_day=first_day,
        )
        for block in blocks
    }
    seen, judging = (benches[block] for block in blocks)
    tried = rounds(seen, policy=policy, search=asked)
    return Tuning(
        search=asked,
        champion=policy,
        seen=seen,
        judging=judging,
        rows=tried.rows,
        champion_row=tried.champion_row,
        kept=kept.spark,
    )
