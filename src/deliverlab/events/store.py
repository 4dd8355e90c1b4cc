"""The data directory's events: exports in, settled Parquet by send month out, no address in clear.

`events/2026-05.parquet` and so on, `quarantine.parquet`, `manifest.json`, and the `key` that hides addresses.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.commit import Change, changing, finish
from deliverlab.events.keys import checked, has_key, hide, kept_key, read_key, write_key
from deliverlab.events.manifest import (
    MANIFEST,
    FileReport,
    IngestReport,
    Manifest,
    read_manifest,
    write_manifest,
)
from deliverlab.events.months import ENTRY, EVENTS, FILE, incoming_spool, scan_months, settle_into
from deliverlab.events.recipients import keyed
from deliverlab.schemas import Events, Quarantine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import dataframely as dy

    from deliverlab.events.deliveries import Delivery
    from deliverlab.events.spool import Spool

    Derive = Callable[[Change, pl.DataFrame], None]

__all__ = [
    "EVENTS", "IngestReport", "has_key", "kept_key", "read_key", "read_quarantine", "scan_events",
    "scan_months", "take_in", "write_key",
]  # fmt: skip

QUARANTINE = "quarantine.parquet"


def take_in(
    deliveries: Iterable[Delivery], /, *, data_dir: str | Path, key: bytes, derive: Derive | None = None
) -> IngestReport:
    """What came of files and tables; the directory then holds their events beside those it held, settled.

    The order in which they come changes no event, and what was read in before changes nothing: it is known
    by its bytes, and counts as duplicate. After a crash at any moment the directory holds the old state or
    the new one. Addresses are hidden by `key` (see `recipients.recipient_key`), and so is every free text
    with an @ in it; an account's id stays as it is, for the accounts table has it too. Memory holds a batch,
    or a part of what is new.

    `derive` may write what follows from the events into the same change: it gets the change, and the
    account-days that the news touched.
    """
    with changing(data_dir) as change:
        before = _manifest(change.directory, key=key)
        read = {file.way: file for file in before.files}
        incoming, refused = incoming_spool(change.scratch / "incoming"), _Refused(change.scratch / "refused")
        reports: list[FileReport] = []
        for number, delivery in enumerate(deliveries):
            known = read.get(delivery.way)
            report = known.again(delivery.source) if known else None
            if report is None:
                first = _read(delivery, number=number, key=key, incoming=incoming, refused=refused)
                known = read.get(first.way)  # a table tells only now that it is the same
                report = known.again(delivery.source) if known else first
                refused.end(keep=known is None)
                read.setdefault(first.way, first)
            reports.append(report)
        settled = settle_into(change, incoming)
        for number, report in enumerate(reports):
            accepted = settled.accepted[number]
            if accepted:
                told = replace(report, accepted=accepted, duplicate=report.duplicate - accepted)
                reports[number] = read[told.way] = told
        origins = Counter(before.sent_at_from)
        origins.update(settled.sent_at_from)
        after = replace(before, files=tuple(read.values()), sent_at_from=dict(origins))
        if after != before:
            change.write(QUARANTINE, partial(_sink_quarantine, [*_stored(change.directory), *refused.frames]))
            change.write(MANIFEST, partial(write_manifest, after))
        if derive is not None:
            derive(change, settled.days)
        change.commit()
    return IngestReport(tuple(reports), after.sent_at_from)


def scan_events(data_dir: str | Path, /) -> dy.LazyFrame[Events]:
    """The stored events of a data directory, not read yet; none where nothing was read in."""
    directory = Path(data_dir)
    finish(directory)
    return scan_months(sorted((directory / EVENTS).glob("*.parquet")))


def read_quarantine(data_dir: str | Path, /) -> dy.DataFrame[Quarantine]:
    """What could not be used of all that was read into a data directory."""
    stored = _stored(Path(data_dir))
    return Quarantine.validate(stored[0].collect()) if stored else Quarantine.create_empty()


class _Refused:
    """What could not be used, set aside file by file."""

    def __init__(self, folder: Path) -> None:
        self.frames: list[pl.LazyFrame] = []
        self._folder = folder
        self._open: list[Path] = []
        self._written = 0

    def add(self, rows: pl.DataFrame) -> None:
        if rows.height:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._open.append(self._folder / f"{self._written}.parquet")
            self._written += 1
            rows.write_parquet(self._open[-1], compression="lz4")

    def end(self, *, keep: bool) -> None:
        """The end of a file: keep what was refused of it, or forget it."""
        self.frames += [pl.scan_parquet(path) for path in self._open if keep]
        self._open = []


def _read(delivery: Delivery, *, number: int, key: bytes, incoming: Spool, refused: _Refused) -> FileReport:
    """Set aside what a delivery holds; what it counts as duplicate is not yet told from what is new."""
    records = events = quarantined = 0
    digest = hashlib.sha256()
    for batch in delivery.batches():
        records += batch.records
        events += batch.events.height
        quarantined += batch.quarantine.height
        digest.update("".join(batch.events["event_key"]).encode())
        incoming.add(hide(batch.events, key=key).select(*ENTRY, pl.lit(number, pl.Int64).alias(FILE)))
        refused.add(batch.quarantine)
    way = delivery.way if delivery.way.sha256 else replace(delivery.way, sha256=digest.hexdigest())
    return FileReport(delivery.source, way, records, events + quarantined, 0, events, quarantined)


def _manifest(directory: Path, *, key: bytes) -> Manifest:
    """The directory's manifest, if the key is the one that its events are hidden by."""
    key_check = keyed("deliverlab", key=checked(key))
    manifest = read_manifest(directory) or Manifest(key_check)
    if manifest.key_check != key_check:
        raise DataError(f"key: not the one that hides the addresses in {directory}, must be that one")
    return manifest


def _stored(directory: Path) -> list[pl.LazyFrame]:
    path = directory / QUARANTINE
    return [pl.scan_parquet(path)] if path.exists() else []


def _sink_quarantine(frames: list[pl.LazyFrame], path: Path) -> None:
    pl.concat([Quarantine.create_empty().lazy(), *frames]).sink_parquet(path)
