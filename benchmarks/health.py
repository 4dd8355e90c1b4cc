"""Peer rates and health of all accounts over a year, beside one SQL query for their raw rates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

CONTENDERS = ("deliverlab", "duckdb")
QUICK, FULL = (10_000, 365), (100_000, 365)  # accounts, days: the cost of an account should be the same
LAST_DAY = date(2026, 6, 30)
FIRST_SENT, LAST_SENT = LAST_DAY - timedelta(days=31), LAST_DAY - timedelta(days=2)


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write a world's accounts and daily counts."""
    from deliverlab.pipeline.samples import write_crowd

    accounts, days = QUICK if quick else FULL
    write_crowd(inputs, accounts=accounts, days=days, seed=11, last_day=LAST_DAY)
    (inputs / "peer_rates.parquet").unlink()
    rows = pl.scan_parquet(inputs / "daily.parquet").select(pl.len()).collect().item()
    return {"accounts": accounts, "days": days, "account_days": rows}


def deliverlab(inputs: Path, /) -> pl.DataFrame:
    """From Parquet to peer rates of every month, health, scores and advice; answers the raw counts."""
    from deliverlab.health.score import account_health, days_needed
    from deliverlab.pipeline.directory import open_history
    from deliverlab.pipeline.road import monthly_peers

    peers = monthly_peers(inputs)
    history = open_history(inputs, since=LAST_DAY - timedelta(days=days_needed())).with_peer_rates(peers)
    health, _, _ = account_health(history, as_of=LAST_DAY)
    bounced = health.filter(pl.col("trials") > 0, metric="hard_bounce_rate")
    return bounced.select("account_id", "events", "trials")


def duckdb(inputs: Path, /) -> pl.DataFrame:
    """What a user would write first: raw counts of thirty days; no peers, bounds or grades."""
    import duckdb as engine

    query = f"""
        select account_id, sum(hard_bounces)::bigint as events, sum(sent)::bigint as trials
        from '{inputs}/daily.parquet' where day between '{FIRST_SENT}' and '{LAST_SENT}'
        group by account_id order by account_id
    """
    answer = inputs / "counts-by-duckdb.parquet"
    engine.sql(f"copy ({query}) to '{answer}'")  # handing a frame over would need another library
    return pl.read_parquet(answer)
