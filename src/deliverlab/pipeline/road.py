"""The road from raw exports to a simulation, over the tables of a data directory or of a `History`."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events import store
from deliverlab.events.daily import daily_counts
from deliverlab.events.recipients import add_recipient_key
from deliverlab.events.slices import slice_counts
from deliverlab.health import peers, score
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.pipeline.directory import known_within_days, note_about, read_table, scan_table, write_table
from deliverlab.policy import reviewers
from deliverlab.policy import simulate as ladder
from deliverlab.policy.queue import EVERY_DAY
from deliverlab.schemas import (
    Accounts,
    Contacts,
    Daily,
    Health,
    Incidents,
    PeerRates,
    Recommendations,
    Scores,
    Slices,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from pathlib import Path

    import dataframely as dy

    from deliverlab.events.exports import Paths
    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario


def ingest(
    paths: Paths,
    /,
    *,
    provider: str,
    data: str | Path,
    account_id: str | None = None,
    known_within_days: int = KNOWN_WITHIN_DAYS,
) -> store.IngestReport:
    """What was read, kept and refused; the data directory then holds the events, and their counts by day.

    The directory's key, which hides addresses in stored events, is made on the first ingest.
    """
    if not store.has_key(data):
        store.write_key(data, secrets.token_bytes(32))
    report = store.ingest(
        paths, provider=provider, data_dir=data, key=store.read_key(data), account_id=account_id
    )
    note_about(data, known_within_days=known_within_days)
    roll_up(data)
    return report


def roll_up(data: str | Path, /) -> None:
    """Write `daily`, `slices` and `peer_rates` of a data directory anew from its events.

    Events speak for an account from its first send day among them on; what the tables said of other accounts
    and of earlier days stays.
    """
    wait = known_within_days(data)
    events = store.scan_events(data)
    incidents = read_table(data, Incidents)
    daily = daily_counts(events, known_within_days=wait, incidents=incidents).collect()
    slices = slice_counts(
        events, known_within_days=wait, incidents=incidents, contacts=_known_contacts(data)
    ).collect()
    first_days = daily.group_by("account_id").agg(first_day=pl.col("day").min())
    write_table(data, Daily, pl.concat([_before(read_table(data, Daily), first_days), daily]))
    write_table(data, Slices, pl.concat([_before(read_table(data, Slices), first_days), slices]))
    if read_table(data, Accounts).height:
        write_peer_rates(data)


def write_peer_rates(data: str | Path, /) -> None:
    """Write the monthly peer rates of a data directory anew."""
    write_table(data, PeerRates, monthly_peers(data))


def monthly_peers(data: str | Path, /) -> dy.DataFrame[PeerRates]:
    """The peer rates of a data directory's own days, however large: days are streamed."""
    return peers.peer_rates(
        scan_table(data, Daily), read_table(data, Accounts), known_within_days=known_within_days(data)
    ).collect()


def account_health(
    history: History,
    /,
    *,
    as_of: date,
    window_days: int = 30,
    slices: pl.DataFrame | pl.LazyFrame | None = None,
) -> tuple[dy.DataFrame[Health], dy.DataFrame[Scores], dy.DataFrame[Recommendations]]:
    """Health a metric, scores an account and advice, each account against its peers; see `health.score`.

    Where the history has no peer rates, monthly ones are computed from it.
    """
    return score.account_health(with_peers(history), as_of=as_of, window_days=window_days, slices=slices)


def simulate(
    history: History,
    /,
    *,
    policy: Policy,
    scenario: Scenario,
    start: pl.DataFrame | pl.LazyFrame | None = None,
    until: date | None = None,
) -> ladder.Simulation:
    """What the policy would have done to every account in its scope; see `policy.simulate`.

    Where a rule compares with peers and the history has no peer rates, monthly ones are computed from it.
    """
    compared = with_peers_for(policy, history)
    return ladder.simulate(compared, policy=policy, scenario=scenario, start=start, until=until)


def simulate_with_reviewers(
    history: History,
    /,
    *,
    policy: Policy,
    scenario: Scenario,
    per_day: int | None,
    weekdays: Collection[int] = EVERY_DAY,
    promised_days: int | None = None,
    until: date | None = None,
) -> reviewers.Queue:
    """The same, had reviewers checked so many contact reviews a day; see `policy.reviewers`."""
    return reviewers.simulate_with_reviewers(
        with_peers_for(policy, history), policy=policy, scenario=scenario, per_day=per_day,
        weekdays=weekdays, promised_days=promised_days, until=until,
    )  # fmt: skip


def with_peers(history: History, /) -> History:
    """The history with peer rates: its own, or else monthly ones computed from its days."""
    return history if history.peer_rates is not None else history.with_peer_rates(monthly_peers_of(history))


def with_peers_for(policy: Policy, history: History, /) -> History:
    """The history, with peer rates if one of the policy's rules asks for them."""
    return with_peers(history) if needs_peers(policy) else history


def needs_peers(policy: Policy, /) -> bool:
    """Whether one of its rules compares with peers."""
    return any(rule.kind != "rate" for rule in policy.rules)


def monthly_peers_of(history: History, /) -> dy.DataFrame[PeerRates]:
    """Monthly peer rates of a history's own days."""
    return peers.peer_rates(
        history.daily, history.accounts, known_within_days=history.known_within_days
    ).collect()


def _known_contacts(data: str | Path) -> pl.DataFrame:
    """Which import brought a recipient and when, by the key under which events know them."""
    keyed = add_recipient_key(read_table(data, Contacts), column="email", key=store.read_key(data))
    return keyed.select("account_id", "recipient_key", "import_id", "created_at").unique(
        ["account_id", "recipient_key"], keep="first", maintain_order=True
    )


def _before(stored: pl.DataFrame, first_days: pl.DataFrame) -> pl.DataFrame:
    """The stored rows of which the events say nothing."""
    return (
        stored.join(first_days, on="account_id", how="left", maintain_order="left")
        .filter(pl.col("first_day").is_null() | (pl.col("day") < pl.col("first_day")))
        .drop("first_day")
    )
