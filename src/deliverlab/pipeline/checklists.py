"""One account's contact review from a data directory: decisions, and what they would have changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.display import bundle
from deliverlab.events import store
from deliverlab.events.daily import count_by, countable
from deliverlab.events.recipients import add_recipient_key
from deliverlab.language import ENGLISH, speaking
from deliverlab.metrics import METRICS
from deliverlab.pipeline.directory import read_table
from deliverlab.review.checklist import checklist_groups, checklist_hash, checklist_summary
from deliverlab.review.decisions import contact_decisions
from deliverlab.review.display import checklist_html, checklist_text
from deliverlab.review.export import masked
from deliverlab.review.removals import Removals, as_if_unknown, removal_rates
from deliverlab.review.segments import Segments, list_segments, segments
from deliverlab.review.steps import ATTESTATION, STEPS
from deliverlab.schemas import COUNTS, Contacts, Incidents, Slices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from deliverlab.display import Bundle
    from deliverlab.history import History

WINDOW_DAYS = 30  # as health looks at an account


@dataclass(frozen=True, kw_only=True, repr=False)
class Checklist:
    """What the pages and files of a contact review say. Shown, it names no address.

    `told` are the decisions with their evidence in the page's language, `decisions` what goes into files.
    """

    decisions: pl.DataFrame
    told: pl.DataFrame
    groups: pl.DataFrame
    summary: dict[str, Any]
    removals: pl.DataFrame
    segments: pl.DataFrame
    window: tuple[date, date]
    steps: Sequence[Any] = STEPS
    attestation: str = ATTESTATION

    @property
    def checklist_hash(self) -> str:
        """What names this checklist, whatever shows it."""
        return checklist_hash(self.decisions)

    @property
    def masked_decisions(self) -> pl.DataFrame:
        """What is told, with addresses that show no more than a letter and the domain."""
        return self.told.with_columns(masked(pl.col("email")).alias("email"))

    @property
    def has_contacts(self) -> bool:
        """Whether there is a contact list to decide on."""
        return self.decisions.height > 0

    def __repr__(self) -> str:
        """What is to be done, in a line."""
        return f"Checklist({checklist_text(self.summary)})"

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        return bundle(checklist_html(self.groups, self.summary, self.checklist_hash), text=repr(self))


def open_checklist(
    data: str | Path,
    history: History,
    /,
    *,
    as_of: date,
    metric: str | None,
    peer_rate: float | None,
    language: str = ENGLISH,
) -> Checklist:
    """The review of the one account in `history`; segments are those of `metric`, above the `peer_rate`.

    Without stored events the list's own columns decide, and nobody can say what a removal would have changed.
    """
    account_id = history.accounts["account_id"].item()
    contacts = contacts_of(data, [account_id])
    stored = events_of(contacts, data)
    events = None if stored is None else stored.collect()
    decisions = contact_decisions(contacts, events, as_of=as_of).collect()
    told = decisions
    if language != ENGLISH:
        with speaking(language):
            told = contact_decisions(contacts, events, as_of=as_of).collect()
    last = as_of - timedelta(days=history.known_within_days)
    window = (last - timedelta(days=WINDOW_DAYS - 1), last)
    removed, parts = Removals.create_empty(), Segments.create_empty()
    whole = history.daily.filter(pl.col("day").is_between(*window)).select(pl.col(*COUNTS).sum())
    if events is not None and events.height and whole["sent"].item():
        mailed = _once(events, decisions).filter(pl.col("day").is_between(*window))
        counts = count_by(mailed.lazy(), "email", known_within_days=history.known_within_days).collect()
        before = contact_decisions(as_if_unknown(contacts), events, as_of=window[0] - timedelta(days=1))
        removed = removal_rates(decisions, counts, whole, before=before.collect())
        if metric is not None and METRICS[metric].is_enforced:
            cut = pl.concat(
                [list_segments(contacts, counts), _campaigns(data, account_id, window)], how="diagonal"
            )
            parts = segments(cut, whole, metric=metric, peer_rate=peer_rate)
    return Checklist(
        decisions=decisions,
        told=told,
        groups=checklist_groups(decisions).collect(),
        summary=checklist_summary(decisions).collect().row(0, named=True),
        removals=removed,
        segments=parts,
        window=window,
    )


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
