"""The ground that many policies are walked on: one history and scenario in arrays, read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.metrics import HARM
from deliverlab.policy.book import assumed_of
from deliverlab.policy.excess import yardsticks_of
from deliverlab.policy.kernel.layout import AVOIDED, FACTOR
from deliverlab.policy.kernel.many import Told, Yardsticks
from deliverlab.policy.past import accounts_in_scope, day_number, day_numbers, past_of
from deliverlab.policy.peers import peers_of
from deliverlab.policy.toml import shown
from deliverlab.schemas import COUNTS, LABELS

if TYPE_CHECKING:
    from datetime import date

    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.policy.kernel.layout import Assumed, Integers, Past, Peers, Records
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario
    from deliverlab.schemas import Standing


class Ground(NamedTuple):
    """Accounts in order, and all that the walk of any policy with the same peers and tiers needs of them."""

    ids: pl.Series
    industries: list[str]
    records: Records
    past: Past
    peers: Peers
    yardsticks: Yardsticks
    assumed: Assumed
    told: Told
    scenario: Scenario
    until: int

    @property
    def has_effects(self) -> bool:
        """Whether a review changes mail in this scenario."""
        effects = self.assumed.effects[1]
        return bool((effects[FACTOR] != 1.0).any() or (effects[AVOIDED] != 0.0).any())


def ground_of(
    history: History, *, like: Policy, scenario: Scenario, start: dy.DataFrame[Standing], until: date
) -> Ground:
    """What policies like this one are walked on.

    Raises `PolicyError` where the history holds no peer rates: without peers nobody has an excess.
    """
    if history.peer_rates is None:
        raise PolicyError(
            f"policy {shown(like.name)}: what it comes to is measured against peers, "
            f"so the history must hold peer rates, and it holds none"
        )
    accounts = accounts_in_scope(history, policy=like, start=start, until=until)
    if len(start):
        accounts = accounts.join(_last_rows(history, until=until), on="account_id", maintain_order="left")
        accounts = accounts.filter(pl.col("last_row") >= pl.col("first"))  # the others have no mail to judge
    mode = scenario.review.mode
    records, past = past_of(accounts, history, policy=like, mode=mode, start=start, until=until)
    peers, records["group"] = peers_of(accounts, history, metrics=like.peer_metrics, until=until)
    last = day_number(until)
    return Ground(
        ids=accounts["account_id"],
        industries=accounts["industry"].unique().sort().to_list(),
        records=records,
        past=past,
        peers=peers,
        yardsticks=_yardsticks(accounts, history, until=until),
        assumed=assumed_of(scenario),
        told=_told(accounts, history, until=last),
        scenario=scenario,
        until=last,
    )


def _last_rows(history: History, *, until: date) -> pl.DataFrame:
    """The last day with mail of each account."""
    days = history.daily.lazy().filter(pl.col("day") <= until).group_by("account_id")
    return days.agg(last_row=pl.col("day").max()).collect()


def _yardsticks(accounts: pl.DataFrame, history: History, *, until: date) -> Yardsticks:
    """Those of the metrics that harm, with their peer rates."""
    own = [yardsticks_of(history)[name] for name in HARM]
    peers, groups = peers_of(accounts, history, metrics=tuple(HARM), until=until)
    late = [f"late_{each.numerator}" for each in own]
    return Yardsticks(
        numerator=_columns([each.numerator for each in own]),
        late=np.array([COUNTS.index(name) if name in COUNTS else -1 for name in late], np.int64),
        denominator=_columns([each.denominator for each in own]),
        lateness=np.array([each.lateness for each in own]),
        weight=np.array(list(HARM.values())),
        peers=peers,
        groups=groups,
    )


def _columns(names: list[str]) -> Integers:
    return np.array([COUNTS.index(name) for name in names], np.int64)


def _told(accounts: pl.DataFrame, history: History, *, until: int) -> Told:
    """Labels, and the days they are of."""
    known = accounts.join(
        history.accounts.select("account_id", "label", "label_on"), on="account_id", maintain_order="left"
    )
    label = known["label"].fill_null("unknown").cast(pl.Enum(LABELS)).to_physical()
    judged_from = day_numbers(known.select(pl.coalesce("label_on", "first")).to_series())
    first = day_numbers(known["first"])
    return Told(
        label=label.cast(pl.Int64).to_numpy().copy(),
        judged_from=judged_from,
        first_day=int(first.min(initial=until)),
        least_delay=int((first - judged_from).min(initial=0)),
    )
