"""Charts: a table in, a picture out. They choose encodings and compute nothing but what an axis needs.

Channels are spelt out (`alt.X("day:T")`): shorthand keywords validate the whole schema each time.
Only the columns that are drawn travel, rounded to what an eye can tell.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import altair as alt
import polars as pl
import polars.selectors as cs

from deliverlab.language import say
from deliverlab.metrics import METRICS
from deliverlab.reports import numbers, texts
from deliverlab.reports.render import Chart
from deliverlab.reports.theme import ALARM, GRADE_COLOURS, INK, OWN, PEERS
from deliverlab.schemas import BANDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

YOU = "you, and what chance allows"
THEY = "your peers, four of five of them"
ROW = 34  # pixels a row of a chart with rows
REACH = 20  # a ratio to the peers is drawn up to so many times, or one part of it
PERCENT_AXIS = alt.Axis(format="~%", tickCount=5, title=None)
BAND_AXIS = alt.Axis(  # short enough for a phone: 10k+ is from there to where the next begins
    orient="top", labelAngle=0, title="mails a month", labelExpr="replace(datum.label, /-.*/, '+')",
)  # fmt: skip
EVENT_COLOURS = (ALARM, "#b98a1c", "#8a63b8", OWN)
DAY_AXIS = alt.Axis(
    format="%-d %b", tickCount=alt.TimeIntervalStep(interval="week", step=2), title=None, grid=False,
    labelOverlap=True,
)  # fmt: skip
STAGE_COLOURS = ("#b98a1c", "#d97a2e", "#c23b4b", "#8d63b8")  # mildest to gravest


def plot_trend(trends: pl.DataFrame, /, *, metric: str, marks: Sequence[tuple[date, str]] = ()) -> Chart:
    """One account's rate over time with its bounds, before the peers' rate and the band of most of them.

    `trends` is `schemas.Trends` of one account, `marks` are days with a word, such as the entry into a stage.
    The axis ends a little above what is drawn as a line; bounds of days with hardly any mail may leave it.
    """
    drawn = _drawn(
        trends.filter(pl.col("metric") == metric).sort("day"),
        "day", "rate", "rate_low", "rate_high", "peer_rate", "peer_low", "peer_high",
    )  # fmt: skip
    top = max(
        (peak for name in ("rate", "peer_high", "peer_rate") if (peak := _peak(drawn, name))), default=0.01
    )
    scale = alt.Scale(domain=[0, 1.2 * top])
    you, they = say(YOU), say(THEY)
    colour = alt.Scale(domain=[you, they], range=[OWN, PEERS])
    base = alt.Chart(drawn).encode(alt.X("day:T", axis=DAY_AXIS))

    def rate(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", axis=PERCENT_AXIS, scale=scale)

    whose = alt.Color("whose:N", scale=colour, legend=alt.Legend(title=None, columns=1, symbolOpacity=1))
    yours = base.transform_calculate(whose=json.dumps(you, ensure_ascii=False))
    theirs = base.transform_calculate(whose=json.dumps(they, ensure_ascii=False))
    layers = [
        theirs.mark_area(opacity=0.22, clip=True).encode(rate("peer_low"), alt.Y2("peer_high"), whose),
        theirs.mark_line(strokeDash=[5, 4], strokeWidth=1.6, clip=True).encode(rate("peer_rate"), whose),
        yours.mark_area(opacity=0.22, clip=True).encode(rate("rate_low"), alt.Y2("rate_high"), whose),
        yours.mark_line(strokeWidth=2.4, clip=True).encode(rate("rate"), whose),
    ]
    if marks:
        marked = alt.Chart(
            pl.DataFrame({"day": [when for when, _ in marks], "word": [word for _, word in marks]})
        )
        at = alt.X("day:T")
        layers += [
            marked.mark_rule(color=ALARM, strokeWidth=1.5).encode(at),
            marked.mark_text(align="right", baseline="top", dx=-5, color=INK).encode(
                at, alt.Text("word:N"), alt.Y(value=2)
            ),
        ]
    named = METRICS[metric]
    return Chart.of(
        alt.layer(*layers).properties(height=260),
        title=say("{metric} over time", metric=say(named.words).capitalize()),
        subtitle=say(
            "{events} out of {mails}, each day over the 30 days before it",
            events=say(named.event_words),
            mails=say(named.denominator_words),
        ),
        words=_trend_words(drawn, say(named.words)),
    )


def plot_snapshot(health: pl.DataFrame, /) -> Chart:
    """One account's rates as so many times those of its peers, with the bounds that chance allows.

    Only rates of which less is better: one direction then means one thing on the whole picture.
    """
    names = {name: say(metric.words) for name, metric in METRICS.items() if metric.is_enforced}
    compared = health.filter(
        pl.col("metric").cast(pl.String).is_in(list(names)),
        pl.col("rate").is_not_null(),
        pl.col("peer_rate") > 0,
    )
    reach = (1 / REACH, REACH)
    drawn = compared.select(
        metric=pl.col("metric").cast(pl.String).replace_strict(names),
        grade=pl.col("grade").cast(pl.String),
        ratio=(pl.col("rate") / pl.col("peer_rate")).clip(*reach).round(4),
        low=(pl.col("rate_low") / pl.col("peer_rate")).clip(*reach).round(4),
        high=(pl.col("rate_high") / pl.col("peer_rate")).clip(*reach).round(4),
        rate=pl.col("rate").round(6),
        peer_rate=pl.col("peer_rate").round(6),
    )
    ticks = [0.1, 0.25, 0.5, 1, 2, 4, 10, 20]
    axis = alt.Axis(values=ticks, format="~g", title=say("times the rate of your peers"))
    least, most = drawn.select(pl.col("low").min().fill_null(1), pl.col("high").max().fill_null(1)).row(0)
    scale = alt.Scale(type="log", domain=[min(0.4, 0.9 * least), max(2.5, 1.1 * most)])
    colour = alt.Color(
        "grade:N", scale=alt.Scale(domain=[*GRADE_COLOURS], range=[*GRADE_COLOURS.values()]), legend=None
    )
    row = alt.Y("metric:N", sort=list(names.values()), title=None)
    said = [
        alt.Tooltip("metric:N", title=say("metric")), alt.Tooltip("grade:N", title=say("grade")),
        alt.Tooltip("rate:Q", title=say("you"), format=".3~%"),
        alt.Tooltip("peer_rate:Q", title=say("peers"), format=".3~%"),
    ]  # fmt: skip
    base = alt.Chart(drawn)
    peers = alt.Chart(pl.DataFrame({"one": [1]})).mark_rule(color=PEERS, strokeWidth=2, strokeDash=[5, 4])
    return Chart.of(
        alt.layer(
            peers.encode(alt.X("one:Q", scale=scale, axis=axis)),
            base.mark_rule(strokeWidth=4, opacity=0.35, strokeCap="round").encode(
                row, alt.X("low:Q", scale=scale, axis=axis), alt.X2("high"), colour
            ),
            base.mark_point(size=110, filled=True, opacity=1).encode(
                row, alt.X("ratio:Q", scale=scale, axis=axis), colour, tooltip=said
            ),
        ).properties(height=ROW * drawn.height),
        title=say("You against your peers"),
        subtitle=say("left of the dashed line is better than they are, right of it worse; bars show chance"),
        words="; ".join(
            say(
                "{metric} {rate}, peers {theirs}",
                metric=row["metric"],
                rate=numbers.percent(row["rate"]),
                theirs=numbers.percent(row["peer_rate"]),
            )
            for row in drawn.iter_rows(named=True)
        ),
    )


def plot_queue(queue: pl.DataFrame, /) -> Chart:
    """Accounts by how many bad events they will have beyond what their peers would, as the queue has them.

    `queue` has name, worst_metric and excess, in its order; colours and words say which events.
    """
    words = {name: metric.event_words for name, metric in METRICS.items()}
    drawn = _drawn(queue, "name", "worst_metric", "excess").select(
        "name", "excess", event=pl.col("worst_metric").replace_strict(words)
    )
    events = [event for event in words.values() if event in drawn["event"]]
    base = alt.Chart(drawn).encode(
        alt.Y("name:N", sort=drawn["name"].to_list(), title=None, axis=alt.Axis(labelLimit=150)),
        alt.X("excess:Q", title=None, axis=alt.Axis(format=",.0f", tickCount=4)),
    )
    return Chart.of(
        alt.layer(
            base.mark_bar(height=12, cornerRadius=2).encode(
                alt.Color(
                    "event:N",
                    scale=alt.Scale(domain=events, range=EVENT_COLOURS[: len(events)]),
                    legend=alt.Legend(title=None, columns=2),
                )
            ),
        ).properties(height=24 * drawn.height),
        title="What they will probably do in the next two weeks",
        subtitle="bounces, complaints and unsubscribes beyond their peers’, most harmful account first",
        words="; ".join(
            f"{row['name']}: {numbers.count(row['excess'])} {row['event']}"
            for row in drawn.iter_rows(named=True)
        ),
    )


def plot_industries(cells: pl.DataFrame, /) -> Chart:
    """Which industries and volume bands hold the poor accounts: the fuller a cell, the more of it is poor.

    `cells` has industry, band, accounts, poor and poor_share.
    """
    drawn = _drawn(cells, "industry", "band", "accounts", "poor", "poor_share").with_columns(
        label=pl.format("{} of {}", "poor", "accounts")
    )
    base = alt.Chart(drawn).encode(
        alt.X("band:O", sort=list(BANDS), axis=BAND_AXIS),
        alt.Y("industry:N", title=None, axis=alt.Axis(labelLimit=140)),
        tooltip=[
            alt.Tooltip("industry:N"), alt.Tooltip("band:O"), alt.Tooltip("label:N", title="poor"),
            alt.Tooltip("poor_share:Q", title="share", format=".0%"),
        ],
    )  # fmt: skip
    fullness = alt.Opacity(
        "poor_share:Q", scale=alt.Scale(domain=[0, 0.5], range=[0.05, 0.85], clamp=True), legend=None
    )
    return Chart.of(
        alt.layer(
            base.mark_rect(color=ALARM, cornerRadius=3, stroke=None).encode(fullness),
            base.mark_text(color=INK).encode(alt.Text("label:N")),
        ).properties(height=30 * drawn["industry"].n_unique()),
        title="Poor accounts by industry and volume",
        subtitle="poor of all accounts in the cell",
        words="; ".join(
            f"{row['industry']} {row['band']}: {row['label']}"
            for row in drawn.iter_rows(named=True)
            if row["poor"]
        ),
    )


def plot_stages(timeline: pl.DataFrame, /, *, stages: Sequence[str]) -> Chart:
    """How many accounts were in each stage, day by day, the mildest stage lowest.

    `timeline` has day, stage and accounts, `stages` their order; a stage without a row has nobody that day.
    """
    order = {stage: place for place, stage in enumerate(stages)}
    every = (
        timeline.select("day")
        .unique()
        .join(pl.DataFrame({"stage": [*stages]}, schema={"stage": pl.String}), how="cross")
    )
    filled = every.join(timeline, on=["day", "stage"], how="left").with_columns(
        pl.col("accounts").fill_null(0)
    )
    drawn = _drawn(filled.sort("day", "stage"), "day", "stage", "accounts").with_columns(
        place=pl.col("stage").replace_strict(order, return_dtype=pl.Int64),
        stage=pl.col("stage").map_elements(texts.stage_words, return_dtype=pl.String),
    )
    named = [texts.stage_words(stage) for stage in stages]
    colours = [STAGE_COLOURS[round(place * 3 / max(1, len(named) - 1))] for place in range(len(named))]
    last = drawn.filter(pl.col("day") == pl.col("day").max()).sort("place")
    counted = ", ".join(f"{row['stage']} {row['accounts']}" for row in last.iter_rows(named=True))
    return Chart.of(
        alt.Chart(drawn)
        .mark_area(interpolate="step-after", opacity=0.9)
        .encode(
            alt.X("day:T", axis=DAY_AXIS),
            alt.Y("accounts:Q", stack="zero", title="accounts", axis=alt.Axis(tickCount=5, tickMinStep=1)),
            alt.Color(
                "stage:N",
                scale=alt.Scale(domain=named, range=colours),
                legend=alt.Legend(title=None, columns=2),
            ),
            alt.Order("place:O"),
        )
        .properties(height=220),
        title="Accounts in a stage, day by day",
        words=f"On the last day: {counted}" if counted else "Nobody was in a stage",
    )


def _drawn(table: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Only the columns that are drawn, rounded."""
    return table.select(columns).with_columns(cs.float().round(6), cs.enum().cast(pl.String))


def _peak(drawn: pl.DataFrame, column: str) -> float | None:
    return drawn.select(pl.col(column).max()).item()  # type: ignore[no-any-return]  # the column is a float


def _trend_words(drawn: pl.DataFrame, words: str) -> str:
    """The first and the last day of a trend."""
    known = drawn.drop_nulls("rate")
    if not known.height:
        return say("{metric}: no mail in these days", metric=words)
    first, last = known.row(0, named=True), known.row(-1, named=True)
    then, now = (
        say("{rate} on {day}", rate=numbers.percent(row["rate"]), day=numbers.day(row["day"]))
        for row in (first, last)
    )
    theirs = numbers.percent(last["peer_rate"])
    return say("{metric}: {then}, {now}, peers {theirs}", metric=words, then=then, now=now, theirs=theirs)
