"""The page of an appeal: root cause, changes already made, and what keeps it from coming back.

The three parts are what providers ask an appeal for (Amazon SES, sending review process FAQs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
from markupsafe import Markup

from deliverlab.metrics import METRICS
from deliverlab.reports import account_texts, numbers, texts
from deliverlab.reports.account_page import notices
from deliverlab.reports.fragments import fragment
from deliverlab.reports.pages import document
from deliverlab.schemas import NOT_ENOUGH_MAIL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deliverlab.reports.inputs import Case
    from deliverlab.reports.render import Html

NO_CAUSE = "No rate is above those of accounts like it."


class Appeal(Protocol):
    """What the page is made from, whoever gathered it."""

    @property
    def case(self) -> Case:
        """The account, its health and advice."""

    @property
    def reviews(self) -> Sequence[Mapping[str, Any]]:
        """`schemas.Reviews` of the account, each with its reasons in words and the rate since."""

    @property
    def prevention(self) -> Sequence[str]:
        """The practices that answer the reasons found."""


def appeal(appealed: Appeal, /) -> Html:
    """The three parts; no address stands in any."""
    case = appealed.case
    score = case.scores.row(0, named=True)
    metric = score["worst_metric"]
    is_bad = metric is not None and score["grade"] in ("poor", "fair")
    health = (
        case.health.filter(pl.col("metric").cast(pl.String) == metric).row(0, named=True) if is_bad else None
    )
    cause = account_texts.reason(health) if health else _no_cause(score["grade"])
    causes = case.advice.filter(pl.col("metric").cast(pl.String) == metric) if is_bad else case.advice.clear()
    return fragment(
        "appeal", words=f"{cause} {len(appealed.reviews)} reviews on record",
        name=case.account["name"] or case.account["account_id"], as_of=case.as_of,
        stage=texts.stage_words(case.stage["stage"]), policy=case.policy_title, notices=notices(case),
        cause=cause, is_bad=is_bad, causes=causes.filter(pl.col("share").is_not_null()).rows(named=True),
        reviews=[{**review, "since": _since(review["since"])} for review in appealed.reviews],
        prevention=appealed.prevention,
    )  # fmt: skip


def appeal_page(appealed: Appeal, /) -> str:
    """The same as a page of its own."""
    account = appealed.case.account
    title = f"Appeal of {account['name'] or account['account_id']}"
    return document(title=title, blocks=[Markup(appeal(appealed).html)], scripts=[])  # noqa: S704  a template's


def _no_cause(grade: str) -> str:
    return account_texts.headline(grade, None) + "." if grade == NOT_ENOUGH_MAIL else NO_CAUSE


def _since(since: Mapping[str, Any] | None) -> str:
    """The rate before and since, with the counts behind both."""
    if since is None:
        return ""
    named = METRICS[since["metric"]]
    before, after = (
        f"{numbers.percent(row['events'] / row['trials'])} "
        f"({numbers.count(row['events'])} of {numbers.count(row['trials'])} {named.denominator_words})"
        for row in (since["before"], since["after"])
    )
    return (
        f"{named.words.capitalize()} in the 30 days before: {before}; "
        f"in the {numbers.counted(since['days'], 'day')} since: {after}."
    )
