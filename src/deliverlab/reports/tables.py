"""Tables a stranger can read, by great-tables, with fixed ids so that the same input gives the same bytes.

great-tables escapes what stands in a cell; colours are left to the page.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl
from great_tables import GT

from deliverlab.language import say
from deliverlab.metrics import METRICS
from deliverlab.reports import account_texts, numbers, texts
from deliverlab.reports.fragments import fragment
from deliverlab.reports.render import Html
from deliverlab.schemas import BANDS, GRADES

CONTAINER = re.compile(r'^<div id="(?P<id>[a-z-]+)"')  # what great-tables puts around its table


def stages_by_grade(standing: pl.DataFrame, /) -> Html:
    """How many accounts have which grade in which stage; `standing` has stage and grade of each account."""
    counted = (
        standing.with_columns(pl.col("grade").cast(pl.String))
        .group_by("stage", "grade")
        .len("accounts")
        .pivot("grade", index="stage", values="accounts")
    )
    grades = [grade for grade in GRADES if grade in counted.columns]
    ladder = sorted(counted["stage"], key=texts.stage_place)
    shown = (
        counted.sort(pl.col("stage").cast(pl.Enum(ladder)))
        .select(pl.col("stage").map_elements(texts.stage_words, return_dtype=pl.String), *grades)
        .with_columns(all=pl.sum_horizontal(grades))
    )
    labels: dict[str, Any] = {"stage": "Stage", "all": "All"} | {g: texts.GRADE_WORDS[g] for g in grades}
    table = (
        plain_table(shown, table_id="stages-by-grade")
        .cols_label(labels)
        .fmt_integer([*grades, "all"])
        .sub_missing(missing_text="·")
    )
    return as_html(table, "; ".join(f"{row['stage']}: {row['all']}" for row in shown.rows(named=True)))


def queue(queued: pl.DataFrame, /) -> Html:
    """Accounts to look at, and why: the rate that is worst, beside its peers'."""
    shown = queued.select(
        "name",
        pl.col("industry").map_elements(texts.industry_words, return_dtype=pl.String),
        "tier",
        pl.col("stage").map_elements(texts.stage_words, return_dtype=pl.String),
        pl.col("worst_metric").cast(pl.String).replace_strict({n: m.event_words for n, m in METRICS.items()}),
        pl.col("rate").map_elements(numbers.percent, return_dtype=pl.String),
        pl.col("peer_rate").map_elements(numbers.percent, return_dtype=pl.String),
        "excess",
        "due_on",
    )
    table = (
        plain_table(shown, table_id="queue")
        .cols_label(
            name="Account", industry="Industry", tier="Plan", stage="Stage", worst_metric="Worst at",
            rate="Rate", peer_rate="Peers", excess="Excess to come", due_on="Look on",
        )
        .cols_align("right", columns=["rate", "peer_rate", "due_on"])
        .fmt_number("excess", decimals=0)
        .fmt_date("due_on", date_style="day_m")
        .sub_missing(missing_text="–")
    )  # fmt: skip
    return as_html(
        table,
        "; ".join(f"{row['name']}: {row['worst_metric']} {row['rate']}" for row in shown.rows(named=True)),
    )


def due(looks: pl.DataFrame, /, *, silent: int) -> Html:
    """How many accounts are due for a look `when`, by grade; `silent` sent nothing that could be judged."""
    counted = (
        looks.with_columns(pl.col("grade").cast(pl.String), pl.col("when").cast(pl.Enum(texts.WHENS)))
        .group_by("when", "grade")
        .len("accounts")
        .pivot("grade", index="when", values="accounts")
        .sort("when")
    )
    grades = [grade for grade in GRADES if grade in counted.columns]
    shown = counted.select("when", *grades).with_columns(all=pl.sum_horizontal(grades))
    labels: dict[str, Any] = {"when": "Due", "all": "All"} | {g: texts.GRADE_WORDS[g] for g in grades}
    table = (
        plain_table(shown, table_id="due")
        .cols_label(labels)
        .fmt_integer([*grades, "all"])
        .sub_missing(missing_text="·")
        .tab_source_note(f"{numbers.counted(silent, 'account')} sent no mail that could be judged.")
    )
    return as_html(table, "; ".join(f"{row['when']}: {row['all']}" for row in shown.rows(named=True)))


