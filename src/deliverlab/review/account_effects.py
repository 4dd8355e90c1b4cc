"""What a review did to one account: its change beside those of accounts that were alike."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.intervals import negative_binomial
from deliverlab.metrics import METRICS
from deliverlab.review.effect import LEAST_ACCOUNTS, MEASURES, SET, VOLUME, shares
from deliverlab.review.resampling import SURE
from deliverlab.schemas import REVIEW_OUTCOMES

LOW_IS_BAD = [metric.name for metric in METRICS.values() if not metric.is_high_bad]
VERDICTS = ("helped", "no effect shown", "got worse", "cannot be told")


class AccountEffects(Table):
    """One row a review and metric: what it left of the rate of that account, and what may be said of it.

    Rates are those before and after, with bounds that know that days differ. Ratios are shrunken, so an
    account with little mail changes little. `expected_after` is where the matched accounts would have it.
    """

    account_id = dy.String(primary_key=True)
    reviewed_on = dy.Date(primary_key=True)
    measure = dy.Enum(MEASURES, primary_key=True)
    outcome = dy.Enum(REVIEW_OUTCOMES)
    is_what_tripped = dy.Bool()
    rate_before = dy.Float64(min=0.0)
    rate_before_low = dy.Float64(min=0.0, max=1.0)
    rate_before_high = dy.Float64(min=0.0, max=1.0)
    rate_after = dy.Float64(min=0.0)
    rate_after_low = dy.Float64(min=0.0, max=1.0)
    rate_after_high = dy.Float64(min=0.0, max=1.0)
    matched_accounts = dy.Int64(min=0)
    ratio_before = dy.Float64(min=0.0)
    ratio_after = dy.Float64(min=0.0)
    expected_after = dy.Float64(nullable=True, min=0.0)
    effect = dy.Float64(nullable=True, min=0.0)
    effect_low = dy.Float64(nullable=True, min=0.0)
    effect_high = dy.Float64(nullable=True, min=0.0)
    verdict = dy.Enum(VERDICTS)


def account_effects(changes: pl.DataFrame, /) -> dy.DataFrame[AccountEffects]:
    """What each review left of each rate of its account, with bounds, and whether it can be said to help.

    The logarithm of the shrunken ratio's change, less the mean of that of the account's matches. Bounds say
    how far accounts that were not reviewed lie from their like: from the pooled deviation within matched
    sets, so they hold what chance and mending by itself do to one account. A review helped where the whole
    interval is below 1 (above, where a low rate is bad).
    """
    from scipy.special import stdtrit

    change = (pl.col("shrunken_after") / pl.col("shrunken_before")).log()
    rated = (
        changes.filter(pl.col("measure") != VOLUME, pl.col("shrunken_after").is_not_null())
        .with_columns(change=change)
        .with_columns(
            share=shares().over(*SET, "measure"),
            matched_accounts=(~pl.col("is_reviewed")).sum().over(*SET, "measure").cast(pl.Int64),
        )
        .filter(pl.col("matched_accounts") > 0)
        .with_columns(
            like=(pl.col("share") * pl.col("change")).sum().over(*SET, "measure"),
            blur=pl.col("share").pow(2).sum().over(*SET, "measure"),  # 1 / n of n equally close matches
        )
    )
    blur, is_matched = pl.col("blur"), pl.col("share") > 0
    off = pl.col("share") * (pl.col("change") - pl.col("like")).pow(2)
    spread = (
        rated.filter(is_matched, pl.col("matched_accounts") > 1)
        .group_by("measure")
        .agg(variance=off.sum() / (pl.col("share") * (1 - blur)).sum(), others=pl.col("member_id").n_unique())
        .filter(pl.col("others") >= LEAST_ACCOUNTS)
    )
    tail = (1 + SURE) / 2
    reach = (pl.col("variance") * (1 + blur)).sqrt() * (pl.col("others") - 1).map_batches(
        lambda freedom: pl.Series(stdtrit(freedom.to_numpy(), tail)), return_dtype=pl.Float64
    )
    shift = pl.col("change") - pl.col("like")
    low_is_bad = pl.col("measure").cast(pl.String).is_in(LOW_IS_BAD)
    good, bad = pl.col("effect_high") < 1, pl.col("effect_low") > 1
    return AccountEffects.cast(
        rated.filter("is_reviewed")
        .join(spread, on="measure", how="left")
        .with_columns(
            **_rates("before"),
            **_rates("after"),
            is_what_tripped=pl.col("measure").cast(pl.String) == pl.col("tripped_by").cast(pl.String),
            ratio_before="shrunken_before",
            ratio_after="shrunken_after",
            expected_after=pl.col("shrunken_before") * pl.col("like").exp(),
            effect=shift.exp(),
            effect_low=(shift - reach).exp(),
            effect_high=(shift + reach).exp(),
        )
        .with_columns(
            verdict=pl.when(pl.col("effect_low").is_null()).then(pl.lit("cannot be told"))
            .when(pl.when(low_is_bad).then(bad).otherwise(good)).then(pl.lit("helped"))
            .when(pl.when(low_is_bad).then(good).otherwise(bad)).then(pl.lit("got worse"))
            .otherwise(pl.lit("no effect shown")).cast(pl.Enum(VERDICTS))
        )
        .sort(*SET, "measure")
    )  # fmt: skip


def _rates(when: str) -> dict[str, pl.Expr]:
    """The rate of a window, and its bounds."""
    events, trials, spread = (pl.col(f"{name}_{when}") for name in ("events", "trials", "spread"))
    ends = negative_binomial(events, trials, spread=spread)
    return {
        f"rate_{when}": events / trials,
        f"rate_{when}_low": ends.struct.field("low"),
        f"rate_{when}_high": ends.struct.field("high"),
    }
