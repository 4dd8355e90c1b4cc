"""One account's contact review from a data directory: decisions, and what they would have changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.display import bundle
from deliverlab.events import store
from deliverlab.events.daily import count_by, countable
from deliverlab.events.recipients import add_recipient_key
from deliverlab.language import ENGLISH, speaking
from deliverlab.metrics import METRICS
from deliverlab.pipeline.directory import known_within_days, read_table
from deliverlab.review.checklist import checklist_groups, checklist_hash, checklist_summary
from deliverlab.review.decisions import contact_decisions
from deliverlab.review.display import checklist_html, checklist_text
from deliverlab.review.export import masked
from deliverlab.review.removals import Removals, as_if_unknown, removal_rates
from deliverlab.review.segments import Segments, list_segments, segments
from deliverlab.review.steps import ATTESTATION, STEPS
from deliverlab.schemas import COUNTS, ContactDecisions, Contacts, Daily, Incidents, Slices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from deliverlab.display import Bundle

WINDOW_DAYS = 30  # as health looks at an account


@dataclass(frozen=True, kw_only=True, repr=False)
class Checklist:
    """What the pages and files of one account's contact review say, each part made when it is asked for.

    `segments` are those of the `metric`, above the `peer_rate`. Without stored events the list's own columns
    decide, and nobody can say what a removal would have changed. Shown, it names no address.
    """

    data: str | Path
    account_id: str
    as_of: date
    metric: str | None
    peer_rate: float | None
    language: str = ENGLISH
    steps: Sequence[Any] = STEPS
    attestation: str = ATTESTATION

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """`schemas.ContactDecisions`, as they go into files: in English."""
        return self._decided()

    @cached_property
    def told(self) -> pl.DataFrame:
        """The same with evidence in the language of the pages."""
        if self.language == ENGLISH:
            return self.decisions
        with speaking(self.language):
            return self._decided()

    @property
    def masked_decisions(self) -> pl.DataFrame:
        """What is told, with addresses that show no more than a letter and the domain."""
        return self.told.with_columns(masked(pl.col("email")).alias("email"))

    @property
    def has_contacts(self) -> bool:
        """Whether there is a contact list to decide on."""
        return self.decisions.height > 0

    @property
    def checklist_hash(self) -> str:
        """What names this checklist, whatever shows it."""
        return checklist_hash(self.decisions)

    @cached_property
    def groups(self) -> pl.DataFrame:
        """`ChecklistGroups` of the review area."""
        return checklist_groups(self.decisions).collect()

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The one row of `ChecklistSummary` of the review area."""
        return checklist_summary(self.decisions).collect().row(0, named=True)

    @cached_property
    def removals(self) -> pl.DataFrame:
        """`Removals` of the review area: what leaving out each group would have changed in the window."""
        if self._counts is None:
            return Removals.create_empty()
        day_before = self.window[0] - timedelta(days=1)
        before = contact_decisions(as_if_unknown(self._contacts), self._events, as_of=day_before).collect()
        return removal_rates(self.decisions, self._counts, self._whole, before=before)

    @cached_property
    def segments(self) -> pl.DataFrame:
        """`Segments` of the review area: what carries the excess in the window."""
        if self._counts is None or self.metric is None or not METRICS[self.metric].is_enforced:
            return Segments.create_empty()
        lists = list_segments(self._contacts, self._counts)
        cut = pl.concat([lists, _campaigns(self.data, self.account_id, self.window)], how="diagonal")
        return segments(cut, self._whole, metric=self.metric, peer_rate=self.peer_rate)

    @property
    def window(self) -> tuple[date, date]:
        """The first and the last send day that removals and segments are about."""
        last = self.as_of - timedelta(days=known_within_days(self.data))
        return (last - timedelta(days=WINDOW_DAYS - 1), last)

    def _decided(self) -> pl.DataFrame:
        if not self._contacts.height:
            return ContactDecisions.create_empty()
        return contact_decisions(self._contacts, self._events, as_of=self.as_of).collect()

    @cached_property
    def _contacts(self) -> pl.DataFrame:
        return contacts_of(self.data, [self.account_id])

    @cached_property
    def _events(self) -> pl.DataFrame | None:
        stored = events_of(self._contacts, self.data)
        return None if stored is None else stored.collect()

    @cached_property
    def _whole(self) -> pl.DataFrame:
        """The counts of all mail of the window."""
        days = read_table(self.data, Daily, account_ids=[self.account_id], since=self.window[0])
        return days.filter(pl.col("day") <= self.window[1]).select(pl.col(*COUNTS).sum())

    @cached_property
    def _counts(self) -> pl.DataFrame | None:
        """The counts of the window by contact; None where there is nothing to count."""
        if self._events is None or not self._events.height or not self._whole["sent"].item():
            return None
        mailed = _once(self._events, self.decisions).filter(pl.col("day").is_between(*self.window))
        return count_by(mailed.lazy(), "email", known_within_days=known_within_days(self.data)).collect()

    def __repr__(self) -> str:
        """What is to be done, in a line."""
        return f"Checklist({checklist_text(self.summary)})"

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        return bundle(checklist_html(self.groups, self.summary, self.checklist_hash), text=repr(self))


def contacts_of(data: str | Path, account_ids: Sequence[str], /) -> pl.DataFrame:
    """The lists of some accounts."""
    return read_table(data, Contacts, account_ids=account_ids)


def events_of(contacts: pl.DataFrame, data: str | Path, /) -> pl.LazyFrame | None:
    """The stored events of these contacts, with the recipient known again by the contact's own address.

    What a receiver got wrong is left out: it says nothing of the contacts that it refused. None where there
    is no contact, or no key to know one by.
    """
    if not contacts.height or not store.has_key(data):
        return None
    known = with_keys(contacts, data).select("account_id", "recipient_key", recipient="email").lazy()
    events = countable(store.scan_events(data), incidents=read_table(data, Incidents))
    return events.join(known, on=["account_id", "recipient_key"])


def with_keys(decisions: pl.DataFrame, data: str | Path, /) -> pl.DataFrame:
    """The rows with the `recipient_key` under which stored events know each `email`, if there is a key."""
    if not store.has_key(data):
        return decisions
    return add_recipient_key(decisions, column="email", key=store.read_key(data))


def _once(events: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """Each event with the one `email` that it counts for: of entries spelt alike, the one that would stay."""
    is_twin = pl.col("reasons").list.contains("duplicate")
    entries = decisions.select("email", recipient="email", is_twin=is_twin)
    return events.join(entries, on="recipient").sort("is_twin", "email").unique("event_key", keep="first")


def _campaigns(data: str | Path, account_id: str, window: tuple[date, date]) -> pl.DataFrame:
    sliced = read_table(data, Slices, account_ids=[account_id], since=window[0]).filter(
        pl.col("by") == "campaign", pl.col("day") <= window[1]
    )
    return sliced.group_by(pl.col("by").cast(pl.String), "value").agg(pl.col(*COUNTS).sum())
