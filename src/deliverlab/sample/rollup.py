"""From counts of mail to the tables `daily` and `slices`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from deliverlab.schemas import COUNTS, SLICED_BY, Daily, Slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    import dataframely as dy

KNOWN_WITHIN_DAYS = 2  # calendar days after the send day
MAIL_SLICED_BY = ("campaign", "recipient_domain", "import", "contact_age")


class Counts(NamedTuple):
    """What became of mail.

    `mail`: account_id, day, what it is sliced by (`import` null: came by no import; `contact_age` null: of
    contacts that are not told one by one), and every count.
    `bounces`: account_id, day, bounce_reason, counted_as (a column of `Daily`), bounces.
    """

    mail: pl.DataFrame
    bounces: pl.DataFrame


def daily_of(counts: Iterable[Counts], /) -> dy.DataFrame[Daily]:
    """One row an account and day with mail."""
    mail = pl.concat(each.mail for each in counts)
    return Daily.validate(
        mail.group_by("account_id", "day").agg(pl.col(COUNTS).sum()).sort("account_id", "day"), cast=True
    )


def slices_of(in_full: Sequence[Counts], recent: Sequence[Counts], /, *, since: date) -> dy.DataFrame[Slices]:
    """The same counts by campaign, domain, import and bounce reason; those of `recent` from `since` on only.

    Campaigns and domains cover all mail and add up to `daily`; imports cover what an import brought.
    """
    is_new = pl.col("day") >= since
    mail = pl.concat([each.mail for each in in_full] + [each.mail.filter(is_new) for each in recent])
    bounces = pl.concat([each.bounces for each in in_full] + [each.bounces.filter(is_new) for each in recent])
    sliced = [
        mail.filter(pl.col(by).is_not_null()).select(
            "account_id", "day", pl.lit(by).alias("by"), pl.col(by).alias("value"), *COUNTS
        )
        for by in MAIL_SLICED_BY
    ]
    reasons = bounces.select(
        "account_id",
        "day",
        pl.lit("bounce_reason").alias("by"),
        pl.col("bounce_reason").alias("value"),
        *(pl.when(pl.col("counted_as") == name).then("bounces").otherwise(0).alias(name) for name in COUNTS),
    )
    key = ("account_id", "day", "by", "value")
    summed = pl.concat([*sliced, reasons]).group_by(key).agg(pl.col(COUNTS).sum())
    return Slices.validate(summed.cast({"by": pl.Enum(SLICED_BY)}).sort(key))
