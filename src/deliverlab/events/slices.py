"""Events to counts by campaign, receiving domain, bounce reason or import: where the harm comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.daily import BOUNCES, count_by, countable
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.schemas import Slices

if TYPE_CHECKING:
    import dataframely as dy

    from deliverlab.events.daily import Frame

RECIPIENTS = ("recipient_key", "recipient")


def slice_counts(
    events: Frame,
    /,
    *,
    known_within_days: int = KNOWN_WITHIN_DAYS,
    contacts: Frame | None = None,
    incidents: Frame | None = None,
) -> dy.LazyFrame[Slices]:
    """The counts of `daily_counts` again, each account-day cut four ways, by account, day, cut and value.

    Events that have no value (mail without a campaign, a recipient of no known import) are in no slice of
    that kind, so the slices of a day may add up to less than the day. Slices by bounce reason hold bounces
    only.

    `contacts` tells which import brought a recipient: `account_id`, `import_id`, and `recipient` or
    `recipient_key`, whichever the events have, one row each. Without it there are no slices by import.

    Raises `DataError` where a table lacks a column.
    """
    counted = countable(events, incidents=incidents)
    cuts = {
        "campaign": _valued(counted, "campaign_id"),
        "recipient_domain": _valued(counted, "recipient_domain"),
        "bounce_reason": _valued(counted.filter(pl.col("event_type").is_in(BOUNCES)), "bounce_reason"),
    }
    if contacts is not None:
        cuts["import"] = _valued(_with_import(counted, contacts.lazy()), "import_id")
    slices = pl.concat(
        count_by(cut, "account_id", "day", "value", known_within_days=known_within_days).with_columns(
            by=pl.lit(by)
        )
        for by, cut in cuts.items()
    )
    return Slices.cast(slices.sort("account_id", "day", "by", "value"))


def _valued(counted: pl.LazyFrame, column: str) -> pl.LazyFrame:
    if column not in counted.collect_schema().names():
        raise DataError(f"events: column {column!r} is missing")
    return counted.with_columns(value=pl.col(column).cast(pl.String)).filter(pl.col("value").is_not_null())


def _with_import(counted: pl.LazyFrame, contacts: pl.LazyFrame) -> pl.LazyFrame:
    names = contacts.collect_schema().names()
    known_by = [name for name in RECIPIENTS if name in counted.collect_schema().names() and name in names]
    missing = sorted({"account_id", "import_id"} - set(names)) or ([] if known_by else ["recipient_key"])
    if missing:
        raise DataError(f"contacts: column {missing[0]!r} is missing")
    keys = ["account_id", known_by[0]]
    imports = contacts.drop_nulls("import_id").group_by(keys).agg(pl.col("import_id").min())
    return counted.join(imports, on=keys)
