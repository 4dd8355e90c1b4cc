"""Which provider an export is of, by its first records."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from deliverlab.errors import DataError
from deliverlab.events.column_map import provider_of_map
from deliverlab.events.entries import Tags, Unusable
from deliverlab.events.providers import AUTO, PROVIDERS, provider_named
from deliverlab.events.records import Scroll, embedded
from deliverlab.events.tables import header, is_table, named
from deliverlab.events.unpack import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deliverlab.events.entries import Provider

FIRST = 200  # records that are looked at


def rules_named(name: str) -> Provider | None:
    """By whose rules to read: a provider's by its name, a column map's by its file; null for "auto".

    Raises `DataError` for a name that nobody has.
    """
    if name.endswith(".toml"):
        return provider_of_map(name)
    return None if name == AUTO else provider_named(name)


def recognised(path: Path) -> Provider:
    """The one provider whose records the first of a file are.

    Raises `DataError` where they are of no known provider, or of several: a guess would be worse.
    """
    found = _found(path)
    if len(found) == 1:
        return PROVIDERS[found.pop()]
    if not found and path.stat().st_size == 0:
        return next(iter(PROVIDERS.values()))  # nothing to read, by whatever rules
    like = f"those of {' and of '.join(sorted(found))}" if found else "those of no known provider"
    raise DataError(f"{path}: its first records look like {like}, must be read with one provider named")


def _found(path: Path) -> set[str]:
    """The names of the providers whose records are among the first."""
    return {name for record in _records(path) for name in PROVIDERS if _is_of(record, PROVIDERS[name], path)}


def _records(path: Path) -> Iterator[dict[str, Any]]:
    if is_table(path):
        names = header(path)
        return iter([dict.fromkeys(names)] if names else [])
    pieces = (chunk.decode("utf-8", "surrogateescape") for chunk in _first(path))
    records = Scroll(lambda: next(pieces, "")).records()
    return (record.value for record in islice(records, FIRST) if record.value is not None)


def _first(path: Path) -> Iterator[bytes]:
    try:
        yield from chunks(path)
    except Unusable:
        return


def _is_of(record: dict[str, Any], provider: Provider, path: Path) -> bool:
    if is_table(path):
        return provider.knows(named(record, provider.fields(Tags())))
    return any(provider.knows(each) for each in (record, *_inside(record, provider)))


def _inside(record: dict[str, Any], provider: Provider, *, depth: int = 3) -> Iterator[dict[str, Any]]:
    """The records in the envelopes of a record."""
    for path in provider.envelopes if depth else ():
        for value in _along(record, path.split(".")):
            yield value
            yield from _inside(value, provider, depth=depth - 1)


def _along(value: object, steps: list[str]) -> Iterator[dict[str, Any]]:
    if not steps:
        if isinstance(value, dict):
            yield value
        return
    if not isinstance(value, dict):
        return
    step, *rest = steps
    inner = value.get(step.rstrip("*").removesuffix("[]"))
    if step.endswith("*"):
        try:
            yield from embedded(inner if isinstance(inner, str) else None)
        except Unusable:
            return
    for each in inner if step.endswith("[]") and isinstance(inner, list) else [inner]:
        yield from _along(each, rest)
