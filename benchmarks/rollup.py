"""Settled events to daily counts: deliverlab against the same roll-up written in SQL for DuckDB."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.schemas import BOUNCE_REASONS, EVENT_TYPES

if TYPE_CHECKING:
    from pathlib import Path

CONTENDERS = ("deliverlab", "duckdb")
KNOWN_WITHIN_DAYS = 2
DAY = 86_400_000_000  # microseconds
DAYS = 30  # of a month
AT_ONCE = 2_000_000  # rows made at once
START = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
EVENT_TYPE, BOUNCE_REASON = pl.Enum(EVENT_TYPES), pl.Enum(BOUNCE_REASONS)
SHARES = {"sent": 50, "delivered": 45, "hard_bounce": 1, "soft_bounce": 1, "open": 8, "complaint": 1}


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write settled events as the store keeps them, in a file a month of 30 days, each with its own key."""
    events, accounts, months = (2_000_000, 2_000, 2) if quick else (51_000_000, 20_000, 3)
    steps = -(-events // months // AT_ONCE)
    for month in range(months):
        pieces = [inputs / f"piece-{month}-{step}.parquet" for step in range(steps)]
        for step, piece in enumerate(pieces):
            _events(events // months // steps, accounts=accounts, month=month, number=step).write_parquet(
                piece
            )
        pl.scan_parquet(pieces).sink_parquet(inputs / f"events-{month}.parquet", row_group_size=1 << 17)
        for piece in pieces:
            piece.unlink()
    return {"events": events, "accounts": accounts, "days": DAYS * months}


def deliverlab(inputs: Path, /) -> pl.DataFrame:
    """Daily counts by deliverlab."""
    return counted(sorted(inputs.glob("events-*.parquet")))


def counted(months: list[Path], /) -> pl.DataFrame:
    """The daily counts of a store's months, a portion at a time as the roll-up does it."""
    from deliverlab.events.daily import daily_counts
    from deliverlab.events.months import portions

    parts = [
        daily_counts(events, known_within_days=KNOWN_WITHIN_DAYS).collect(engine="streaming")
        for events in portions(months)
    ]
    return pl.concat(parts).sort("account_id", "day")


def duckdb(inputs: Path, /) -> pl.DataFrame:
    """The same counts by DuckDB."""
    return counted_by_duckdb(f"{inputs}/events-*.parquet", answer=inputs / "daily-by-duckdb.parquet")


def counted_by_duckdb(files: str, /, *, answer: Path) -> pl.DataFrame:
    """The daily counts of settled events in some Parquet files."""
    import duckdb as engine

    def count(event_type: str, name: str, when: str) -> str:
        return f"count(*) filter (event_type = '{event_type}' and {when})::bigint as {name}"

    counted = ", ".join(
        (
            count("sent", "sent", "true"),
            count("delivered", "delivered", "is_known"),
            count("hard_bounce", "hard_bounces", "is_known"),
            count("soft_bounce", "soft_bounces", "is_known"),
            count("complaint", "complaints", "is_known"),
            count("unsubscribe", "unsubscribes", "is_known"),
            count("open", "opens", "is_known and not is_machine"),
            count("click", "clicks", "is_known and not is_machine"),
            count("hard_bounce", "late_hard_bounces", "not is_known"),
            count("complaint", "late_complaints", "not is_known"),
        )
    )
    # Whole-number days: casting a zoned time stamp to a date would cost DuckDB several times as much.
    query = f"""
        with dated as (
            select account_id, event_type, is_machine, epoch_us(sent_at) // {DAY} as sent_on,
                epoch_us(coalesce(received_at, occurred_at)) // {DAY} - sent_on <= {KNOWN_WITHIN_DAYS}
                    as is_known
            from '{files}'
            where not is_repeat and event_type not in ('other', 'deferred', 'dropped')
        ), counted as (
            select account_id, date '1970-01-01' + sent_on::integer as day, {counted} from dated group by all
        )
        select * replace (
            case when delivered > sent then delivered + hard_bounces + soft_bounces else sent end as sent
        )
        from counted order by account_id, day
    """
    engine.sql(f"copy ({query}) to '{answer}'")  # handing a frame over would need another library
    return pl.read_parquet(answer)


def _events(rows: int, *, accounts: int, month: int, number: int) -> pl.DataFrame:
    rng = np.random.default_rng([20260601, month, number])
    sent_at = rng.integers(month * DAYS * 86_400, (month + 1) * DAYS * 86_400, rows) * 1_000_000
    lag = (rng.exponential(0.3, rows) * 86_400_000_000).astype(np.int64)
    shares = np.array(list(SHARES.values()))
    types = rng.choice(list(SHARES), rows, p=shares / shares.sum())
    moment = pl.Datetime("us", "UTC")
    return pl.DataFrame(
        {
            "event_key": [f"{month}-{number}-{row}" for row in range(rows)],
            "account_id": pl.Series(rng.integers(0, accounts, rows)).cast(pl.String),
            "event_type": pl.Series(types).cast(EVENT_TYPE),
            "sent_at": pl.Series(START + sent_at).cast(moment),
            "occurred_at": pl.Series(START + sent_at + np.where(types == "sent", 0, lag)).cast(moment),
        }
    ).with_columns(
        received_at=pl.lit(None, dtype=moment),
        recipient_key=pl.col("event_key").hash(1).cast(pl.String),
        recipient_domain=pl.lit("example.com"),
        bounce_reason=pl.lit(None, dtype=pl.String),
        is_machine=pl.Series(rng.random(rows) < 0.02),
        is_repeat=pl.Series(rng.random(rows) < 0.02),
        is_test=pl.lit(value=False),
        is_transactional=pl.lit(None, pl.Boolean),
        message_id="event_key",
        campaign_id=pl.lit("spring"),
        provider=pl.lit("ses"),
        provider_event_id=pl.lit(None, pl.String),
        raw_type=pl.lit("Event"),
        source=pl.lit("export"),
    )
