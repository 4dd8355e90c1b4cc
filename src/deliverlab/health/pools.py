"""What accounts of one kind have in common: their rate, and how far their days and they themselves differ.

Pools stand in each other: accounts in a cell (an industry's volume band), cells in an industry, industries in
all. Each member of a pool has a rate near its pool's; how near is `DIFFERS`. Two things follow from it, at
every level the same. No member counts for more than 1 / `DIFFERS` events in its pool, however much it mails:
a giant is one account. And what the pool says of a member weighs as much as so many events of its own.

Every table here has `left_out`: `NOBODY`, or the account without which its row was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.columns import exact_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

DIFFERS = {
    "account": 0.25,
    "cell": 0.1,
    "industry": 0.5,
}  # squared relative spread within the next larger pool
MOST_TIMES = 4  # the usual rate: accounts surely above are left out of what is usual
LARGE_SHARE = 0.05  # of a cell's trials: an account with more is compared with the others only
MIN_TELLING = 5  # accounts with an event expected, before their median says what is usual
SPREADS = ("day_spread", "week_spread", "phi", "tau2")
SPREAD_WEIGHT = (
    30.0  # informative days, pairs of days or accounts: so much weighs what all bands say of spread
)
NOBODY = ""  # is no account's id
TELLING = (  # what `cells_of` reads of an account
    "trials", "events", "sending_days", "sending_weeks", "own_day_spread", "own_week_spread", "own_phi",
    "informative_days", "informative_pairs",
)  # fmt: skip

_SIZES = ("accounts", "trials", "events")


def large_accounts(accounts: pl.LazyFrame, *, cell: Sequence[str]) -> pl.LazyFrame:
    """The accounts with more than `LARGE_SHARE` of the trials of their cell, in `left_out`."""
    share = pl.col("trials") / pl.col("trials").sum().over(cell)
    return accounts.filter(share > LARGE_SHARE).select(*cell, left_out="account_id")


def without(accounts: pl.LazyFrame, large: pl.LazyFrame, *, cell: Sequence[str]) -> pl.LazyFrame:
    """The accounts with nobody left out, and once more the others of its cell for each large one."""
    others = accounts.join(large, on=cell).filter(pl.col("account_id") != pl.col("left_out"))
    return pl.concat([accounts.with_columns(left_out=pl.lit(NOBODY)), others], how="diagonal")


def add_usual(accounts: pl.LazyFrame, *, cell: Sequence[str]) -> pl.LazyFrame:
    """Adds `expected` events of each account at the `usual_rate` of its cell, and whether it `is_ill`.

    Usual is the median of those accounts that tell a rate; where they are few, the mean in which no account
    counts much. Ill is an account with surely more than `MOST_TIMES` that: it says nothing of its peers.
    """
    events, trials = pl.col("events"), pl.col("trials")
    plain = accounts.group_by(cell).agg(plain_rate=events.sum() / trials.sum())
    known = accounts.select(*cell, "events", "trials").join(plain, on=cell)
    expected = pl.col("plain_rate") * trials
    median = (events / trials).filter(expected >= 1).median()
    weight = _weight(expected, "account")
    usual = known.group_by(cell).agg(
        usual_rate=pl.when(((expected >= 1).sum() >= MIN_TELLING) & (median > 0))
        .then(median)
        .otherwise(exact_sum(events * weight) / exact_sum(trials * weight))
    )
    most = MOST_TIMES * pl.col("usual_rate") * trials
    return accounts.join(usual, on=cell).with_columns(
        expected=pl.col("usual_rate") * trials, is_ill=events > most + 3 * most.sqrt() + 1
    )


def cells_of(accounts: pl.LazyFrame, *, cell: Sequence[str]) -> pl.LazyFrame:
    """One row a cell: its sizes, its effective `events_in` and `trials_in`, and what tells its spreads.

    Of accounts with less than an event expected nothing is learnt on how far accounts differ; of others, the
    more the better their own rate is known. Their ratios here are to the usual rate; see `tau2_sums`.
    """
    expected, events, is_healthy = pl.col("expected"), pl.col("events"), ~pl.col("is_ill")
    days, weeks = pl.col("sending_days"), pl.col("sending_weeks")
    in_weeks = (pl.col("own_week_spread") * (1 / weeks - 1 / days)).fill_null(0.0)
    clustered = pl.col("own_day_spread") / days + in_weeks
    tells = (expected >= 1) & is_healthy & clustered.is_not_null()
    weight = pl.when(is_healthy).then(_weight(expected, "account")).otherwise(0.0)
    weights = {
        "day_spread": pl.col("informative_days"),
        "week_spread": pl.col("informative_pairs"),
        "phi": pl.col("informative_days"),
        "tau2": pl.when(tells).then((1 + 1 / expected).pow(-2)).otherwise(0.0),
    }
    sums = {
        "events_in": _weighted(events, weight),
        "trials_in": _weighted(pl.col("trials"), weight),
        "day_spread": _weighted(pl.col("own_day_spread"), weights["day_spread"]),
        "week_spread": _weighted(pl.col("own_week_spread"), weights["week_spread"]),
        "phi": _weighted(pl.col("own_phi"), weights["phi"]),
        "ratios": _weighted(events / expected, weights["tau2"]),
        "ratios_squared": _weighted((events / expected).pow(2), weights["tau2"]),
        "chances": _weighted(1 / expected, weights["tau2"]),
        "clustered": _weighted(clustered, weights["tau2"]),
        **{f"{name}_weight": weight for name, weight in weights.items()},
    }
    return accounts.group_by(cell).agg(
        pl.len().cast(pl.Int64).alias("accounts"),
        pl.col("trials").sum(),
        pl.col("events").sum(),
        pl.col("usual_rate").first(),
        **{name: exact_sum(value) for name, value in sums.items()},
    )


def tau2_sum() -> pl.Expr:
    """The sum of what accounts differ by beyond chance and days, by the sums of `cells_of` at its `rate`."""
    usual = pl.col("usual_rate") / pl.col("rate")
    squares = usual.pow(2) * pl.col("ratios_squared") - 2 * usual * pl.col("ratios") + pl.col("tau2_weight")
    return squares - usual * pl.col("chances") - pl.col("clustered")


def pooled(members: pl.LazyFrame, *, of: str, pool: Sequence[str]) -> pl.LazyFrame:
    """One row a pool of cells or industries: sizes, `events_in` and `trials_in`; each within its weight."""
    plain = exact_sum(pl.col("events_in")).over(pool) / exact_sum(pl.col("trials_in")).over(pool)
    weight = pl.col("weight")
    return (
        members.with_columns(weight=_weight(plain * pl.col("trials_in"), of))
        .group_by(pool)
        .agg(
            pl.col(_SIZES).sum(),
            events_in=exact_sum(pl.col("events_in") * weight),
            trials_in=exact_sum(pl.col("trials_in") * weight),
        )
    )


def shrunken(events: pl.Expr, trials: pl.Expr, *, towards: pl.Expr, of: str) -> pl.Expr:
    """The rate of a pool with so many effective events and trials, drawn towards the next larger's."""
    weight = 1 / DIFFERS[of]
    return (events + weight) / (trials + weight / towards)


