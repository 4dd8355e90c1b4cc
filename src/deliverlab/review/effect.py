"""What reviews did: how reviewed accounts changed, beside how those did that were alike and not reviewed."""

from __future__ import annotations

import math
from typing import Any

import dataframely as dy
import polars as pl

from deliverlab.intervals import negative_binomial
from deliverlab.metrics import METRICS
from deliverlab.review.resampling import DRAWS, SURE, bounds, means
from deliverlab.schemas import METRIC_NAMES, REVIEW_OUTCOMES, Table

VOLUME = "volume"
MEASURES = (VOLUME, *METRIC_NAMES)
LOW_IS_BAD = [metric.name for metric in METRICS.values() if not metric.is_high_bad]
VERDICTS = ("helped", "no effect shown", "got worse", "cannot be told")
LEAST_ACCOUNTS = 10  # reviewed ones, and others they are compared with, before there is a figure
DIFFERS = 0.25  # squared variation of what becomes of accounts: beyond 1 / it, events say little more

_SET = ("account_id", "reviewed_on")


class Changes(Table):
    """One row a member of a matched set and measure: the reviewed account itself, and those matched with it.

    A ratio is to the peers' rate; `closeness` is 1 of the reviewed account and falls with the distance of a
    match; `expected_before` what the shrunken ratio foretells in independent events.
    Of volume the ratio is the delivered mail beside that of the window before.
    """

    account_id = dy.String(primary_key=True)
    reviewed_on = dy.Date(primary_key=True)
    member_id = dy.String(primary_key=True)
    measure = dy.Enum(MEASURES, primary_key=True)
    outcome = dy.Enum(REVIEW_OUTCOMES)
    tripped_by = dy.Enum(METRIC_NAMES)
    is_reviewed = dy.Bool()
    closeness = dy.Float64(min_exclusive=0.0, max=1.0)
    ratio_before = dy.Float64(min=0.0)
    shrunken_before = dy.Float64(min=0.0)
    expected_before = dy.Float64(min=0.0)
    ratio_after = dy.Float64(nullable=True, min=0.0)
    shrunken_after = dy.Float64(nullable=True, min=0.0)
    events_before = dy.Int64(min=0)
    trials_before = dy.Int64(min=0)
    spread_before = dy.Float64(min=0.0)
    events_after = dy.Int64(nullable=True, min=0)
    trials_after = dy.Int64(nullable=True, min=0)
    spread_after = dy.Float64(nullable=True, min=0.0)


class Effect(Table):
    """What reviews left of each measure, as a factor: 1 nothing, 0.4 two fifths of what would have been.

    `before_after` is the plain comparison, of which much comes by itself: `matched_before_after` is as much
    without a review. `why` says why there is no figure.
    """

    measure = dy.Enum(MEASURES, primary_key=True)
    reviews = dy.Int64(min=0)
    matched_accounts = dy.Int64(min=0)
    before_after = dy.Float64(nullable=True, min=0.0)
    matched_before_after = dy.Float64(nullable=True, min=0.0)
    effect = dy.Float64(nullable=True, min=0.0)
    effect_low = dy.Float64(nullable=True, min=0.0)
    effect_high = dy.Float64(nullable=True, min=0.0)
    why = dy.String(nullable=True)


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


