"""Whether accounts that are equally well are in stages equally often, whoever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.intervals import CONFIDENCE, difference, wilson
from deliverlab.schemas import NOT_ENOUGH_MAIL

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPED_BY = ("band", "industry", "tier")
STANDS_OUT = 0.998  # as the outer limits of a funnel: of forty groups alike hardly one stands out by chance


class Fairness(Table):
    """One row a group of accounts and whether they are poor: how many of them are in a stage.

    `share_low` to `share_high` is where the share lies with 95% confidence. `other_share` is that of all
    accounts as well as they that are not of the group; `stands_out` where the two differ beyond chance.
    """

    by = dy.Enum(GROUPED_BY, primary_key=True)
    value = dy.String(primary_key=True)
    is_poor = dy.Bool(primary_key=True)
    accounts = dy.Int64(min=1)
    in_stage = dy.Int64(min=0)
    share = dy.Float64(min=0.0, max=1.0)
    share_low = dy.Float64(min=0.0, max=1.0)
    share_high = dy.Float64(min=0.0, max=1.0)
    other_share = dy.Float64(nullable=True, min=0.0, max=1.0)
    stands_out = dy.Bool()


def fairness(standing: pl.DataFrame, /) -> dy.DataFrame[Fairness]:
    """How often accounts of each band, industry and plan are in a stage: the poor ones, and the others.

    A policy may be hard on poor accounts; it must not be harder on the poor of one group than on those of
    another, nor stop more of its healthy ones (equalised odds, Hardt, Price and Srebro 2016, with today's
    grade in the place of the truth that nobody has). An account may be in a stage and well again, so some
    healthy ones always are. Whom nobody can judge yet is left out.

    `standing` has a row an account: grade, is_staged, band, industry, tier. A group stands out where its
    share and that of all others differ by more than 99.8% bounds allow.

    >>> standing = pl.DataFrame(
    ...     {"grade": ["poor", "good"], "is_staged": [True, False], "band": "<1k", "industry": "Retail"}
    ... ).with_columns(tier=pl.lit("pro"))
    >>> fairness(standing).select("by", "value", "is_poor", "accounts", "in_stage").rows()[:2]
    [('band', '<1k', False, 1, 0), ('band', '<1k', True, 1, 1)]
    """
    judged = standing.with_columns(pl.col("grade").cast(pl.String)).filter(pl.col("grade") != NOT_ENOUGH_MAIL)
    return Fairness.cast(
        pl.concat(_grouped(judged.with_columns(is_poor=pl.col("grade") == "poor")))
        .with_columns(_bounds("share", confidence=CONFIDENCE))
        .sort("by", "value", "is_poor")
    )


def _grouped(judged: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The accounts of each group, and those of no other, counted."""
    everybody = judged.group_by("is_poor").agg(all_accounts=pl.len(), all_in_stage=pl.col("is_staged").sum())
    for by in GROUPED_BY:
        counted = (
            judged.drop_nulls(by)
            .group_by(pl.col(by).cast(pl.String).alias("value"), "is_poor")
            .agg(accounts=pl.len(), in_stage=pl.col("is_staged").sum())
            .join(everybody, on="is_poor")
        )
        events, trials = pl.col("in_stage"), pl.col("accounts")
        others, of = pl.col("all_in_stage") - events, pl.col("all_accounts") - trials
        apart = difference(
            events / trials, wilson(events, trials, confidence=STANDS_OUT),
            others / of, wilson(others, of, confidence=STANDS_OUT),
        )  # fmt: skip
        is_apart = (apart.struct.field("low") > 0) | (apart.struct.field("high") < 0)
        yield counted.with_columns(
            by=pl.lit(by, pl.Enum(GROUPED_BY)),
            share=events / trials,
            other_share=pl.when(of > 0).then(others / of),
            stands_out=is_apart.fill_null(value=False),
        )


def _bounds(name: str, *, confidence: float) -> list[pl.Expr]:
    bounds = wilson(pl.col("in_stage"), pl.col("accounts"), confidence=confidence)
    return [bounds.struct.field(side).alias(f"{name}_{side}") for side in ("low", "high")]
