"""The policy check: what is wrong with a policy although it can be read."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.policy.checks import chance, ladder, limits, reach, scope
from deliverlab.policy.checks.findings import SEVERITIES, Findings
from deliverlab.policy.trips import cliffs, good_trips

if TYPE_CHECKING:
    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.trips import GoodTrips
    from deliverlab.schemas import PeerRates

BY_ITSELF = (
    reach.no_rule, reach.stage_never_reached, reach.rule_never_acts, reach.memory_never_acts,
    limits.rule_overtaken, limits.minimum_above_window, limits.minimum_without_effect,
    limits.rests_on_engagement, ladder.passed_the_next_day, ladder.ends_unseen,
    ladder.escalation_without_mail, ladder.recovery_without_mail, ladder.review_not_heard,
    ladder.review_lifts_nothing, ladder.nobody_leaves, ladder.escalates_on_old_mail,
    ladder.key_without_effect,
)  # fmt: skip
BY_HISTORY = (scope.look_ahead, scope.override_matches_nobody, scope.tiers_match_nobody)
BY_CHANCE = (
    chance.one_event_trips, chance.good_accounts_trip, chance.cliff_at_minimum, chance.blind_below_minimum,
)  # fmt: skip


def check_policy(
    policy: Policy,
    /,
    *,
    usual: dy.DataFrame[PeerRates],
    history: History | None = None,
    trips: dy.DataFrame[GoodTrips] | None = None,
    seed: int = 0,
) -> dy.DataFrame[Findings]:
    """What is wrong with a policy, a row each, warnings first; empty where nothing is.

    A warning is a mistake whoever wrote the policy; a remark may be meant. How often chance alone trips a
    rule is simulated with good accounts that have the `usual` rates (see `good_trips`); `trips` hands in what
    has been simulated already. With `history`, its accounts and the days it waits for outcomes are looked at.
    """
    found = chain.from_iterable(finds(policy) for finds in BY_ITSELF)
    known = chain.from_iterable(finds(policy, history) for finds in BY_HISTORY)
    luck = chance.Luck(
        trips=good_trips(policy, usual=usual, seed=seed) if trips is None else trips,
        cliffs=cliffs(policy, usual=usual, seed=seed),
        usual=usual,
    )
    by_chance = chain.from_iterable(finds(policy, luck) for finds in BY_CHANCE)
    rows = pl.DataFrame([*found, *known, *by_chance], schema=list(Findings.columns()), orient="row")
    return Findings.cast(rows.cast({"severity": pl.Enum(SEVERITIES)}).sort("severity", maintain_order=True))
