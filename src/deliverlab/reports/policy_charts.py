"""Charts of policies: whom they notice by group, and who wins and loses when one takes another's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from deliverlab.reports import numbers
from deliverlab.reports.charts import BAND_AXIS, PERCENT_AXIS, ROW
from deliverlab.reports.render import Chart
from deliverlab.reports.theme import ALARM, INK, OWN, PEERS
from deliverlab.schemas import BANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

WINNERS, LOSERS = "only the champion noticed", "only the challenger notices"


def plot_false_trips(groups: pl.DataFrame, /, *, overall: float | None) -> Chart:
    """Clean accounts that got a notice, by group with bounds; the line is the share among all clean ones.

    `groups` has group, figure, low, high and accounts, in the order of the picture.
    """
    drawn = groups.with_columns(pl.col("figure", "low", "high").round(6))
    order = drawn["group"].to_list()
    row = alt.Y("group:N", sort=order, title=None, axis=alt.Axis(labelLimit=150))
    most = max([overall or 0.0, *drawn["high"].drop_nulls(), *drawn["figure"].drop_nulls()], default=0.01)
    scale = alt.Scale(domain=[0, 1.05 * most])
    said = [
        alt.Tooltip("group:N"), alt.Tooltip("figure:Q", title="noticed", format=".1%"),
        alt.Tooltip("accounts:Q", title="clean accounts"),
    ]  # fmt: skip
    base = alt.Chart(drawn)
    layers: list[alt.Chart] = []
    if overall is not None:
        line = alt.Chart(pl.DataFrame({"all": [round(overall, 6)]}))
        layers.append(
            line.mark_rule(color=PEERS, strokeWidth=2, strokeDash=[5, 4]).encode(
                alt.X("all:Q", scale=scale, axis=PERCENT_AXIS)
            )
        )
    layers += [
        base.mark_rule(strokeWidth=4, opacity=0.35, strokeCap="round", color=OWN).encode(
            row, alt.X("low:Q", scale=scale, axis=PERCENT_AXIS), alt.X2("high")
        ),
        base.mark_point(size=90, filled=True, opacity=1, color=OWN).encode(
            row, alt.X("figure:Q", scale=scale, axis=PERCENT_AXIS), tooltip=said
        ),
    ]
    return Chart.of(
        alt.layer(*layers).properties(height=0.75 * ROW * drawn.height),
        title="Clean accounts that get a notice",
        subtitle="by industry and by volume band, with bounds; the dashed line is all of them",
        words="; ".join(
            f"{row['group']} {numbers.percent(row['figure'])}" for row in drawn.iter_rows(named=True)
        ),
    )


def plot_winners_and_losers(cells: pl.DataFrame, /) -> Chart:
    """Who is noticed anew and who is spared, a cell an industry and band.

    `cells` has industry, band, newly_noticed and newly_spared.
    """
    drawn = cells.select(
        "industry",
        pl.col("band").cast(pl.String),
        net=pl.col("newly_noticed") - pl.col("newly_spared"),
        label=pl.concat_str(
            pl.when(pl.col("newly_noticed") > 0).then(pl.format("+{}", pl.col("newly_noticed").cast(int))),
            pl.when(pl.col("newly_spared") > 0).then(pl.format("−{}", pl.col("newly_spared").cast(int))),
            separator=" ", ignore_nulls=True,
        ),
    )  # fmt: skip
    most = max(1.0, drawn.select(pl.col("net").abs().max()).item() or 0.0)
    base = alt.Chart(drawn).encode(
        alt.X("band:O", sort=list(BANDS), axis=BAND_AXIS),
        alt.Y("industry:N", title=None, axis=alt.Axis(labelLimit=140)),
    )
    colour = alt.Color(
        "net:Q", legend=None,
        scale=alt.Scale(domain=[-most, 0, most], range=[OWN, "transparent", ALARM], interpolate="rgb"),
    )  # fmt: skip
    return Chart.of(
        alt.layer(
            base.mark_rect(cornerRadius=3, opacity=0.7, stroke=INK, strokeOpacity=0.12).encode(colour),
            base.mark_text(color=INK).encode(alt.Text("label:N")),
        ).properties(height=30 * drawn["industry"].n_unique()),
        title="Winners and losers",
        subtitle=f"+ {LOSERS}, − {WINNERS}; accounts by industry and volume",
        words=_cells_in_words(drawn.rows(named=True)),
    )


def _cells_in_words(rows: Sequence[dict[str, object]]) -> str:
    said = "; ".join(f"{row['industry']} {row['band']}: {row['label']}" for row in rows if row["label"])
    return said or "Nobody is treated otherwise"
