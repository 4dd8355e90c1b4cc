"""Spells in a stage, from the notice to the way out; which spell a review answered, and who came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.intervals import wilson
from deliverlab.schemas import GOOD, REVIEW_OUTCOMES

if TYPE_CHECKING:
    from datetime import date

RELAPSE_DAYS = 90


class Spells(Table):
    """One row an unbroken time in stages, from the notice, the day before it, on; null `to_day`: it lasts."""

    account_id = dy.String(primary_key=True)
    noticed_on = dy.Date(primary_key=True)
    to_day = dy.Date(nullable=True)


class Answers(Table):
    """One row a review: the notice that it answered, or where there was none the day before it."""

    account_id = dy.String(primary_key=True)
    reviewed_on = dy.Date(primary_key=True)
    outcome = dy.Enum(REVIEW_OUTCOMES)
    reviewer = dy.String(nullable=True)
    is_remedy = dy.Bool(nullable=True)
    noticed_on = dy.Date()
    was_noticed = dy.Bool()
    next_notice_on = dy.Date(nullable=True)


def spells(enforcement: pl.DataFrame, reviews: pl.DataFrame, /) -> dy.DataFrame[Spells]:
    """Stages that follow one another without a day or a completed review between them are one spell.

    >>> from deliverlab.schemas import Enforcement, Reviews
    >>> spells(Enforcement.create_empty(), Reviews.create_empty()).height
    0
    """
    steps = enforcement.filter(pl.col("stage") != GOOD).sort("account_id", "from_day")
    last_review = _completed(reviews).select("account_id", last_review="reviewed_on").sort("last_review")
    before = pl.col("to_day").shift(1).over("account_id")
    began = pl.col("from_day").shift(1).over("account_id")
    goes_on = (
        (before.is_null() | (pl.col("from_day") <= before + pl.duration(days=1)))
        & began.is_not_null()
        & (pl.col("last_review").is_null() | (pl.col("last_review") < began))
    )
    return Spells.cast(
        steps.with_columns(eve=pl.col("from_day") - pl.duration(days=1))
        .sort("eve")
        .join_asof(
            last_review, left_on="eve", right_on="last_review", by="account_id", check_sortedness=False
        )
        .sort("account_id", "from_day")
        .with_columns(spell=(~goes_on).cum_sum().over("account_id"))
        .group_by("account_id", "spell")
        .agg(noticed_on=pl.col("eve").min(), to_day=pl.col("to_day").last())
        .sort("account_id", "noticed_on")
    )


def answers(reviews: pl.DataFrame, found: dy.DataFrame[Spells], /) -> dy.DataFrame[Answers]:
    """Every review with the notice it answered: of the newest spell that began before it and held then."""
    notices = found.sort("noticed_on")
    by_day = reviews.with_columns(eve=pl.col("reviewed_on") - pl.duration(days=1)).sort("eve")
    is_held = pl.col("to_day").is_null() | (pl.col("to_day") >= pl.col("eve"))
    noticed = pl.col("noticed_on").is_not_null() & is_held
    return Answers.cast(
        by_day.join_asof(
            notices,
            left_on="eve", right_on="noticed_on", by="account_id",
            coalesce=False, check_sortedness=False,
        )
        .join_asof(
            notices.select("account_id", next_notice_on="noticed_on"),
            left_on="reviewed_on", right_on="next_notice_on", by="account_id", strategy="forward",
            coalesce=False, check_sortedness=False,
        )
        .with_columns(
            was_noticed=noticed.fill_null(value=False),
            noticed_on=pl.when(noticed).then("noticed_on").otherwise("eve"),
        )
        .sort("account_id", "reviewed_on")
    )  # fmt: skip


class Relapses(Table):
    """How many of some reviewed accounts got another notice within so many days."""

    reviews = dy.Int64(min=0)
    relapses = dy.Int64(min=0)
    share = dy.Float64(nullable=True, min=0.0, max=1.0)
    share_low = dy.Float64(nullable=True, min=0.0, max=1.0)
    share_high = dy.Float64(nullable=True, min=0.0, max=1.0)


def relapses(
    answered: pl.DataFrame, /, *, until: date, within_days: int = RELAPSE_DAYS
) -> dy.DataFrame[Relapses]:
    """The share of reviews after which another notice came, with 95% bounds: one row.

    Kaplan and Meier (1958): a review that history has not followed for so long counts for as long as it was.
    Bounds are Wilson's of as many reviews as have Greenwood's variance. The share is null where history
    followed no review to the end: nothing is known of those days.
    """
    left = pl.col("next_notice_on") - pl.col("reviewed_on")
    followed = answered.select(
        seen=pl.min_horizontal((pl.lit(until) - pl.col("reviewed_on")).dt.total_days(), within_days),
        back=left.dt.total_days(),
    ).with_columns(is_back=(pl.col("back") <= pl.col("seen")).fill_null(value=False))
    steps = (
        followed.group_by(day=pl.when("is_back").then("back").otherwise("seen"))
        .agg(back=pl.col("is_back").sum(), ended=pl.len())
        .sort("day")
        .with_columns(at_risk=pl.col("ended").cum_sum(reverse=True))
    )
    back, at_risk = pl.col("back"), pl.col("at_risk")
    whole = steps.select(
        reviews=pl.col("ended").sum(),
        relapses=back.sum(),
        is_known=pl.lit(followed.select((pl.col("seen") == within_days).any()).item()),
        kept=(1 - back / at_risk).product(),
        greenwood=(back / (at_risk * (at_risk - back))).filter(back < at_risk).sum(),
        to_the_end=at_risk.last(),
    )
    kept, share = pl.col("kept"), 1 - pl.col("kept")
    worth = pl.when(kept.is_between(0, 1, closed="none")).then(share / (kept * pl.col("greenwood")))
    trials = worth.fill_nan(None).fill_null(pl.col("to_the_end")).cast(pl.Float64)
    bounds = wilson(share * trials, trials)
    return Relapses.cast(
        whole.select(
            "reviews",
            "relapses",
            *(
                pl.when(pl.col("is_known") & (pl.col("reviews") > 0)).then(value).alias(name)
                for name, value in {
                    "share": share,
                    "share_low": bounds.struct.field("low"),
                    "share_high": bounds.struct.field("high"),
                }.items()
            ),
        )
    )


def _completed(reviews: pl.DataFrame) -> pl.DataFrame:
    return reviews.filter(pl.col("outcome").cast(pl.String) == "completed").sort("reviewed_on")
