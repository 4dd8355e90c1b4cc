"""Rows of a table whose columns are named as in `Events`, with the recipient in clear, as entries."""

from __future__ import annotations

import hashlib
import json

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.entries import EARLIEST, LATEST, Unusable, moment
from deliverlab.events.exports import RAW_KEPT, UNKNOWN_ACCOUNT, Batch, no_entries
from deliverlab.events.recipients import address, mask_addresses
from deliverlab.schemas import BOUNCE_REASONS, EVENT_TYPES

NEEDED = ("event_type", "occurred_at", "recipient")
OPTIONAL = (
    "account_id", "sent_at", "received_at", "bounce_reason", "message_id", "campaign_id",
    "provider_event_id", "is_machine",
)  # fmt: skip
_TIMES = ("occurred_at", "sent_at", "received_at")
_KEY = ("account_id", "event_type", "message_id", "recipient", "occurred_at", "provider_event_id")


def event_rows(
    frame: pl.DataFrame, line: int, /, *, source: str, provider: str, account_id: str | None = None
) -> Batch:
    """The entries in some rows of a table, of which the first is number `line`, and what is unusable of them.

    Times without a zone are UTC. An event is known again by account, type, message, recipient, time and
    `provider_event_id`. Raises `DataError` where the table lacks `event_type`, `occurred_at` or `recipient`.
    """
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise DataError(f"{source}: column {missing[0]!r} is missing, must be there for events")
    raw = frame.with_columns(
        pl.lit(None, pl.String).alias(name) for name in OPTIONAL if name not in frame.columns
    ).select(
        *(_moment(frame, name) for name in _TIMES),
        *(
            pl.col(name).cast(pl.String).str.strip_chars()
            for name in (*NEEDED, *OPTIONAL)
            if name not in _TIMES
        ),
    )
    rows = raw.with_columns(
        pl.col("account_id").replace("", None).fill_null(account_id or UNKNOWN_ACCOUNT),
        pl.col("recipient").map_elements(address, return_dtype=pl.String),
        pl.col("is_machine").str.to_lowercase().is_in(["true", "t", "1", "yes"]).fill_null(value=False),
        position=pl.format("row {}", pl.int_range(line, line + pl.len())),
        reason=_complaint(),
    )
    rows = rows.with_columns(reason=pl.coalesce("reason", _no_address()))
    usable = rows.filter(pl.col("reason").is_null())
    return Batch(
        events=_events(usable, source=source, provider=provider),
        quarantine=_quarantine(rows, frame, source=source),
        records=frame.height,
    )


def _complaint() -> pl.Expr:
    """What is wrong with a row but for its recipient; null where nothing is."""
    known = pl.col("event_type").is_in(EVENT_TYPES)
    reason = pl.col("bounce_reason")
    return pl.coalesce(
        pl.when(~known.fill_null(value=False)).then(
            pl.format("unknown event_type '{}'", pl.col("event_type").fill_null("").str.head(40))
        ),
        pl.when(reason.is_not_null() & ~reason.is_in(BOUNCE_REASONS)).then(
            pl.format("unknown bounce_reason '{}'", reason.str.head(40))
        ),
        pl.when(pl.col("occurred_at").is_null()).then(pl.lit("occurred_at is no point in time")),
        pl.when(~pl.col("occurred_at").is_between(EARLIEST, LATEST, closed="left")).then(
            pl.lit("occurred_at must lie in the years 1971 to 2099")
        ),
    )


def _no_address() -> pl.Expr:
    return pl.when(pl.col("recipient").is_null()).then(pl.lit("recipient is no address"))


def _moment(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as points in time in UTC, whatever it holds; null where it holds none."""
    column = pl.col(name)
    dtype = frame.schema.get(name, pl.String())
    utc = pl.Datetime("us", "UTC")
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return column.dt.convert_time_zone("UTC").cast(utc)
    if dtype.is_temporal() and dtype != pl.Time:
        return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return column.map_elements(_read_moment, return_dtype=utc, skip_nulls=True)


def _read_moment(value: object) -> object:
    try:
        return moment(value, what="time")
    except Unusable:
        return None


def _events(usable: pl.DataFrame, *, source: str, provider: str) -> pl.DataFrame:
    empty = no_entries().events
    keys = [
        hashlib.blake2b("\x1f".join((provider, *facts)).encode(), digest_size=16).hexdigest()
        for facts in usable.select(
            pl.col(name).cast(pl.String).fill_null("").str.to_lowercase()
            if name == "recipient"
            else pl.col(name).cast(pl.String).fill_null("")
            for name in _KEY
        ).iter_rows()
    ]
    return usable.with_columns(
        event_key=pl.Series(keys, dtype=pl.String),
        recipient_domain=pl.col("recipient").str.extract("@([^@]+)$"),
        raw_type=pl.col("event_type"),
        provider=pl.lit(provider),
        source=pl.lit(source),
    ).select(pl.col(name).cast(dtype) for name, dtype in empty.schema.items())


def _quarantine(rows: pl.DataFrame, frame: pl.DataFrame, *, source: str) -> pl.DataFrame:
    refused = rows.select("position", "reason").with_row_index("row").filter(pl.col("reason").is_not_null())
    raw = [
        mask_addresses(json.dumps(row, default=str, ensure_ascii=False))[:RAW_KEPT]
        for row in frame[refused["row"]].iter_rows(named=True)
    ]
    return refused.select(
        source=pl.lit(source),
        position="position",
        reason=pl.col("reason").map_elements(mask_addresses, return_dtype=pl.String),
        raw=pl.Series(raw, dtype=pl.String),
    )
