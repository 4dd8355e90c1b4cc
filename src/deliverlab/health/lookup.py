"""In which peer group an account is on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.windows import send_days
from deliverlab.metrics import BAND_DAYS, band_of
from deliverlab.schemas import UNKNOWN_INDUSTRY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import dataframely as dy

    from deliverlab.schemas import Accounts, Daily


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
