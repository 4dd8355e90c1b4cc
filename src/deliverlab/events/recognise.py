"""Which provider an export is of, by its first records."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from deliverlab.errors import DataError
from deliverlab.events.column_map import TABLE, provider_of_map
from deliverlab.events.entries import Tags, Unusable
from deliverlab.events.providers import AUTO, PROVIDERS
from deliverlab.events.records import Scroll, embedded
from deliverlab.events.tables import header, is_table, named
from deliverlab.events.unpack import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from deliverlab.events.entries import Provider
    from deliverlab.events.records import Record

RULES = {**PROVIDERS, TABLE.name: TABLE}
FIRST = 200  # records that are looked at


def rules_named(name: str) -> Provider | None:
    """By whose rules to read: a provider's by its name, a column map's by its file; null for "auto".

    Raises `DataError` for a name that nobody has.

    >>> rules_named("ses").title
    'SES'
    """
    if name.endswith(".toml"):
        return provider_of_map(name)
    if name not in RULES and name != AUTO:
        raise DataError(f"provider == {name!r}, must be one of {', '.join(sorted(RULES))}, {AUTO}, MAP.toml")
    return RULES.get(name)


def recognised(path: Path) -> Provider:
    """The one provider whose records the first of a file are.

    Raises `DataError` where they are of no known provider, or of several: a guess would be worse.
    """
    if is_table(path):
        return recognised_columns(header(path), what=str(path))
    first = _records(path)
    records = [record.value for record in first if record.value is not None]
    found = [rules for rules in RULES.values() if any(_is_of(record, rules) for record in records)]
    return _only(found, f"{path}: its first records look", is_empty=not first)


def recognised_columns(
    columns: Sequence[str] | None, /, *, what: str, rules: Provider | None = None
) -> Provider:
    """The one provider whose table has such columns; that of `rules`, if they are its own. Null: no table.

    Raises `DataError` where they are of no known provider, or of several, or not of this one.
    """
    known = [rules] if rules else list(RULES.values())
    found = [each for each in known if each.knows(named(columns or [], each.fields(Tags())))]
    if rules and columns and not found:
        raise DataError(f"{what}: its columns ({', '.join(columns)}) must be those of {rules.title}")
    return _only(found, f"{what}: its columns look", is_empty=not columns)


def _only(found: list[Provider], looks: str, *, is_empty: bool) -> Provider:
    if len(found) == 1:
        return found[0]
    if is_empty:
        return TABLE  # nothing to read, by whatever rules
    names = sorted(each.name for each in found)
    like = f"those of {' and of '.join(names)}" if names else "those of no known provider"
    raise DataError(f"{looks} like {like}, must be read with one provider named")


def _records(path: Path) -> list[Record]:
    pieces = (chunk.decode("utf-8", "surrogateescape") for chunk in _first(path))
    return list(islice(Scroll(lambda: next(pieces, "")).records(), FIRST))


def _first(path: Path) -> Iterator[bytes]:
    try:
        yield from chunks(path)
    except Unusable:
        return


def _is_of(record: dict[str, Any], provider: Provider) -> bool:
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
