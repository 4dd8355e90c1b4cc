"""What pages show of policies on a history: one replayed, or two compared, from a data directory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.pipeline.directory import about, open_history
from deliverlab.pipeline.laboratory import compare, evaluate, rulebooks
from deliverlab.pipeline.lookup import load_policy, load_scenario, refuse_stranger
from deliverlab.pipeline.road import simulate, with_peers
from deliverlab.pipeline.timelines import simulated_timeline
from deliverlab.policy.diff import policy_diff
from deliverlab.policy.explain import explain
from deliverlab.policy.identified import identified, identified_share
from deliverlab.policy.model import Policy
from deliverlab.policy.steps import explain_steps
from deliverlab.policy.verdict import names_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from deliverlab.history import History
    from deliverlab.policy.compare import Comparison
    from deliverlab.policy.explain import Explanation
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.simulate import Simulation


@dataclass(frozen=True, kw_only=True)
class Replay:
    """One policy replayed over a history; nothing is reckoned before it is asked for."""

    result: Simulation
    is_synthetic: bool
    chosen: str | None
    is_simulated: bool = True

    @property
    def as_of(self) -> date:
        """The last day that was simulated."""
        return self.result.until

    @property
    def policy_title(self) -> str:
        """The policy, with how many of its numbers are inferred."""
        return self.result.policy.title

    @property
    def scenario_name(self) -> str:
        """What is assumed of accounts."""
        return self.result.scenario.name

    @property
    def accounts(self) -> pl.DataFrame:
        """Everybody in the history."""
        return self.result.history.accounts

    @property
    def stages(self) -> Sequence[str]:
        """The stages of the policy, mildest first."""
        return self.result.policy.stage_names

    @property
    def identified(self) -> str:
        """How far history can answer, in a sentence."""
        return identified(self.result.outcomes)

    @cached_property
    def evaluation(self) -> pl.DataFrame:
        """What it comes to for everybody in scope, and for each industry and each band."""
        return pl.concat(evaluate(self.result, by=by) for by in (None, "industry", "band"))

    @cached_property
    def timeline(self) -> pl.DataFrame:
        """How many accounts were in each stage on each day."""
        first = min(self.result.history.daily["day"], default=self.as_of)
        days = (self.as_of - first).days + 1
        return simulated_timeline(self.result.transitions, until=self.as_of, days=days)

    @cached_property
    def steps(self) -> pl.DataFrame:
        """Every step with its sentence, the newest first."""
        return explain_steps(self.result).sort(["day", "account_id"], descending=[True, False])

    @cached_property
    def explanation(self) -> Explanation:
        """The account that was chosen, or else the one with most steps, explained."""
        return explain(self.result, self.account_id)

    @property
    def account_id(self) -> str:
        """The account that is explained."""
        if self.chosen is not None:
            return self.chosen
        moved = self.result.transitions.group_by("account_id").len()
        ranked = self.result.outcomes.join(moved, on="account_id", how="left").sort(
            pl.col("len").fill_null(0), "account_id", descending=[True, False]
        )
        return str(ranked["account_id"][0])


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Two policies on one history, and the shelf of all presets beside them."""

    comparison: Comparison
    is_synthetic: bool
    assumed: Scenario
    is_simulated: bool = True

    @property
    def as_of(self) -> date:
        """The last day that was simulated."""
        return self.comparison.challenger.until

    @property
    def scenario_name(self) -> str:
        """What is assumed of accounts."""
        return self.comparison.challenger.scenario.name

    @property
    def names(self) -> tuple[str, str]:
        """What to call champion and challenger."""
        return names_of(*self.comparison.policies)

    @property
    def sentences(self) -> Sequence[str]:
        """The answer, a sentence each, the most important first."""
        return self.comparison.sentences

    @property
    def titles(self) -> tuple[str, str]:
        """Champion and challenger, with how many of their numbers are inferred."""
        champion, challenger = (result.policy.title for result in self.comparison.policies)
        return champion, challenger

    @property
    def accounts(self) -> pl.DataFrame:
        """Everybody in the history."""
        return self.comparison.champion.history.accounts

    @property
    def identified(self) -> str:
        """How far history can answer about the policy of which it shows less."""
        least = min(self.comparison.policies, key=lambda result: identified_share(result.outcomes))
        return identified(least.outcomes)

    @cached_property
    def newly_noticed(self) -> pl.DataFrame:
        """Who only the challenger gives a notice, each with the sentence on its first; most harmful first."""
        return _told(self.comparison.newly_noticed, self.comparison.challenger)

    @cached_property
    def newly_spared(self) -> pl.DataFrame:
        """Who only the champion gives a notice, likewise."""
        return _told(self.comparison.newly_spared, self.comparison.champion)

    @cached_property
    def changes(self) -> Sequence[str]:
        """How the challenger differs from the champion, in words."""
        champion, challenger = (result.policy for result in self.comparison.policies)
        return policy_diff(champion, challenger)

    @cached_property
    def shelf(self) -> pl.DataFrame:
        """The year under every preset, champion and challenger among them, whatever tiers they are for."""
        compared = [result.policy for result in self.comparison.policies]
        named = {policy.name: policy for policy in [*map(Policy.preset, Policy.presets()), *compared]}
        return rulebooks(
            self.comparison.champion.history, policies=[*named.values()], scenario=self.assumed, everyone=True
        )


def open_replay(
    data: str | Path,
    /,
    *,
    policy: str,
    scenario: str,
    seed: int = 0,
    account_id: str = "",
) -> Replay:
    """A policy replayed over a data directory; with `account_id` that account is the one explained.

    `policy` and `scenario` are what the command line takes. Raises `DataError` for what is not there.
    """
    history = with_peers(open_history(data))
    if account_id:
        refuse_stranger(account_id, history.accounts)
    rules = load_policy(policy)
    assumed = load_scenario(scenario, history=history, policy=rules, seed=seed)
    return Replay(
        result=simulate(history, policy=rules, scenario=assumed),
        is_synthetic=bool(about(data).get("is_synthetic")),
        chosen=account_id or None,
    )


def open_contest(
    data: str | Path, /, *, champion: str, challenger: str, scenario: str, seed: int = 0
) -> Contest:
    """Champion and challenger on a data directory; chances of a scenario are by the champion's stages."""
    history: History = with_peers(open_history(data))
    first, second = load_policy(champion), load_policy(challenger)
    assumed = load_scenario(scenario, history=history, policy=first, seed=seed)
    return Contest(
        comparison=compare(history, champion=first, challenger=second, scenario=assumed, seed=seed),
        is_synthetic=bool(about(data).get("is_synthetic")),
        assumed=load_scenario("after-5", history=history, policy=first, seed=seed),
    )


def _told(swapped: pl.DataFrame, result: Simulation) -> pl.DataFrame:
    names = result.history.accounts.select("account_id", name=pl.col("name").fill_null(pl.col("account_id")))
    steps = explain_steps(result, swapped["account_id"].to_list())
    return swapped.join(
        steps.select("account_id", "day", "sentence"), on=["account_id", "day"], maintain_order="left"
    ).join(names, on="account_id", maintain_order="left")
