"""The diary of a simulation: what every rule saw on a day, and what became of the day's mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import DataError
from deliverlab.policy.toml import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from deliverlab.policy.simulate import Simulation


class Diary(Table):
    """A day of an account: the stage held on it, whether a contact review was completed, and its mail.

    `X_sent` and `X_held` are what was let through and what was held of a column of `Daily`.
    """

    account_id = dy.String(primary_key=True)
    day = dy.Date(primary_key=True)
    stage = dy.String()
    is_reviewed = dy.Bool()
    sent_sent = dy.Float64()
    sent_held = dy.Float64()
    delivered_sent = dy.Float64()
    delivered_held = dy.Float64()
    hard_bounces_sent = dy.Float64()
    hard_bounces_held = dy.Float64()
    soft_bounces_sent = dy.Float64()
    soft_bounces_held = dy.Float64()
    complaints_sent = dy.Float64()
    complaints_held = dy.Float64()
    unsubscribes_sent = dy.Float64()
    unsubscribes_held = dy.Float64()
    opens_sent = dy.Float64()
    opens_held = dy.Float64()
    clicks_sent = dy.Float64()
    clicks_held = dy.Float64()
    late_hard_bounces_sent = dy.Float64()
    late_hard_bounces_held = dy.Float64()
    late_complaints_sent = dy.Float64()
    late_complaints_held = dy.Float64()


class Readings(Table):
    """What a rule saw on a day: the numbers of its window, null where it had none.

    `leads_to` is the stage to which the rule alone would move the account on that day; null where to none.
    `flip_events` is the fewest bad events that make the difference: more where the rule is not breached,
    fewer where it is; of an evidence rule on its newest day. `flip_mails` is the fewest further mails, none
    of them with a bad event, that would end a breach. Both are null where no number would.
    """

    account_id = dy.String(primary_key=True)
    day = dy.Date(primary_key=True)
    rule = dy.String(primary_key=True)
    window_from = dy.Date(nullable=True)
    events = dy.Float64(nullable=True)
    trials = dy.Float64(nullable=True)
    rate = dy.Float64(nullable=True)
    limit = dy.Float64(nullable=True)
    evidence = dy.Float64(nullable=True)
    peer_rate = dy.Float64(nullable=True)
    sent = dy.Float64(nullable=True)
    is_silent = dy.Bool()
    is_breached = dy.Bool()
    is_unclean = dy.Bool()
    leads_to = dy.String(nullable=True)
    flip_events = dy.Int64(nullable=True, min=1)
    flip_mails = dy.Int64(nullable=True, min=1)


def diary(
    result: Simulation,
    /,
    account_id: str | Iterable[str] | None = None,
    *,
    since: date | None = None,
    only_steps: bool = False,
) -> tuple[dy.DataFrame[Diary], dy.DataFrame[Readings]]:
    """The days of an account (of several, or of all) from a day on, or those with a step, and their readings.

    The accounts are walked again by the very walk that made the result. A reading is taken before the account
    moves on its day. On the day of a contact review no rule decides; its readings say what rules would have
    seen, nothing where the window has just restarted.

    Raises `DataError` where an account is not in the result.
    """
    from deliverlab.policy.kernel.layout import FOREVER, NONE
    from deliverlab.policy.past import day_number
    from deliverlab.policy.replay import Notebook, replay
    from deliverlab.policy.tables import diary_of

    first = NONE if since is None else day_number(since)
    replayed = replay(
        result.history, policy=result.policy, scenario=result.scenario, start=result.start,
        until=result.until, account_ids=chosen(result, account_id),
        notes=Notebook(FOREVER if only_steps else first, first),
    )  # fmt: skip
    return diary_of(replayed)


def chosen(result: Simulation, account_id: str | Iterable[str] | None, /) -> pl.Series:
    """One account of a result, several, or all of them; refuses one that it does not have."""
    everybody = result.outcomes["account_id"]
    if account_id is None:
        return everybody
    ids = [account_id] if isinstance(account_id, str) else list(account_id)
    asked = pl.Series("account_id", ids, dtype=pl.String).unique(maintain_order=True)
    strangers = asked.filter(~asked.is_in(everybody.implode()))
    if strangers.len():
        raise DataError(f"account_id = {shown(strangers[0])}, must be an account of the simulation")
    return asked
