"""A policy replayed over history on Spark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from deliverlab.history import KNOWN_WITHIN_DAYS, History
from deliverlab.pipeline.road import needs_peers
from deliverlab.policy import simulate as ladder
from deliverlab.spark.partitions import Rows, beside, taken_apart
from deliverlab.spark.peers import peer_rates as monthly_peers
from deliverlab.spark.tables import first_and_last, tables_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from pyspark.sql import DataFrame

    from deliverlab.history import Frame
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulation:
    """The tables of a simulation as Spark data frames, in no order.

    All come of one walk, which Spark keeps once it has made it; `unpersist` lets it go.
    """

    transitions: DataFrame
    outcomes: DataFrame
    standing: DataFrame
    policy: Policy
    scenario: Scenario
    walked: DataFrame

    def unpersist(self) -> None:
        """Let go of the walk that Spark keeps; a table read after that is walked anew."""
        self.walked.unpersist()


def simulate(
    daily: DataFrame,
    accounts: DataFrame,
    /,
    *,
    policy: Policy,
    scenario: Scenario,
    peer_rates: Frame | None = None,
    reviews: DataFrame | None = None,
    enforcement: DataFrame | None = None,
    start: DataFrame | None = None,
    until: date | None = None,
    known_within_days: int = KNOWN_WITHIN_DAYS,
) -> Simulation:
    """What the policy would have done to every account in its scope: the tables of `deliverlab.simulate`.

    One history is made of all accounts of a partition. `peer_rates` is a Polars table, as `spark.peer_rates`
    gives it; where a rule compares with peers and there is none, it is made first.

    Raises `PolicyError` where the policy does not fit the history, the peer rates or the scenario, and
    `DataError` where a table lacks a column. What is wrong with single rows is found while Spark walks: its
    job ends with the same line.
    """
    tables = tables_of(daily=daily, accounts=accounts, reviews=reviews, enforcement=enforcement, start=start)
    _, last_day = first_and_last(tables["daily"], "day")
    _, last_standing = first_and_last(tables["start"], "as_of") if "start" in tables else (None, None)
    last = until or last_day or last_standing or date.min
    peers = peer_rates
    if peers is None and needs_peers(policy):
        peers = monthly_peers(daily, accounts, known_within_days=known_within_days)

    names = tuple(tables)  # the walk travels to executors, where no data frame of Spark can follow
    history_of: Callable[..., History] = partial(
        History, peer_rates=peers, known_within_days=known_within_days, until=last_day
    )

    def walk(rows: pl.DataFrame) -> pl.DataFrame:
        own = {what: taken_apart(rows, what) for what in names}
        begun = own.pop("start", None)
        found = ladder.simulate(history_of(**own), policy=policy, scenario=scenario, start=begun, until=last)
        return beside({
            "transitions": found.transitions, "outcomes": found.outcomes, "standing": found.standing
        })  # fmt: skip

    walked = Rows.side_by_side(tables, by="account_id").mapped(walk)
    kept = Rows(walked.spark.persist(), walked.like)
    return Simulation(
        transitions=kept.unpacked("transitions"),
        outcomes=kept.unpacked("outcomes"),
        standing=kept.unpacked("standing"),
        policy=policy,
        scenario=scenario,
        walked=kept.spark,
    )
