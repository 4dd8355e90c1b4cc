"""A history under any number of policies, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.evaluate import RESAMPLES, Evaluation, evaluate
from deliverlab.policy.fields import first_twice
from deliverlab.policy.measures import MEASURES
from deliverlab.policy.simulate import simulate
from deliverlab.policy.toml import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario


class Rulebooks(Evaluation):
    """What a history comes to under each policy."""

    policy = dy.String()


def rulebooks(
    history: History,
    *,
    policies: Sequence[Policy],
    scenario: Scenario,
    everyone: bool = False,
    by: str | Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dy.DataFrame[Rulebooks]:
    """One history under each policy, by every measure that means the same in all of them; see `evaluate`.

    What is said of single stages is left out: a probation of one policy is a warning of another. Policies
    apply to tiers of their own, so shares are of the accounts in each one's scope, whose number stands with
    them; with `everyone` each is replayed on all accounts, whatever its tiers.

    Raises `PolicyError` where two policies have one name, or where the scenario has one chance a stage and
    a policy has another number of stages: `Scenario.after` and `.never` fit every policy.
    """
    twin = first_twice(policy.name for policy in policies)
    if twin is not None:
        raise PolicyError(f"policies: name {shown(twin)} is used twice, must be unique")
    _refuse_other_stages(policies, scenario)
    shared = [measure.name for measure in MEASURES if measure.unreached is None]
    found = []
    for policy in policies:
        applied = policy.model_copy(update={"tiers": ()}) if everyone else policy
        result = simulate(history, policy=applied, scenario=scenario)
        table = evaluate(result, by=by, resamples=resamples, seed=seed)
        found.append(table.with_columns(policy=pl.lit(policy.name)))
    whole = pl.concat([Rulebooks.create_empty(), *found], how="diagonal")
    return Rulebooks.cast(whole.filter(pl.col("measure").is_in(shared)))


def _refuse_other_stages(policies: Sequence[Policy], scenario: Scenario) -> None:
    chance = scenario.review.chance
    if scenario.review.mode != "chance" or chance is None:
        return
    for policy in policies:
        if len(policy.stages) != len(chance):
            raise PolicyError(
                f"scenario {shown(scenario.name)}: review chance has {len(chance)} numbers, one a stage, and "
                f"policy {shown(policy.name)} has {len(policy.stages)} stages: policies of different stages "
                f'must be compared under mode "after" or "never"'
            )
