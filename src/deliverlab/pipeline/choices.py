"""What somebody chose: how accounts are labelled, pooled, measured and judged. Each choice can be another."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from deliverlab.errors import DataError
from deliverlab.health.merged import merged_peer_rates
from deliverlab.pipeline.road import needs_peers
from deliverlab.policy.model import Policy
from deliverlab.policy.simulate import Simulation, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deliverlab.history import History
    from deliverlab.policy.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a policy is run on: the policy, the history, and whom accounts are compared with and judged as."""

    history: History
    policy: Policy
    industries: Mapping[str, str] = field(default_factory=dict)
    bands: Mapping[str, str] = field(default_factory=dict)
    judged_as: Mapping[str, str] = field(default_factory=dict)

    def simulate(self, scenario: Scenario) -> Simulation:
        """The policy on this history, peer rates made anew where it asks for them."""
        history = self.history
        if needs_peers(self.policy):
            rates = merged_peer_rates(
                history.daily,
                history.accounts,
                industries=self.industries,
                bands=self.bands,
                known_within_days=history.known_within_days,
                denominators=self.policy.denominators,
            )
            history = history.with_peer_rates(rates)
        return simulate(history, policy=self.policy, scenario=scenario)


WhatIf: TypeAlias = "Callable[[Setting], Setting]"


def relabelled(industries: Mapping[str, str]) -> WhatIf:
    """These accounts, by id, were of another industry: their limits by industry and their peers change."""

    def change(setting: Setting) -> Setting:
        accounts = setting.history.accounts
        strange = sorted(industries.keys() - set(accounts["account_id"]))
        if strange:
            raise DataError(f"industries: account_id == {strange[0]!r}, must be in accounts")
        industry = pl.col("account_id").replace_strict(industries, default=pl.col("industry"))
        relabelled = setting.history.with_tables(accounts=accounts.with_columns(industry=industry))
        return replace(setting, history=relabelled)

    return change


def pooled(*, industries: Mapping[str, str] | None = None, bands: Mapping[str, str] | None = None) -> WhatIf:
    """These industries or bands were one with those they are mapped to, when peer rates are made."""

    def change(setting: Setting) -> Setting:
        return replace(
            setting,
            industries={**setting.industries, **(industries or {})},
            bands={**setting.bands, **(bands or {})},
        )

    return change


def out_of(**denominators: str) -> WhatIf:
    """Metrics were measured out of another column, as `complaint_rate="sent"`, and peers likewise."""

    def change(setting: Setting) -> Setting:
        policy, content = setting.policy, setting.policy.model_dump(exclude_unset=True)
        content["denominators"] = {**policy.denominators, **denominators}
        where = f"policy {policy.name!r}"
        return replace(setting, policy=Policy.from_data(content, where=where))

    return change


def by_parent(setting: Setting) -> Setting:
    """Families were judged as one account, under the parent's id; see `History.by_parent`."""
    accounts = setting.history.accounts
    families = accounts.select("account_id", pl.coalesce("parent_id", "account_id")).rows()
    return replace(setting, history=setting.history.by_parent(), judged_as=dict(families))


def in_turn(*what_ifs: WhatIf) -> WhatIf:
    """All of these, one after the other."""
    return lambda setting: reduce(lambda so_far, what_if: what_if(so_far), what_ifs, setting)
