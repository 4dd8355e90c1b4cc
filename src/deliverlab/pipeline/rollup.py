"""The days of a data directory, counted again where its events changed: daily, slices, caveats, peer rates.

Counting only the account-days that news touched gives what counting all would give. Where the rules of
counting changed (how long is waited, incidents, exclusions, contacts), all days are counted again.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from deliverlab.events import store
from deliverlab.events.caveats import Caveats, day_caveats
from deliverlab.events.daily import daily_counts
from deliverlab.events.exclusions import Exclusions
from deliverlab.events.months import months_after, portions, scan_months
from deliverlab.events.recipients import add_recipient_key
from deliverlab.events.slices import slice_counts
from deliverlab.health import peers
from deliverlab.pipeline.directory import ABOUT, file_name, read_table, table_path, table_writer, told_about
from deliverlab.schemas import Accounts, Contacts, Daily, Incidents, PeerRates, Slices

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dataframely as dy

    from deliverlab.admission import Table
    from deliverlab.events.commit import Change

EXCLUSIONS = "exclusions.toml"
COUNTED = "counted.json"


class Rules(NamedTuple):
    """What decides beside the events how days are counted."""

    known_within_days: int
    incidents: dy.DataFrame[Incidents]
    exclusions: Exclusions
    contacts: pl.DataFrame

    def marks(self) -> str:
        """What tells these rules from others, as a file says it."""
        told = {
            "known_within_days": self.known_within_days,
            "incidents": _mark(self.incidents.write_ndjson()),
            "exclusions": _mark(self.exclusions.model_dump_json()),
            "contacts": _mark(self.contacts.write_ndjson()),
        }
        return json.dumps(told, indent=1, sort_keys=True) + "\n"


def count_days(change: Change, days: pl.DataFrame | None, /, *, known_within_days: int) -> None:
    """Write into a change what the days of its events count, those in `days` (null: all) counted again.

    Events speak for an account from its first send day among them on; what the tables said of other accounts
    and of earlier days stays. A change that holds new incidents names the days they touch among `days`.
    """
    data = change.directory
    path = data / COUNTED
    stands = _rules(data, table_path(data, Incidents), known_within_days=known_within_days)
    if not path.exists() or path.read_text(encoding="utf-8") != stands.marks():
        days = None
    if days is not None and not days.height:
        return
    rules = _rules(data, change.path(file_name(Incidents)), known_within_days=known_within_days)
    speaking = _speaking(change, days)
    counted = [_counts(events, rules) for events in _of_days(change, days)]
    for table in (Daily, Slices, Caveats):
        kept = _kept(read_table(data, table), speaking, days)
        rows = pl.concat([kept, *(part[table].collect(engine="streaming") for part in counted)])
        change.write(file_name(table), table_writer(table, rows))
    change.write(COUNTED, partial(_write_text, rules.marks()))
    change.write(ABOUT, partial(_write_text, told_about(data, known_within_days=known_within_days)))
    accounts = read_table(data, Accounts)
    if accounts.height:
        daily = Daily.cast(pl.scan_parquet(change.path(file_name(Daily))))
        rates = peers.peer_rates(daily, accounts, known_within_days=known_within_days).collect()
        change.write(file_name(PeerRates), table_writer(PeerRates, rates))


def _counts(events: pl.LazyFrame, rules: Rules) -> dict[type[Table], pl.LazyFrame]:
    """What the events count, table by table."""
    wait, incidents, exclusions, contacts = rules
    exclude = exclusions.reason().is_not_null()
    return {
        Daily: daily_counts(events, known_within_days=wait, incidents=incidents, exclude=exclude),
        Slices: slice_counts(
            events, known_within_days=wait, incidents=incidents, exclude=exclude, contacts=contacts
        ),
        Caveats: day_caveats(events, exclusions=exclusions, incidents=incidents),
    }


def _rules(data: Path, incidents: Path, *, known_within_days: int) -> Rules:
    found = pl.read_parquet(incidents) if incidents.exists() else Incidents.create_empty()
    admitted = Incidents.admit(found, what=str(incidents))
    return Rules(known_within_days, admitted, exclusions_of(data), _known_contacts(data))


def exclusions_of(data: str | Path, /) -> Exclusions:
    """What a data directory leaves out of its counts: see `events.exclusions`."""
    path = Path(data) / EXCLUSIONS
    return Exclusions.from_toml(path) if path.exists() else Exclusions()


def _known_contacts(data: Path) -> pl.DataFrame:
    """Which import brought a recipient and when, by the key under which events know them."""
    keyed = add_recipient_key(read_table(data, Contacts), column="email", key=store.read_key(data))
    return keyed.select("account_id", "recipient_key", "import_id", "created_at").unique(
        ["account_id", "recipient_key"], keep="first", maintain_order=True
    )


def _of_days(change: Change, days: pl.DataFrame | None) -> Iterator[pl.LazyFrame]:
    """The events of these account-days, as they will be, in portions that can be counted one by one."""
    months = None if days is None else set(days["day"].dt.strftime("%Y-%m"))
    for events in portions(months_after(change, months=months)):
        dated = events.with_columns(day=pl.col("sent_at").dt.date())
        of_days = dated if days is None else dated.join(days.lazy(), on=["account_id", "day"], how="semi")
        yield of_days.drop("day")


def _speaking(change: Change, days: pl.DataFrame | None) -> pl.DataFrame:
    """From which day on events speak for an account, and from which day they did before (null: never)."""
    after = scan_months(months_after(change))
    before = store.scan_months(sorted((change.directory / store.EVENTS).glob("*.parquet")))
    if days is None:
        return _first_days(after, "first_day").with_columns(spoke_from=pl.lit(None, pl.Date))
    accounts = days.select("account_id").unique().lazy()
    return _first_days(after.join(accounts, on="account_id", how="semi"), "first_day").join(
        _first_days(before.join(accounts, on="account_id", how="semi"), "spoke_from"),
        on="account_id",
        how="left",
    )


def _first_days(events: pl.LazyFrame, name: str) -> pl.DataFrame:
    first = pl.col("sent_at").min().dt.date().alias(name)
    return events.group_by("account_id").agg(first).collect(engine="streaming")


def _kept(stored: pl.DataFrame, speaking: pl.DataFrame, days: pl.DataFrame | None) -> pl.DataFrame:
    """The stored rows that stay: other accounts', those of days before events speak, and untouched counts."""
    if days is not None:
        stored = stored.join(days, on=["account_id", "day"], how="anti", maintain_order="left")
    stays = (
        pl.col("first_day").is_null()
        | (pl.col("day") < pl.col("first_day"))
        | (pl.col("day") >= pl.col("spoke_from"))
    )
    return (
        stored.join(speaking, on="account_id", how="left", maintain_order="left")
        .filter(stays.fill_null(value=False))
        .drop("first_day", "spoke_from")
    )


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
