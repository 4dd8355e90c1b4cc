"""Did reviews help: reviewed accounts beside those that were alike, before the notice and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import altair as alt
import polars as pl

from deliverlab.metrics import METRICS
from deliverlab.reports import numbers
from deliverlab.reports.fragments import fragment
from deliverlab.reports.render import Chart
from deliverlab.reports.tables import as_html, plain_table
from deliverlab.reports.theme import INK, OWN, PEERS

if TYPE_CHECKING:
    from deliverlab.reports.render import Html

REVIEWED, ALIKE = "reviewed", "alike and not reviewed"
COLOURS = {REVIEWED: OWN, ALIKE: PEERS}
TOO_FEW = "Too few accounts were alike for a picture of them."
TICKS = [0.25, 0.5, 1, 2, 4, 8, 16, 32]


class ReviewEffect(Protocol):
    """What is shown, whoever measured it."""

    @property
    def event_study(self) -> pl.DataFrame:
        """`EventStudy` of the review area."""

    @property
    def effects(self) -> pl.DataFrame:
        """`Effect` of the review area."""

    @property
    def sentence(self) -> str:
        """The answer."""


def plot_event_study(study: pl.DataFrame, /) -> Chart:
    """The mean ratio to the peers of both sides, in bins of days, with its bounds.

    `study` has from_day, to_day, is_reviewed, accounts, ratio, ratio_low and ratio_high. Days up to 0 count
    from the notice, days from 1 from the review: the line is broken there, for what lies between is neither.
    """
    shift = pl.when("is_reviewed").then(-0.6).otherwise(0.6)
    drawn = study.drop_nulls("ratio").select(
        day=(pl.col("from_day") + pl.col("to_day")) / 2 + shift,
        when=pl.format("days {} to {}", "from_day", "to_day"),
        side=pl.when(pl.col("to_day") <= 0).then(pl.lit("before")).otherwise(pl.lit("after")),
        whose=pl.when("is_reviewed").then(pl.lit(REVIEWED)).otherwise(pl.lit(ALIKE)),
        accounts="accounts",
        ratio=pl.col("ratio").round(3),
        low=pl.col("ratio_low").round(3),
        high=pl.col("ratio_high").round(3),
    )
    first, last = study.select(pl.col("from_day").min(), pl.col("to_day").max()).row(0)
    x = alt.X(
        "day:Q", scale=alt.Scale(domain=[first or -60, last or 60], nice=False),
        title="days before the notice | days after the review", axis=alt.Axis(grid=False, tickMinStep=10),
    )  # fmt: skip
    least, most = drawn.select(pl.col("low").min(), pl.col("high").max()).row(0)
    scale = alt.Scale(type="log", domain=[min(0.5, least or 1), max(2, most or 1)], nice=False)
    axis = alt.Axis(values=TICKS, format="~g", title="times the peers’ rate")
    colour = alt.Color(
        "whose:N",
        scale=alt.Scale(domain=[*COLOURS], range=[*COLOURS.values()]),
        legend=alt.Legend(title=None, symbolOpacity=1),
    )
    base = alt.Chart(drawn).encode(x, colour)
    y = alt.Y("ratio:Q", scale=scale, axis=axis)
    tooltip = [
        alt.Tooltip("whose:N", title="accounts"), alt.Tooltip("when:N", title="when"),
        alt.Tooltip("ratio:Q", title="times the peers", format=".2f"),
        alt.Tooltip("accounts:Q", title="how many"),
    ]  # fmt: skip
    still = alt.Chart(pl.DataFrame({"one": [1.0], "zero": [0.5]}))
    layers = [
        still.mark_rule(color=PEERS, strokeDash=[5, 4]).encode(alt.Y("one:Q", scale=scale, axis=axis)),
        still.mark_rule(color=INK, opacity=0.5).encode(alt.X("zero:Q")),
        base.mark_rule(strokeWidth=3, opacity=0.35).encode(
            alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high")
        ),
        base.mark_line(strokeWidth=2.2).encode(y, alt.Detail("side:N")),
        base.mark_point(filled=True, size=55, opacity=1).encode(y, tooltip=tooltip),
    ]
    return Chart.of(
        alt.layer(*layers).properties(height=300),
        title="Reviewed accounts beside accounts that were alike",
        subtitle="what each tripped by, to its peers’ rate; who goes together before can be compared after",
        words=_words(drawn),
    )


def event_study(effect: ReviewEffect, /) -> Chart | Html:
    """The picture of a measured effect; a sentence where there are too few accounts for one."""
    if not effect.event_study["ratio"].count():
        return fragment("sentence", words=TOO_FEW, sentence=TOO_FEW)
    return plot_event_study(effect.event_study)


def effect_answer(effect: ReviewEffect, /) -> Html:
    """The answer in a sentence."""
    return fragment("sentence", words=effect.sentence, sentence=effect.sentence)


def effect_table(effect: ReviewEffect, /) -> Html:
    """What reviews left of each rate: the plain comparison, the same without a review, and the effect."""
    shown = effect.effects.select(
        what=pl.col("measure").cast(pl.String).map_elements(_measure_words, return_dtype=pl.String),
        reviews="reviews",
        plain=pl.col("before_after").map_elements(_times, return_dtype=pl.String),
        alike=pl.col("matched_before_after").map_elements(_times, return_dtype=pl.String),
        effect=pl.struct("effect", "effect_low", "effect_high").map_elements(_bounds, return_dtype=pl.String),
    )
    table = (
        plain_table(shown, table_id="review-effect")
        .cols_label(
            what="Of", reviews="Reviews", plain="After / before", alike="The same without a review",
            effect="What the review left",
        )
        .cols_align("right", columns=["plain", "alike", "effect"])
        .sub_missing(missing_text="–")
    )  # fmt: skip
    for why in effect.effects["why"].drop_nulls().unique(maintain_order=True):
        table = table.tab_source_note(f"No figure where {why}.")
    rows = shown.rows(named=True)
    return as_html(table, "; ".join(f"{row['what']}: {row['effect'] or 'no figure'}" for row in rows))


def _measure_words(measure: str) -> str:
    return METRICS[measure].words.capitalize() if measure in METRICS else "Mail delivered"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}"


def _bounds(found: dict[str, Any]) -> str | None:
    if found["effect"] is None:
        return None
    return f"{found['effect']:.2f} ({found['effect_low']:.2f} to {found['effect_high']:.2f})"


def _words(drawn: pl.DataFrame) -> str:
    """The last days before and the first after, of both sides."""
    said = []
    for whose in COLOURS:
        mine = drawn.filter(whose=whose).sort("day")
        before, after = (mine.filter(side=side) for side in ("before", "after"))
        if before.height and after.height:
            said.append(
                f"{whose}: {numbers.count(before['accounts'][-1])} accounts at "
                f"{before['ratio'][-1]:.1f} times their peers before, {after['ratio'][0]:.1f} after"
            )
    return "; ".join(said) or TOO_FEW
