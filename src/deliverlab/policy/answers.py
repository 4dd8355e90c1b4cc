"""How often, and how fast, accounts really answered each stage with a contact review."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import dataframely as dy
import numpy as np
import polars as pl

from deliverlab.admission import Table
from deliverlab.intervals import CONFIDENCE, wilson
from deliverlab.policy.spells import spells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deliverlab.history import History
    from deliverlab.policy.model import Policy


class Answers(Table):
    """A row a stage in the policy's order, and one with a null stage for all: how its entries ended.

    `share` is the estimated share of entries that a completed review answers within `followed_days`, the
    longest time that one was watched; `median_days` the time from notice to review that half of those keep,
    `fastest_days` and `slowest_days` the extremes that were seen. All null where no entry has ended.
    """

    stage = dy.String(nullable=True)
    entries = dy.Int64(min=0)
    answered = dy.Int64(min=0)
    ended_otherwise = dy.Int64(min=0)
    still_open = dy.Int64(min=0)
    share = dy.Float64(nullable=True, min=0.0, max=1.0)
    share_low = dy.Float64(nullable=True, min=0.0, max=1.0)
    share_high = dy.Float64(nullable=True, min=0.0, max=1.0)
    median_days = dy.Int64(nullable=True, min=1)
    fastest_days = dy.Int64(nullable=True, min=1)
    slowest_days = dy.Int64(nullable=True, min=1)
    followed_days = dy.Int64(nullable=True, min=1)


class Incidence(NamedTuple):
    """How much of a group has met an event by each day, while another one competes for it."""

    days: NDArray[np.int64]
    share: NDArray[np.float64]  # by each of `days`
    variance: float  # of the last share


def answers(history: History, *, policy: Policy, confidence: float = CONFIDENCE) -> dy.DataFrame[Answers]:
    """Entries into each stage of `enforcement`, and the share that completed reviews answered, with bounds.

    An entry is answered if a completed review ends it. If the next stage or anything else ends it, it was
    not: that competes with the answer, and is no missing datum. One that is open when history ends is
    censored: it may be answered yet. Shares are therefore Aalen and Johansen's cumulative incidence, which
    without open entries is the plain share. A Kaplan-Meier curve would take escalated entries for ones that
    may be answered yet, and so promise too much. Bounds are Wilson's for as many entries as the variance of
    that estimate is worth (Dinse and Larson 1986).

    A review is put down to the latest notice before it, though the one before may have moved the account.
    Entries are counted as if each were another account's: bounds are too narrow where few come often.
    """
    found = spells(history.enforcement, history.reviews, until=history.until).with_columns(
        days=(pl.col("to_day").fill_null(history.until) - pl.col("from_day")).dt.total_days() + 1
    )
    ours = found.filter(pl.col("stage").is_in(policy.stage_names))
    rows = [_row(stage, ours.filter(stage=stage)) for stage in policy.stage_names]
    table = pl.DataFrame([*rows, _row(None, ours)], infer_schema_length=None)
    worth = (
        pl.when(pl.col("variance") > 0)
        .then(pl.col("share") * (1 - pl.col("share")) / pl.col("variance"))
        .otherwise(pl.col("answered") + pl.col("ended_otherwise"))
    )
    bounds = wilson(pl.col("share") * worth, worth, confidence=confidence)
    return Answers.cast(
        table.with_columns(
            share_low=bounds.struct.field("low"),
            share_high=bounds.struct.field("high"),
        )
    )


def _row(stage: str | None, entries: pl.DataFrame) -> dict[str, object]:
    is_answered = entries["ended_by"] == "review"
    has_ended = entries["ended_by"].is_not_null()
    row: dict[str, object] = {
        "stage": stage,
        "entries": entries.height,
        "answered": is_answered.sum(),
        "ended_otherwise": (has_ended & ~is_answered).sum(),
        "still_open": entries.height - has_ended.sum(),
        "share": None, "variance": None, "median_days": None,
        "fastest_days": None, "slowest_days": None, "followed_days": None,
    }  # fmt: skip
    if not has_ended.any():
        return row
    found = incidence(
        entries["days"].to_numpy(),
        is_met=is_answered.fill_null(value=False).to_numpy(),
        has_ended=has_ended.to_numpy(),
    )
    answered = entries.filter(is_answered)["days"]
    share = float(found.share[-1])
    median = int(found.days[np.argmax(found.share >= share / 2)]) if share > 0 else None
    return row | {
        "share": share, "variance": found.variance, "median_days": median,
        "fastest_days": answered.min(), "slowest_days": answered.max(),
        "followed_days": entries["days"].max(),
    }  # fmt: skip


def incidence(
    days: NDArray[np.int64], *, is_met: NDArray[np.bool_], has_ended: NDArray[np.bool_]
) -> Incidence:
    """Aalen and Johansen's cumulative incidence of an event, and its variance by Dinse and Larson.

    Each of a group is watched so many days: then it met the event, or ended otherwise, or was lost from
    sight. What is lost from sight on a day was at risk on it.

    >>> found = incidence(np.array([1, 2, 3, 4]), is_met=np.array([True, False, False, True]),
    ...                   has_ended=np.array([True, True, False, True]))
    >>> found.share.tolist(), round(found.variance, 4)
    ([0.25, 0.25, 0.75], 0.0469)
    """
    times = np.unique(days[has_ended])
    at_risk = (days >= times[:, None]).sum(axis=1)
    met = ((days == times[:, None]) & is_met).sum(axis=1)
    ended = ((days == times[:, None]) & has_ended).sum(axis=1)
    before = np.concatenate([[1.0], np.cumprod(1 - ended / at_risk)[:-1]])
    share = np.cumsum(before * met / at_risk)
    to_come = share[-1] - share
    left = np.where(at_risk > ended, at_risk - ended, np.inf)
    variance = (
        to_come**2 * ended / (at_risk * left)
        + before**2 * met * (at_risk - met) / at_risk**3
        - 2 * to_come * before * met / at_risk**2
    ).sum()
    return Incidence(times, share, max(float(variance), 0.0))
