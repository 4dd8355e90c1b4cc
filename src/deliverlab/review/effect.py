"""What reviews did: how reviewed accounts changed, beside how those did that were alike and not reviewed."""

from __future__ import annotations

import math
from typing import Any

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.review.resampling import DRAWS, bounds, means
from deliverlab.schemas import METRIC_NAMES, REVIEW_OUTCOMES

VOLUME = "volume"
MEASURES = (VOLUME, *METRIC_NAMES)
LEAST_ACCOUNTS = 10  # reviewed ones, and others they are compared with, before there is a figure
DIFFERS = 0.25  # squared variation of what becomes of accounts: beyond 1 / it, events say little more

SET = ("account_id", "reviewed_on")


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
    foretold = pl.col("expected_before").filter("is_reviewed").first().over(SET)
    nearest = pl.col("closeness").filter(~pl.col("is_reviewed")).max().over(SET)
    return (
        members.filter(pl.col("ratio_after").is_not_null(), pl.col("shrunken_before") > 0)
        .with_columns(share=shares().over(SET), weight=nearest * foretold / (1 + DIFFERS * foretold))
        .with_columns(matched=pl.col("share").sum().over(SET))
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
