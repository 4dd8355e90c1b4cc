"""The provider's page: how many accounts stand where, whom to look at first and why, what has changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.reports import numbers, tables, texts
from deliverlab.reports.account_page import notices
from deliverlab.reports.fragments import fragment
from deliverlab.schemas import GOOD, GRADES

if TYPE_CHECKING:
    from deliverlab.reports.inputs import Portfolio
    from deliverlab.reports.render import Chart, Html

QUEUE_LENGTH = 15
ONE_DAY = timedelta(days=1)
CHANGES_SHOWN = 8


def overview(portfolio: Portfolio, /) -> Html:
    """The answer: how many accounts are in a stage and how many are poor; and how many stand where."""
    accounts = portfolio.accounts.height
    grades = {
        grade: portfolio.scores.filter(pl.col("grade").cast(pl.String) == grade).height for grade in GRADES
    }
    staged = portfolio.stages.height
    are = "is" if staged == 1 else "are"
    headline = f"{numbers.count(staged)} of {numbers.counted(accounts, 'account')} {are} in a stage"
    return fragment(
        "overview", words=headline, headline=headline, as_of=portfolio.as_of, grades=grades,
        policy=portfolio.policy_title, notices=notices(portfolio),
    )  # fmt: skip


def stages_by_grade(portfolio: Portfolio, /) -> Html:
    """How many accounts have which grade in which stage."""
    return tables.stages_by_grade(_standing(portfolio))


def first_look(portfolio: Portfolio, /, *, length: int = QUEUE_LENGTH) -> Html:
    """Whom to look at first: the poor, by the harm they will probably do in the next two weeks."""
    return tables.queue(_queue(portfolio).head(length))


def queue(portfolio: Portfolio, /, *, length: int = QUEUE_LENGTH) -> Chart:
    """The same as a picture."""
    from deliverlab.reports.charts import plot_queue

    return plot_queue(_queue(portfolio).head(length))


def due(portfolio: Portfolio, /) -> Html:
    """When accounts are due for their next look, and how many."""
    days = (pl.col("due_on") - pl.lit(portfolio.as_of)).dt.total_days()
    tomorrow, week, month, later = texts.WHENS
    when = pl.when(days <= 1).then(pl.lit(tomorrow)).when(days <= 7).then(pl.lit(week))
    return tables.due(
        portfolio.looks.with_columns(when=when.when(days <= 31).then(pl.lit(month)).otherwise(pl.lit(later))),
        silent=portfolio.accounts.height - portfolio.looks.height,
    )


def industries(portfolio: Portfolio, /) -> Chart:
    """Which industries and volume bands hold the poor accounts."""
    from deliverlab.reports.charts import plot_industries

    groups = portfolio.health.select("account_id", "industry", "band").unique("account_id")
    cells = (
        portfolio.scores.join(groups, on="account_id")
        .group_by("industry", "band")
        .agg(accounts=pl.len(), poor=_is_poor().sum())
        .with_columns(
            pl.col("industry").map_elements(texts.industry_words, return_dtype=pl.String),
            poor_share=pl.col("poor") / pl.col("accounts"),
        )
    )
    return plot_industries(cells.sort("industry", "band"))


def stages(portfolio: Portfolio, /) -> Chart:
    """How many accounts were in each stage, day by day."""
    from deliverlab.reports.charts import plot_stages

    names = sorted(portfolio.timeline["stage"].unique(), key=texts.stage_place)
    return plot_stages(portfolio.timeline, stages=names)


def changes(portfolio: Portfolio, /, *, length: int = CHANGES_SHOWN) -> Html:
    """What has changed since the earlier day: stages, grades, and whose score fell most within a month."""
    moved = _moved(portfolio)
    is_poor, was_poor = _is_poor(), _is_poor("grade_then")
    lists = {
        "Came into a stage, or a graver one": moved.filter(pl.col("place") > pl.col("place_then")),
        "Left a stage, or came into a milder one": moved.filter(pl.col("place") < pl.col("place_then")),
        "Became poor": moved.filter(is_poor & ~was_poor),
        "Poor no more": moved.filter(was_poor & ~is_poor),
    }
    fallen = portfolio.scores.filter(pl.col("change") < 0).join(_named(portfolio), on="account_id")
    since = "yesterday" if portfolio.as_of - portfolio.since == ONE_DAY else numbers.day(portfolio.since)
    told = [f"{title.lower()}: {found.height}" for title, found in lists.items()]
    return fragment(
        "changes",
        words=f"Since {since} {', '.join(told)}; {fallen.height} scores fell within a month",
        since=since,
        lists={title: found.head(length).rows(named=True) for title, found in lists.items()},
        counts={title: found.height for title, found in lists.items()},
        fallen=fallen.sort("change", "account_id").head(length).rows(named=True),
    )


def is_it_fair(portfolio: Portfolio, /) -> Html:
    """Whether accounts that are equally well are in a stage equally often, by volume, industry and plan."""
    return tables.fairness(portfolio.fairness)


def notes(portfolio: Portfolio, /) -> Html:
    """What a reader must know of the data."""
    return fragment("notes", words="; ".join(portfolio.notes) or "No notes", notes=portfolio.notes)


def _is_poor(grade: str = "grade") -> pl.Expr:
    return (pl.col(grade).cast(pl.String) == "poor").fill_null(value=False)


def _named(portfolio: Portfolio) -> pl.DataFrame:
    """account_id, name, industry and tier; an account without a name goes by its id."""
    return portfolio.accounts.select(
        "account_id", "industry", "tier", name=pl.col("name").fill_null(pl.col("account_id"))
    )


def _standing(portfolio: Portfolio) -> pl.DataFrame:
    """The same with stage and grade."""
    return (
        _named(portfolio)
        .join(portfolio.stages.select("account_id", "stage", "next_on"), on="account_id", how="left")
        .join(portfolio.scores.select("account_id", "grade", "worst_metric"), on="account_id", how="left")
        .with_columns(pl.col("stage").fill_null(GOOD))
    )


def _moved(portfolio: Portfolio) -> pl.DataFrame:
    """Every account's stage and grade, now and then; `place` is how far up the ladder a stage is."""
    then = portfolio.stages_then.rename({"stage": "stage_then"})
    grades = portfolio.scores_then.select("account_id", grade_then="grade")
    standing = (
        _standing(portfolio)
        .join(then, on="account_id", how="left")
        .join(grades, on="account_id", how="left")
        .with_columns(pl.col("stage_then").fill_null(GOOD))
    )
    ladder = sorted({*standing["stage"], *standing["stage_then"]}, key=texts.stage_place)
    places = {stage: place for place, stage in enumerate(ladder)}
    return standing.with_columns(
        place=pl.col("stage").replace_strict(places, return_dtype=pl.Int64),
        place_then=pl.col("stage_then").replace_strict(places, return_dtype=pl.Int64),
    ).sort(pl.col("place") - pl.col("place_then"), "account_id", descending=[True, False])


def _queue(portfolio: Portfolio) -> pl.DataFrame:
    """The poor accounts at the metric by which they harm, those that will probably do most harm first."""
    rates = portfolio.health.select("account_id", "events", "trials", "rate", "peer_rate", "metric")
    return (
        portfolio.looks.select("account_id", "metric", "due_on", "harm", excess="expected_excess")
        .join(_standing(portfolio).filter(_is_poor()), on="account_id", maintain_order="left")
        .join(rates, on=["account_id", "metric"], maintain_order="left")
        .with_columns(worst_metric="metric")
    )