def effects(changes: pl.DataFrame, /, *, seed: int, draws: int = DRAWS) -> dy.DataFrame[Effect]:
    """The effect on each measure, with 95% bounds: how reviewed accounts changed over how matched ones did.

    A change is the ratio to the peers after the review over the *shrunken* ratio before the notice: what an
    account's mail foretold, not the worst days that it was picked for. After is unshrunken, so a true effect
    is not drawn towards 1. Means of changes weigh an account by the events it is expected to have, up to
    where accounts differ more than chance does, and by how close its nearest match is; its matches share its
    weight, the closest most. Where shrinking foretells too much or too little, it does so for both, and
    cancels.

    Bounds: the matches stay and accounts are drawn anew (Otsu and Rai 2017), each with an exponential weight
    (the Bayesian bootstrap of Rubin 1981), wherever it stands; the deviation of the logarithms is widened by
    Student's t of the accounts that the weights amount to. Below `LEAST_ACCOUNTS` on either side, or without
    any event afterwards, there is no figure.
    """
    rows = [
        {"measure": measure} | compare(changes.filter(pl.col("measure") == measure), seed=seed, draws=draws)
        for measure in MEASURES
    ]
    return Effect.cast(pl.DataFrame(rows, schema=Effect.create_empty().schema))


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
            share=shares().over(*_SET, "measure"),
            matched_accounts=(~pl.col("is_reviewed")).sum().over(*_SET, "measure").cast(pl.Int64),
        )
        .with_columns(
            like=(pl.col("share") * pl.col("change")).sum().over(*_SET, "measure"),
            blur=pl.col("share").pow(2).sum().over(*_SET, "measure"),  # 1 / n of n equally close matches
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
        .sort(*_SET, "measure")
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


def compare(members: pl.DataFrame, /, *, seed: int, draws: int = DRAWS) -> dict[str, Any]:
    """The effect on one measure, from its rows of `Changes`: every column of `Effect` but the measure."""
    weighed = _weighed(members)
    ours, theirs = (weighed.filter(is_reviewed=is_reviewed) for is_reviewed in (True, False))
    reviewed, matched = ours["member_id"].n_unique(), theirs["member_id"].n_unique()
    row: dict[str, Any] = {
        "reviews": ours.height,
        "matched_accounts": matched,
        "before_after": _before_after(ours),
        "matched_before_after": _before_after(theirs),
        **dict.fromkeys(("effect", "effect_low", "effect_high", "why")),
    }
    if min(reviewed, matched) < LEAST_ACCOUNTS:
        few = f"{reviewed} reviewed accounts have matches and {matched} accounts match them"
        return row | {"why": f"{few}, must be {LEAST_ACCOUNTS} of each"}
    if not (row["before_after"] and row["matched_before_after"]):
        return row | {"why": "no event happened afterwards"}
    one, other = means(
        weighed["member_id"],
        weighed["ratio_after"] / weighed["shrunken_before"],
        weighed["weight"],
        ~weighed["is_reviewed"],
        seed=seed,
        draws=draws,
    )
    log_effect = math.log(one.value / other.value)
    low, high = bounds(log_effect, one.drawn_logs - other.drawn_logs, worth=min(one.worth, other.worth))
    return row | {"effect": math.exp(log_effect), "effect_low": low, "effect_high": high}


def _weighed(members: pl.DataFrame) -> pl.DataFrame:
    """The members of whole sets, each with its weight: the reviewed one's, which its matches share.

    A set counts for less where not even the nearest match is near.
    """
    foretold = pl.col("expected_before").filter("is_reviewed").first().over(_SET)
    nearest = pl.col("closeness").filter(~pl.col("is_reviewed")).max().over(_SET)
    return (
        members.filter(pl.col("ratio_after").is_not_null(), pl.col("shrunken_before") > 0)
        .with_columns(share=shares().over(_SET), weight=nearest * foretold / (1 + DIFFERS * foretold))
        .with_columns(matched=pl.col("share").sum().over(_SET))
        .filter(pl.col("matched") > 0, pl.col("weight") > 0)
        .with_columns(weight=pl.col("weight") * pl.when("is_reviewed").then(1.0).otherwise("share"))
    )


def shares() -> pl.Expr:
    """Within a set, each match's share by its closeness; 0 of the reviewed one, and where none matches."""
    closeness = pl.when("is_reviewed").then(0.0).otherwise("closeness")
    return (closeness / closeness.sum()).fill_nan(0.0)


def _before_after(weighed: pl.DataFrame) -> float | None:
    """The plain comparison: the mean ratio after over the mean ratio before."""
    after, before = weighed.select(
        (pl.col(name) * pl.col("weight")).sum() for name in ("ratio_after", "ratio_before")
    ).row(0)
    return after / before if before > 0 else None
