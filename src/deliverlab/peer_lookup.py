"""Which peer rates hold for an account on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.schemas import METRIC_NAMES

if TYPE_CHECKING:
    import dataframely as dy

    from deliverlab.schemas import PeerRates

_GROUP = ("industry", "band", "metric")


def peer_rates_on(peer_rates: dy.LazyFrame[PeerRates], groups: pl.LazyFrame) -> pl.LazyFrame:
    """What each account is compared with on its day, a row for each metric.

    `groups` has `account_id`, `day`, `industry` and `band`, and may have more, which stays. Adds
    `metric`, `peer_rate`, `day_spread`, `week_correlation`, `tau2` and `level`: of the newest row in force
    that day, and of the account's own where it has one. Null before there are any.
    """
    names = pl.LazyFrame({"metric": METRIC_NAMES}, schema={"metric": pl.Enum(METRIC_NAMES)})
    looks = groups.join(names, how="cross").sort("day")
    is_own = pl.col("account_id").is_not_null()
    both = looks.pipe(_newest, peer_rates.filter(is_own), by=("account_id", *_GROUP), name="own").pipe(
        _newest, peer_rates.filter(~is_own), by=_GROUP, name="group"
    )
    chosen = pl.when(pl.col("own").is_not_null()).then("own").otherwise("group")
    return both.with_columns(pool=chosen).drop("own", "group").unnest("pool")


def denominators_of(peer_rates: pl.DataFrame) -> dict[str, str]:
    """The metrics that these peer rates measure out of another column than their own."""
    changed = peer_rates.filter(pl.col("denominator").is_not_null())
    return dict(
        changed.select(pl.col("metric", "denominator").cast(pl.String)).unique().sort("metric").iter_rows()
    )


def _newest(looks: pl.LazyFrame, peer_rates: pl.LazyFrame, *, by: tuple[str, ...], name: str) -> pl.LazyFrame:
    """Adds as a struct the newest row of its group that is in force on each day."""
    pool = pl.struct(
        "week_correlation", "tau2", "level", peer_rate="rate", day_spread=1 / pl.col("shape")
    ).alias(name)
    return looks.join_asof(
        peer_rates.select(*by, "effective_from", pool).sort("effective_from"),
        left_on="day",
        right_on="effective_from",
        by=by,
        check_sortedness=False,  # both sides are sorted; Polars cannot see it group by group
    ).drop("effective_from")
