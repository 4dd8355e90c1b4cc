"""Which peer rates hold for an account on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.windows import send_days
from deliverlab.metrics import BAND_DAYS, band_of
from deliverlab.schemas import METRIC_NAMES, UNKNOWN_INDUSTRY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import dataframely as dy

    from deliverlab.schemas import Accounts, Daily, PeerRates

_GROUP = ("industry", "band", "metric")


def peer_groups(
    daily: dy.LazyFrame[Daily], accounts: dy.LazyFrame[Accounts], *, days: Iterable[date]
) -> pl.LazyFrame:
    """The industry and the band of every account on each of `days`: `account_id`, `day`, `industry`, `band`.

    The band is that of the mail sent in the `BAND_DAYS` before the day.
    """
    before = pl.LazyFrame({"day": list(days)}, schema={"day": pl.Date}).with_columns(
        first=pl.col("day") - pl.duration(days=BAND_DAYS), last=pl.col("day") - pl.duration(days=1)
    )
    sent = (
        daily.select("account_id", "sent", sent_on="day")
        .join(send_days(before), on="sent_on")
        .group_by("account_id", "day")
        .agg(pl.col("sent").sum())
    )
    return (
        accounts.select("account_id", pl.col("industry").fill_null(UNKNOWN_INDUSTRY))
        .join(before.select("day"), how="cross")
        .join(sent, on=["account_id", "day"], how="left")
        .select("account_id", "day", "industry", band=band_of(pl.col("sent").fill_null(0)))
    )


def peer_rates_on(peer_rates: dy.LazyFrame[PeerRates], groups: pl.LazyFrame) -> pl.LazyFrame:
    """What each account is compared with on its day: `groups` (see `peer_groups`), a row for each metric.

    Adds `metric`, `peer_rate`, `day_spread`, `week_correlation`, `tau2` and `level`: of the newest row in
    force that day, and of the account's own where it has one. Null before there are any.
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
