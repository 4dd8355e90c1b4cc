"""What a pool of accounts has in common: its rate, and how far its days and its accounts differ."""

from __future__ import annotations

import polars as pl

from deliverlab.health.clusters import add_clusters, pooled
from deliverlab.health.windows import exact_sum

MIN_INFORMATIVE_DAYS = 30.0  # in all its accounts, before a pool says how far days differ
MIN_INFORMATIVE_ACCOUNTS = 5  # before a pool says how far accounts differ
WINSORISED = (0.05, 0.95)  # accounts further out than these shares of their pool count as if they stood there


def pool_statistics(sums: pl.LazyFrame, *, by: tuple[str, ...]) -> pl.LazyFrame:
    """One row a pool: `rate`, `day_spread`, `phi`, `tau2`, and its `accounts`, `trials` and `events`.

    `sums` are those of `windows.trailing_sums`, one row an account in its pool. An account of the pool is
    one with trials.

    - `rate`: pooled, but no account has more trials in it than the median one has: neither one giant nor its
      whole industry's newsletter decides what is usual. A pool without events has half an event: what was
      never seen in so much mail is rare, not impossible.
    - `day_spread`, `phi`: see `clusters`, the days of all accounts together. Null where they say too little.
    - `tau2`: variance between accounts of the rate relative to the pool's, by moments: what is left of the
      squared relative rates when chance and day spread are taken off; 0 where nothing is. Abusive accounts
      are winsorised, so that a few of them do not make everything usual. Null where accounts say too little.
    """
    accounts = add_clusters(sums.filter(pl.col("trials") > 0))
    pools = accounts.group_by(by).agg(
        accounts=pl.len().cast(pl.Int64),
        trials=pl.col("trials").sum(),
        events=pl.col("events").sum(),
        rate=_capped_rate(),
        day_spread=_informed("own_day_spread").clip(lower_bound=0.0),
        phi=_informed("own_phi").clip(lower_bound=1.0),
    )
    spread = (
        accounts.join(pools.select(*by, "rate", "day_spread"), on=by)
        .with_columns(relative=pl.col("events") / _expected(), noise=_noise())
        .filter(pl.col("noise") <= 1)
        .group_by(by)
        .agg(tau2=_between_accounts())
    )
    return pools.join(spread, on=by, how="left")


def _capped_rate() -> pl.Expr:
    """Events over trials, each account weighing as if it had at most the median account's trials."""
    trials = pl.col("trials")
    weight = (trials.median() / trials).clip(upper_bound=1.0)
    events = exact_sum(pl.col("events") * weight)
    return pl.when(events > 0).then(events).otherwise(0.5) / exact_sum(trials * weight)


def _informed(value: str) -> pl.Expr:
    """The pool's value, where its days say enough about it."""
    return pl.when(exact_sum(pl.col("informative_days")) >= MIN_INFORMATIVE_DAYS).then(pooled(value))


def _expected() -> pl.Expr:
    return pl.col("rate") * pl.col("trials")


def _noise() -> pl.Expr:
    """The variance that the relative rate of an account has by chance and by its days."""
    return 1 / _expected() + pl.col("day_spread").fill_null(0.0) / pl.col("sending_days")


def _between_accounts() -> pl.Expr:
    """Variance between accounts, each weighing by how well its own rate is known."""
    relative, noise = pl.col("relative"), pl.col("noise")
    low, high = (relative.quantile(share, "linear") for share in WINSORISED)
    weight = 1 / (1 + noise).pow(2)
    excess = (relative.clip(low, high) - 1).pow(2) - noise
    variance = exact_sum(weight * excess) / exact_sum(weight)
    return pl.when(pl.len() >= MIN_INFORMATIVE_ACCOUNTS).then(variance.clip(lower_bound=0.0))
