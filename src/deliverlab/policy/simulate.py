"""What would have happened: a policy replayed over history under a scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError, PolicyError
from deliverlab.metrics import METRICS
from deliverlab.policy.toml import shown
from deliverlab.schemas import GOOD, Standing

if TYPE_CHECKING:
    import dataframely as dy

    from deliverlab.display import Bundle
    from deliverlab.history import Frame, History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario
    from deliverlab.schemas import Outcomes, Transitions


@dataclass(frozen=True, kw_only=True, repr=False)
class Simulation:
    """What a policy did to every account in its scope: each step, its sum, and how all stand at the end."""

    transitions: dy.DataFrame[Transitions]
    outcomes: dy.DataFrame[Outcomes]
    standing: dy.DataFrame[Standing]
    policy: Policy
    scenario: Scenario
    history: History
    start: dy.DataFrame[Standing] = field(default_factory=Standing.create_empty)

    @property
    def until(self) -> date:
        """The last day simulated; of history where nobody was in scope."""
        return max(self.standing["as_of"], default=self.history.until or date.min)

    def __repr__(self) -> str:
        """Policy, scenario and size in a line: no result stands without the scenario it was made under."""
        return (
            f"Simulation({self.policy.title}, {self.scenario.name}, "
            f"accounts: {self.outcomes.height}, transitions: {self.transitions.height})"
        )

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        from deliverlab.policy.display import simulation_bundle

        return simulation_bundle(self)


def simulate(
    history: History,
    *,
    policy: Policy,
    scenario: Scenario,
    start: Frame | None = None,
    until: date | None = None,
) -> Simulation:
    """What the policy would have done to every account on every day, and what its mail would have been.

    Each account of the policy's tiers is walked from its first day of mail to `until` (the last day of
    history), seeing on each day only what was known on that day. With `start`, the `standing` of an earlier
    simulation, the accounts in it run on from the day after; two pieces equal one run.

    What the policy holds back has no outcome, and what accounts do in answer is assumed: the scenario says
    how, so no result stands without its name.

    Raises `PolicyError` where the policy looks at days whose counts are not known yet, needs peer rates that
    the history does not hold, or does not fit the scenario or the start; `DataError` where `start` is no
    `Standing`.
    """
    refuse_unfit(history, policy=policy, scenario=scenario)
    begun = Standing.create_empty() if start is None else Standing.admit(start, what="start")
    last_day = until or history.until or max(begun["as_of"], default=date.min)
    _refuse_unfit_start(begun, history, policy=policy, until=last_day)

    from deliverlab.policy.replay import replay  # compiled code, loaded by those who use it
    from deliverlab.policy.tables import outcomes_of, standing_of, transitions_of

    replayed = replay(history, policy=policy, scenario=scenario, start=begun, until=last_day)
    return Simulation(
        transitions=transitions_of(replayed),
        outcomes=outcomes_of(replayed),
        standing=standing_of(replayed),
        policy=policy,
        scenario=scenario,
        history=history,
        start=begun,
    )


def good_standing(history: History, since: date, /) -> dy.DataFrame[Standing]:
    """The standing on the day before `since` of all accounts with mail by then: as if nothing had happened.

    Given as `start`, it has a policy begin on that day with a clean slate: no notice is remembered, and only
    mail from then on counts. Volume bands still look back.
    """
    known = history.daily.filter(pl.col("day") < since).select("account_id").unique().sort("account_id")
    beginning = {"stage": GOOD, "fresh_from": since, "as_of": since - timedelta(days=1)}
    beginning |= {"clean_streak": 0, "notices": 0, "reviews_due": [], "evidence": [], "runs": []}
    columns = Standing.create_empty().schema.items()
    return Standing.cast(
        known.select(
            pl.col(name) if name == "account_id" else pl.lit(beginning.get(name), kind).alias(name)
            for name, kind in columns
        )
    )


def refuse_unfit(history: History, *, policy: Policy, scenario: Scenario) -> None:
    """The policy must not see the future, and must fit peer rates and scenario."""
    lag, known = policy.window.lag_days, history.known_within_days
    if lag < known:
        raise PolicyError(
            f"policy {shown(policy.name)}: window lag_days = {lag}, must be at least {known}: "
            f"the history's counts are known only after so many days"
        )
    _refuse_unfit_peers(history, policy=policy)
    chance = scenario.review.chance
    if scenario.review.mode == "chance" and chance is not None and len(chance) != len(policy.stages):
        raise PolicyError(
            f"scenario {shown(scenario.name)}: review chance has {len(chance)} numbers, "
            f"must have one for each of the {len(policy.stages)} stages of policy {shown(policy.name)}"
        )


def _refuse_unfit_peers(history: History, *, policy: Policy) -> None:
    """Peer rates must be there where they are needed, and divide by the same column as the policy."""
    asking = next((rule for rule in policy.rules if rule.kind != "rate"), None)
    if asking is None:
        return
    if history.peer_rates is None:
        raise PolicyError(
            f"policy {shown(policy.name)}: rule {shown(asking.name)} is of kind {asking.kind}, "
            f"so the history must hold peer rates, and it holds none"
        )
    given = history.peer_rates.select("metric", "denominator").cast(pl.String).unique().sort(pl.all())
    for metric, column in given.iter_rows():
        theirs, ours = column or METRICS[metric].denominator, policy.denominator_of(metric)
        if metric in policy.peer_metrics and theirs != ours:
            raise PolicyError(
                f"policy {shown(policy.name)}: denominators {metric} = {shown(ours)}, "
                f"must be {shown(theirs)} as in the peer rates"
            )


def _refuse_unfit_start(start: pl.DataFrame, history: History, *, policy: Policy, until: date) -> None:
    """A standing must speak of accounts of this history, by `until`, in words of this policy."""
    strangers = start.join(history.accounts, on="account_id", how="anti")
    if strangers.height:
        raise DataError(f"start: account_id = {shown(strangers['account_id'][0])}, must be in accounts")
    late = start.filter(pl.col("as_of") > until)
    if late.height:
        raise DataError(
            f"start: as_of = {late['as_of'][0]}, must be at most {until}, the last day to simulate"
        )
    for column in ("stage", "last_left"):
        for stage in start[column].drop_nulls().unique().sort():
            if stage != GOOD and stage not in policy.stage_names:
                raise PolicyError(
                    f"start: {column} = {shown(stage)}, must be {GOOD} or a stage of policy "
                    f"{shown(policy.name)}: {', '.join(policy.stage_names)}"
                )
    summed = {rule.name for rule in policy.rules if rule.kind == "evidence"}
    for rule in start["evidence"].explode().struct.field("rule").drop_nulls().unique().sort():
        if rule not in summed:
            raise PolicyError(
                f"start: evidence of rule {shown(rule)}, "
                f"must be of an evidence rule of policy {shown(policy.name)}"
            )
