"""The reviewers' page: whom to review first, what becomes overdue, and how the work goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import altair as alt
import polars as pl

from deliverlab.metrics import METRICS
from deliverlab.reports import numbers, texts
from deliverlab.reports.charts import DAY_AXIS
from deliverlab.reports.fragments import fragment
from deliverlab.reports.render import Chart
from deliverlab.reports.tables import as_html, plain_table
from deliverlab.reports.theme import ALARM, INK, OWN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from deliverlab.reports.render import Html

QUEUE_LENGTH = 25
CLOSED, OPENED = "closed", "opened"


class Desk(Protocol):
    """What the page is made from, whoever gathered it."""

    @property
    def queue(self) -> pl.DataFrame:
        """`Queue` of the review area."""

    @property
    def workload(self) -> pl.DataFrame:
        """`Workload` of the review area."""

    @property
    def reviewers(self) -> pl.DataFrame:
        """`Reviewers` of the review area."""

    @property
    def appeals(self) -> pl.DataFrame:
        """`AppealSummary` of the review area: one row."""

    @property
    def as_of(self) -> date:
        """The day to look back from."""

    @property
    def policy_title(self) -> str:
        """The policy that deadlines follow."""

    @property
    def is_synthetic(self) -> bool:
        """Whether the figures are made up."""

    @property
    def sentence(self) -> str:
        """The answer: how much waits, and how soon."""


def desk_answer(desk: Desk, /) -> Html:
    """How many cases wait and how many are about to escalate."""
    headline, _, flow = desk.sentence.partition("; ")
    return fragment(
        "desk", words=desk.sentence, headline=headline, flow=flow, as_of=desk.as_of, policy=desk.policy_title,
        notices=[texts.SYNTHETIC] if desk.is_synthetic else [],
    )  # fmt: skip


def desk_queue(desk: Desk, /, *, length: int = QUEUE_LENGTH) -> Html:
    """The cases that await review, those that will probably do most harm first."""
    shown = desk.queue.head(length).select(
        "name",
        pl.col("stage").map_elements(texts.stage_words, return_dtype=pl.String),
        "age_days",
        "next_on",
        "days_left",
        to_come=pl.struct("excess", "metric").map_elements(_to_come, return_dtype=pl.String),
        last=pl.col("last_outcome").cast(pl.String),
    )
    table = (
        plain_table(shown, table_id="desk-queue")
        .cols_label(
            name="Account", stage="Stage", age_days="Days open", next_on="Next stage",
            days_left="Days left", to_come="Excess to come", last="Last review",
        )
        .fmt_date("next_on", date_style="day_m")
        .cols_align("right", columns=["next_on", "to_come"])
        .sub_missing(missing_text="–")
    )  # fmt: skip
    if desk.queue.height > length:
        table = table.tab_source_note(f"{numbers.count(desk.queue.height - length)} more wait behind these.")
    return as_html(table, "; ".join(f"{row['name']}: {row['stage']}" for row in shown.rows(named=True)))


def desk_workload(desk: Desk, /) -> Chart:
    """Cases opened and closed by day, and how many waited."""
    turned = desk.workload.with_columns(-pl.col(CLOSED))  # downwards
    days = turned.unpivot([OPENED, CLOSED], index="day", variable_name="what", value_name="cases")
    colour = alt.Color(
        "what:N", scale=alt.Scale(domain=[OPENED, CLOSED], range=[ALARM, OWN]), legend=alt.Legend(title=None)
    )
    y_axis = alt.Axis(tickMinStep=1, tickCount=5, labelExpr="abs(datum.value)")
    x = alt.X("day:T", axis=DAY_AXIS)
    bars = alt.Chart(days).mark_bar(size=9).encode(x, alt.Y("cases:Q", title="cases", axis=y_axis), colour)
    waiting = (
        alt.Chart(desk.workload)
        .mark_line(color=INK, strokeWidth=2, interpolate="step-after")
        .encode(x, alt.Y("waiting:Q"))
    )
    last = desk.workload.row(-1, named=True)
    return Chart.of(
        alt.layer(bars, waiting).properties(height=220),
        title="Cases opened and closed, day by day",
        subtitle="opened upwards, closed downwards; the line is how many waited at the end of the day",
        words=f"opened {desk.workload['opened'].sum()}, closed {desk.workload['closed'].sum()}, "
        f"waiting {last['waiting']}",
    )


def desk_reviewers(desk: Desk, /) -> Html:
    """What each reviewer ended lately."""
    table = (
        plain_table(desk.reviewers, table_id="desk-reviewers")
        .cols_label(
            reviewer="Reviewer", completed="Completed", rejected="Rejected", withdrawn="Withdrawn",
            median_days="Median days since the notice",
        )
        .fmt_number("median_days", decimals=0)
        .sub_missing(missing_text="–")
    )  # fmt: skip
    rows = desk.reviewers.rows(named=True)
    return as_html(table, "; ".join(f"{row['reviewer']}: {row['completed']} completed" for row in rows))


def desk_appeals(desk: Desk, /) -> Html:
    """What became of appeals."""
    row = desk.appeals.row(0, named=True)
    words = f"{numbers.counted(row['appeals'], 'appeal')}, {row['open']} open"
    if row["decided"]:
        words += (
            f"; {row['upheld']} of {row['decided']} decided were upheld "
            f"({numbers.percent(row['share_low'])} to {numbers.percent(row['share_high'])}), "
            f"a decision took {row['median_days']:.0f} days (median)"
        )
    return fragment("sentence", words=words, sentence=f"{words}.")


def _to_come(row: Mapping[str, Any]) -> str | None:
    """How many events beyond its peers' an account will probably have in two weeks, and of which kind."""
    if row["metric"] is None:
        return None
    return f"{numbers.count(row['excess'])} {METRICS[row['metric']].event_words}"
