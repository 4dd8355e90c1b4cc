"""What an appeal rests on: the facts that the provider has of one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.health.ratios import ratios
from deliverlab.pipeline.cases import Case, open_case
from deliverlab.pipeline.directory import open_history, read_table
from deliverlab.reports.appeal_page import appeal_page
from deliverlab.reports.making import write_whole
from deliverlab.review.prevention import prevention
from deliverlab.review.reasons import REASONS
from deliverlab.schemas import Reviews

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from deliverlab.history import History

WINDOW_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Appeal:
    """One account's appeal: its case, the reviews on record with what they removed, and prevention."""

    case: Case
    reviews: list[dict[str, Any]]
    prevention: list[str]


def open_appeal(data: str | Path, account_id: str, /, *, as_of: date, policy: str = "hubspot-like") -> Appeal:
    """The root cause, the changes already made and what keeps it from coming back, of one account.

    The cause is the worst metric with what carries its excess; where every rate is as the peers' there is
    none. Changes are the reviews on record up to `as_of` since anything was removed, with the rate in the
    window before and since: nothing planned. Prevention follows from the reasons that contacts had or have.
    """
    case = open_case(data, account_id, as_of=as_of, policy=policy)
    history = open_history(data, account_ids=[account_id])
    kept = read_table(data, Reviews).filter(
        pl.col("account_id") == account_id, pl.col("reviewed_on") <= as_of
    )
    metric = case.scores["worst_metric"].item()
    reviews = [
        row
        | {"reasons": _reasons(row), "since": _since(history, row["reviewed_on"], metric=metric, as_of=as_of)}
        for row in kept.sort("reviewed_on").iter_rows(named=True)
    ]
    removed = [reason["reason"] for row in reviews for reason in row["reasons"]]
    return Appeal(
        case=case,
        reviews=reviews,
        prevention=prevention([*removed, *case.decisions["reasons"].explode().drop_nulls()]),
    )


def write_appeal_page(
    data: str | Path, account_id: str, /, *, as_of: date, policy: str = "hubspot-like", out: Path
) -> None:
    """Write the page of an appeal; no address stands on it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, appeal_page(open_appeal(data, account_id, as_of=as_of, policy=policy)))


def _reasons(review: dict[str, Any]) -> list[dict[str, Any]]:
    """The reasons of a review's removals, in words."""
    return [
        {"words": REASONS[row["reason"]].words if row["reason"] in REASONS else row["reason"], **row}
        for row in review["removed_by_reason"] or []
    ]


def _since(
    history: History, reviewed_on: date, /, *, metric: str | None, as_of: date
) -> dict[str, Any] | None:
    """The metric's counts in the window before a review and in the known days since; none without mail."""
    days = min(WINDOW_DAYS, (as_of - reviewed_on).days - history.known_within_days)
    if metric is None or days < 1:
        return None
    lag = timedelta(days=history.known_within_days)
    before = ratios(history, days=[reviewed_on], window_days=WINDOW_DAYS, metrics=[metric])
    after = ratios(
        history, days=[reviewed_on + timedelta(days=days) + lag], window_days=days, metrics=[metric]
    )
    if not (before.height and after.height):
        return None
    return {
        "metric": metric,
        "days": days,
        "before": before.row(0, named=True),
        "after": after.row(0, named=True),
    }