def choices(rows: pl.DataFrame, /, *, grade: str) -> Html:
    """What a grade would be if a choice were otherwise; `rows` has choice, setting and grade."""
    said = {}
    for choice, words in account_texts.CHOICE_WORDS.items():
        of_choice = rows.filter(choice=choice).sort("grade", "setting")
        others = of_choice.filter(pl.col("grade").cast(pl.String) != grade)
        changed = others.group_by("grade", maintain_order=True).agg("setting")
        would_be = [
            f"{texts.grade_words(to).lower()} ({', '.join(map(say, settings))})"
            for to, settings in changed.iter_rows()
        ]
        if of_choice.height:
            said[say(words)] = "; ".join(would_be) or say("the same")
    shown = pl.DataFrame({"choice": list(said), "grade": list(said.values())})
    table = plain_table(shown, table_id="choices").cols_label(
        choice=say("If it were"),
        grade=say("It would be, instead of {grade}", grade=texts.grade_words(grade).lower()),
    )
    return as_html(table, "; ".join(f"{choice}: {grade}" for choice, grade in said.items()))


def fairness(groups: pl.DataFrame, /) -> Html:
    """How many accounts of each group are in a stage, poor ones and others; `groups` is `Fairness`."""
    named = groups.sort("by", pl.col("value").cast(pl.Enum(_in_order(groups["value"])))).with_columns(
        pl.col("by").cast(pl.String).replace_strict(texts.GROUPED_BY),
        pl.col("value").map_elements(texts.group_words, return_dtype=pl.String),
        said=_in_stage(),
    )
    poor, others = (
        named.filter(is_poor=is_poor).select("by", "value", pl.col("said").alias(name))
        for name, is_poor in (("poor", True), ("others", False))
    )
    shown = (
        named.select("by", "value").unique(maintain_order=True)
        .join(poor, on=["by", "value"], how="left", maintain_order="left")
        .join(others, on=["by", "value"], how="left", maintain_order="left")
    )  # fmt: skip
    apart = [
        f"{'poor' if row['is_poor'] else 'other'} accounts, {row['value']}: {numbers.percent(row['share'])}, "
        f"elsewhere {numbers.percent(row['other_share'])}"
        for row in named.filter("stands_out").iter_rows(named=True)
    ]
    words = f"Beyond chance: {'; '.join(apart)}" if apart else texts.NOBODY_STANDS_OUT
    table = (
        plain_table(shown, table_id="fairness", groups="by")
        .cols_label(value="Group", poor="Poor accounts in a stage", others="Others in a stage")
        .cols_align("right", columns=["poor", "others"])
        .sub_missing(missing_text="–")
    )
    answer = fragment("sentence", words=words, sentence=f"{words}.")
    return Html(answer.html + as_html(table, words).html, words)


def _in_order(values: pl.Series) -> list[str]:
    """Volume bands from the smallest, everything else by its name."""
    return [*BANDS, *sorted({*values} - {*BANDS})]


def _in_stage() -> pl.Expr:
    """3 of 20, 15% (5.2% to 36%), with a mark where that is beyond chance."""
    parts = pl.struct("in_stage", "accounts", "share", "share_low", "share_high", "stands_out")
    return parts.map_elements(texts.share_words, return_dtype=pl.String)


def plain_table(shown: pl.DataFrame, /, *, table_id: str, groups: str | None = None) -> GT:
    """The table in the look of pages, in groups by a column; `table_id` stays the same from run to run."""
    return GT(shown, id=table_id, groupname_col=groups).tab_options(
        table_background_color="transparent",
        table_font_names="inherit",
        table_width="100%",
        table_font_size="15px",
    )


def as_html(table: GT, words: str, /) -> Html:
    """The table as a piece of a page, and what it says in words.

    On a narrow screen it scrolls sideways: with a place among those that Tab reaches, by keyboard too.
    """
    return Html(CONTAINER.sub(_in_reach, table.as_raw_html(), count=1), words)


def _in_reach(container: re.Match[str]) -> str:
    name = f"{say('Table')}: {container['id'].replace('-', ' ')}"
    return f'<div id="{container["id"]}" tabindex="0" role="region" aria-label="{name}"'