def added_spreads(members: pl.LazyFrame, *, pool: Sequence[str]) -> pl.LazyFrame:
    """The sums and weights of each of `SPREADS`, of larger pools."""
    return members.group_by(pool).agg(
        exact_sum(pl.col(column)) for name in SPREADS for column in (name, f"{name}_weight")
    )


def spread(name: str, *, towards: pl.Expr | None = None) -> pl.Expr:
    """The mean of such sums, drawn towards that of a larger pool; null where both say too little."""
    weight = pl.col(f"{name}_weight").fill_null(0.0)
    if towards is None:
        return pl.when(weight >= SPREAD_WEIGHT).then(pl.col(name) / weight)
    return (pl.col(name).fill_null(0.0) + SPREAD_WEIGHT * towards) / (weight + SPREAD_WEIGHT)


def families(members: pl.LazyFrame, large: pl.LazyFrame, *, member: str, pool: Sequence[str]) -> pl.LazyFrame:
    """The members of each pool, and once more for each large account: the one without it, and the others."""
    whole = members.filter(pl.col("left_out") == NOBODY).drop("left_out")
    others = whole.join(large.select(*pool, "left_out", without=member), on=pool)
    return pl.concat(
        [members, others.filter(pl.col(member) != pl.col("without")).drop("without")], how="diagonal"
    )


def _weighted(value: pl.Expr, weight: pl.Expr) -> pl.Expr:
    """The value times its weight; what has no weight may be null or without end."""
    return pl.when(weight > 0).then(value * weight).otherwise(0.0)


def _weight(expected: pl.Expr, of: str) -> pl.Expr:
    """What each event of a member counts, so that all of them never count for more than 1 / `DIFFERS`."""
    return 1 / (1 + DIFFERS[of] * expected)
