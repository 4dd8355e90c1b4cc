"""The page of a search: what to change, by how much, with what certainty, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.reports import numbers
from deliverlab.reports.account_page import notices
from deliverlab.reports.figure_tables import differences_table
from deliverlab.reports.fragments import fragment
from deliverlab.reports.tables import as_html, plain_table

if TYPE_CHECKING:
    from deliverlab.reports.policy_inputs import Tuned
    from deliverlab.reports.render import Chart, Html


def tuning_answer(tuned: Tuned, /) -> Html:
    """The answer: what to change, what that brings and costs, and how sure it is."""
    lead, *rest = tuned.sentences
    facts = [
        f"Policy in force: {tuned.policy_title}", f"{numbers.count(tuned.rows.height)} policies tried",
        f"To {numbers.day(tuned.as_of)}",
    ]  # fmt: skip
    return fragment(
        "replay", words=" ".join([lead, *rest]), kicker="Threshold tuning", headline=lead.rstrip("."),
        facts=facts, tiles={}, notices=notices(tuned), paragraphs=[" ".join(rest)],
    )  # fmt: skip


def tuning_changes(tuned: Tuned, /) -> Html:
    """How the policy to take differs from the one in force."""
    said = list(tuned.changes) or ["Nothing."]
    return fragment("said", words="; ".join(said), paragraphs=[], points=said)


def tuning_front(tuned: Tuned, /) -> Chart:
    """What can be had of the first objective for what of the second, or for how many notices."""
    from deliverlab.reports.tuning_charts import BROKEN, CHOSEN, FRONT, IN_FORCE, PRESET, TRIED, plot_front

    up, across = _axes(tuned)
    kind = (
        pl.when(pl.col("policy") == tuned.chosen)
        .then(pl.lit(CHOSEN.words))
        .when("is_on_front")
        .then(pl.lit(FRONT.words))
        .when("is_allowed")
        .then(pl.lit(TRIED.words))
        .otherwise(pl.lit(BROKEN.words))
    )
    measures = (pl.col(across).alias("across"), pl.col(up).alias("up"))
    tried = tuned.rows.filter(pl.col("refused").is_null())
    drawn = [
        tried.select(pl.col("policy").cast(pl.String), *measures, kind=kind),
        tuned.presets.select(pl.col("name").alias("policy"), *measures, kind=pl.lit(PRESET.words)),
        tuned.champion_row.select(
            pl.lit(tuned.policy_title).alias("policy"), *measures, kind=pl.lit(IN_FORCE.words)
        ),
    ]
    policies = pl.concat(each.select("policy", "across", "up", "kind") for each in drawn)
    return plot_front(policies.drop_nulls(), across=_said(across), up=_said(up))


def tuning_surface(tuned: Tuned, /) -> Chart | Html:
    """The first objective over the two numbers it hangs on most, with a slider for a third."""
    from deliverlab.reports.tuning_charts import plot_surface

    keys = [key for key in tuned.surface.columns if key in tuned.keys]
    words = [tuned.keys[key] for key in keys]
    if len(keys) < 2:
        return _nothing("There are no two numbers to set against each other.")
    slid = pl.col(keys[2]) if len(keys) > 2 else pl.lit(0.0)
    cells = tuned.surface.select(
        pl.col(keys[0]).alias("across"), pl.col(keys[1]).alias("up"), slid.alias("slid"),
        pl.col(_axes(tuned)[0]).alias("figure"), "is_allowed",
    )  # fmt: skip
    cells = cells.with_columns(place=pl.col("slid").rank("dense").cast(pl.Int64) - 1)
    return plot_surface(cells, keys=words, measure=_said(_axes(tuned)[0]))


def tuning_sensitivity(tuned: Tuned, /) -> Chart | Html:
    """What each number does by itself."""
    from deliverlab.reports.tuning_charts import plot_sensitivity

    if not tuned.is_found:
        return _nothing("There is no policy around which numbers could be varied.")
    least, most = pl.col("value").min().over("key"), pl.col("value").max().over("key")
    share = pl.when(most > least).then((pl.col("value") - least) / (most - least)).otherwise(0.0)
    measure = _axes(tuned)[0]
    steps = tuned.sensitivity.select(
        pl.col("key").replace_strict(tuned.keys),
        "value",
        pl.col(measure).alias("figure"),
        "is_chosen",
        share=share,
    )
    return plot_sensitivity(steps, measure=_said(measure))


def tuning_later(tuned: Tuned, /) -> Chart | Html:
    """The first objective on the days that were searched, against later ones."""
    from deliverlab.reports.tuning_charts import BROKEN, CHOSEN, TRIED, plot_later

    if not tuned.is_split:
        return _nothing(
            "The same days were searched and judged, so nobody can say how much of this lasts. "
            "Give the search a split."
        )
    kind = (
        pl.when(pl.col("policy") == tuned.chosen)
        .then(pl.lit(CHOSEN.words))
        .when("is_allowed")
        .then(pl.lit(TRIED.words))
        .otherwise(pl.lit(BROKEN.words))
    )
    drawn = tuned.seen_and_later.select("policy", "seen", "later", kind=kind)
    return plot_later(drawn, measure=_said(_axes(tuned)[0]))


def tuning_finalists(tuned: Tuned, /) -> Html:
    """The best policies: their numbers, what they are worth, a little off too, and on later days."""
    first, second = tuned.aims[0][0], _axes(tuned)[1]
    if not tuned.is_found:
        return _nothing("No policy keeps every constraint.")
    shown = tuned.finalists.select(
        "policy", *tuned.keys, first, "low", "high", "worst_near", f"{first}_later", second, "picked"
    ).with_columns(pl.exclude("policy").map_elements(_short, return_dtype=pl.String))
    labels: dict[str, Any] = dict(tuned.keys) | {
        "policy": "Policy", first: _said(first), "low": "from", "high": "to", second: _said(second),
        "worst_near": "a little off", f"{first}_later": "later days", "picked": "best in",
    }  # fmt: skip
    table = plain_table(shown, table_id="finalists").cols_label(labels)
    rows = shown.rows(named=True)
    return as_html(
        table.cols_align("right", columns=[name for name in shown.columns if name != "policy"]),
        "; ".join(f"policy {row['policy']}: {row[first]}" for row in rows),
    )


def tuning_differences(tuned: Tuned, /) -> Html:
    """Every measure under the policy in force and under the one to take, on the days that judge."""
    if not tuned.is_found:
        return _nothing("There is no policy to compare.")
    champion, candidate = tuned.names
    return differences_table(tuned.differences, champion=champion, challenger=candidate)


def _axes(tuned: Tuned) -> tuple[str, str]:
    """The first objective, and the second; where there is but one, what share of accounts is noticed."""
    measures = [measure for measure, _ in tuned.aims]
    return measures[0], measures[1] if len(measures) > 1 else "noticed_share"


def _said(measure: str) -> str:
    return measure.replace("_", " ").replace(".", ", ")


def _short(number: float | None) -> str:
    return "" if number is None else f"{number:.3g}"


def _nothing(words: str) -> Html:
    return fragment("said", words=words, paragraphs=[words])
