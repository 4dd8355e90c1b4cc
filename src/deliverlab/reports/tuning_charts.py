"""Charts of a search: what can be had for what, what each number does, and what became of it later."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import altair as alt
import polars as pl

from deliverlab.reports import numbers
from deliverlab.reports.charts import ROW
from deliverlab.reports.render import Chart
from deliverlab.reports.theme import ALARM, OWN, PEERS

if TYPE_CHECKING:
    from collections.abc import Sequence


class Kind(NamedTuple):
    """How the points of some policies look."""

    words: str
    colour: str
    is_marked: bool = False


BROKEN = Kind("breaks a constraint", "#c9ccd1")
TRIED = Kind("tried", OWN)
FRONT = Kind("on the front", "#22958a")
IN_FORCE = Kind("the policy in force", "#b98a1c", is_marked=True)
CHOSEN = Kind("the one to take", ALARM, is_marked=True)
PRESET = Kind("a preset", "#8a63b8")
BEEN = Kind("where the hand has been", OWN)
HAND = Kind("under the hand", ALARM, is_marked=True)
KINDS = (BROKEN, TRIED, FRONT, PRESET, BEEN, IN_FORCE, CHOSEN, HAND)  # what matters most is drawn last
MARKED = [kind.words for kind in KINDS if kind.is_marked]
LINES = (OWN, ALARM, "#22958a", "#b98a1c", "#8a63b8", PEERS)
PLAIN = alt.Axis(format="~g", tickCount=6)
DIGITS = 5
HEIGHT = 320
LOW = "#e9eef5"


def plot_front(
    policies: pl.DataFrame,
    /,
    *,
    across: str,
    up: str,
    subtitle: str = "a point a policy, on the days that were searched",
) -> Chart:
    """What can be had of one objective for what of another: a point a policy.

    `policies` has `policy` (which one, in words), `kind` (words of `KINDS`), and the two measures in columns
    `across` and `up`.
    """
    drawn = _in_order(policies.with_columns(pl.col("across", "up").round(DIGITS)))
    told = [_told("policy:N"), _told("across:Q", across), _told("up:Q", up)]
    points = _points(
        drawn, alt.X("across:Q", title=across, axis=PLAIN), alt.Y("up:Q", title=up, axis=PLAIN), told
    )
    marked = drawn.filter(pl.col("kind").is_in(MARKED)).rows(named=True)
    said = [f"{row['kind']}: {up} {row['up']:.3g}, {across} {row['across']:.3g}" for row in marked]
    return Chart.of(
        points.properties(height=HEIGHT),
        title=f"{up.capitalize()} against {across}",
        subtitle=subtitle,
        words="; ".join(said) or "No policy was tried",
    )


def plot_surface(cells: pl.DataFrame, /, *, keys: Sequence[str], measure: str) -> Chart:
    """A measure over two numbers, with a slider for a third where there is one.

    `cells` has columns `across`, `up` and `slid`, the place of `slid` among its values, the measure in
    `figure`, and `is_allowed`.
    """
    words = pl.col("across", "up").map_elements(_short, return_dtype=pl.String).name.suffix("_words")
    drawn = cells.with_columns(pl.col("figure").round(DIGITS), words)
    across, up = (drawn.unique(name).sort(name)[f"{name}_words"].to_list() for name in ("across", "up"))
    told = [_told("across:Q", keys[0]), _told("up:Q", keys[1]), _told("figure:Q", measure)]
    base = alt.Chart(drawn).encode(
        alt.X("across_words:O", sort=across, title=keys[0], axis=alt.Axis(labelAngle=0)),
        alt.Y("up_words:O", sort=up[::-1], title=keys[1]),
    )
    steps, subtitle = (
        drawn["slid"].unique().sort().to_list(),
        f"{measure}; a cross where a constraint is broken",
    )
    if len(steps) > 1:
        said = ", ".join(map(_short, steps))
        handle = alt.binding_range(min=0, max=len(steps) - 1, step=1, name=f"{keys[2]} ({said}), step ")
        place = alt.param(name="step", value=len(steps) // 2, bind=handle)
        base = base.transform_filter("datum.place === step").add_params(place)
        subtitle += f"; the slider moves {keys[2]}"
    most = max(drawn["figure"].drop_nulls(), default=1.0)
    scale = alt.Scale(domain=[0, most], range=[LOW, OWN], interpolate="lab")
    colour = alt.Color(
        "figure:Q", title=None, scale=scale, legend=alt.Legend(format="~g", gradientLength=220)
    )
    broken = base.transform_filter("!datum.is_allowed")
    best = drawn.filter("is_allowed").drop_nulls("figure").sort("figure", descending=True).head(1)
    return Chart.of(
        alt.layer(
            base.mark_rect(cornerRadius=2).encode(colour, tooltip=told),
            broken.mark_point(shape="cross", size=26, color="#333", filled=True),
        ).properties(height=ROW * max(len(up), 4)),
        title=f"{keys[0].capitalize()} and {keys[1]} together",
        subtitle=subtitle,
        words="; ".join(
            f"best {row['figure']:.3g} at {keys[0]} {row['across']:g}, {keys[1]} {row['up']:g}"
            for row in best.rows(named=True)
        )
        or "Every cell breaks a constraint",
    )  # fmt: skip


def plot_sensitivity(steps: pl.DataFrame, /, *, measure: str) -> Chart:
    """What each number does by itself: a line a number, over its range; a point where it stands.

    `steps` has `key`, `value`, `share` (where in its range, 0 to 1), `figure` and `is_chosen`.
    """
    drawn = steps.with_columns(pl.col("figure").round(DIGITS), pl.col("share").round(4))
    spread = drawn.group_by("key").agg(spread=pl.col("figure").max() - pl.col("figure").min())
    spread = spread.sort("spread", "key", descending=[True, False], nulls_last=True)
    base = alt.Chart(drawn).encode(
        alt.X("share:Q", title="from its least to its most", axis=alt.Axis(format="~%", tickCount=3)),
        alt.Y("figure:Q", title=measure, axis=alt.Axis(format="~g", tickCount=4)),
        alt.Color(
            "key:N", sort=spread["key"].to_list(), scale=alt.Scale(range=list(LINES)),
            legend=alt.Legend(title=None, columns=2),
        ),
        tooltip=[_told("key:N"), _told("value:Q"), _told("figure:Q", measure)],
    )  # fmt: skip
    points = base.transform_filter("datum.is_chosen").mark_point(size=110, filled=True, opacity=1)
    return Chart.of(
        alt.layer(base.mark_line(strokeWidth=2.2), points).properties(height=260),
        title="What each number does by itself",
        subtitle="all others as in the policy to take; a point where it stands",
        words="; ".join(f"{key}: {by or 0.0:.3g} from end to end" for key, by in spread.iter_rows()),
    )


def plot_later(policies: pl.DataFrame, /, *, measure: str) -> Chart:
    """A measure on the days that were searched against later ones; below the line it came out worse.

    `policies` has `policy`, `kind` (words of `KINDS`), `seen` and `later`.
    """
    drawn = _in_order(
        policies.with_columns(pl.col("seen", "later").round(DIGITS)).drop_nulls(["seen", "later"])
    )
    ends = [
        min([0.0, *drawn["seen"], *drawn["later"]]),
        1.05 * max([*drawn["seen"], *drawn["later"]], default=1.0),
    ]
    scale = alt.Scale(domain=ends)
    across = alt.X("seen:Q", scale=scale, title=f"{measure}, days searched", axis=PLAIN)
    up = alt.Y("later:Q", scale=scale, title="later days", axis=PLAIN)
    same = alt.Chart(pl.DataFrame({"seen": ends, "later": ends})).encode(across, up)
    points = _points(drawn, across, up, [_told("policy:Q"), _told("seen:Q"), _told("later:Q")])
    mean = drawn.select((pl.col("later") - pl.col("seen")).mean()).item() or 0.0
    return Chart.of(
        alt.layer(same.mark_line(color=PEERS, strokeDash=[5, 4]), points).properties(height=HEIGHT),
        title=f"{measure.capitalize()}, where it was searched and later",
        subtitle="a point a policy; below the line it came out worse on later days",
        words=f"{numbers.counted(drawn.height, 'point')}; later {measure} differs by {mean:+.3g} on average",
    )


def _points(
    drawn: pl.DataFrame, across: alt.X, up: alt.Y, told: list[alt.Tooltip]
) -> alt.LayerChart | alt.FacetChart:
    """A point a policy in the colour of its kind; the few that matter are marked."""
    kinds = [kind for kind in KINDS if kind.words in drawn["kind"]]
    colours = alt.Scale(domain=[kind.words for kind in kinds], range=[kind.colour for kind in kinds])
    legend = alt.Legend(title=None, symbolType="circle", columns=2)
    is_marked = pl.col("kind").is_in(MARKED)

    colour = alt.Color("kind:N", scale=colours, legend=legend)
    many, few = (
        alt.Chart(drawn.filter(which)).encode(across, up, colour, tooltip=told)
        for which in (~is_marked, is_marked)
    )
    return alt.layer(
        many.mark_point(filled=True, size=34, opacity=0.7),
        few.mark_point(filled=True, size=230, opacity=1, shape="diamond", stroke="white"),
    )


def _in_order(policies: pl.DataFrame) -> pl.DataFrame:
    places = {kind.words: place for place, kind in enumerate(KINDS)}
    order = pl.col("kind").replace_strict(places, return_dtype=pl.Int64)
    return policies.sort(order, "policy", nulls_last=True)


def _told(field: str, title: str | None = None) -> alt.Tooltip:
    return alt.Tooltip(field) if title is None else alt.Tooltip(field, title=title)


def _short(number: float) -> str:
    return f"{number:.3g}"
