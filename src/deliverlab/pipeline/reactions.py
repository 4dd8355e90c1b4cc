"""How far a simulation hangs on what real notices have already changed in the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.pipeline.road import with_peers_for
from deliverlab.policy.figures import main_figures
from deliverlab.policy.reactions import BEFORE_DAYS, undo_reactions
from deliverlab.policy.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario

SHARES = (0.0, 0.25, 0.5)


class ReactionBand(Table):
    """A row a share of accounts' reactions undone: the main figures of the policy on such a history."""

    undone = dy.Float64(primary_key=True, min=0.0, max=1.0)
    accounts = dy.Int64(min=0)
    noticed = dy.Int64(min=0)
    notices = dy.Int64(min=0)
    suspended = dy.Int64(min=0)
    mail_held = dy.Float64(min=0.0)
    mail_sent = dy.Float64(min=0.0)


def reaction_band(
    history: History,
    *,
    policy: Policy,
    scenario: Scenario,
    shares: Iterable[float] = SHARES,
    before_days: int = BEFORE_DAYS,
) -> dy.DataFrame[ReactionBand]:
    """The policy's main figures if so much of the fall after real notices is undone; read from least to most.

    Accounts that were really warned reacted, so a replay sees cleaner mail than another policy would have
    met. The rows span what that may hide: 0 takes the data as they are, the rest puts shares of the fall
    back, under the assumptions that `undo_reactions` names. It is a band of sensitivity, not an interval of
    confidence. Where it is wide, history cannot answer. The scenario's reviews come on top in every row.
    """
    compared = with_peers_for(policy, history)
    rows = []
    for share in sorted(set(shares)):
        undone = undo_reactions(compared, share=share, before_days=before_days)
        rows.append({"undone": share} | main_figures(simulate(undone, policy=policy, scenario=scenario)))
    return ReactionBand.cast(pl.DataFrame(rows))
