"""Tables a stranger can read, by great-tables, with fixed ids so that the same input gives the same bytes.

great-tables escapes what stands in a cell; colours are left to the page.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl
from great_tables import GT

from deliverlab.metrics import METRICS
from deliverlab.reports import numbers, texts
from deliverlab.reports.render import Html
from deliverlab.schemas import GRADES

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
    for choice, words in texts.CHOICE_WORDS.items():
        of_choice = rows.filter(choice=choice).sort("grade", "setting")
        others = of_choice.filter(pl.col("grade").cast(pl.String) != grade)
        changed = others.group_by("grade", maintain_order=True).agg(pl.col("setting").str.join(", "))
        would_be = [f"{texts.GRADE_WORDS[to].lower()} ({name})" for to, name in changed.iter_rows()]
        if of_choice.height:
            said[words] = "; ".join(would_be) or "the same"
    shown = pl.DataFrame({"choice": list(said), "grade": list(said.values())})
    table = plain_table(shown, table_id="choices").cols_label(
        choice="If it were", grade=f"It would be, instead of {texts.GRADE_WORDS[grade].lower()}"
    )
    return as_html(table, "; ".join(f"{choice}: {grade}" for choice, grade in said.items()))


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
    named = container["id"].replace("-", " ")
    return f'<div id="{container["id"]}" tabindex="0" role="region" aria-label="Table: {named}"'
