"""Rows of a provider's records become entries: events not settled yet, and what is quarantined.

An entry is one recipient of one record, or one record that cannot be used.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.bounces import bounce_reason, bounce_type
from deliverlab.events.entries import BOUNCE, NAME, Mapping, Tags, word
from deliverlab.events.envelopes import opened
from deliverlab.events.moments import moments
from deliverlab.events.recipients import addresses
from deliverlab.events.refusals import TIMES, quarantined, refusals
from deliverlab.schemas import BOUNCE_REASONS, ClearEvents, Quarantine

if TYPE_CHECKING:
    from collections.abc import Mapping as Dictionary

    from deliverlab.events.entries import Provider
    from deliverlab.events.fields import Fields

UNKNOWN_ACCOUNT = "unknown"

BOUNCES = ("hard_bounce", "soft_bounce")
_EXPLAINED = (*BOUNCES, BOUNCE, "deferred")

_PLACE = ("line", "item", "raw")
_KEY = ("provider", "account_id", "name", "message_id", "recipient", "occurred_at", "detail")
_DTYPES = {name: column.dtype for name, column in ClearEvents.columns().items() if name not in ("is_repeat",)}


class Settings(NamedTuple):
    """What the caller decides about reading: tags, whose the mail is, and types of contested bounces."""

    tags: Tags = Tags()
    account_id: str | None = None
    bounce_types: Dictionary[str, str] = MappingProxyType({})

    @classmethod
    def of(
        cls,
        *,
        account_tag: str = Tags().account,
        campaign_tag: str = Tags().campaign,
        account_id: str | None = None,
        bounce_types: Dictionary[str, str] | None = None,
    ) -> Settings:
        """The settings, checked; raises `DataError` for reasons and types of bounces that nobody knows."""
        return cls(Tags(account_tag, campaign_tag), account_id, checked(bounce_types))


def checked(bounce_types: Dictionary[str, str] | None) -> Dictionary[str, str]:
    """What the caller says of contested bounces; raises `DataError` for words that nobody knows."""
    for reason, wanted in (bounce_types or {}).items():
        for name, word_, known in (("reason", reason, BOUNCE_REASONS), ("type", wanted, BOUNCES)):
            if word_ not in known:
                raise DataError(f"bounce_types: {name} {word_!r}, must be one of {', '.join(known)}")
    return bounce_types or {}


class Entries(NamedTuple):
    """Events that are not settled yet, and what could not be used."""

    events: pl.DataFrame
    quarantine: pl.DataFrame


def entries_of(
    rows: pl.DataFrame, provider: Provider, fields: Fields, *, settings: Settings, source: str
) -> Entries:
    """What some rows of `lines.read_records` say, one entry a recipient concerned."""
    rows = opened(rows, provider, fields)
    problems = rows.filter(pl.col("problem").is_not_null())
    facts = _facts(rows.filter(pl.col("problem").is_null()), provider.mapping(settings.tags))
    found = facts.with_columns(
        *(moments(facts[name]).alias(name) for name in TIMES),
        recipient=addresses(facts["recipient"], or_hashes=provider.may_hash_recipients),
    ).with_columns(account_id=pl.coalesce(_account(settings)))
    refused = refusals(facts, found, provider)
    is_fine = refused.is_null()
    return Entries(
        _events(found.filter(is_fine), provider, settings).with_columns(source=pl.lit(source)),
        pl.concat(
            [
                quarantined(problems, problems["problem"], source),
                quarantined(facts.filter(~is_fine), refused.filter(~is_fine), source),
            ]
        ),
    )


def nothing() -> Entries:
    """What a file without anything holds."""
    return Entries(
        pl.DataFrame(schema=_DTYPES),
        pl.DataFrame(schema={name: pl.String() for name in Quarantine.column_names()}),
    )


def _facts(rows: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """What the mapping finds in each record, or for each of those that a record concerns; still text."""
    place = rows.select(*(pl.col(name).alias(f"row:{name}") for name in (*_PLACE, "received")))
    frame = place.hstack(rows["record"].struct.unnest()).with_columns(
        mapping.name.alias(NAME.meta.output_name())
    )
    if mapping.each is not None:
        frame = _one_a_row(frame.with_columns(mapping.each.alias("each")))
    wanted = {
        name: expression
        for name, expression in mapping._asdict().items()
        if name not in ("each", "name", "raw_type", "received_at")
    } | {
        "name": NAME,
        "raw_type": NAME if mapping.raw_type is None else mapping.raw_type,
        "received_at": pl.coalesce("row:received", mapping.received_at),
    }
    columns = [pl.col(f"row:{name}").alias(name) for name in _PLACE]
    return frame.lazy().select(*columns, **wanted).collect()


def _one_a_row(frame: pl.DataFrame) -> pl.DataFrame:
    """A row for each of those whom a record concerns; most records concern one, which is quicker."""
    if (frame["each"].list.len() == 1).all(ignore_nulls=False):
        return frame.with_columns(pl.col("each").list.first())
    return frame.explode("each", empty_as_null=True)


def _account(settings: Settings) -> list[pl.Expr]:
    """The nearest to the mail knows best whose it is."""
    return [word(pl.col("account_id")), pl.lit(settings.account_id, pl.String),
            word(pl.col("provider_account")), pl.lit(UNKNOWN_ACCOUNT)]  # fmt: skip


def _events(found: pl.DataFrame, provider: Provider, settings: Settings) -> pl.DataFrame:
    """The usable entries as events: types and reasons decided, keys made."""
    from deliverlab.events.hashes import hashed  # numba takes its time

    is_explained = found["event_type"].is_in(_EXPLAINED)
    explained = found.filter(is_explained).with_columns(
        bounce_reason=bounce_reason(pl.col("status"), pl.col("words"), pl.col("stated"))
    )
    typed = pl.concat(
        [
            found.filter(~is_explained).with_columns(bounce_reason="stated"),
            explained.with_columns(event_type=_type(settings)),
        ]
    )
    free = {
        name: word(pl.col(name)) for name in ("message_id", "campaign_id", "provider_event_id", "raw_type")
    }
    events = typed.with_columns(
        provider=pl.lit(provider.name), recipient_domain=_domain(pl.col("recipient")), **free
    )
    return events.with_columns(event_key=hashed(events.select(_key()).to_series()), source=pl.lit("")).select(
        pl.col(name).cast(dtype) for name, dtype in _DTYPES.items()
    )


def _domain(address: pl.Expr) -> pl.Expr:
    """What stands behind the last at sign; a hash has none."""
    parts = address.str.split("@")
    return pl.when(parts.list.len() > 1).then(parts.list.last())


def _key() -> pl.Expr:
    """What makes an event itself, and nothing of how it reached us: a second delivery has the same."""
    spelled = {
        "recipient": pl.col("recipient").str.to_lowercase(),
        "occurred_at": pl.col("occurred_at").dt.epoch("us").cast(pl.String),
    }
    return pl.concat_str((spelled.get(name, pl.col(name)).fill_null("") for name in _KEY), separator="\x1f")


def _type(settings: Settings) -> pl.Expr:
    """Hard or soft where the provider leaves it open, and as the caller wants it for contested reasons."""
    event_type = pl.col("event_type")
    settled = (
        pl.when(event_type == BOUNCE)
        .then(bounce_type(pl.col("bounce_reason"), pl.col("status"), pl.col("words")))
        .otherwise(event_type)
    )
    for reason, wanted in settings.bounce_types.items():
        settled = (
            pl.when(settled.is_in(BOUNCES) & (pl.col("bounce_reason") == reason))
            .then(pl.lit(wanted))
            .otherwise(settled)
        )
    return settled
