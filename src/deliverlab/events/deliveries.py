"""What can be read in: export files and tables, each known again, each read a batch at a time."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from deliverlab.events.exports import Paths, batches, find_exports, read_frame
from deliverlab.events.manifest import Way
from deliverlab.events.providers import AUTO
from deliverlab.events.reading import Settings
from deliverlab.events.recognise import recognised, recognised_columns, rules_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import polars as pl

    from deliverlab.events.entries import Provider
    from deliverlab.events.exports import Batch, Export


class Delivery(NamedTuple):
    """A file or a table to read in: its name, how it is known again, and what it holds, a batch at a time.

    Where the `way` has no hash yet, it gets that of the events that were read.
    """

    source: str
    way: Way
    batches: Callable[[], Iterator[Batch]]


def exports(
    paths: Paths,
    /,
    *,
    provider: str = AUTO,
    settings: Settings = Settings(),  # noqa: B008 - it is immutable
) -> list[Delivery]:
    """The export files behind some paths, in the order of their names.

    `provider` is a provider's name, "auto" or a column map's file, as for `read_provider`. Raises `DataError`
    for a name that nobody has, a path that is not there, and a file that is of no known provider.
    """
    rules = rules_named(provider)

    def delivery(export: Export) -> Delivery:
        reader = rules or recognised(export.path)
        read = partial(batches, export, provider=reader, settings=settings)
        return Delivery(export.source, _way(reader, settings, sha256=_sha256(export.path)), read)

    return [delivery(export) for export in find_exports(paths)]


def rows(
    frames: Iterable[pl.DataFrame],
    /,
    *,
    source: str,
    provider: str = AUTO,
    settings: Settings = Settings(),  # noqa: B008
) -> Delivery:
    """Frames of one table; `provider` as above, recognised by the columns.

    Raises `DataError` where the columns are not those of the provider, or of none.
    """
    coming = iter(frames)
    first = list(next(((frame,) for frame in coming), ()))
    columns = first[0].columns if first else None
    reader = recognised_columns(columns, rules=rules_named(provider), what=source)

    def read() -> Iterator[Batch]:
        line = 1
        for frame in chain(first, coming):
            yield read_frame(frame, source=source, line=line, provider=reader, settings=settings)
            line += frame.height

    return Delivery(source, _way(reader, settings, sha256=""), read)


def _way(reader: Provider, settings: Settings, *, sha256: str) -> Way:
    """How something is read; what no name tells (a column map, types of contested bounces) by its hash."""
    tags, account_id, bounce_types = settings
    told = json.dumps([reader.edition, dict(bounce_types)], sort_keys=True)
    is_plain = not reader.edition and not bounce_types
    rules = "" if is_plain else hashlib.sha256(told.encode()).hexdigest()
    return Way(sha256, reader.name, account_id, *tags, rules)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
