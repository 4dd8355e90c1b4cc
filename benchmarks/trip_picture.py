"""The picture of `trip_rules`: `python -m benchmarks.trip_picture FIGURES.json OUT.png`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import altair as alt
import polars as pl
import vl_convert

ALIKE = {"ratio to peers", "two capped CUSUMs", "likelihood ratio of windows", "evidence"}  # as near others
CASE = "sudden x6"


def picture(figures: dict[str, object]) -> alt.FacetChart:
    """Harm averted of sudden abuse six times the usual, by rule and by how often accounts mail."""
    rows = [
        (world, rule, mails, each[f"of_{mails}"])
        for world in ("benign", "heavy-tailed")
        for rule, each in figures[world][CASE].items()  # type: ignore[index]
        if rule not in ALIKE
        for mails in ("daily", "weekly")
    ]
    drawn = pl.DataFrame(rows, schema=["world", "rule", "mails", "averted"], orient="row")
    order = drawn.filter(world="heavy-tailed", mails="daily").sort("averted")["rule"].to_list()
    base = alt.Chart(drawn).encode(
        alt.X("averted:Q", axis=alt.Axis(format="%", title="harm averted"), scale=alt.Scale(domain=[0.3, 1])),
        alt.Y("rule:N", sort=order, title=None),
        alt.Color("mails:N", title="mails", scale=alt.Scale(range=["#2f7dc4", "#d4572a"])),
    )
    points = base.mark_point(filled=True, size=110, opacity=1).properties(width=300, height=190)
    facets: alt.FacetChart = points.facet(alt.Column("world:N", title=None))
    return facets


def main() -> None:
    """Draw the figures of a file into another."""
    source, target = map(Path, sys.argv[1:])
    chart = picture(json.loads(source.read_text())["figures"])
    target.write_bytes(vl_convert.vegalite_to_png(chart.to_dict(), scale=2.0))


if __name__ == "__main__":
    main()
