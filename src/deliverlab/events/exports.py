"""Export files: which there are, and what one holds, not settled yet."""

from __future__ import annotations

import os
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.envelopes import all_fields
from deliverlab.events.lines import read_records
from deliverlab.events.reading import entries_of, nothing
from deliverlab.events.recipients import mask_addresses
from deliverlab.events.sources import is_delta
from deliverlab.events.tables import as_rows, is_table, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deliverlab.events.entries import Provider
    from deliverlab.events.reading import Settings

Paths = str | Path | list[str] | list[Path] | list[str | Path]


class Export(NamedTuple):
    """A file, and the name by which tables speak of it: its place in the directory that was given."""

    path: Path
    source: str


class Batch(NamedTuple):
    """What a file, or a part of it, holds."""

    events: pl.DataFrame
    quarantine: pl.DataFrame
    records: int

    @property
    def read(self) -> int:
        """How many entries: recipients of records, and unusable records."""
        return self.events.height + self.quarantine.height


def find_exports(paths: Paths) -> list[Export]:
    """The files behind some paths, each once, by name; hidden files in directories are left out.

    A path may have `*`, `?` and `[...]` in it, and `**` for directories at any depth.
    Raises `DataError` where a path is not there.
    """
    found: dict[Path, Export] = {}
    for path in [Path(each) for each in ([paths] if isinstance(paths, str | Path) else paths)]:
        for there in _matching(path):
            root = there if there.is_dir() else there.parent
            for file in sorted(there.rglob("*")) if there.is_dir() else [there]:
                name = file.relative_to(root)
                is_hidden = there.is_dir() and any(part.startswith(".") for part in name.parts)
                if file.is_file() and not is_hidden:
                    source = os.fsencode(name.as_posix()).decode("utf-8", "replace")
                    found.setdefault(file.resolve(), Export(file, mask_addresses(source)))
    return sorted(found.values(), key=lambda export: (export.source, str(export.path)))


def batches(export: Export, *, provider: Provider, settings: Settings) -> Iterator[Batch]:
    """What a file holds, some thousand records at a time: memory never holds the whole of it.

    Raises `DataError` where the file cannot be opened; what is wrong inside is quarantined.
    """
    fields = all_fields(provider.fields(settings.tags), provider.envelopes)
    read = read_table if is_table(export.path) else read_records
    try:
        for rows in read(export.path, fields):
            entries = entries_of(rows, provider, fields, settings=settings, source=export.source)
            yield Batch(*entries, records=rows.height)
    except OSError as error:
        raise DataError(f"{export.path}: {error.strerror}, must be a file that can be read") from error


def read_frame(
    frame: pl.DataFrame, *, source: str, line: int, provider: Provider, settings: Settings
) -> Batch:
    """What the rows of a table hold that came from anywhere (a query, a lake); the first is number `line`."""
    fields = all_fields(provider.fields(settings.tags), provider.envelopes)
    rows = as_rows(frame, fields, line=line)
    return Batch(*entries_of(rows, provider, fields, settings=settings, source=source), records=rows.height)


def no_entries() -> Batch:
    """What a file without anything holds."""
    return Batch(*nothing(), records=0)


def whole(parts: Iterable[Batch]) -> Batch:
    """Batches as one, in their order."""
    found = [no_entries(), *parts]
    return Batch(
        events=pl.concat([part.events for part in found]),
        quarantine=pl.concat([part.quarantine for part in found]),
        records=sum(part.records for part in found),
    )


def _matching(path: Path) -> list[Path]:
    """The path itself, or what matches it."""
    if is_delta(path):
        raise DataError(f"{path} is a Delta table, must be read as one: ingest --from {path}")
    if path.exists():
        return [path]
    found = sorted(map(Path, glob(str(path), recursive=True))) if has_magic(str(path)) else []  # noqa: PTH207
    if not found:
        raise DataError(f"{path} is not there, must be an export or a directory of exports")
    return found
