"""Export files: which there are, and what one holds, not settled yet."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.entries import Entry, Provider, Tags, Unusable
from deliverlab.events.recipients import address, mask_addresses
from deliverlab.events.records import Record, read_records
from deliverlab.schemas import ClearEvents, Quarantine

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN_ACCOUNT = "unknown"
RAW_KEPT = 500  # characters of an unusable record
ROWS_AT_ONCE = 1 << 16

# A row is an entry with its key and domain: an event before it is settled, and two facts that end with the
# reading.
_ROW = ("event_key", "recipient_domain", *Entry._fields)
_DTYPES = {name: column.dtype for name, column in ClearEvents.columns().items()}
_QUARANTINE = {name: pl.String() for name in Quarantine.column_names()}

Paths = str | Path | list[str] | list[Path] | list[str | Path]


class Export(NamedTuple):
    """A file, and the name by which tables speak of it: its place in the directory that was given."""

    path: Path
    source: str


class Batch(NamedTuple):
    """What one file holds."""

    events: pl.DataFrame
    quarantine: pl.DataFrame
    records: int

    @property
    def read(self) -> int:
        """How many entries: recipients of records, and unusable records."""
        return self.events.height + self.quarantine.height


def find_exports(paths: Paths) -> list[Export]:
    """The files behind some paths, each once, by name; hidden files in directories are left out.

    Raises `DataError` where a path is not there.
    """
    found: dict[Path, Export] = {}
    for path in [Path(each) for each in ([paths] if isinstance(paths, str | Path) else paths)]:
        if not path.exists():
            raise DataError(f"{path} is not there, must be an export or a directory of exports")
        root = path if path.is_dir() else path.parent
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            name = file.relative_to(root)
            if file.is_file() and not (path.is_dir() and any(part.startswith(".") for part in name.parts)):
                source = os.fsencode(name.as_posix()).decode("utf-8", "replace")
                found.setdefault(file.resolve(), Export(file, mask_addresses(source)))
    return sorted(found.values(), key=lambda export: (export.source, str(export.path)))


def read_export(export: Export, *, provider: Provider, tags: Tags, account_id: str | None) -> Batch:
    """One file's entries and its quarantine."""
    frames: list[pl.DataFrame] = []
    rows: list[tuple[object, ...]] = []
    quarantined: list[tuple[str, str, str, str]] = []
    records = 0
    for record in read_records(export.path):
        records += 1
        for entry in _entries(record, provider=provider, tags=tags, account_id=account_id):
            if isinstance(entry, Unusable):
                reason = mask_addresses(str(entry))
                quarantined.append((export.source, record.position, reason, _kept(record.raw)))
            else:
                rows.append(_row(entry, provider=provider.name))
        if len(rows) >= ROWS_AT_ONCE:
            frames.append(_frame(rows))
            rows = []
    return Batch(
        events=pl.concat([*frames, _frame(rows)]).with_columns(
            provider=pl.lit(provider.name), source=pl.lit(export.source)
        ),
        quarantine=pl.DataFrame(quarantined, schema=_QUARANTINE, orient="row"),
        records=records,
    )


def no_entries() -> Batch:
    """What a file without anything holds."""
    events = _frame([]).with_columns(provider=pl.lit("").cast(pl.String), source=pl.lit("").cast(pl.String))
    return Batch(events, pl.DataFrame(schema=_QUARANTINE), 0)


def _entries(
    record: Record, *, provider: Provider, tags: Tags, account_id: str | None
) -> Iterator[Entry | Unusable]:
    """What a record says of each recipient, or why it says nothing; accounts and addresses are settled."""
    if record.value is None:
        yield Unusable(record.reason)
        return
    try:
        for entry in provider.entries(record.value, tags):
            recipient = address(entry.recipient)
            account = entry.account_id or account_id or entry.provider_account or UNKNOWN_ACCOUNT
            yield (
                Unusable("recipient is no address")
                if recipient is None
                else entry._replace(recipient=recipient, account_id=account)
            )
    except Unusable as problem:
        yield problem


def _row(entry: Entry, *, provider: str) -> tuple[object, ...]:
    recipient = str(entry.recipient)
    return (_event_key(entry, recipient, provider=provider), recipient.rpartition("@")[2], *entry)


def _event_key(entry: Entry, recipient: str, *, provider: str) -> str:
    """What makes an event itself, and nothing of how it reached us: a second delivery has the same key."""
    facts = (
        provider,
        entry.account_id or "",
        entry.raw_type,
        entry.message_id or "",
        recipient.lower(),
        entry.occurred_at.isoformat(),
        entry.detail,
    )
    return hashlib.blake2b("\x1f".join(facts).encode(), digest_size=16).hexdigest()


def _frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * len(_ROW)
    frame = pl.DataFrame(
        [
            pl.Series(name, values, _DTYPES.get(name, pl.String()))
            for name, values in zip(_ROW, columns, strict=True)
        ]
    )
    return frame.select(name for name in _ROW if name in _DTYPES)


def _kept(raw: str) -> str:
    """Raw text as it may be kept: addresses masked, cut, and of characters that a table can hold."""
    return mask_addresses(raw.encode("utf-8", "replace").decode())[:RAW_KEPT]
