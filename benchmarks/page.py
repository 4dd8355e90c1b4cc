"""The page of a run: what was measured, beside what, and how it grows with size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from benchmarks.lines import OURS, lines
from benchmarks.told import OTHERS
from deliverlab.reports.fragments import fragment
from deliverlab.reports.pages import page
from deliverlab.reports.render import Chart, Html
from deliverlab.reports.tables import as_html, plain_table
from deliverlab.reports.theme import OWN, PEERS

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLE = "What deliverlab takes, and what others take"


def page_of(results: list[dict[str, Any]], /) -> str:
    """The whole page, which needs no network."""
    table = _in_words(lines(results))
    return page({"cells": [_cell(piece) for piece in _pieces(table, results)]}, title=TITLE)


def _pieces(table: pl.DataFrame, results: list[dict[str, Any]]) -> Iterator[Chart | Html | str]:
    measured = sorted({(result["commit"], result["on"]) for result in results}, key=lambda each: each[1])
    yield fragment(
        "replay", words=TITLE, notices=[], kicker="Benchmarks", headline=TITLE, tiles={}, paragraphs=[],
        facts=[f"commit {commit}, {on}" for commit, on in measured[-3:]],
    )  # fmt: skip
    yield "## How many times as long do others take?\n\nFor the same answer, at the largest size measured."
    yield plot_times(table)
    yield "## How does it grow?\n\nSeconds by size, both in powers of ten: a slope of one is linear."
    yield plot_growth(table)
    yield "## All figures"
    yield _all_figures(table)


def _in_words(table: pl.DataFrame) -> pl.DataFrame:
    """The figures with others called what they are, a benchmark's sizes together."""
    called = [
        OTHERS.get((benchmark, contender), contender.replace("_", " "))
        for benchmark, contender in table.select("benchmark", "contender").iter_rows()
    ]
    named = table.with_columns(contender=pl.Series(called, dtype=pl.String))
    return named.sort("benchmark", "amount", maintain_order=True)


def plot_times(table: pl.DataFrame, /) -> Chart:
    """Others' seconds as so many times ours, a row each; left of the line they are faster."""
    drawn = (
        table.filter(pl.col("amount") == pl.col("amount").max().over("benchmark"))
        .filter(pl.col("contender") != OURS, pl.col("times").is_not_null())
        .select(who=pl.format("{}: {}", "benchmark", "contender"), times="times")
    )
    base = alt.Chart(drawn).encode(
        alt.Y("who:N", sort=drawn["who"].to_list(), title=None, axis=alt.Axis(labelLimit=280))
    )
    x = alt.X("times:Q", scale=alt.Scale(type="log"), title="times our seconds", axis=alt.Axis(format="~g"))
    one = alt.Chart(pl.DataFrame({"one": [1]})).mark_rule(color=PEERS, strokeDash=[5, 4])
    return Chart.of(
        alt.layer(
            one.encode(alt.X("one:Q", scale=alt.Scale(type="log"))),
            base.mark_point(filled=True, size=90, opacity=1, color=OWN).encode(x),
        ).properties(height=24 * drawn.height),
        title="Others beside deliverlab",
        words="; ".join(f"{row['who']} {row['times']:.2g} times" for row in drawn.iter_rows(named=True)),
    )


def plot_growth(table: pl.DataFrame, /) -> Chart:
    """Our seconds at every size of every benchmark."""
    drawn = table.filter(pl.col("contender") == OURS, pl.col("amount") > 0).select(
        "benchmark", "size", "amount", "seconds"
    )
    base = alt.Chart(drawn).encode(
        alt.X("amount:Q", scale=alt.Scale(type="log"), title="size", axis=alt.Axis(format="~s", grid=False)),
        alt.Y(
            "seconds:Q", scale=alt.Scale(type="log"), title="seconds", axis=alt.Axis(format="~g", grid=False)
        ),
        alt.Color(
            "benchmark:N", scale=alt.Scale(scheme="category20"), legend=alt.Legend(title=None, columns=3)
        ),
        tooltip=[alt.Tooltip("benchmark:N"), alt.Tooltip("size:N"), alt.Tooltip("seconds:Q", format=".3g")],
    )
    return Chart.of(
        alt.layer(base.mark_line(), base.mark_point(filled=True, size=60)).properties(height=340),
        title="Seconds by size",
        words="; ".join(
            f"{row['benchmark']}, {row['size']}: {row['seconds']:.3g} s"
            for row in drawn.iter_rows(named=True)
        ),
    )


def _all_figures(table: pl.DataFrame) -> Html:
    shown = table.select(
        group=pl.format("{}: {}", "benchmark", "size"),
        contender="contender",
        seconds="seconds", cold="cold_seconds", times="times", memory="peak_mib",
        parity=pl.when("parity").then(pl.lit("yes")).when(~pl.col("parity")).then(pl.lit("no")),
    )  # fmt: skip
    figures = (
        plain_table(shown, table_id="all-figures", groups="group")
        .cols_label(
            contender="Who", seconds="Seconds, warm", cold="Cold", times="Times ours", memory="Peak MiB",
            parity="Same answer",
        )
        .fmt_number(["seconds", "cold", "times"], n_sigfig=3)
        .fmt_integer("memory")
        .sub_missing(missing_text="–")
    )  # fmt: skip
    return as_html(figures, "every figure of the run")


def _cell(piece: Chart | Html | str) -> dict[str, Any]:
    if isinstance(piece, str):
        return {"cell_type": "markdown", "metadata": {}, "source": piece}
    data, metadata = piece._repr_mimebundle_()
    output = {"output_type": "display_data", "data": data, "metadata": metadata}
    return {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output]}
