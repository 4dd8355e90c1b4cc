"""The data directory's events: exports in, settled Parquet by send month out, no address in clear.

`events/2026-05.parquet` and so on, `quarantine.parquet`, `manifest.json`, and the `key` that hides addresses.
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.commit import finish, replace_files
from deliverlab.events.daily import days_without_sent
from deliverlab.events.entries import Tags
from deliverlab.events.exports import Paths, find_exports, no_entries, read_export
from deliverlab.events.keys import checked, has_key, hide, read_key, write_key
from deliverlab.events.manifest import (
    MANIFEST,
    FileReport,
    IngestReport,
    Manifest,
    Way,
    read_manifest,
    write_manifest,
)
from deliverlab.events.providers import PROVIDERS, provider_named
from deliverlab.events.recipients import keyed
from deliverlab.events.settle import count_sent_at_from, settle
from deliverlab.schemas import Events, Quarantine

if TYPE_CHECKING:
    from collections.abc import Callable

    import dataframely as dy

    from deliverlab.events.exports import Batch

__all__ = ["IngestReport", "has_key", "ingest", "read_key", "read_quarantine", "scan_events", "write_key"]

EVENTS, QUARANTINE = "events", "quarantine.parquet"

# An event as it was before it was settled.
_ENTRY = [name for name in Events.column_names() if name != "is_repeat"]


def ingest(
    paths: Paths,
    /,
    *,
    provider: str,
    data_dir: str | Path,
    key: bytes,
    account_id: str | None = None,
    account_tag: str = Tags().account,
    campaign_tag: str = Tags().campaign,
) -> IngestReport:
    """What came of the exports; the directory then holds their events beside those it held, settled together.

    The order of ingests changes no event, and a file that was read in before changes nothing: it is known
    by its bytes, and counts as duplicate. After a crash at any moment the directory holds the old state or
    the new one. Addresses are hidden by `key` (see `recipients.recipient_key`), and so is every free text
    with an @ in it; an `account_id` stays as it is, for the accounts table has it too.

    Raises `DataError` for an unknown provider, a path that is not there, or a key that is not the
    directory's.
    """
    directory = _opened(data_dir)
    before = _manifest(directory, key=key)
    reader, tags = provider_named(provider), Tags(account=account_tag, campaign=campaign_tag)
    read = {file.way: file for file in before.files}
    exports = [
        (each, Way(_sha256(each.path), provider, account_id, account_tag, campaign_tag))
        for each in find_exports(paths)
    ]
    batches = {
        way: read_export(export, provider=reader, tags=tags, account_id=account_id)
        for export, way in exports
        if way not in read
    }
    stored = scan_events(directory).collect()
    incoming = hide(_with_file(batches), key=key)
    accepted = _count_new(incoming, stored)
    reports = []
    for export, way in exports:
        if way in read:
            reports.append(read[way].again(export.source))
        else:
            read[way] = _report(export.source, way, batches[way], accepted=accepted.get(way.sha256, 0))
            reports.append(read[way])
    if not batches:
        return IngestReport(tuple(reports), before.sent_at_from, before.days_without_sent)
    settled = settle(pl.concat([_unsettled(stored), incoming.select(_ENTRY)]), recipient="recipient_key")
    events = Events.validate(settled.select(Events.column_names()))
    after = Manifest(
        key_check=before.key_check,
        files=tuple(read.values()),
        sent_at_from=count_sent_at_from(settled),
        days_without_sent=days_without_sent(events).collect().height,
    )
    quarantine = pl.concat([read_quarantine(directory), *(batch.quarantine for batch in batches.values())])
    replace_files(
        directory,
        _changed_months(directory, events)
        | {QUARANTINE: quarantine.write_parquet, MANIFEST: partial(write_manifest, after)},
    )
    return IngestReport(tuple(reports), after.sent_at_from, after.days_without_sent)


def scan_events(data_dir: str | Path, /) -> dy.LazyFrame[Events]:
    """The stored events of a data directory, not read yet; none where nothing was read in."""
    directory = Path(data_dir)
    finish(directory)
    months = sorted((directory / EVENTS).glob("*.parquet"))
    return Events.cast(pl.scan_parquet(months)) if months else Events.create_empty(lazy=True)


def read_quarantine(data_dir: str | Path, /) -> dy.DataFrame[Quarantine]:
    """What could not be used of all that was read into a data directory."""
    path = Path(data_dir) / QUARANTINE
    return Quarantine.validate(pl.read_parquet(path)) if path.exists() else Quarantine.create_empty()


def _opened(data_dir: str | Path) -> Path:
    """The directory, made if need be, with what an interrupted ingest had decided carried out."""
    directory = Path(data_dir)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{directory}: {error.strerror}, must be a directory that can be written") from error
    finish(directory)
    return directory


def _manifest(directory: Path, *, key: bytes) -> Manifest:
    """The directory's manifest, if the key is the one that its events are hidden by."""
    key_check = keyed("deliverlab", key=checked(key))
    manifest = read_manifest(directory) or Manifest(key_check)
    if manifest.key_check != key_check:
        raise DataError(f"key: not the one that hides the addresses in {directory}, must be that one")
    return manifest


def _report(source: str, way: Way, batch: Batch, *, accepted: int) -> FileReport:
    return FileReport(
        source=source,
        way=way,
        records=batch.records,
        read=batch.read,
        accepted=accepted,
        duplicate=batch.events.height - accepted,
        quarantined=batch.quarantine.height,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _with_file(batches: dict[Way, Batch]) -> pl.DataFrame:
    """All entries, and the hash of the `file` in which each stood."""
    return pl.concat(
        [
            no_entries().events.with_columns(file=pl.lit("")),
            *(batch.events.with_columns(file=pl.lit(way.sha256)) for way, batch in batches.items()),
        ]
    )


def _count_new(incoming: pl.DataFrame, stored: pl.DataFrame) -> dict[str, int]:
    """How many events of each file no earlier file had, nor the directory."""
    first = incoming.unique("event_key", keep="first", maintain_order=True)
    new = first.join(stored, on="event_key", how="anti")
    return dict(new.group_by("file").len().iter_rows())


def _unsettled(stored: pl.DataFrame) -> pl.DataFrame:
    """Stored events as entries again, without the send times that were found for them."""
    stated = [name for name, provider in PROVIDERS.items() if provider.states_sent_at]
    return stored.select(_ENTRY).with_columns(
        sent_at=pl.when(pl.col("provider").is_in(stated)).then("sent_at")
    )


def _changed_months(directory: Path, events: pl.DataFrame) -> dict[str, Callable[[Path], object] | None]:
    """What becomes of each month's file: written anew where its events changed, gone where none are left."""
    months = events.with_columns(month=pl.col("sent_at").dt.strftime("%Y-%m")).partition_by(
        "month", as_dict=True, include_key=False
    )
    wanted = {f"{EVENTS}/{month}.parquet": month_events for (month,), month_events in months.items()}
    there = {f"{EVENTS}/{path.name}" for path in (directory / EVENTS).glob("*.parquet")}
    changed: dict[str, Callable[[Path], object] | None] = dict.fromkeys(there - wanted.keys())
    for name, month_events in wanted.items():
        if name not in there or not pl.read_parquet(directory / name).equals(month_events):
            changed[name] = partial(month_events.write_parquet, compression="zstd")
    return changed
