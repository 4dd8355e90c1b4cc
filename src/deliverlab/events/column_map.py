"""Tables of any origin, read by a column map in TOML: which column says what.

```toml
name = "crm"                    # stands in the events as their provider

[columns]                       # what an event needs, and the column that has it
recipient = "Email"
occurred_at = "When"
event_type = "What"
account_id = "Client"

[event_types]                   # the table's words for what happened; without this they are deliverlab's own
"Hard bounce" = "hard_bounce"

[constants]                     # what is the same in every row
campaign_id = "spring"

[time]                          # where times have no offset; without this they are ISO 8601 in UTC
zone = "Europe/Berlin"
format = "%d.%m.%Y %H:%M"
```
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from deliverlab.errors import DataError
from deliverlab.events.entries import BOUNCE, NAME, NOTHING, Mapping, Provider, at, is_true, one_of, word
from deliverlab.events.fields import TEXT
from deliverlab.events.providers import AUTO, PROVIDERS
from deliverlab.events.settings import read_settings
from deliverlab.schemas import BOUNCE_REASONS, EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping as Dictionary
    from pathlib import Path

    from deliverlab.events.fields import Fields

Fact = Literal[
    "recipient", "occurred_at", "event_type", "account_id", "campaign_id", "message_id", "provider_event_id",
    "sent_at", "received_at", "status", "words", "bounce_reason", "is_machine", "is_test", "is_transactional",
]  # fmt: skip
NEEDED = ("recipient", "occurred_at", "event_type")
TIMES = ("occurred_at", "sent_at", "received_at")
FLAGS = ("is_machine", "is_test")
KNOWN_TYPES = {name: name for name in (*EVENT_TYPES, BOUNCE)}
KNOWN_REASONS = {name: name for name in BOUNCE_REASONS}
OWN = "table"
_BARE = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$"


class Time(BaseModel):
    """How the table writes times that have no offset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str = "UTC"
    format: str | None = None

    @field_validator("zone")
    @classmethod
    def is_known(cls, zone: str) -> str:
        """A zone must stand in the time zone database."""
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be a time zone like Europe/Berlin") from None
        return zone


class ColumnMap(BaseModel):
    """Which column of a table says what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    columns: dict[Fact, str] = {}
    constants: dict[Fact, str] = {}
    event_types: dict[str, Literal[*EVENT_TYPES, BOUNCE]] = {}  # type: ignore[valid-type]  # the words of a table
    time: Time = Time()

    @model_validator(mode="after")
    def is_whole(self) -> ColumnMap:
        """Every event needs a recipient, a time and a type."""
        missing = [fact for fact in NEEDED if fact not in {**self.columns, **self.constants}]
        if missing:
            raise ValueError(f"columns must say where {missing[0]} stands")
        if self.name in {*PROVIDERS, AUTO}:
            raise ValueError("name must be none of a known provider")
        return self


def provider_of_map(path: str | Path, /) -> Provider:
    """The provider that a file with a column map describes; raises `DataError` naming what is wrong in it."""
    told = read_settings(ColumnMap, path)
    if told.name == OWN:
        raise DataError(f"{path}: name == {OWN!r}, must be none of a known provider")
    return provider_of(told)


def provider_of(told: ColumnMap, /) -> Provider:
    """The provider that a column map describes."""
    needed = {told.columns[fact].split(".")[0] for fact in NEEDED if fact in told.columns}
    return Provider(
        name=told.name,
        title=told.name,
        fields=lambda _: _fields(told),
        mapping=lambda _: _mapping(told),
        knows=lambda record: needed <= record.keys(),
        may_hash_recipients=True,
        edition=hashlib.sha256(told.model_dump_json().encode()).hexdigest(),
    )


def _fields(told: ColumnMap) -> Fields:
    fields: Fields = {}
    for column in told.columns.values():
        *parents, leaf = column.split(".")
        place = fields
        for name in parents:
            place = place.setdefault(name, {})
        place[leaf] = TEXT
    return fields


def _mapping(told: ColumnMap) -> Mapping:
    facts = {fact: word(at(column)) for fact, column in told.columns.items()} | {
        fact: pl.lit(value) for fact, value in told.constants.items() if fact not in told.columns
    }
    types: Dictionary[str, Any] = told.event_types or KNOWN_TYPES
    reason = facts.get("bounce_reason", NOTHING)
    rest = {
        fact: _in_utc(each, told.time)
        if fact in TIMES
        else is_true(each)
        if fact in FLAGS
        else _flag(each)
        if fact == "is_transactional"
        else each
        for fact, each in facts.items()
        if fact not in ("event_type", "bounce_reason")
    }
    return Mapping(
        name=facts["event_type"],
        event_type=one_of(types, NAME),
        stated=one_of(KNOWN_REASONS, reason),
        complaint=_unknown(reason),
        detail=facts.get("provider_event_id", NOTHING),
        **rest,
    )


def _unknown(reason: pl.Expr) -> pl.Expr:
    """What is wrong with a stated reason that nobody knows."""
    return pl.when(reason.is_not_null() & ~reason.is_in(BOUNCE_REASONS)).then(
        pl.format("unknown bounce_reason '{}'", reason.str.slice(0, 40))
    )


def _in_utc(text: pl.Expr, time: Time) -> pl.Expr:
    """The time as ISO 8601 with an offset, if it has none."""
    if time.format is None and time.zone == "UTC":
        return text
    bare = text if time.format else pl.when(text.str.contains(_BARE)).then(text)
    local = (
        bare.str.to_datetime(time.format, strict=False, time_unit="us")
        if time.format
        else bare.str.replace("T", " ").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    )
    moment = local.dt.replace_time_zone(time.zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(moment.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"), text)


def _flag(text: pl.Expr) -> pl.Expr:
    """Whether it is so; null where the table does not say."""
    return pl.when(text.is_not_null()).then(is_true(text))


# A table whose columns have deliverlab's own names.
TABLE = provider_of(ColumnMap(name=OWN, columns={fact: fact for fact in get_args(Fact)}))
