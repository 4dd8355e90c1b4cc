"""Counts as they would be without some of the mail: what slices take away from days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.schemas import COUNTS, Daily

if TYPE_CHECKING:
    import dataframely as dy

    from deliverlab.schemas import Slices


def largest_campaign_left_out(
    daily: dy.DataFrame[Daily], slices: dy.DataFrame[Slices]
) -> tuple[dy.DataFrame[Daily], pl.DataFrame]:
    """The days without the campaign that sent most in `slices`, and its name: `account_id`, `setting`."""
    campaigns = slices.filter(by="campaign")
    largest = (
        campaigns.group_by("account_id", "value")
        .agg(pl.col("sent").sum())
        .sort("sent", "value", descending=[True, False])
        .unique("account_id", keep="first", maintain_order=True)
        .select("account_id", "value")
    )
    taken = campaigns.join(largest, on=["account_id", "value"]).select("account_id", "day", *COUNTS)
    left = daily.join(taken, on=["account_id", "day"], how="left", suffix="_taken").with_columns(
        (pl.col(name) - pl.col(f"{name}_taken").fill_null(0)).clip(lower_bound=0) for name in COUNTS
    )
    whole = left.with_columns(pl.min_horizontal("delivered", "sent").alias("delivered"))
    return Daily.cast(whole), largest.rename({"value": "setting"})


def reporting_domains_only(
    daily: dy.DataFrame[Daily], slices: dy.DataFrame[Slices], *, everybody: pl.LazyFrame
) -> tuple[dy.DataFrame[Daily], float]:
    """The days' mail to domains from which any complaint came, and the share of all delivered mail to them.

    Some receivers report no complaints at all: mail to them cannot be complained of. `everybody` is the
    slices of all accounts on those days: which domains report shows in all mail, not in one account's.
    """
    complaints = pl.col("complaints") + pl.col("late_complaints")
    domains = (
        everybody.filter(by="recipient_domain")
        .group_by("value")
        .agg(pl.col("delivered").sum(), is_reporting=complaints.sum() > 0)
        .collect()
    )
    delivered, is_reporting = pl.col("delivered"), pl.col("is_reporting")
    share = domains.select(delivered.filter(is_reporting).sum() / delivered.sum()).item() or 1.0
    reporting = domains.filter(is_reporting).select("value")
    mine = slices.filter(by="recipient_domain").join(reporting, on="value", how="semi")
    own = mine.join(daily, on="account_id", how="semi")
    return Daily.cast(own.group_by("account_id", "day").agg(pl.col(COUNTS).sum())), share
