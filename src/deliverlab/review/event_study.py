"""Day by day around the notice and the review: reviewed accounts beside those that were alike."""

from __future__ import annotations

import math

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.review.effect import DIFFERS, LEAST_ACCOUNTS, shares
from deliverlab.review.resampling import DRAWS, bounds, means

BIN_DAYS = 10
BINS = 6  # on each side


class EventStudy(Table):
    """One row a bin of days, for reviewed accounts and for those that match them.

    Days up to 0 count back from the notice, days from 1 on from the review; what lies between belongs to
    neither. `ratio` is the mean, to the peers', of the metric that each account tripped by.
    """

    from_day = dy.Int64(primary_key=True)
    to_day = dy.Int64()
    is_reviewed = dy.Bool(primary_key=True)
    accounts = dy.Int64(min=0)
    ratio = dy.Float64(nullable=True, min=0.0)
    ratio_low = dy.Float64(nullable=True, min=0.0)
    ratio_high = dy.Float64(nullable=True, min=0.0)


def bins(members: pl.DataFrame, /) -> pl.DataFrame:
    """Every member with every bin, and the last calendar day of it."""
    numbers = pl.DataFrame({"to_day": [BIN_DAYS * number for number in range(1 - BINS, BINS + 1)]})
    return members.join(numbers, how="cross").with_columns(
        from_day=pl.col("to_day") - BIN_DAYS + 1,
        last_day=pl.when(pl.col("to_day") <= 0).then("day").otherwise("review_day")
        + pl.duration(days="to_day"),
    )


def event_study(seen: pl.DataFrame, /, *, seed: int, draws: int = DRAWS) -> dy.DataFrame[EventStudy]:
    """The mean ratios of both sides in each bin, with 95% bounds; null for fewer than `LEAST_ACCOUNTS`.

    `seen` has the members of matched sets with from_day, to_day, their ratio and the `expected` events of
    the bin. A set of which only one side has mail in a bin is left out of it. Matches share the weight of
    their account as in `effect`. If the two sides do not go together before the notice, their difference
    afterwards is no effect.
    """
    key = ["account_id", "reviewed_on", "to_day"]
    weight = pl.col("expected") / (1 + DIFFERS * pl.col("expected"))
    weighed = (
        seen.with_columns(weight=weight)
        .filter(pl.col("weight") > 0)
        .with_columns(share=shares().over(key), reviewed=pl.col("is_reviewed").any().over(key))
        .filter("reviewed", pl.col("share").sum().over(key) > 0)
        .with_columns(weight=pl.col("weight") * pl.when("is_reviewed").then(1.0).otherwise("share"))
    )
    rows = []
    for (from_day,), members in sorted(weighed.partition_by("from_day", as_dict=True).items()):
        both = means(
            members["member_id"], members["ratio"], members["weight"],
            ~members["is_reviewed"], seed=seed, draws=draws,
        )  # fmt: skip
        for is_reviewed, mean in zip((True, False), both, strict=True):
            accounts = members.filter(is_reviewed=is_reviewed)["member_id"].n_unique()
            enough = accounts >= LEAST_ACCOUNTS and mean.value > 0
            low, high = (
                bounds(math.log(mean.value), mean.drawn_logs, worth=mean.worth) if enough else (None, None)
            )
            rows.append({
                "from_day": from_day, "to_day": from_day + BIN_DAYS - 1, "is_reviewed": is_reviewed,
                "accounts": accounts, "ratio": mean.value if enough else None,
                "ratio_low": low, "ratio_high": high,
            })  # fmt: skip
    return EventStudy.cast(pl.DataFrame(rows, schema=EventStudy.create_empty().schema))
