"""Whose reviews hold: by outcome, by reviewer, and by whether more than suppressed contacts went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.review.effect import compare
from deliverlab.review.resampling import DRAWS
from deliverlab.review.spells import RELAPSE_DAYS, relapses
from deliverlab.schemas import REVIEW_OUTCOMES

if TYPE_CHECKING:
    from datetime import date

HELD_BY = ("outcome", "reviewer", "remedy")
REMEDY_WORDS = {
    True: "mailed contacts were to be removed",
    False: "only suppressed contacts were to be removed",
    None: "no checklist kept",
}


class Holds(Table):
    """One row a group of reviews: their effect on the metric that each account tripped by, and who came back.

    Rows by reviewer and remedy are of completed reviews. An effect is null with its reason in `why`; only a
    completed review ends a stage, so only after one an account can come back into it.
    """

    by = dy.Enum(HELD_BY, primary_key=True)
    value = dy.String(primary_key=True)
    reviews = dy.Int64(min=0)
    effect = dy.Float64(nullable=True, min=0.0)
    effect_low = dy.Float64(nullable=True, min=0.0)
    effect_high = dy.Float64(nullable=True, min=0.0)
    why = dy.String(nullable=True)
    relapses = dy.Int64(nullable=True, min=0)
    relapse_share = dy.Float64(nullable=True, min=0.0, max=1.0)
    relapse_low = dy.Float64(nullable=True, min=0.0, max=1.0)
    relapse_high = dy.Float64(nullable=True, min=0.0, max=1.0)


def holds(
    changes: pl.DataFrame,
    answered: pl.DataFrame,
    /,
    *,
    until: date,
    relapse_days: int = RELAPSE_DAYS,
    seed: int,
    draws: int = DRAWS,
) -> dy.DataFrame[Holds]:
    """Effect and relapse of every group of reviews; `answered` is `Answers`, `changes` those of matched sets.

    Groups of reviewers are no contest: who gets the hard cases looks worse.
    """
    tripped = changes.filter(pl.col("measure").cast(pl.String) == pl.col("tripped_by").cast(pl.String))
    named = answered.with_columns(
        outcome=pl.col("outcome").cast(pl.String),
        remedy=pl.col("is_remedy").replace_strict(REMEDY_WORDS, return_dtype=pl.String),
    )
    completed = named.filter(outcome="completed")
    groups = [("outcome", outcome, named.filter(outcome=outcome)) for outcome in REVIEW_OUTCOMES] + [
        (by, value, completed.filter(pl.col(by) == value))
        for by in ("reviewer", "remedy")
        for value in completed[by].drop_nulls().unique().sort()
    ]
    key = ["account_id", "reviewed_on"]
    rows = []
    for by, value, reviews in groups:
        found = compare(tripped.join(reviews, on=key, how="semi"), seed=seed, draws=draws)
        ended = completed.join(reviews, on=key, how="semi")
        back = relapses(ended, until=until, within_days=relapse_days).row(0, named=True)
        rows.append({
            "by": by, "value": value, "reviews": reviews.height,
            **{name: found[name] for name in ("effect", "effect_low", "effect_high", "why")},
            "relapses": back["relapses"] if ended.height else None, "relapse_share": back["share"],
            "relapse_low": back["share_low"], "relapse_high": back["share_high"],
        })  # fmt: skip
    return Holds.cast(pl.DataFrame(rows, schema=Holds.create_empty().schema))
