"""A billion settled events, a year of a large provider's mail, rolled up on one small machine.

The sum over all days is checked against one plain count of the same files.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import polars as pl

from benchmarks.rollup import AT_ONCE, DAYS, KNOWN_WITHIN_DAYS, _events
from deliverlab.events.daily import daily_counts
from deliverlab.events.months import portions

QUICK, FULL = (20_000_000, 20_000, 12), (1_000_000_000, 100_000, 12)  # events, accounts, months
TARGET_MIB = 4_096


def figures(*, quick: bool) -> dict[str, object]:
    """Seconds and peak memory of the roll-up, and whether no event was lost or counted twice."""
    from benchmarks.measure import measure, prepare

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.perf_counter()
        size = prepare("billion", folder, quick=quick)
        made = time.perf_counter() - begun
        ours = measure("billion", "deliverlab", folder, warm_runs=0)
        plain = measure("billion", "counted_plainly", folder, warm_runs=0)
        stored = sum(path.stat().st_size for path in folder.glob("events-*.parquet"))
    return {
        **size, "stored_mib": stored / 2**20, "seconds_to_make": made,
        "account_days": ours.answer["rows"].item(),
        "seconds": ours.cold_seconds, "peak_mib": ours.peak_mib, "target_peak_mib": TARGET_MIB,
        "seconds_of_a_plain_count": plain.cold_seconds,
        "parity": ours.answer.drop("rows").equals(plain.answer),
    }  # fmt: skip


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write settled events as the store keeps them, a file a month, never more than two million in memory."""
    events, accounts, months = QUICK if quick else FULL
    steps = -(-events // months // AT_ONCE)
    each = events // months // steps
    for month in range(months):
        pieces = [inputs / f"piece-{month}-{step}.parquet" for step in range(steps)]
        for step, piece in enumerate(pieces):
            _events(each, accounts=accounts, month=month, number=step).write_parquet(piece)
        pl.scan_parquet(pieces).sink_parquet(inputs / f"events-{month}.parquet", row_group_size=1 << 17)
        for piece in pieces:
            piece.unlink()
    return {"events": each * steps * months, "accounts": accounts, "days": DAYS * months}


def deliverlab(inputs: Path, /) -> pl.DataFrame:
    """How many account-days the roll-up has, and what their outcomes add up to.

    Each portion's days are a file of their own: neither the events nor the days of all are ever in memory.
    """
    for number, events in enumerate(portions(sorted(inputs.glob("events-*.parquet")))):
        daily_counts(events, known_within_days=KNOWN_WITHIN_DAYS).sink_parquet(
            inputs / f"daily-{number:03}.parquet"
        )
    return (
        pl.scan_parquet(inputs / "daily-*.parquet")
        .select(
            rows=pl.len(),
            complaints=(pl.col("complaints") + pl.col("late_complaints")).sum(),
            hard_bounces=(pl.col("hard_bounces") + pl.col("late_hard_bounces")).sum(),
        )
        .collect(engine="streaming")
    )


def counted_plainly(inputs: Path, /) -> pl.DataFrame:
    """The same sums without accounts and days."""
    events = pl.scan_parquet(inputs / "events-*.parquet").filter(~pl.col("is_repeat"))
    kinds = {"complaints": "complaint", "hard_bounces": "hard_bounce"}
    return events.select(
        (pl.col("event_type") == kind).sum().cast(pl.Int64).alias(name) for name, kind in kinds.items()
    ).collect(engine="streaming")
