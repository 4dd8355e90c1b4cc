"""Events to daily counts: by account and send day, with what was known in time.

Duplicates, repeats and send times were settled before, so this only adds: it streams, and never holds the
events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.settle import known_at
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.schemas import COUNTS, Daily, Incidents

if TYPE_CHECKING:
    import dataframely as dy

Frame = pl.DataFrame | pl.LazyFrame

ENGAGEMENT = ("open", "click")
BOUNCES = ("hard_bounce", "soft_bounce")
_IN_TIME = {
    "delivered": "delivered",
    "hard_bounces": "hard_bounce",
    "soft_bounces": "soft_bounce",
    "complaints": "complaint",
    "unsubscribes": "unsubscribe",
    "opens": "open",
    "clicks": "click",
}
_LATE = {"late_hard_bounces": "hard_bounce", "late_complaints": "complaint"}
_HIGH = 1 << 32  # above every count of a group
_PAIRS = tuple(zip(COUNTS[::2], COUNTS[1::2], strict=True))
NEEDED = (
    "account_id", "event_type", "occurred_at", "sent_at", "received_at", "recipient_domain", "bounce_reason",
    "is_machine", "is_repeat",
)  # fmt: skip


def daily_counts(
    events: Frame,
    /,
    *,
    known_within_days: int = KNOWN_WITHIN_DAYS,
    incidents: Frame | None = None,
    exclude: pl.Expr | None = None,
) -> dy.LazyFrame[Daily]:
    """What became of each account's mail by send day (the UTC date of `sent_at`), by account and day.

    An outcome counts where it was known (`received_at`, else `occurred_at`) at most `known_within_days`
    calendar days after the send day; hard bounces and complaints that came later have columns of their own,
    other late outcomes do not count. Repeats do not count, nor do opens and clicks of machines: they are no
    engagement.

    Where more was delivered than sent, the export lacks sent events (it began amid the sending, or never
    has any): there `sent` is what came of the mail, delivered and bounced. `days_without_sent` tells which
    days these are.

    `incidents` leaves out the bounces that a receiver made by mistake: those that occurred on its days, at
    its domain, for its reason. Their mail still counts as sent, for it was. `exclude` leaves out the events
    for which it is true.

    Raises `DataError` where the events lack a column or an incident is not what it must be.
    """
    counted = countable(events, incidents=incidents, exclude=exclude)
    return Daily.cast(count_by(counted, "account_id", "day", known_within_days=known_within_days))


def days_without_sent(events: Frame, /, *, exclude: pl.Expr | None = None) -> pl.LazyFrame:
    """The account-days on which more was delivered than sent, with both numbers as the events have them."""
    return (
        countable(events, exclude=exclude)
        .group_by("account_id", "day")
        .agg((pl.col("event_type") == name).sum().alias(name) for name in ("sent", "delivered"))
        .filter(pl.col("delivered") > pl.col("sent"))
        .sort("account_id", "day")
    )


def countable(
    events: Frame, /, *, incidents: Frame | None = None, exclude: pl.Expr | None = None
) -> pl.LazyFrame:
    """The events that may count, each with its send `day`."""
    lazy = events.lazy()
    missing = sorted(set(NEEDED) - set(lazy.collect_schema().names()))
    if missing:
        raise DataError(f"events: column {missing[0]!r} is missing")
    left_out = [pl.col("is_repeat"), mistaken(incidents)]
    if exclude is not None:
        left_out.append(exclude.fill_null(value=False))
    return lazy.filter(
        pl.col("event_type").is_in(("sent", *_IN_TIME.values())), ~pl.any_horizontal(left_out)
    ).with_columns(day=pl.col("sent_at").dt.date())


def count_by(counted: pl.LazyFrame, /, *by: str, known_within_days: int) -> pl.LazyFrame:
    """The ten counts of each group, in the order of the groups."""
    return added_by(counted, *by, known_within_days=known_within_days).pipe(with_sent).sort(by)


def added_by(counted: pl.LazyFrame, /, *by: str, known_within_days: int) -> pl.LazyFrame:
    """The same as the events have them: of parts of the events, for `whole_days` to add up.

    Two counts travel in one sum: keeping ten sums for each of millions of groups is what takes the time.
    """
    is_by_machine = pl.col("is_machine") & pl.col("event_type").is_in(ENGAGEMENT)
    is_late = known_at.dt.epoch("d") - pl.col("sent_at").dt.epoch("d") > known_within_days
    counts = {
        "sent": pl.col("event_type") == "sent",
        **{
            name: (pl.col("event_type") == event_type) & pl.col("is_in_time")
            for name, event_type in _IN_TIME.items()
        },
        **{
            name: (pl.col("event_type") == event_type) & pl.col("is_late")
            for name, event_type in _LATE.items()
        },
    }

    def one(name: str) -> pl.Expr:
        return counts[name].cast(pl.Int64)

    return (
        counted.with_columns(is_late=is_late, is_in_time=~(is_late | is_by_machine))
        .group_by(by)
        .agg((one(low) + one(high) * _HIGH).sum().alias(low) for low, high in _PAIRS)
        .with_columns(
            *(pl.col(low) % _HIGH for low, _ in _PAIRS),
            *((pl.col(low) // _HIGH).alias(high) for low, high in _PAIRS),
        )
        .select(*by, *COUNTS)
    )


def whole_days(parts: pl.LazyFrame, /, *by: str) -> pl.LazyFrame:
    """What `count_by` gives for all events, by `added_by` of their parts."""
    return parts.group_by(by).agg(pl.col(COUNTS).sum()).pipe(with_sent).sort(by)


def with_sent(added: pl.LazyFrame, /) -> pl.LazyFrame:
    """Counts of all events of their group, `sent` put right where its events are missing."""
    came_of_it = pl.sum_horizontal("delivered", "hard_bounces", "soft_bounces")
    lacks_sent = pl.col("delivered") > pl.col("sent")
    return added.with_columns(sent=pl.when(lacks_sent).then(came_of_it).otherwise("sent"))


def mistaken(incidents: Frame | None) -> pl.Expr:
    """Whether an event is a bounce of an incident's making."""
    if incidents is None:
        return pl.lit(value=False)
    day = pl.col("occurred_at").dt.date()
    is_of = [
        day.is_between(incident["from_day"], incident["to_day"])
        & _matches("recipient_domain", incident["recipient_domain"])
        & _matches("bounce_reason", incident["bounce_reason"])
        for incident in Incidents.admit(incidents, what="incidents").iter_rows(named=True)
    ]
    return pl.col("event_type").is_in(BOUNCES) & pl.any_horizontal(pl.lit(value=False), *is_of)


def _matches(column: str, wanted: str | None) -> pl.Expr:
    """Whether the column is what is wanted; everything is where nothing certain is."""
    return pl.lit(value=True) if wanted is None else pl.col(column).eq_missing(pl.lit(wanted))
