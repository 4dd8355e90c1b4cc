"""Events as they come, with duplicates and repeats, to a store and daily counts: against the same in SQL."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from benchmarks import rollup
from benchmarks.rollup import DAY, counted_by_duckdb

if TYPE_CHECKING:
    from pathlib import Path

CONTENDERS = ("deliverlab", "duckdb")
ROWS = 2_000_000
OUTCOMES = {"delivered": 0.96, "hard_bounce": 0.02, "soft_bounce": 0.02}
QUICK, WHOLE = (2_000_000, 2_000, 60), (50_000_000, 20_000, 90)


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write entries as reading gives them: a tenth are duplicates, half do not say when mail was sent.

    Every mail is sent, and delivered or bounced; some are opened, more than once.
    """
    entries, accounts, days = QUICK if quick else WHOLE
    for number in range(max(1, entries // ROWS)):
        rows = min(entries, ROWS)
        _entries(rows, accounts=accounts, days=days, number=number).write_parquet(
            inputs / f"entries-{number}.parquet", row_group_size=1 << 16
        )
    return {"entries": entries, "accounts": accounts, "days": days}


def deliverlab(inputs: Path, /) -> pl.DataFrame:
    """Settled into months of a store by deliverlab, and counted."""
    from deliverlab.events.commit import changing
    from deliverlab.events.months import FILE, incoming_spool, months_after, settle_into

    shutil.rmtree(inputs / "store", ignore_errors=True)  # a store that has it all would settle it again
    with changing(inputs / "store") as change:
        incoming = incoming_spool(change.scratch / "incoming")
        for number, path in enumerate(sorted(inputs.glob("entries-*.parquet"))):
            for batch in pl.scan_parquet(path).collect_batches(chunk_size=1 << 16, maintain_order=True):
                incoming.add(batch.with_columns(pl.lit(number, pl.Int64).alias(FILE)))
        settle_into(change, incoming)
        return rollup.counted(months_after(change))


def duckdb(inputs: Path, /) -> pl.DataFrame:
    """Settled into Parquet files by DuckDB, month by month, and counted."""
    import duckdb as engine

    settled = inputs / "settled-by-duckdb"
    message = "account_id, message_id, recipient_key"
    engine.sql(
        f"""
        copy (
            with once as (
                select * from '{inputs}/entries-*.parquet'
                qualify row_number() over (
                    partition by event_key order by coalesce(received_at, occurred_at), received_at, source
                ) = 1
            ), dated as (
                select * replace (
                    coalesce(
                        sent_at,
                        min(occurred_at) filter (event_type = 'sent') over (partition by {message}),
                        occurred_at
                    ) as sent_at
                ) from once
            )
            select *,
                row_number() over (
                    partition by {message}, event_type, is_machine
                    order by occurred_at, coalesce(received_at, occurred_at), event_key
                ) > 1 as is_repeat,
                epoch_us(sent_at) // {30 * DAY} as month
            from dated
        ) to '{settled}' (format parquet, partition_by (month), compression zstd, overwrite)
        """
    )
    return counted_by_duckdb(f"{settled}/**/*.parquet", answer=inputs / "daily-by-duckdb.parquet")


def _entries(rows: int, /, *, accounts: int, days: int, number: int) -> pl.DataFrame:
    """Entries of a number of mails: sent, delivered or bounced, opened; some of them twice."""
    rng = np.random.default_rng([20260602, number])
    mails = int(rows / 2.53)  # what a mail comes to with its outcomes and duplicates
    sent_us = rollup.START + rng.integers(0, days * 86_400, mails) * 1_000_000
    recipient = rng.integers(0, 1 << 64, mails, dtype=np.uint64)
    mail = pl.DataFrame(
        {
            "account_id": pl.Series(rng.integers(0, accounts, mails)).cast(pl.String),
            "message_id": pl.Series([f"{number}-{each}" for each in range(mails)]),
            "recipient_key": [f"{each:016x}{each ^ 0x5DEECE66D:016x}" for each in recipient.tolist()],
            "sent": pl.Series(sent_us),
            "states": pl.Series(rng.random(mails) < 0.5),
            "outcome": pl.Series(
                rng.choice(["delivered", "hard_bounce", "soft_bounce"], mails, p=[0.96, 0.02, 0.02])
            ),
            "opens": pl.Series(rng.choice(4, mails, p=[0.8, 0.1, 0.06, 0.04])),
        }
    )
    opened = mail.filter(pl.col("opens") > 0)
    events = pl.concat(
        [
            mail.with_columns(event_type=pl.lit("sent"), lag=pl.lit(0, pl.Int64)),
            mail.with_columns(event_type="outcome", lag=pl.Series(_lag(rng, mails, 0.2))),
            *(
                opened.filter(pl.col("opens") > again).with_columns(
                    event_type=pl.lit("open"), lag=pl.lit(again * 1_000_000 + 5, pl.Int64) + 86_400_000_000
                )
                for again in range(3)
            ),
        ]
    )
    moment = pl.Datetime("us", "UTC")
    entries = events.select(
        event_key=pl.format(
            "{}{}", pl.struct("message_id", "event_type", "lag").hash(1), pl.col("message_id")
        ),
        account_id="account_id",
        event_type=pl.col("event_type").cast(rollup.EVENT_TYPE),
        occurred_at=(pl.col("sent") + pl.col("lag")).cast(moment),
        sent_at=pl.when("states").then(pl.col("sent").cast(moment)),
        received_at=pl.lit(None, moment),
        recipient_domain=pl.lit("example.com"),
        bounce_reason=pl.lit(None, rollup.BOUNCE_REASON),
        message_id="message_id",
        campaign_id=pl.lit("spring"),
        provider=pl.lit("ses"),
        provider_event_id=pl.lit(None, pl.String),
        is_machine=pl.lit(value=False),
        is_test=pl.lit(value=False),
        is_transactional=pl.lit(None, pl.Boolean),
        raw_type=pl.col("event_type"),
        source=pl.lit(f"{number}.json"),
        recipient_key="recipient_key",
    )
    doubled = entries.filter(pl.Series(rng.random(entries.height) < 0.1))
    return pl.concat([entries, doubled]).sample(fraction=1.0, shuffle=True, seed=number)


def _lag(rng: np.random.Generator, size: int, days: float) -> np.ndarray:
    return (rng.exponential(days, size) * DAY).astype(np.int64)
