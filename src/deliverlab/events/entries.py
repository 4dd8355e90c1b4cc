"""What a provider module says of one recipient of one record, and how it reads the fields."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_LATEST_SECOND = LATEST.timestamp()

_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{0,20})?")
_SPACED_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")


class Unusable(Exception):  # noqa: N818 - it describes a record, not a failure of the program
    """A record that cannot become an event; the message is the reason in the quarantine."""


class Entry(NamedTuple):
    """One recipient of one record: the unit in which read, accepted, duplicate and quarantined are counted.

    `recipient` is what the provider wrote, checked by the reader. `account_id` is the record's own tag,
    `provider_account` the account at the provider. `detail` tells apart what the other facts cannot.
    """

    event_type: str
    raw_type: str
    recipient: object
    occurred_at: datetime
    sent_at: datetime | None = None
    received_at: datetime | None = None
    bounce_reason: str | None = None
    account_id: str | None = None
    provider_account: str | None = None
    campaign_id: str | None = None
    message_id: str | None = None
    provider_event_id: str | None = None
    is_machine: bool = False
    detail: str = ""


class Tags(NamedTuple):
    """Under which names the records carry the account and the campaign."""

    account: str = "account_id"
    campaign: str = "campaign_id"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's name, its reader, and whether each of its events says when the mail was sent."""

    name: str
    entries: Callable[[dict[str, Any], Tags], Iterable[Entry]]
    states_sent_at: bool


def section(record: dict[str, Any], name: str) -> dict[str, Any]:
    """The object that stands under `name`; a record without it is unusable."""
    value = record.get(name)
    if not isinstance(value, dict):
        raise Unusable(f"{name} is missing or no object")
    return value


def text(value: object) -> str | None:
    """A word or number as stripped text, the first one of a list; null where there is none.

    >>> text([" spring "]), text(7), text(""), text({"a": 1})
    ('spring', '7', None, None)
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def moment(value: object, *, what: str) -> datetime:
    """The point in time that a provider wrote, in UTC.

    Numbers, also as text, are seconds since 1970, or milliseconds where seconds would be absurd: the two
    ranges do not meet. Text is ISO 8601; without an offset it is taken as UTC, as the providers say theirs
    are.

    Raises `Unusable` where it is missing, unreadable, before 1971 or from 2100 on.

    >>> moment("123456789", what="timestamp").isoformat()
    '1973-11-29T21:33:09+00:00'
    >>> moment("2018-10-08T14:05:45 +0000", what="timestamp").isoformat()
    '2018-10-08T14:05:45+00:00'
    """
    if value is None or value == "":
        raise Unusable(f"{what} is missing")
    try:
        found = _read_moment(value)
    except OverflowError:
        found = None
    except ValueError:
        raise Unusable(f"{what} == {str(value)[:40]!r}, must be a point in time") from None
    if found is None or not EARLIEST <= found < LATEST:
        raise Unusable(f"{what} == {str(value)[:40]!r}, must lie in the years 1971 to 2099")
    return found


def _read_moment(value: object) -> datetime:
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.fullmatch(value):
            try:
                found = datetime.fromisoformat(value)
            except ValueError:
                found = datetime.fromisoformat(_SPACED_OFFSET.sub("", value))
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    in_seconds = value < _LATEST_SECOND
    return EPOCH + (timedelta(seconds=value) if in_seconds else timedelta(milliseconds=value))
