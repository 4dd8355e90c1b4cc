"""The shape that every provider's mapping has, and the words in which one is written.

A record is read as a row of text fields (`fields`). A provider says where in them stands what, in
expressions of Polars: one `Mapping`. `reading` turns rows and mapping into entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as Dictionary

    from deliverlab.events.fields import Fields

BOUNCE = "bounce"  # hard or soft, as its reason says
NOTHING = pl.lit(None, dtype=pl.String)
FALSE = pl.lit(value=False)
NAME = pl.col("row:name")  # a record's `Mapping.name`, for the other expressions of a mapping


class Unusable(Exception):  # noqa: N818 - it describes a record, not a failure of the program
    """A record that cannot become an event; the message is the reason in the quarantine."""


class Tags(NamedTuple):
    """Under which names the records carry the account and the campaign."""

    account: str = "account_id"
    campaign: str = "campaign_id"


class Mapping(NamedTuple):
    """Where in the fields of a provider's record stands what an event needs; everything is text.

    `name` is what the provider calls it, null where a record is none of the provider's; it is found first,
    the other expressions have it as `NAME`. `each` is a list, one entry for each of its items (in the column
    `each`); null: one entry a record. `event_type` may be
    `BOUNCE`; null where the provider's word is not known. `status`, `words` and `stated` tell why mail came
    back. `provider_account` is the account at the provider, `account_id` the record's own tag. `detail`
    tells events apart which the other facts of a key do not: name, message, recipient and time.
    `complaint` is why an entry cannot be used, null where it can.
    """

    name: pl.Expr
    event_type: pl.Expr
    recipient: pl.Expr
    occurred_at: pl.Expr
    each: pl.Expr | None = None
    raw_type: pl.Expr | None = None
    sent_at: pl.Expr = NOTHING
    received_at: pl.Expr = NOTHING
    status: pl.Expr = NOTHING
    words: pl.Expr = NOTHING
    stated: pl.Expr = NOTHING
    account_id: pl.Expr = NOTHING
    provider_account: pl.Expr = NOTHING
    campaign_id: pl.Expr = NOTHING
    message_id: pl.Expr = NOTHING
    provider_event_id: pl.Expr = NOTHING
    detail: pl.Expr = NOTHING
    is_machine: pl.Expr = FALSE
    is_test: pl.Expr = FALSE
    is_transactional: pl.Expr = pl.lit(None, dtype=pl.Boolean)
    complaint: pl.Expr = NOTHING


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: what of its records is read, where its events stand inside others, and what they say.

    `envelopes` are paths to events inside a record (see `envelopes`), `stamp` the field of such a record that
    tells when it was handed over; where `sealed` is true it is not opened. `knows` says whether a record, or
    the header of a table, is one of the provider's. `may_hash_recipients` tells whether a hash may stand for
    an address. `edition` tells rules of one name apart.
    """

    name: str
    title: str
    fields: Callable[[Tags], Fields]
    mapping: Callable[[Tags], Mapping]
    knows: Callable[[Dictionary[str, Any]], bool]
    envelopes: tuple[str, ...] = ()
    stamp: str | None = None
    sealed: pl.Expr | None = None
    may_hash_recipients: bool = False
    edition: str = ""


def at(path: str, *, of: str | None = None) -> pl.Expr:
    """The field at a path of names with dots between, of the record or of the column `of`."""
    first, *rest = path.split(".")
    found = pl.col(first) if of is None else pl.col(of).struct.field(first)
    for name in rest:
        found = found.struct.field(name)
    return found


def word(expression: pl.Expr) -> pl.Expr:
    """The text without white space around it; null where nothing is left."""
    return expression.str.strip_chars().replace("", None)


def one_of(table: Dictionary[str, str | None], expression: pl.Expr) -> pl.Expr:
    """What the table says of a word; null where it does not know it."""
    return expression.replace_strict(list(table), list(table.values()), default=None, return_dtype=pl.String)


def first(table: Dictionary[str, tuple[str, str | None]]) -> dict[str, str | None]:
    """What a word is, of a table that says what it is and why."""
    return {name: what for name, (what, _) in table.items()}


def second(table: Dictionary[str, tuple[str, str | None]]) -> dict[str, str | None]:
    """Why, of the same table."""
    return {name: why for name, (_, why) in table.items()}


def is_true(expression: pl.Expr) -> pl.Expr:
    """Whether the text says true."""
    return expression.str.to_lowercase().is_in(("true", "1", "yes", "t")).fill_null(value=False)
