"""The road from raw exports to a simulation, over the tables of a data directory or of a `History`."""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deliverlab.events import deliveries, sources, store
from deliverlab.events.caveats import Caveats, told
from deliverlab.events.commit import changing
from deliverlab.events.providers import AUTO
from deliverlab.events.reading import Settings
from deliverlab.events.settings import read_toml
from deliverlab.health import peers, score
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.pipeline.directory import known_within_days, read_table, scan_table, write_table
from deliverlab.pipeline.rollup import count_days
from deliverlab.policy import reviewers
from deliverlab.policy import simulate as ladder
from deliverlab.policy.queue import EVERY_DAY
from deliverlab.schemas import Accounts, Daily, Health, PeerRates, Recommendations, Scores

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    import dataframely as dy
    import polars as pl

    from deliverlab.events.deliveries import Delivery
    from deliverlab.events.exports import Paths
    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario

BOUNCE_TYPES = "bounce_types.toml"


def ingest(
    paths: Paths,
    /,
    *,
    provider: str = AUTO,
    data: str | Path,
    account_id: str | None = None,
    bounce_types: str | Path | None = None,
    known_within_days: int = KNOWN_WITHIN_DAYS,
) -> store.IngestReport:
    """What was read, kept and refused; the data directory then holds the events, and their counts by day.

    `provider` is a name, a column map's file, or "auto", which recognises each file. `bounce_types` is a TOML
    file that settles contested bounces, such as `mailbox_disabled = "soft_bounce"`; without it the data
    directory's own `bounce_types.toml`, if there is one. The directory's key, which hides addresses in stored
    events, is made on the first ingest. Events and counts change together, or not at all: see
    `events.commit`.
    """
    settings = _settings(data, account_id=account_id, bounce_types=bounce_types)
    delivered = deliveries.exports(paths, provider=provider, settings=settings)
    return take_in(delivered, data=data, known_within_days=known_within_days)


def ingest_from(
    source: str,
    /,
    *,
    data: str | Path,
    query: str | None = None,
    table: str | None = None,
    provider: str = AUTO,
    account_id: str | None = None,
    bounce_types: str | Path | None = None,
    known_within_days: int = KNOWN_WITHIN_DAYS,
) -> store.IngestReport:
    """The same for a table: of a database, or of any path that Polars can scan; see `events.sources`.

    Its columns are named as those of `Events`, with the address in `recipient`; or as a provider's connector
    writes them; or as a column map says.
    """
    delivered = deliveries.rows(
        sources.read_frames(source, query=query, table=table),
        source=sources.name_of(source, query=query, table=table),
        provider=provider,
        settings=_settings(data, account_id=account_id, bounce_types=bounce_types),
    )
    return take_in([delivered], data=data, known_within_days=known_within_days)


def _settings(data: str | Path, *, account_id: str | None, bounce_types: str | Path | None) -> Settings:
    own = Path(data) / BOUNCE_TYPES
    path = bounce_types or (own if own.exists() else None)
    return Settings.of(account_id=account_id, bounce_types=read_toml(path) if path else None)


def take_in(
    delivered: Iterable[Delivery], /, *, data: str | Path, known_within_days: int = KNOWN_WITHIN_DAYS
) -> store.IngestReport:
    """The same for files and tables of any kind."""
    report = store.take_in(
        delivered,
        data_dir=data,
        key=store.kept_key(data, otherwise=secrets.token_bytes(32)),
        derive=partial(count_days, known_within_days=known_within_days),
    )
    left_out, days_without_sent = told(read_table(data, Caveats))
    return replace(report, left_out=left_out, days_without_sent=days_without_sent)


def roll_up(data: str | Path, /, *, days: pl.DataFrame | None = None) -> None:
    """Write `daily`, `slices`, `caveats` and `peer_rates` anew from the events, of some account-days or all.

    What follows from the settings of the directory is always kept: see `pipeline.rollup`.
    """
    with changing(data) as change:
        count_days(change, days, known_within_days=known_within_days(data))
        change.commit()


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
