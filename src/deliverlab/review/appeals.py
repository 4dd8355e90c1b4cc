"""Appeals: what an account brings forward, and what became of appeals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import DataError
from deliverlab.intervals import wilson
from deliverlab.schemas import APPEAL_OUTCOMES, Appeals

if TYPE_CHECKING:
    from datetime import date


class AppealSummary(Table):
    """One row: how many appeals, how many of those decided were upheld, and how long a decision took."""

    appeals = dy.Int64(min=0)
    open = dy.Int64(min=0)
    decided = dy.Int64(min=0)
    upheld = dy.Int64(min=0)
    upheld_share = dy.Float64(nullable=True, min=0.0, max=1.0)
    share_low = dy.Float64(nullable=True, min=0.0, max=1.0)
    share_high = dy.Float64(nullable=True, min=0.0, max=1.0)
    median_days = dy.Float64(nullable=True, min=0.0)


def record_appeal(
    appeals: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    account_id: str,
    appealed_on: date,
    reviewer: str | None = None,
) -> dy.DataFrame[Appeals]:
    """The appeals with one more, open; one open appeal an account, and one a day.

    >>> from datetime import date
    >>> record_appeal(Appeals.create_empty(), account_id="a", appealed_on=date(2026, 6, 3)).row(0)
    ('a', datetime.date(2026, 6, 3), None, None, None)
    """
    kept = Appeals.admit(appeals, what="appeals")
    before = kept.filter(
        pl.col("account_id") == account_id,
        pl.col("decided_on").is_null() | (pl.col("appealed_on") == appealed_on),
    )
    for there in before["appealed_on"]:
        raise DataError(f"appeal: {account_id} has one of {there}, must be decided before another comes")
    row = pl.DataFrame({"account_id": account_id, "appealed_on": appealed_on, "reviewer": reviewer})
    return _kept(kept, row.with_columns(decided_on=None, outcome=None))


def decide_appeal(
    appeals: pl.DataFrame | pl.LazyFrame, /, *, account_id: str, decided_on: date, outcome: str, reviewer: str
) -> dy.DataFrame[Appeals]:
    """The appeals with the account's open one decided. Upheld: the account was right.

    Raises `DataError` where it has no open one, the outcome is unknown, or the day is before the appeal.
    """
    kept = Appeals.admit(appeals, what="appeals")
    if outcome not in APPEAL_OUTCOMES:
        raise DataError(f"appeal: outcome == {outcome!r}, must be one of {', '.join(APPEAL_OUTCOMES)}")
    if not reviewer.strip():
        raise DataError(f"appeal: reviewer == {reviewer!r}, must be who decided")
    is_open = (pl.col("account_id") == account_id) & pl.col("decided_on").is_null()
    waiting = kept.filter(is_open)
    if not waiting.height:
        raise DataError(f"appeal: {account_id} has no open one, must be recorded before it is decided")
    decided = waiting.with_columns(
        decided_on=pl.lit(decided_on), outcome=pl.lit(outcome), reviewer=pl.lit(reviewer)
    )
    return _kept(kept.filter(~is_open), decided)


def appeal_summary(appeals: pl.DataFrame | pl.LazyFrame, /) -> dy.DataFrame[AppealSummary]:
    """One row on all appeals; the share is of those upheld or refused, with Wilson's bounds.

    A withdrawn appeal was decided by nobody. Open ones are counted, and wait: the median of days is of the
    decided ones, so it is short while long ones are still open.

    >>> appeal_summary(Appeals.create_empty()).row(0)
    (0, 0, 0, 0, None, None, None, None)
    """
    outcome = pl.col("outcome").cast(pl.String)
    judged = outcome.is_in(["upheld", "refused"])
    counted = appeals.lazy().select(
        appeals=pl.len(),
        open=outcome.is_null().sum(),
        decided=judged.sum(),
        upheld=(outcome == "upheld").sum(),
        median_days=(pl.col("decided_on") - pl.col("appealed_on")).dt.total_days().filter(judged).median(),
    )
    bounds = wilson(pl.col("upheld"), pl.col("decided"))
    return AppealSummary.cast(
        counted.with_columns(
            upheld_share=pl.when(pl.col("decided") > 0).then(pl.col("upheld") / pl.col("decided")),
            share_low=bounds.struct.field("low"),
            share_high=bounds.struct.field("high"),
        )
    ).collect()


def _kept(appeals: pl.DataFrame, row: pl.DataFrame) -> dy.DataFrame[Appeals]:
    typed = row.select(appeals.columns).cast(appeals.schema)
    return Appeals.admit(pl.concat([appeals, typed]).sort("account_id", "appealed_on"), what="appeals")
