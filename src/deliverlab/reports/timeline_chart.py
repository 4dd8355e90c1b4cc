"""The timeline of one account: its mail, what rules saw, the stages it stood in, notices and reviews.

One picture with panels above each other: they share the days and the stages behind them. A panel is a range
of the picture's height, so that the whole is one view and as wide as its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl
import polars.selectors as cs

from deliverlab.errors import DataError
from deliverlab.reports import numbers, texts
from deliverlab.reports.charts import DAY_AXIS, STAGE_COLOURS
from deliverlab.reports.render import Chart
from deliverlab.reports.theme import ALARM, GRADE_COLOURS, INK, OWN, PEERS
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from collections.abc import Sequence

    Layer = alt.Chart | alt.LayerChart

STRIP, PANEL, GAP = 26, 118, 34  # pixels: of the marks at the top, of a panel, and between panels
MOST_PANELS = 3
NOTICE, REVIEW, BACK = "notice", "contact review", "back without one"
MARKS = {
    NOTICE: ("triangle-down", ALARM),
    REVIEW: ("diamond", GRADE_COLOURS["good"]),
    BACK: ("circle", PEERS),
}
MAIL = {"sent": OWN, "held back": PEERS}


def plot_timeline(
    days: pl.DataFrame,
    readings: pl.DataFrame,
    steps: pl.DataFrame,
    /,
    *,
    stages: Sequence[str],
    rules: Sequence[str] = (),
    subtitle: str = "",
) -> Chart:
    """The days of one account: mail at the top, then a panel a rule with its limit, stages behind it all.

    A line begins anew where the window of its rule does.

    `days` has day, stage, is_reviewed, sent_sent and sent_held; `readings` rule, day, rate, limit, evidence,
    peer_rate and is_breached; `steps` day, from_stage, to_stage, cause and sentence; `stages` is their order.
    A rule of evidence is drawn by its sum, any other by its rate.

    Raises `DataError` where a chosen rule has no readings.
    """
    shown = list(rules) or _telling(readings)
    strange = [rule for rule in shown if rule not in readings["rule"]]
    if strange:
        known = ", ".join(readings["rule"].unique(maintain_order=True))
        raise DataError(f"rules = {strange[0]!r}, must be one of {known}")
    height = STRIP + (PANEL + GAP) * (1 + len(shown)) - GAP
    panels = [layer for place, rule in enumerate(shown, 1) for layer in _rule(readings, rule, place)]
    chart = (
        alt.layer(_bands(days, stages), *_mail(days), *panels, *_marks(days, steps))
        .resolve_scale(y="independent", color="independent", shape="independent")
        .properties(height=height)
    )
    account = days["account_id"][0] if days.height else ""
    return Chart.of(
        chart,
        title=f"{account}, day by day",
        subtitle=subtitle,
        words=_words(days, steps),
    )


def _telling(readings: pl.DataFrame) -> list[str]:
    """The rules that were breached, else those that came nearest to it, as many as there is room for."""
    seen = readings.group_by("rule", maintain_order=True).agg(
        breached=pl.col("is_breached").sum(), reach=(pl.coalesce("evidence", "rate") / pl.col("limit")).max()
    )
    telling = seen.filter(pl.col("breached") > 0)
    chosen = telling if telling.height else seen.sort("reach", descending=True, nulls_last=True).head(1)
    return chosen["rule"].head(MOST_PANELS).to_list()


def _panel(place: int, top: float, *, axis: alt.Axis | None, column: str) -> alt.Y:
    """The height of a panel, 0 at its foot; the first is the mail's."""
    head = STRIP + place * (PANEL + GAP)
    return alt.Y(
        f"{column}:Q", axis=axis, scale=alt.Scale(domain=[0, top], range=[head + PANEL, head], nice=False)
    )


def _bands(days: pl.DataFrame, stages: Sequence[str]) -> Layer:
    """The stages, each a band over the days on which it was held."""
    spells = (
        days.sort("day")
        .with_columns(spell=pl.col("stage").rle_id())
        .group_by("spell", "stage", maintain_order=True)
        .agg(first=pl.col("day").min(), end=pl.col("day").max() + pl.duration(days=1))
        .filter(pl.col("stage") != GOOD)
    )
    held = [stage for stage in stages if stage in spells["stage"]]
    places = {stage: place for place, stage in enumerate(stages)}
    last = max(1, len(stages) - 1)
    colours = [STAGE_COLOURS[round(places[stage] * 3 / last)] for stage in held]
    named = spells.select("first", "end", stage=pl.col("stage").map_elements(texts.stage_words, pl.String))
    colour = alt.Color(
        "stage:N",
        scale=alt.Scale(domain=[texts.stage_words(stage) for stage in held], range=colours),
        legend=alt.Legend(title=None, columns=4, symbolOpacity=0.6) if held else None,
    )
    said = [alt.Tooltip("stage:N"), alt.Tooltip("first:T", title="from", format="%-d %B")]
    bands = alt.Chart(named).mark_rect(opacity=0.2)
    layer: Layer = bands.encode(alt.X("first:T", axis=DAY_AXIS), alt.X2("end"), colour, tooltip=said)
    return layer


