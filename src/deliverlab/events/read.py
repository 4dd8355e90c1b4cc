"""Exports in memory: files to events, with everything accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.entries import Tags
from deliverlab.events.exports import Paths, find_exports, no_entries, read_export
from deliverlab.events.providers import provider_named
from deliverlab.events.settle import count_sent_at_from, settle
from deliverlab.schemas import ClearEvents, Quarantine

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dataframely as dy


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of some exports; `events, quarantine = reading` unpacks the two tables.

    `records` counts JSON records, `read` entries: one recipient of one record, or one record that is
    unusable. accepted + duplicate + quarantined = read. `sent_at_from` counts the events by where their
    send time is from: "provider" (stated), "message" (the message's sent event), "event" (the event's own
    time).
    """

    events: dy.DataFrame[ClearEvents]
    quarantine: dy.DataFrame[Quarantine]
    records: int
    read: int
    duplicate: int
    sent_at_from: dict[str, int]

    @property
    def accepted(self) -> int:
        """How many events there are."""
        return self.events.height

    @property
    def quarantined(self) -> int:
        """How many entries could not be used."""
        return self.quarantine.height

    def __iter__(self) -> Iterator[pl.DataFrame]:
        return iter((self.events, self.quarantine))


def read_provider(
    paths: Paths,
    /,
    *,
    provider: str,
    account_id: str | None = None,
    account_tag: str = Tags().account,
    campaign_tag: str = Tags().campaign,
) -> Reading:
    """The events in a provider's exports, and what could not be used.

    A record's account is its own tag or custom argument `account_tag`; else `account_id`; else the
    provider's account (SES); else "unknown". Files are read in the order of their names, a directory with
    all that is in it; neither the order of files nor of records changes an event. Recipients stand in
    clear: this answer is for memory only.

    Raises `DataError` for an unknown provider or a path that is not there; what is wrong inside a file is
    quarantined.

    >>> read_provider([], provider="ses").accepted
    0
    """
    reader = provider_named(provider)
    tags = Tags(account=account_tag, campaign=campaign_tag)
    batches = [
        no_entries(),
        *(
            read_export(each, provider=reader, tags=tags, account_id=account_id)
            for each in find_exports(paths)
        ),
    ]
    entries = pl.concat([batch.events for batch in batches])
    settled = settle(entries, recipient="recipient")
    return Reading(
        events=ClearEvents.validate(settled.select(ClearEvents.column_names())),
        quarantine=Quarantine.validate(pl.concat([batch.quarantine for batch in batches])),
        records=sum(batch.records for batch in batches),
        read=sum(batch.read for batch in batches),
        duplicate=entries.height - settled.height,
        sent_at_from=count_sent_at_from(settled),
    )
