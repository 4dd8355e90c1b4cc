"""Exports in memory: files to events, with everything accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deliverlab.events.entries import Tags
from deliverlab.events.exports import Paths, batches, find_exports, whole
from deliverlab.events.reading import Settings
from deliverlab.events.recognise import recognised, rules_named
from deliverlab.events.settle import count_sent_at_from, settle
from deliverlab.schemas import ClearEvents, Quarantine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import dataframely as dy
    import polars as pl


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of some exports; `events, quarantine = reading` unpacks the two tables.

    `records` counts JSON records, `read` entries: one recipient of one record, or one record that is
    unusable. accepted + duplicate + quarantined = read. `sent_at_from` counts the events by where their
    send time is from: "provider" (stated), "message" (the message's sent event), "event" (the event's own
    time). `providers` tells by whose rules each file was read.
    """

    events: dy.DataFrame[ClearEvents]
    quarantine: dy.DataFrame[Quarantine]
    records: int
    read: int
    duplicate: int
    sent_at_from: dict[str, int]
    providers: dict[str, str]

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
    bounce_types: Mapping[str, str] | None = None,
) -> Reading:
    """The events in a provider's exports, and what could not be used.

    `provider` is a provider's name, or "auto", which recognises each file by its first records and refuses
    to guess, or the path of a TOML file with a column map (see `column_map`).
    `bounce_types` settles what is contested: `{"mailbox_disabled": "soft_bounce"}` makes every bounce for
    that reason soft, whatever the provider calls it.

    A record's account is its own tag or custom argument `account_tag`; else `account_id`; else the account
    at the provider (SES's, HubSpot's portal and so on); else "unknown". Files are read in the order of
    their names, a directory with all that is in it; neither the order of files nor of records changes an
    event. Recipients stand in clear: this answer is for memory only.

    Raises `DataError` for an unknown provider or a path that is not there; what is wrong inside a file is
    quarantined.

    >>> read_provider([], provider="ses").accepted
    0
    """
    settings = Settings.of(
        account_tag=account_tag, campaign_tag=campaign_tag, account_id=account_id, bounce_types=bounce_types
    )
    rules = rules_named(provider)
    readers = [(export, rules or recognised(export.path)) for export in find_exports(paths)]
    read = whole(
        batch for export, reader in readers for batch in batches(export, provider=reader, settings=settings)
    )
    settled = settle(read.events, recipient="recipient")
    return Reading(
        events=ClearEvents.validate(settled.select(ClearEvents.column_names())),
        quarantine=Quarantine.validate(read.quarantine),
        records=read.records,
        read=read.read,
        duplicate=read.events.height - settled.height,
        sent_at_from=count_sent_at_from(settled),
        providers={export.source: reader.name for export, reader in readers},
    )