def _mail(days: pl.DataFrame) -> list[Layer]:
    """What was let through, and on top of it what was held back."""
    drawn = _drawn(days.select("day", **{"sent": "sent_sent", "held back": "sent_held"}))
    long = drawn.unpivot(index="day", variable_name="fate", value_name="mails").sort("day", "fate")
    top = float(drawn.select(pl.sum_horizontal("sent", "held back").max()).item() or 1)
    fates = [fate for fate in MAIL if float(drawn[fate].sum()) > 0] or ["sent"]
    bars = (
        alt.Chart(long.filter(pl.col("mails") > 0))
        .mark_bar(width={"band": 0.8})
        .encode(
            alt.X("day:T", timeUnit="utcyearmonthdate", axis=DAY_AXIS, bandPosition=0.5),
            _panel(0, 1.08 * top, axis=_axis(".3~s"), column="mails"),
            alt.Color(
                "fate:N",
                scale=alt.Scale(domain=fates, range=[MAIL[fate] for fate in fates]),
                legend=alt.Legend(title=None),
            ),
            alt.Order("fate:N", sort="descending"),
            tooltip=[alt.Tooltip("day:T", format="%-d %B"), alt.Tooltip("mails:Q", format=","), "fate:N"],
        )
    )
    return [bars, _heading("Mails a day", 0)]


def _rule(readings: pl.DataFrame, rule: str, place: int) -> list[Layer]:
    """What a rule saw each day against its limit; days on which it was breached are dots."""
    own = readings.filter(pl.col("rule") == rule).sort("day")
    is_evidence = own["evidence"].is_not_null().any()
    drawn = _drawn(own.select("day", "limit", "is_breached", value="evidence" if is_evidence else "rate"))
    value = pl.col("value")
    is_alone = value.is_not_null() & value.shift().is_null() & value.shift(-1).is_null()
    drawn = drawn.with_columns(is_alone=is_alone)
    peak = drawn.select(pl.max_horizontal(pl.col("value").max(), pl.col("limit").max())).item()
    base = alt.Chart(drawn).encode(alt.X("day:T", axis=DAY_AXIS))
    unit, form = ("evidence", ".3~r") if is_evidence else ("rate", ".3~%")
    said = [
        alt.Tooltip("day:T", format="%-d %B"), alt.Tooltip("value:Q", title=unit, format=form),
        alt.Tooltip("limit:Q", format=form),
    ]  # fmt: skip

    def at(column: str, axis: alt.Axis | None = None) -> alt.Y:
        return _panel(place, 1.1 * (peak or 1), axis=axis, column=column)

    return [
        base.mark_line(color=ALARM, strokeDash=[5, 4], strokeWidth=1.6, interpolate="step-after").encode(
            at("limit", _axis(form))
        ),
        base.mark_line(color=OWN, strokeWidth=2.2).encode(at("value")),
        base.mark_point(filled=True, size=28).encode(
            at("value"),
            color=alt.when("datum.is_breached").then(alt.value(ALARM)).otherwise(alt.value(OWN)),
            opacity=alt.when("datum.is_breached || datum.is_alone")
            .then(alt.value(1))
            .otherwise(alt.value(0)),
            tooltip=said,
        ),
        _heading(f"{rule}: {unit}, and its limit (dashed)", place),
    ]


def _marks(days: pl.DataFrame, steps: pl.DataFrame) -> list[Layer]:
    """Notices and reviews, on the days they had, above the panels."""
    is_notice = pl.col("to_stage") != GOOD
    moved = steps.select(
        "day", what=pl.when(is_notice).then(pl.lit(NOTICE)).otherwise(pl.lit(BACK)), sentence="sentence",
        is_review=pl.col("cause").cast(pl.String) == "review",
    ).filter(pl.col("is_review").not_()).drop("is_review")  # fmt: skip
    said = steps.select("day", "sentence").unique("day", keep="first")
    reviewed = (
        days.filter("is_reviewed")
        .select("day", what=pl.lit(REVIEW))
        .join(said, on="day", how="left")
        .with_columns(pl.col("sentence").fill_null("A contact review was completed."))
    )
    drawn = pl.concat([moved, reviewed]).sort("day", "what")
    kinds = [kind for kind in MARKS if kind in drawn["what"]]
    if not kinds:
        return []
    base = alt.Chart(drawn).encode(alt.X("day:T", axis=DAY_AXIS))
    shapes, colours = ([MARKS[kind][part] for kind in kinds] for part in (0, 1))
    legend = alt.Legend(title=None)
    return [
        base.mark_rule(color=INK, opacity=0.25, strokeWidth=1),
        base.mark_point(filled=True, size=85, opacity=1).encode(
            alt.Shape("what:N", scale=alt.Scale(domain=kinds, range=shapes), legend=legend),
            alt.Color("what:N", scale=alt.Scale(domain=kinds, range=colours), legend=legend),
            y=alt.value(8),
            tooltip=[alt.Tooltip("day:T", format="%-d %B"), alt.Tooltip("sentence:N", title="what")],
        ),
    ]


def _heading(text: str, place: int) -> Layer:
    """The name of a panel, above its upper left corner."""
    named = alt.Chart(pl.DataFrame({"text": [text]}))
    layer: Layer = named.mark_text(align="left", baseline="bottom", fontWeight=600, color=INK).encode(
        alt.Text("text:N"), x=alt.value(0), y=alt.value(STRIP + place * (PANEL + GAP) - 5)
    )
    return layer


def _axis(form: str) -> alt.Axis:
    return alt.Axis(format=form, tickCount=3, title=None, orient="left", grid=True)


def _drawn(table: pl.DataFrame) -> pl.DataFrame:
    """As exactly as an eye can tell."""
    return table.sort("day").with_columns(cs.float().round_sig_figs(4))


def _words(days: pl.DataFrame, steps: pl.DataFrame) -> str:
    """The stage at the end, what was held, and every step."""
    if not days.height:
        return "No days"
    last = days.sort("day").row(-1, named=True)
    held = float(days["sent_held"].sum())
    parts = [f"{texts.stage_words(last['stage'])} on {numbers.day(last['day'])}"]
    parts += [f"{numbers.count(held)} mails held back"] if held else []
    return "; ".join([*parts, *steps.sort("day")["sentence"]])
