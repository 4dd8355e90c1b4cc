"""Whether a policy, its peer rates among what it looks at, ever sees the future."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.pipeline.road import monthly_peers_of, needs_peers
from deliverlab.policy.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from deliverlab.history import Frame, History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario

CUTS = 8  # days on which it is checked, besides those on which peer rates change


class Leaks(Table):
    """A row a number or word of a past transition that is another when the future is not known.

    `column` is one of `transitions`, or "transition" where the whole of it is there on one side only.
    """

    known_until = dy.Date(primary_key=True)
    account_id = dy.String(primary_key=True)
    day = dy.Date(primary_key=True)
    column = dy.String(primary_key=True)
    with_future = dy.String(nullable=True)
    without_future = dy.String(nullable=True)


def check_causal(
    history: History,
    *,
    policy: Policy,
    scenario: Scenario,
    cuts: Iterable[date] | None = None,
    peers: Callable[[History], Frame] | None = None,
) -> dy.DataFrame[Leaks]:
    """What of the past changes when the future is taken away: no row means that the policy is causal.

    On each of `cuts` (evenly spaced days, and those on which peer rates change; one after the last day asks
    nothing) the policy is simulated on what was known in that evening: no later day, no outcome that was not
    known yet, and peer rates made anew by `peers` from that alone. All transitions up to it must be those of
    the whole history, to the last bit.

    `peers` says how peer rates are made of a history; without it they are the monthly ones of `peer_rates`.
    The whole history is judged with the peer rates that it holds. So rates that were made with hindsight show
    as leaks; and so do any that `peers` does not make again, such as published ones, unless it says so.
    The scenario is taken as it is: what was assumed is not asked whether it could be known.
    """
    make = peers or monthly_peers_of
    asks_peers = needs_peers(policy)
    whole = history
    if asks_peers and history.peer_rates is None:
        whole = history.with_peer_rates(make(history))
    truth = simulate(whole, policy=policy, scenario=scenario).transitions
    tables: list[pl.DataFrame] = [Leaks.create_empty()]
    chosen = _cuts(whole) if cuts is None else cuts
    for day in sorted(day for day in {*chosen} if history.until and day <= history.until):
        known = history.known_on(day)
        if asks_peers:
            known = known.with_peer_rates(make(known))
        again = simulate(known, policy=policy, scenario=scenario).transitions
        tables.append(_differences(truth.filter(pl.col("day") <= day), again, known_until=day))
    return Leaks.cast(pl.concat(tables).sort(Leaks.primary_key()))


def _cuts(history: History) -> list[date]:
    """Evenly spaced days, and those on which new peer rates become valid."""
    days = history.daily["day"].unique().sort()
    changes = [] if history.peer_rates is None else history.peer_rates["effective_from"].unique().to_list()
    evenly = days.gather_every(max(len(days) // CUTS, 1)).to_list()
    return [*evenly, *(day for day in changes if evenly and day >= evenly[0])]


def _differences(truth: pl.DataFrame, again: pl.DataFrame, *, known_until: date) -> pl.DataFrame:
    keys = ["account_id", "day"]
    values = [name for name in truth.columns if name not in keys]
    words = pl.format("{} → {}: {}", "from_stage", "to_stage", "cause")
    both = truth.with_columns(transition=words).join(
        again.with_columns(transition=words), on=keys, how="full", coalesce=True, suffix="_again"
    )
    is_on_both_sides = pl.col("transition").is_not_null() & pl.col("transition_again").is_not_null()
    differences = [
        both.filter(
            pl.col(name).ne_missing(pl.col(f"{name}_again")), is_on_both_sides == (name != "transition")
        ).select(
            pl.lit(known_until).alias("known_until"),
            *keys,
            column=pl.lit(name),
            with_future=pl.col(name).cast(pl.String),
            without_future=pl.col(f"{name}_again").cast(pl.String),
        )
        for name in (*values, "transition")
    ]
    return pl.concat(differences)
