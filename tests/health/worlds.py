"""Small worlds for the tests of health: drawn as text, the same every day, or clustered."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from deliverlab.history import History
from deliverlab.schemas import BANDS, COUNTS, METRIC_NAMES, Daily, PeerRates
from tests.tables import table

START = date(2026, 1, 1)
RATES = {
    "hard_bounce_rate": 0.01,
    "soft_bounce_rate": 0.01,
    "complaint_rate": 0.001,
    "unsubscribe_rate": 0.003,
    "open_rate": 0.3,
    "click_rate": 0.03,
    "click_to_open_rate": 0.1,
}


def daily_table(text: str) -> pl.DataFrame:
    """`daily` drawn as text; what is not drawn is 0, and what did not bounce was delivered."""
    drawn = table(text)
    zeros = [pl.lit(0).alias(name) for name in COUNTS if name not in drawn.columns and name != "delivered"]
    filled = drawn.with_columns(zeros)
    if "delivered" not in drawn.columns:
        bounced = pl.col("hard_bounces") + pl.col("soft_bounces")
        filled = filled.with_columns(delivered=pl.col("sent") - bounced)
    return Daily.admit(filled, what="daily")


def steady(account_id: str, *, days: int, start: date = START, **counts: int) -> pl.DataFrame:
    """An account that has the same counts on each day; what did not bounce hard was delivered."""
    rows = {"account_id": [account_id] * days, "day": [start + timedelta(days=day) for day in range(days)]}
    given = {"delivered": counts.get("sent", 0) - counts.get("hard_bounces", 0)} | counts
    return Daily.admit(
        pl.DataFrame(rows | {name: [given.get(name, 0)] * days for name in COUNTS}), what="daily"
    )


def clustered(
    *, accounts: int, days: int, mean_sent: int, rate: float, day_spread: float, seed: int
) -> pl.DataFrame:
    """Accounts of one hard bounce rate whose days share shocks: gamma with mean 1 and this variance."""
    rng = np.random.default_rng(seed)
    sent = rng.poisson(mean_sent * rng.gamma(4, 1 / 4, (accounts, days))).ravel()
    shocks = rng.gamma(1 / day_spread, day_spread, (accounts, days)).ravel() if day_spread else 1.0
    bounces = np.minimum(rng.poisson(rate * sent * shocks), sent)
    ids = np.repeat([f"{account:04}" for account in range(accounts)], days)
    counts = dict.fromkeys(COUNTS, np.zeros_like(sent)) | {"sent": sent, "delivered": sent - bounces}
    rows = {"account_id": ids, "day": [START + timedelta(days=day) for day in range(days)] * accounts}
    return Daily.admit(pl.DataFrame(rows | counts | {"hard_bounces": bounces}), what="daily")


def peers(
    *,
    industries: Sequence[str] = ("unknown",),
    rates: dict[str, float] | None = None,
    shape: float | None = 3.0,
    tau2: float | None = 0.25,
    effective_from: date = START,
) -> pl.DataFrame:
    """Peer rates that are the same for every industry and band."""
    rows = [
        {"industry": industry, "band": band, "metric": metric, "rate": (RATES | (rates or {}))[metric]}
        for industry in industries
        for band in BANDS
        for metric in METRIC_NAMES
    ]
    known = pl.DataFrame(rows).with_columns(
        effective_from=effective_from, shape=pl.lit(shape, pl.Float64), tau2=pl.lit(tau2, pl.Float64)
    )
    return PeerRates.admit(known.with_columns(level=pl.lit("cell")), what="peers")


def history(
    *frames: pl.DataFrame, peer_rates: pl.DataFrame | None = None, industries: dict[str, str] | None = None
) -> History:
    """A history of these rows of `daily`; accounts without a listed industry are in "unknown"."""
    daily = pl.concat(frames)
    ids = daily["account_id"].unique().sort().to_list()
    known = industries or {}
    accounts = pl.DataFrame(
        {"account_id": ids, "industry": [known.get(account) for account in ids]},
        schema={"account_id": pl.String, "industry": pl.String},
    )
    return History(daily, accounts, peer_rates=peer_rates)
