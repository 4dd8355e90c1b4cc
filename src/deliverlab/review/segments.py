"""Where harm comes from: the imports, forms and campaigns that carry what an account has above its peers."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.metrics import METRICS

KINDS = ("import", "form", "campaign")
LEAST_SHARE = 0.05  # of the excess, before a segment is worth a line
SHOWN_OF_A_KIND = 5


class Segments(Table):
    """One row a segment that carries some of the excess of a rate, the largest share first.

    `contacts` is null for campaigns: who got one is not on the list.
    """

    by = dy.Enum(KINDS, primary_key=True)
    value = dy.String(primary_key=True)
    contacts = dy.Int64(nullable=True, min=0)
    events = dy.Int64(min=0)
    trials = dy.Int64(min=0)
    share = dy.Float64()


def list_segments(contacts: pl.DataFrame, counts: pl.DataFrame, /) -> pl.DataFrame:
    """The window's counts of the contacts of each import, and of each form or other source of permission.

    A contact that came with an import belongs to that import, whatever source it claims.
    """
    is_imported = pl.col("import_id").is_not_null()
    return (
        contacts.select(
            "email",
            by=pl.when(is_imported).then(pl.lit("import")).otherwise(pl.lit("form")),
            value=pl.coalesce("import_id", "consent_source", pl.lit("no source on record")),
        )
        .join(counts, on="email", how="left")
        .group_by("by", "value")
        .agg(pl.len().cast(pl.Int64).alias("contacts"), pl.selectors.integer().sum())
    )


def segments(
    parts: pl.DataFrame, whole: pl.DataFrame, /, *, metric: str, peer_rate: float | None
) -> dy.DataFrame[Segments]:
    """The segments that carry the excess of one of an account's rates; none where there is no excess.

    The excess is what the account has above its peers' rate times its trials. A segment may carry more than
    all of it where others are better than peers: that is all of it. Kinds overlap, so shares of different
    kinds do not add up. `parts` are counts by `by` and `value` (see `list_segments`), `whole` is
    one row, the account's counts.
    """
    measured = METRICS[metric]
    expected = peer_rate or 0.0
    excess = float(whole[measured.numerator].sum()) - expected * float(whole[measured.denominator].sum())
    if peer_rate is None or excess <= 0:
        return Segments.create_empty()
    events, trials = pl.col(measured.numerator), pl.col(measured.denominator)
    return Segments.cast(
        parts.select(
            "by",
            "value",
            "contacts",
            events=events,
            trials=trials,
            share=((events - expected * trials) / excess).clip(upper_bound=1.0),
        )
        .filter(pl.col("share") >= LEAST_SHARE)
        .sort("share", "by", "value", descending=[True, False, False])
        .group_by("by", maintain_order=True)
        .head(SHOWN_OF_A_KIND)
        .select(Segments.column_names())
        .sort("share", "by", "value", descending=[True, False, False])
    )
