"""What a pool of accounts has in common: its rate, and how far its days and its accounts differ."""

from __future__ import annotations

import polars as pl

from deliverlab.health.clusters import pooled
from deliverlab.health.windows import exact_sum

MIN_INFORMATIVE_DAYS = 30.0  # in all its accounts, before a pool says how far days differ
MIN_INFORMATIVE_ACCOUNTS = 5  # with an event expected at least, before a pool says how far accounts differ
MOST_TIMES = 3  # the usual rate: accounts above count as if they stood there
WINSORISED = (0.05, 0.95)  # and those further out than these shares of their pool, where spread is measured


def pool_statistics(accounts: pl.LazyFrame, *, by: tuple[str, ...]) -> pl.LazyFrame:
    """One row a pool: `rate`, `day_spread`, `phi`, `tau2`, and its `accounts`, `trials` and `events`.

    `accounts` has a row each: the sums of `windows.trailing_sums` with their clusters, and some trials.

    - `rate`: pooled, but no account has more trials in it than the median one has, nor more events than
      `MOST_TIMES` the usual rate can bring: neither one giant nor a few abusers decide what is usual. A pool
      without events has half an event: what was never seen in so much mail is rare, not impossible.
    - `day_spread`, `phi`: see `clusters`, the days of all accounts together. Null where they say too little.
    - `tau2`: variance between accounts of the rate relative to the pool's, by moments: what is left of the
      squared relative rates when chance and day spread are taken off; 0 where nothing is. Winsorising makes
      it a little too small where all accounts are honest. Null where too few accounts say anything.
    """
    raw = accounts.group_by(by).agg(raw_rate=_capped_rate("events"))
    usual = accounts.join(raw, on=by).group_by(by).agg(usual_rate=_usual_rate())
    tamed = accounts.join(usual, on=by).with_columns(tamed_events=_tamed_events())
    pools = tamed.group_by(by).agg(
        accounts=pl.len().cast(pl.Int64),
        trials=pl.col("trials").sum(),
        events=pl.col("events").sum(),
        rate=_capped_rate("tamed_events"),
        day_spread=_informed("own_day_spread").clip(lower_bound=0.0),
        phi=_informed("own_phi").clip(lower_bound=1.0),
    )
    spread = (
        tamed.join(pools.select(*by, "rate", "day_spread"), on=by)
        .with_columns(expected=pl.col("rate") * pl.col("trials"))
        .with_columns(
            relative=pl.col("tamed_events") / pl.col("expected"),
            noise=1 / pl.col("expected") + pl.col("day_spread").fill_null(0.0) / pl.col("sending_days"),
        )
        .filter(pl.col("expected") >= 1)
        .group_by(by)
        .agg(tau2=_between_accounts())
    )
    return pools.join(spread, on=by, how="left")


def _capped_rate(events: str) -> pl.Expr:
    """Events over trials, each account weighing as if it had at most the median account's trials."""
    trials = pl.col("trials")
    weight = (trials.median() / trials).clip(upper_bound=1.0)
    counted = exact_sum(pl.col(events) * weight)
    return pl.when(counted > 0).then(counted).otherwise(0.5) / exact_sum(trials * weight)


def _usual_rate() -> pl.Expr:
    """The rate that half of the accounts stay below, of those with an event expected; else the pooled one."""
    is_informative = pl.col("raw_rate") * pl.col("trials") >= 1
    median = (pl.col("events") / pl.col("trials")).filter(is_informative).median()
    is_told = (is_informative.sum() >= MIN_INFORMATIVE_ACCOUNTS) & (median > 0)
    return pl.when(is_told).then(median).otherwise(pl.col("raw_rate").first())


def _tamed_events() -> pl.Expr:
    """Events, at most as many as an account at `MOST_TIMES` the usual rate may have by chance."""
    most = MOST_TIMES * pl.col("usual_rate") * pl.col("trials")
    return pl.min_horizontal("events", most + 3 * most.sqrt() + 1)


def _informed(value: str) -> pl.Expr:
    """The pool's value, where its days say enough about it."""
    return pl.when(exact_sum(pl.col("informative_days")) >= MIN_INFORMATIVE_DAYS).then(pooled(value))


def _between_accounts() -> pl.Expr:
    """Variance between accounts, each weighing by how well its own rate is known."""
    relative, noise = pl.col("relative"), pl.col("noise")
    low, high = (relative.quantile(share, "linear") for share in WINSORISED)
    weight = 1 / (1 + noise).pow(2)
    excess = (relative.clip(low, high) - 1).pow(2) - noise
    variance = exact_sum(weight * excess) / exact_sum(weight)
    return pl.when(pl.len() >= MIN_INFORMATIVE_ACCOUNTS).then(variance.clip(lower_bound=0.0))
