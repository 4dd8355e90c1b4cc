"""Events to counts by campaign, domain, bounce reason, import or contact age: where harm comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.daily import BOUNCES, count_by, countable
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.metrics import contact_age
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
    exclude: pl.Expr | None = None,
) -> dy.LazyFrame[Slices]:
    """The counts of `daily_counts` again, each account-day cut five ways, by account, day, cut and value.

    Events that have no value (mail without a campaign, a recipient of no known import) are in no slice of
    that kind, so the slices of a day may add up to less than the day. Slices by bounce reason hold bounces
    only.

    `contacts` tells which import brought a recipient: `account_id`, `import_id`, and `recipient` or
    `recipient_key`, whichever the events have; and in `created_at`, where it knows, when. Without it there
    are no slices by import, or by the age that a contact had when it was mailed (`metrics.contact_age`).

    Raises `DataError` where a table lacks a column.
    """
    counted = countable(events, incidents=incidents, exclude=exclude)
    cuts = {
        "campaign": _valued(counted, "campaign_id"),
        "recipient_domain": _valued(counted, "recipient_domain"),
        "bounce_reason": _valued(counted.filter(pl.col("event_type").is_in(BOUNCES)), "bounce_reason"),
    }
    if contacts is not None:
        known = _with_contact(counted, contacts.lazy())
        cuts["import"] = _valued(known, "import_id")
        cuts["contact_age"] = _valued(known.with_columns(age=contact_age(_days_known())), "age")
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


def _days_known() -> pl.Expr:
    """Whole days from when a contact came on the list to its mail; what was mailed before is not known."""
    days = (pl.col("sent_at").dt.date() - pl.col("created_at").dt.date()).dt.total_days()
    return pl.when(days >= 0).then(days)


def _with_contact(counted: pl.LazyFrame, contacts: pl.LazyFrame) -> pl.LazyFrame:
    names = contacts.collect_schema().names()
    known_by = [name for name in RECIPIENTS if name in counted.collect_schema().names() and name in names]
    missing = sorted({"account_id", "import_id"} - set(names)) or ([] if known_by else ["recipient_key"])
    if missing:
        raise DataError(f"contacts: column {missing[0]!r} is missing")
    keys = ["account_id", known_by[0]]
    listed = (
        contacts if "created_at" in names else contacts.with_columns(created_at=pl.lit(None, pl.Datetime))
    )
    return counted.join(listed.group_by(keys).agg(pl.col("import_id", "created_at").min()), on=keys)
