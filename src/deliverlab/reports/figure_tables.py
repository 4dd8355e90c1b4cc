"""Figures of simulations as tables: each with its interval and what it hangs on; or with bounds alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.metrics import METRICS
from deliverlab.reports import numbers, texts
from deliverlab.reports.tables import as_html, plain_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.reports.render import Html

TOPICS: Mapping[str, tuple[str, ...]] = {
    "Harm and good mail": (
        "harm_averted_share", "harm_averted", "noticed_harm_averted", "naive_harm_averted",
        "harm_averted_by_reviews", "mail_held_share", "good_mail_blocked", "good_mail_blocked_share",
        "good_mail_blocked_of_cleared", "good_mail_blocked_of_clean",
    ),
    "Accounts": ("noticed", "newly_noticed", "newly_spared", "reached", "blocked", "cleared"),
    "Work": (
        "notices", "reviews_a_day_mean", "reviews_a_day_p95", "reviews_a_day_max", "days_to_clear_median",
    ),
    "Of labelled accounts": (
        "detection_rate", "detection_days_median", "false_trip_rate", "worst_false_trip_ratio",
    ),
    "How far history can answer": ("identified_share", "compared_share"),
}  # fmt: skip
ON_THE_SHELF = (
    "accounts", "noticed", "blocked", "harm_averted_share", "good_mail_blocked_share", "reviews_a_day_mean",
    "detection_rate", "false_trip_rate",
)  # fmt: skip
SHELF_WORDS: Mapping[str, str] = {
    "accounts": "Accounts", "noticed": "Noticed", "blocked": "Stopped",
    "harm_averted_share": "Harm averted", "good_mail_blocked_share": "Good mail held",
    "reviews_a_day_mean": "Reviews a day", "detection_rate": "Abusive noticed",
    "false_trip_rate": "Clean noticed",
}  # fmt: skip


def figures_table(evaluation: pl.DataFrame, /) -> Html:
    """What a simulation comes to, by topic; `evaluation` is `Evaluation` of the policy area."""
    shown = _by_topic(evaluation).select(
        "topic", "what", figure=_said("figure"), between=_between(), depends_on=pl.col("depends_on")
    )
    table = plain_table(shown, table_id="figures", groups="topic").cols_label(
        what="Measure", figure="Figure", between="95% of the time between", depends_on="Hangs on"
    )
    return as_html(
        table.cols_align("right", columns=["figure", "between"]),
        "; ".join(f"{row['what']}: {row['figure']}" for row in shown.rows(named=True)),
    )


def differences_table(differences: pl.DataFrame, /, *, champion: str, challenger: str) -> Html:
    """Two policies measure by measure, and how far apart they are."""
    shown = _by_topic(differences).select(
        "topic", "what", champion=_said("champion"), challenger=_said("challenger"),
        difference=_said("figure", is_difference=True), between=_between(is_difference=True),
    )  # fmt: skip
    labels: dict[str, Any] = {
        "what": "Measure", "champion": champion, "challenger": challenger, "difference": "Difference",
        "between": "95% of the time between",
    }  # fmt: skip
    table = plain_table(shown, table_id="differences", groups="topic").cols_label(labels)
    return as_html(
        table.cols_align("right", columns=["champion", "challenger", "difference", "between"]),
        "; ".join(
            f"{row['what']}: {row['champion']} → {row['challenger']}" for row in shown.rows(named=True)
        ),
    )


def shelf_table(rulebooks: pl.DataFrame, /) -> Html:
    """One history under many rulebooks: a row a policy, the figures that mean the same in all of them."""
    asked = rulebooks.filter(pl.col("measure").is_in(ON_THE_SHELF), pl.col("about").is_null())
    said = asked.select("policy", "measure", figure=_said("figure"))
    shown = said.pivot("measure", index="policy", values="figure").sort("policy")
    columns = [name for name in ON_THE_SHELF if name in shown.columns]
    labels: dict[str, Any] = {"policy": "Rulebook"} | {name: SHELF_WORDS[name] for name in columns}
    table = plain_table(shown.select("policy", *columns), table_id="shelf").cols_label(labels)
    return as_html(
        table.cols_align("right", columns=columns),
        "; ".join(f"{row['policy']}: {row.get('noticed')} noticed" for row in shown.rows(named=True)),
    )


def below_table(near: pl.DataFrame, /, *, names: pl.DataFrame) -> Html:
    """Accounts below the line: how near each came to which rule, and how many it stands for."""
    called = names.select("account_id", name=pl.col("name").fill_null(pl.col("account_id")))
    shown = near.join(called, on="account_id", maintain_order="left").select(
        "name", pl.col("industry").map_elements(texts.industry_words, return_dtype=pl.String),
        pl.col("band").cast(pl.String), "rule", pl.col("day"),
        nearness=pl.format("{}%", (100 * pl.col("nearness")).round().cast(int)),
        harm=pl.col("harm").round(), stands_for=(1 / pl.col("inclusion_probability")).round(),
    )  # fmt: skip
    table = (
        plain_table(shown, table_id="below")
        .cols_label(
            name="Account", industry="Industry", band="Mails a month", rule="Rule", day="On",
            nearness="Limit that it met", harm="Harm", stands_for="Stands for",
        )
        .fmt_integer(["harm", "stands_for"])
        .fmt_date("day", date_style="day_m")
        .cols_align("right", columns=["nearness", "day"])
    )  # fmt: skip
    return as_html(table, "; ".join(f"{row['name']}: {row['nearness']}" for row in shown.rows(named=True)))


def _by_topic(table: pl.DataFrame) -> pl.DataFrame:
    """Everybody's rows in the order of topics, with what each says in words; none that can say nothing."""
    measures = [name for names in TOPICS.values() for name in names]
    topics = {name: topic for topic, names in TOPICS.items() for name in names}
    things = {name: metric.words for name, metric in METRICS.items()} | dict(texts.STAGE_WORDS)
    words = pl.col("words").str.slice(0, 1).str.to_uppercase() + pl.col("words").str.slice(1)
    about = pl.col("about").replace(things).str.to_lowercase()
    everybody = table.filter(pl.col("industry").is_null(), pl.col("band").is_null()).filter(
        ~pl.all_horizontal(pl.col("figure", "low", "high").is_null())
    )
    return (
        everybody.filter(pl.col("measure").is_in(measures))
        .with_columns(
            place=pl.col("measure").cast(pl.Enum(measures)),
            topic=pl.col("measure").replace_strict(topics),
            what=pl.when(pl.col("about").is_null()).then(words).otherwise(words + ": " + about),
        )
        .sort("place", maintain_order=True)
    )


def _said(column: str, *, is_difference: bool = False) -> pl.Expr:
    return pl.struct(pl.col(column).alias("value"), pl.col("unit").cast(pl.String)).map_elements(
        lambda row: numbers.measured(row["value"], row["unit"], is_difference=is_difference),
        return_dtype=pl.String,
    )


def _between(*, is_difference: bool = False) -> pl.Expr:
    low, high = _said("low", is_difference=is_difference), _said("high", is_difference=is_difference)
    both = pl.format("{} and {}", low, high)
    return (
        pl.when(pl.col("low").is_null())
        .then(pl.lit("–"))
        .when("is_bound")
        .then(pl.format("{}, not observed enough for a figure", both))
        .otherwise(both)
    )
