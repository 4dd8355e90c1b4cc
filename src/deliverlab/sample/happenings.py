"""From messages to events: what happened to each, and when."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from deliverlab.sample.traffic import HARD_REASONS, SOFT_REASONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUR, DAY = 3_600, 86_400  # seconds
DEFERRED_SHARE = 0.015  # of what arrives; what bounces softly was deferred before
MACHINE_OPENS = 0.9  # of what reaches readers behind a privacy proxy
OPENS_AGAIN, CLICKS_AGAIN = 0.3, 0.15
LATE_BOUNCE_DAYS = (3, 7)
# Median hours, and how widely they spread (the standard deviation of their logarithm).
OPENS_AFTER = (2.5, 1.6)
COMPLAINS_AFTER = (20.0, 1.3)
UNSUBSCRIBES_AFTER = (3.0, 1.5)
LONGEST_WAIT = 20 * DAY


class _Happening(NamedTuple):
    """One type of event: to which messages it happens, how many seconds after sending, and how."""

    event_type: str
    happens: NDArray[np.bool_]
    after: NDArray[np.int64]
    reason: NDArray[np.str_] | None = None
    is_machine: bool = False


def events_of(
    messages: pl.DataFrame, /, *, provider: str, last_day: date, rng: np.random.Generator
) -> pl.DataFrame:
    """One row an event until the end of `last_day`: the message's columns, what happened, when and why.

    Events hold what their provider tells: SES points in time to the millisecond, and nothing of machines that
    open mail; SendGrid whole seconds, and which opens are a machine's.
    """
    tells_machines, fractions = (False, 900) if provider == "ses" else (True, 1)
    end = datetime.combine(last_day, time(), tzinfo=UTC) + timedelta(days=1)
    sent_at = pl.from_epoch(pl.col("sent_s") * 1_000 + pl.col("fraction"), time_unit="ms")
    known = ("account_id", "message", "email", "recipient_domain", "campaign", "import", "contact_age")
    sent = messages.with_columns(fraction=pl.Series(rng.integers(0, fractions, messages.height))).select(
        *known, sent_at=sent_at.dt.replace_time_zone("UTC")
    )
    return (
        pl.concat(
            sent.with_columns(
                event_type=pl.lit(each.event_type),
                after=pl.Series(each.after),
                is_machine=pl.lit(each.is_machine and tells_machines),
                bounce_reason=pl.Series(each.reason) if each.reason is not None else pl.lit(None, pl.String),
            ).filter(pl.Series(each.happens))
            for each in _happenings(messages, rng=rng)
        )
        .with_columns(occurred_at=pl.col("sent_at") + pl.duration(seconds="after"))
        .drop("after")
        .filter(pl.col("occurred_at") < end)
        .sort("occurred_at", "message", "event_type")
        .with_row_index("event")
    )


def _happenings(messages: pl.DataFrame, *, rng: np.random.Generator) -> list[_Happening]:
    count = messages.height
    flag = {name: messages[name].to_numpy() for name, dtype in messages.schema.items() if dtype == pl.Boolean}

    def within(least: int, most: int) -> NDArray[np.int64]:
        return rng.integers(least, most, count)

    def wait(median: float, spread: float) -> NDArray[np.int64]:
        seconds = median * HOUR * rng.lognormal(0, spread, count)
        return seconds.clip(5, LONGEST_WAIT).astype(np.int64)

    def some(share: float) -> NDArray[np.bool_]:
        return rng.random(count) < share

    is_deferred = flag["bounces_soft"] | (flag["arrives"] & some(DEFERRED_SHARE))
    at_once = np.zeros(count, dtype=np.int64)
    deferred = within(60, 1_800)
    answered = within(1, 25)
    delivered = np.where(is_deferred, deferred + within(900, 7_200), answered)
    returned = delivered + DAY * within(*LATE_BOUNCE_DAYS)
    opened = delivered + wait(*OPENS_AFTER)
    clicked = opened + within(3, 300)
    no_such_user = np.full(count, "invalid_address")
    hard_reason = rng.choice(list(HARD_REASONS), count, p=list(HARD_REASONS.values()))
    soft_reason = rng.choice(list(SOFT_REASONS), count, p=list(SOFT_REASONS.values()))
    in_time = flag["bounces_hard"] & ~flag["bounces_late"]
    by_machine = flag["arrives"] & flag["has_proxy"] & some(MACHINE_OPENS)
    return [
        _Happening("sent", ~flag["is_dropped"], at_once),
        _Happening("dropped", flag["is_dropped"], at_once),
        _Happening("deferred", is_deferred, deferred),
        _Happening("delivered", flag["arrives"], delivered),
        _Happening("hard_bounce", flag["is_refused"], answered, no_such_user),
        _Happening("hard_bounce", in_time, answered, hard_reason),
        _Happening("hard_bounce", flag["bounces_late"], returned, hard_reason),
        _Happening("soft_bounce", flag["bounces_soft"], deferred + within(HOUR, 12 * HOUR), soft_reason),
        _Happening("open", flag["opens"], opened),
        _Happening("open", flag["opens"] & some(OPENS_AGAIN), opened + wait(*OPENS_AFTER)),
        _Happening("open", by_machine, delivered + within(1, 90), is_machine=True),
        _Happening("click", flag["clicks"], clicked),
        _Happening("click", flag["clicks"] & some(CLICKS_AGAIN), clicked + within(5, HOUR)),
        _Happening("complaint", flag["complains"], delivered + wait(*COMPLAINS_AFTER)),
        _Happening("unsubscribe", flag["unsubscribes"], delivered + wait(*UNSUBSCRIBES_AFTER)),
    ]
