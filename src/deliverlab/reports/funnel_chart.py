"""The funnel: every account at its ratio to its peers, and how far from them one may lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl
import polars.selectors as cs

from deliverlab.metrics import METRICS
from deliverlab.reports.render import Chart
from deliverlab.reports.theme import ALARM, INK, OWN, PEERS

if TYPE_CHECKING:
    from deliverlab.reports.inputs import Portfolio

WITHIN = "within"
COLOURS = {WITHIN: PEERS, "beyond 95%": "#b98a1c", "beyond 99.8%": ALARM}
NAMED = 6  # accounts whose name is drawn, the farthest on the bad side
LINE, LENGTH = 0.19, 2.5  # of a name: its height in roots of ratios, its length in powers of ten on a phone
MOST_WITHIN = 1_500  # points drawn of those that are where they should be
REACH = 16.0  # times the peers; accounts above are drawn there


def plot_funnel(positions: pl.DataFrame, limits: pl.DataFrame, /, *, metric: str) -> Chart:
    """Accounts as points, limits as lines: dashed for chance alone, solid where accounts may differ.

    `positions` has account_id, name, expected, events, ratio and position, `limits` limits, confidence,
    expected, low and high, both of one metric. All accounts outside are drawn, and `MOST_WITHIN` of the rest:
    the subtitle says of how many.
    """
    named = METRICS[metric]
    spread = positions.sort(pl.col("account_id").hash(1))
    within = spread.filter(_is(WITHIN)).head(MOST_WITHIN)
    drawn = _rounded(pl.concat([within, spread.filter(~_is(WITHIN))])).with_columns(
        shown=pl.col("ratio").clip(upper_bound=REACH)
    )
    counts = {place: positions.filter(_is(place)).height for place in COLOURS}
    bad = drawn.filter(_is("beyond 99.8%")).filter(
        (pl.col("ratio") > 1) if named.is_high_bad else (pl.col("ratio") < 1)
    )
    farthest = bad.sort((pl.col("ratio").sqrt() - 1).abs() * pl.col("expected").sqrt(), descending=True)
    x_scale = alt.Scale(type="log", nice=False)
    x = alt.X(
        "expected:Q", scale=x_scale, title=f"{named.event_words} expected of an account like it",
        axis=alt.Axis(format="~s", values=[10**power for power in range(-1, 9)], grid=False),
    )  # fmt: skip
    y_scale = alt.Scale(type="sqrt", domain=[0, REACH], clamp=True)
    y_axis = alt.Axis(values=[0, 0.25, 1, 2, 4, 8, 16], format="~g", title="times the peers’ rate")
    lines = alt.Chart(_rounded(limits).with_columns(confidence=pl.format("{}%", pl.col("confidence") * 100)))
    dash = alt.StrokeDash(
        "limits:N", scale=alt.Scale(domain=["accounts differ", "chance alone"], range=[[1, 0], [3, 4]]),
        legend=alt.Legend(title=None, symbolType="stroke", columns=2),
    )  # fmt: skip
    edges = [
        lines.mark_line(clip=True, color=INK, strokeWidth=1.2, opacity=0.55).encode(
            x, alt.Y(f"{side}:Q", scale=y_scale, axis=y_axis), dash, alt.Detail("confidence:N")
        )
        for side in ("low", "high")
    ]
    points = alt.Chart(drawn).encode(x, alt.Y("shown:Q", scale=y_scale, axis=y_axis))
    colour = alt.Color(
        "position:N",
        scale=alt.Scale(domain=[*COLOURS], range=[*COLOURS.values()]),
        legend=alt.Legend(title=None, columns=2),
    )
    tooltip = [
        alt.Tooltip("name:N", title="account"), alt.Tooltip("account_id:N", title="id"),
        alt.Tooltip("events:Q", title=named.event_words, format=",.0f"),
        alt.Tooltip("expected:Q", title="expected", format=",.1f"),
        alt.Tooltip("ratio:Q", title="times the peers", format=".2f"),
        alt.Tooltip("position:N", title="where"),
    ]  # fmt: skip
    target = alt.Chart(pl.DataFrame({"one": [1]})).mark_rule(color=OWN, strokeWidth=1.5)
    layers = [
        *edges,
        target.encode(alt.Y("one:Q", scale=y_scale, axis=y_axis)),
        points.mark_point(filled=True, size=36, opacity=0.75).encode(colour, tooltip=tooltip).interactive(),
        alt.Chart(_legible(farthest).head(NAMED))
        .mark_text(align="right", dx=-8, color=INK, limit=150, baseline="top")
        .encode(x, alt.Y("shown:Q", scale=y_scale, axis=y_axis), alt.Text("name:N")),
    ]
    shown = f"; {within.height} of {counts[WITHIN]} within are drawn" if counts[WITHIN] > MOST_WITHIN else ""
    return Chart.of(
        alt.layer(*layers).properties(height=380),
        title=f"{named.words.capitalize()}: who lies outside of what peers explain",
        subtitle=f"limits of 95% and 99.8%; {positions.height} accounts{shown}",
        words=f"{named.words}: " + ", ".join(f"{number} {place}" for place, number in counts.items()),
    )


def funnel(portfolio: Portfolio, /, *, metric: str = "hard_bounce_rate") -> Chart:
    """All accounts of a portfolio on the funnel of one metric."""
    names = portfolio.accounts.select("account_id", name=pl.col("name").fill_null(pl.col("account_id")))
    of_metric = pl.col("metric").cast(pl.String) == metric
    return plot_funnel(
        portfolio.funnel.filter(of_metric).join(names, on="account_id"),
        portfolio.funnel_limits.filter(of_metric),
        metric=metric,
    )


def _legible(points: pl.DataFrame) -> pl.DataFrame:
    """The points, but of those whose names would lie on one another only the first."""
    places = points.select(pl.col("expected").log10(), pl.col("shown").sqrt()).rows()
    kept: list[int] = []
    for number, (x, y) in enumerate(places):
        if all(abs(x - places[at][0]) > LENGTH or abs(y - places[at][1]) > LINE for at in kept):
            kept.append(number)
    return points[kept]


def _is(position: str) -> pl.Expr:
    return pl.col("position").cast(pl.String) == position


def _rounded(table: pl.DataFrame) -> pl.DataFrame:
    """Only what is drawn, and as exactly as an eye can tell."""
    drawn = table.drop("metric", "z", "z_by_chance", strict=False)
    return drawn.with_columns(cs.float().round_sig_figs(4), cs.enum().cast(pl.String))
