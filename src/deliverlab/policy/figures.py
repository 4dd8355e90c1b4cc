"""The few numbers by which simulations are set side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from deliverlab.policy.simulate import Simulation


def main_figures(simulation: Simulation, /) -> dict[str, int | float]:
    """accounts, noticed, notices, suspended, mail_held and mail_sent of a simulation.

    Noticed are the accounts that got a notice, suspended those that reached the last stage.
    """
    outcomes, last = simulation.outcomes, simulation.policy.stage_names[-1]
    return {
        "accounts": outcomes.height,
        "noticed": outcomes.filter(pl.col("notices") > 0).height,
        "notices": int(outcomes["notices"].sum()),
        "suspended": simulation.transitions.filter(to_stage=last)["account_id"].n_unique(),
        "mail_held": float(outcomes["sent_held"].sum()),
        "mail_sent": float(outcomes["sent_sent"].sum()),
    }
