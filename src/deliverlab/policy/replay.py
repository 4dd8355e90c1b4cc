"""The walk of a history: accounts in blocks, each with room enough and luck enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import polars as pl

from deliverlab.policy.book import assumed_of, book_of, draws_of
from deliverlab.policy.kernel import layout
from deliverlab.policy.kernel.layout import FOREVER, Here, Mail, Notes, Walked
from deliverlab.policy.kernel.walk import walk
from deliverlab.policy.past import accounts_in_scope, day_number, past_of
from deliverlab.policy.peers import peers_of

if TYPE_CHECKING:
    from datetime import date

    from deliverlab.history import History
    from deliverlab.policy.kernel.layout import Assumed, Book, Floats, Past, Peers, Records
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario

BLOCK = 1024  # accounts walked at once: bounds the room they need
FIRST_DRAWS = 4  # notices an account is expected to get at most


class Notebook(NamedTuple):
    """From which day on a diary is kept of every day, and from which of those with a step."""

    days_from: int = FOREVER
    steps_from: int = FOREVER


class Replayed(NamedTuple):
    """A walk, and what its numbers stand for."""

    walked: Walked
    ids: pl.Series
    policy: Policy
    until: date


NOTHING = Notebook()
LISTS = {
    "transitions": layout.TRANSITION, "runs": layout.RUN, "dues": layout.DUE,
    "days": layout.DAY, "readings": layout.READING,
}  # fmt: skip

Everything: TypeAlias = "tuple[Past, Book, Assumed, Peers]"


def replay(
    history: History,
    *,
    policy: Policy,
    scenario: Scenario,
    start: pl.DataFrame,
    until: date,
    account_ids: pl.Series | None = None,
    notes: Notebook = NOTHING,
) -> Replayed:
    """The walk of what has been checked at the door: of everybody in scope, or of some of them.

    `notes` says of which days a diary is kept.
    """
    accounts = accounts_in_scope(history, policy=policy, start=start, until=until)
    if account_ids is not None:
        accounts = accounts.filter(pl.col("account_id").is_in(account_ids.implode()))
    mode = scenario.review.mode
    records, past = past_of(accounts, history, policy=policy, mode=mode, start=start, until=until)
    peers, records["group"] = peers_of(accounts, history, metrics=policy.peer_metrics, until=until)
    records["days_noted_from"], records["steps_noted_from"] = notes
    book = book_of(policy, industries=accounts["industry"].unique().sort().to_list())
    everything = (past, book, assumed_of(scenario), peers)
    ids = accounts["account_id"]
    walked = _walk(records, everything, ids=ids, scenario=scenario, until=day_number(until))
    return Replayed(walked, ids, policy, until)


def _walk(
    accounts: Records, everything: Everything, *, ids: pl.Series, scenario: Scenario, until: int
) -> Walked:
    """All accounts, block by block; one with more notices than draws of luck is walked again with more."""
    past, book, _, _ = everything
    walked = Walked(
        states=past.states.copy(),
        evidence=past.evidence.copy(),
        days_in_stage=np.zeros((len(accounts), len(book.stages)), np.int64),
        sent=np.zeros((len(accounts), layout.COLUMNS)),
        held=np.zeros((len(accounts), layout.COLUMNS)),
        sizes=np.zeros(1, layout.SIZES)[0],
        **{name: np.empty(0, kind) for name, kind in LISTS.items()},
    )
    lists = [[getattr(walked, name) for name in LISTS]]
    for first in range(0, len(accounts), BLOCK):
        block, draws = accounts[first : first + BLOCK], FIRST_DRAWS if scenario.review.mode == "chance" else 0
        while len(block):
            names, given = ids.gather(block["number"]), past.states["notices"][block["number"]]
            luck = draws_of(scenario, account_ids=names, given=given, draws=draws)
            found = _walk_block(block, luck, everything, walked, until=until)
            is_short = (draws > 0) & (walked.states["new_notices"][block["number"]] > draws)
            done = block["number"][~is_short]
            lists.append([lines[np.isin(lines["account"], done)] for lines in found])
            block, draws = block[is_short], 4 * draws
    whole = [np.concatenate(parts) for parts in zip(*lists, strict=True)]
    in_order = [lines[np.argsort(lines["account"], kind="stable")] for lines in whole]
    return walked._replace(**dict(zip(LISTS, in_order, strict=True)))


def _walk_block(
    block: Records, luck: Floats, everything: Everything, walked: Walked, *, until: int
) -> list[Records]:
    """The lists of some accounts, in room that suffices if each moves every day."""
    past, book, assumed, peers = everything
    days = np.maximum(until + 1 - block["first"], 0)
    runs, dues = block["runs_end"] - block["run"] + days + 1, block["dues_end"] - block["due"] + days
    noted = np.clip(until + 1 - np.minimum(block["days_noted_from"], block["steps_noted_from"]), 0, days)
    room_for = (days.sum(), runs.sum(), dues.sum(), noted.sum(), noted.sum() * len(book.rules))
    lists = {name: np.empty(room, LISTS[name]) for name, room in zip(LISTS, room_for, strict=True)}
    filling = walked._replace(**lists, sizes=np.zeros(1, layout.SIZES)[0])
    state, today = walked.states[0], np.zeros(1, layout.TODAY)[0]
    room = Here(
        mail=Mail(
            account=block[0],
            state=state,
            today=today,
            totals=np.zeros((block["days"].max() + 1, layout.COLUMNS), np.int64),
            runs=np.zeros(runs.max(), layout.RUN),
            effects=assumed.effects,
        ),
        notes=Notes(
            state=state,
            today=today,
            evidence=walked.evidence[0],
            findings=np.zeros(len(book.rules) + 1, layout.FINDING),
            dues=np.zeros(dues.max(), np.int64),
            draws=luck[0],
        ),
        past=past,
        book=book,
        assumed=assumed,
        peers=peers,
    )
    walk(block, luck, filling, room, until)
    return [lines[: filling.sizes[name]] for name, lines in lists.items()]
