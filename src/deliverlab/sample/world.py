"""A whole synthetic world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from deliverlab.sample.accounts import make_account
from deliverlab.sample.contacts import make_contacts
from deliverlab.sample.exports import FORMATS, export
from deliverlab.sample.happenings import events_of
from deliverlab.sample.messages import send_messages
from deliverlab.sample.plan import REFUSING_PROVIDER, day_range, make_plan
from deliverlab.sample.register import accounts_table, enforcement_table, reviews_table, stories_table
from deliverlab.sample.rollup import Counts, daily_of, slices_of
from deliverlab.sample.stories import REFUSAL_AGO
from deliverlab.sample.tally import count_events, list_contacts
from deliverlab.sample.traffic import make_traffic
from deliverlab.schemas import Accounts, Contacts, Daily, Enforcement, Incidents, Reviews, Slices

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dataframely as dy

    from deliverlab.sample.accounts import Account
    from deliverlab.sample.plan import Plan
    from deliverlab.sample.roles import Role

SLICED_DAYS = 60  # of accounts without raw records; those with them are sliced whole


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Every table of a synthetic world, and its raw provider exports.

    `stories` is the truth: account_id, story, label (clean or abusive), from_day (null: ever), note.
    `raw` holds packed files by relative name. The accounts in them have their whole history there; it adds up
    to their rows of `daily` and `slices`, where bounces that match `incidents` are left out.
    """

    accounts: dy.DataFrame[Accounts]
    daily: dy.DataFrame[Daily]
    slices: dy.DataFrame[Slices]
    reviews: dy.DataFrame[Reviews]
    enforcement: dy.DataFrame[Enforcement]
    incidents: dy.DataFrame[Incidents]
    contacts: dy.DataFrame[Contacts]
    stories: pl.DataFrame
    raw: Mapping[str, bytes]


def make_world(
    *, accounts: int = 240, days: int = 150, seed: int = 7, last_day: date = date(2026, 6, 30)
) -> World:
    """A synthetic world: so many accounts over so many days, the same for the same arguments.

    Everything about an account depends on seed, number and days alone: more accounts change no row of those
    that were there. The first accounts play fixed parts and have raw records and contacts. In a world of less
    than 100 days some stories have begun before it.

    Raises `ValueError` unless there is at least one account and one day.

    >>> world = make_world(accounts=3, days=30)
    >>> world.accounts["name"].to_list()[2]
    '<b>Bold & Co</b>'
    """
    if accounts < 1 or days < 1:
        raise ValueError(f"accounts == {accounts}, days == {days}, must be at least 1 each")
    calendar = day_range(days=days, last_day=last_day)
    incidents = _incidents(last_day)
    cast: list[Account] = []
    counted: list[Counts] = []
    written: list[_Written] = []
    for number in range(1, accounts + 1):
        rng = chance(seed, number)
        account = make_account(number, rng=rng, first_day=calendar[0], last_day=last_day)
        plan = make_plan(account, rng=rng, days=calendar)
        cast.append(account)
        if account.role is None:
            counted.append(make_traffic(plan, account_id=account.account_id, rng=rng))
        else:
            written.append(_write(account, account.role, plan, incidents=incidents, rng=rng))
    in_full = [each.counts for each in written]
    since = calendar[-SLICED_DAYS:][0]
    return World(
        accounts=accounts_table(cast),
        daily=daily_of([*in_full, *counted]),
        slices=slices_of(in_full, counted, since=since),
        reviews=reviews_table(cast, last_day=last_day),
        enforcement=enforcement_table(cast, last_day=last_day),
        incidents=incidents,
        contacts=Contacts.validate(pl.concat(each.contacts for each in written)),
        stories=stories_table(cast, last_day=last_day),
        raw=_raw(written, last_day=last_day, seed=seed),
    )


class _Written(NamedTuple):
    """An account whose mail is told message by message."""

    record_format: str
    events: pl.DataFrame
    counts: Counts
    contacts: dy.DataFrame[Contacts]


def _write(
    account: Account, role: Role, plan: Plan, *, incidents: dy.DataFrame[Incidents], rng: np.random.Generator
) -> _Written:
    contacts = make_contacts(account, plan, rng=rng)
    messages = send_messages(account, plan, contacts, rng=rng)
    events = events_of(messages, provider=role.provider, last_day=plan.days[-1], rng=rng)
    return _Written(
        record_format=role.format,
        events=events,
        counts=count_events(events, incidents=incidents),
        contacts=list_contacts(
            contacts.table, events, incidents=incidents, overstates=role.overstates_engagement
        ),
    )


def _raw(written: list[_Written], *, last_day: date, seed: int) -> dict[str, bytes]:
    """The files of all accounts together: a provider does not sort by account."""
    files: dict[str, bytes] = {}
    for record_format in FORMATS:
        events = [each.events for each in written if each.record_format == record_format]
        if events:
            files |= export(
                pl.concat(events), record_format=record_format, last_day=last_day, rng=chance(seed, 0)
            )
    return files


def _incidents(last_day: date) -> dy.DataFrame[Incidents]:
    day = last_day - timedelta(days=REFUSAL_AGO)
    incident = {
        "from_day": day,
        "to_day": day,
        "recipient_domain": REFUSING_PROVIDER,
        "bounce_reason": "invalid_address",
        "note": "It said of nearly every mailbox that there is none, and took it back the next day.",
    }
    return Incidents.validate(pl.DataFrame([incident]), cast=True)


def chance(seed: int, number: int) -> np.random.Generator:
    """What decides everything about an account that is not fixed."""
    return np.random.default_rng(np.random.SeedSequence([seed, number]))
