"""The reviewers' desk of a data directory on a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.pipeline.directory import read_table
from deliverlab.pipeline.portfolio import open_portfolio
from deliverlab.review.appeals import appeal_summary
from deliverlab.review.desk import WORKLOAD_DAYS, queue, reviewers, workload
from deliverlab.review.spells import answers, spells
from deliverlab.schemas import Appeals, Enforcement, Reviews

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import dataframely as dy

    from deliverlab.review.appeals import AppealSummary
    from deliverlab.review.desk import Queue, Reviewers, Workload


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What reviewers have before them: the queue, the work of the last days, who did what, and appeals."""

    queue: dy.DataFrame[Queue]
    workload: dy.DataFrame[Workload]
    reviewers: dy.DataFrame[Reviewers]
    appeals: dy.DataFrame[AppealSummary]
    as_of: date
    policy_title: str
    is_synthetic: bool

    @property
    def sentence(self) -> str:
        """How much waits, and how soon."""
        urgent = self.queue.filter(pl.col("days_left") <= 1).height
        closed = self.workload["closed"].sum()
        return (
            f"{self.queue.height} cases await review, {urgent} can escalate within a day; "
            f"{self.workload['opened'].sum()} opened and {closed} closed in {WORKLOAD_DAYS} days"
        )


def open_desk(data: str | Path, /, *, as_of: date | str, policy: str = "hubspot-like") -> Desk:
    """The reviewers' desk: cases that await review by probable harm, deadlines, workload, appeals.

    Stages are those that were really put; deadlines follow the policy. See `review.desk`.
    Raises `DataError` for a day that is none, or a stage that the policy does not have.
    """
    portfolio = open_portfolio(data, as_of=as_of, policy=policy)
    day = portfolio.as_of
    reviews = read_table(data, Reviews).filter(pl.col("reviewed_on") <= day)
    enforcement = read_table(data, Enforcement).filter(pl.col("from_day") <= day)
    found = spells(enforcement, reviews)
    answered = answers(reviews, found)
    appeals = read_table(data, Appeals).filter(pl.col("appealed_on") <= day)
    return Desk(
        queue=queue(portfolio.stages, portfolio.looks, portfolio.accounts, answered, found, as_of=day),
        workload=workload(found, answered, as_of=day),
        reviewers=reviewers(answered, as_of=day),
        appeals=appeal_summary(appeals),
        as_of=day,
        policy_title=portfolio.policy_title,
        is_synthetic=portfolio.is_synthetic,
    )
