"""The timeline of an account: from tables alone, with every day, limit, stage, notice and review."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from deliverlab import reports
from deliverlab.errors import DataError
from deliverlab.reports.timeline_chart import MOST_PANELS, plot_timeline
from tests.reports.fakes import HOSTILE
from tests.tables import table

if TYPE_CHECKING:
    from deliverlab.reports.render import Chart

STAGES = ("probation", "suspended")
DAYS = """
    account_id | day        | stage     | is_reviewed | sent_sent | sent_held
    a          | 2026-05-01 | good      | false       | 100.0     | 0.0
    a          | 2026-05-02 | good      | false       | 100.0     | 0.0
    a          | 2026-05-03 | probation | false       | 50.0      | 50.0
    a          | 2026-05-04 | probation | true        | 50.0      | 50.0
    a          | 2026-05-05 | good      | true        | 100.0     | 0.0
"""
READINGS = """
    account_id | day        | rule    | rate | limit | evidence | is_breached
    a          | 2026-05-01 | bounces | 0.01 | 0.05  | -        | false
    a          | 2026-05-02 | bounces | 0.07 | 0.05  | -        | true
    a          | 2026-05-03 | bounces | -    | -     | -        | false
    a          | 2026-05-01 | proof   | 0.01 | 9.5   | 1.5      | false
    a          | 2026-05-02 | proof   | 0.07 | 9.5   | 12.25    | true
    a          | 2026-05-01 | quiet   | 0.01 | 0.05  | -        | false
"""
STEPS = """
    account_id | day        | from_stage | to_stage  | cause  | sentence
    a          | 2026-05-02 | good       | probation | breach | Too many bounces.
    a          | 2026-05-04 | probation  | good      | review | Reviewed.
"""
LEFT = "account_id | rule | sentence\na | bounces | 37 more start probation."


@dataclass
class FakeExplained:
    """What the pages need of an explanation."""

    days: pl.DataFrame = field(default_factory=lambda: table(DAYS))
    readings: pl.DataFrame = field(default_factory=lambda: table(READINGS))
    steps: pl.DataFrame = field(default_factory=lambda: table(STEPS))
    headroom: pl.DataFrame = field(default_factory=lambda: table(LEFT))
    ways_back: pl.DataFrame = field(default_factory=lambda: pl.DataFrame({"account_id": ["a"]}))
    stages: tuple[str, ...] = STAGES
    policy_title: str = "drawn (2 of 3 numbers inferred)"
    scenario_name: str = "never reviewed"


def rows_with(chart: Chart, *columns: str) -> list[dict[str, Any]]:
    """The rows of the first data set that has these columns."""
    for rows in chart.spec["datasets"].values():
        if rows and set(columns) <= set(rows[0]):
            return list(rows)
    raise AssertionError(f"no data set has {columns}")


def headings(chart: Chart) -> list[str]:
    """The names of the panels."""
    return [row["text"] for rows in chart.spec["datasets"].values() for row in rows if "text" in row]


def test_mail_let_through_and_held_stands_on_top() -> None:
    """A bar a day and fate; days without any are left out."""
    bars = rows_with(reports.timeline(FakeExplained()), "fate", "mails")
    assert [(row["day"][:10], row["fate"], row["mails"]) for row in bars[:3]] == [
        ("2026-05-01", "sent", 100.0), ("2026-05-02", "sent", 100.0), ("2026-05-03", "held back", 50.0),
    ]  # fmt: skip
    assert len(bars) == 7


def test_stages_are_bands_over_the_days_they_were_held() -> None:
    """From its first day to the end of its last; good standing has no band."""
    (band,) = rows_with(reports.timeline(FakeExplained()), "first", "end")
    assert (band["stage"], band["first"][:10], band["end"][:10]) == ("Probation", "2026-05-03", "2026-05-05")


def test_rules_that_were_breached_have_a_panel() -> None:
    """A rate against its limit, evidence by its sum; a rule may also be chosen, breached or not."""
    chart = reports.timeline(FakeExplained())
    assert headings(chart) == [
        "Mails a day", "bounces: rate, and its limit (dashed)", "proof: evidence, and its limit (dashed)",
    ]  # fmt: skip
    rates = rows_with(chart, "value", "limit", "is_breached")
    assert [(row["value"], row["limit"], row["is_breached"]) for row in rates] == [
        (0.01, 0.05, False), (0.07, 0.05, True), (None, None, False),
    ]  # fmt: skip
    chosen = reports.timeline(FakeExplained(), "a", rules=["quiet"])
    assert headings(chosen) == ["Mails a day", "quiet: rate, and its limit (dashed)"]


def test_a_strange_rule_is_refused() -> None:
    """It names itself, and the rules that there are."""
    with pytest.raises(DataError, match="rules = 'bounce', must be one of bounces, proof, quiet"):
        reports.timeline(FakeExplained(), rules=["bounce"])


def test_an_account_without_a_breach_shows_the_rule_that_came_nearest() -> None:
    """One panel and no more; of very many breached rules only as many as there is room for."""
    calm = table(READINGS).with_columns(is_breached=pl.lit(value=False))
    assert headings(reports.timeline(FakeExplained(readings=calm)))[1].startswith("bounces")
    many = pl.concat([table(READINGS).with_columns(rule=pl.lit(f"rule {n}")) for n in range(9)])
    assert len(headings(reports.timeline(FakeExplained(readings=many)))) == 1 + MOST_PANELS


def test_notices_and_reviews_are_marked_on_their_days() -> None:
    """A review that cleared says so, one that changed nothing is marked too."""
    marks = rows_with(reports.timeline(FakeExplained()), "what", "sentence")
    assert [(row["day"][:10], row["what"], row["sentence"]) for row in marks] == [
        ("2026-05-02", "notice", "Too many bounces."),
        ("2026-05-04", "contact review", "Reviewed."),
        ("2026-05-05", "contact review", "A contact review was completed."),
    ]
    assert set(marks[0]) == {"day", "what", "sentence"}


def test_everything_says_that_it_is_simulated() -> None:
    """And under which policy and scenario."""
    said = "SIMULATED under drawn (2 of 3 numbers inferred); scenario: never reviewed"
    assert reports.timeline(FakeExplained()).spec["title"]["subtitle"] == said
    assert said in reports.explained_steps(FakeExplained()).html


def test_its_words_say_all_of_it() -> None:
    """The stage at the end, what was held, and every step."""
    words = reports.timeline(FakeExplained()).words
    assert words == "Good standing on 5 May 2026; 100 mails held back; Too many bounces.; Reviewed."


def test_no_days_and_no_steps_draw_an_empty_picture() -> None:
    """An account without anything to show breaks nothing."""
    chart = plot_timeline(table(DAYS).clear(), table(READINGS).clear(), table(STEPS).clear(), stages=STAGES)
    assert chart.words == "No days"
    assert headings(chart) == ["Mails a day"]
    calm = FakeExplained(steps=table(STEPS).clear(), headroom=table(LEFT).clear())
    assert "No rule has acted on this account." in reports.explained_steps(calm).html


def test_the_same_tables_give_the_same_chart() -> None:
    """Whatever the order of their rows."""
    one = FakeExplained()
    other = FakeExplained(days=one.days.reverse(), steps=one.steps.reverse())
    assert json.dumps(reports.timeline(one).spec) == json.dumps(reports.timeline(other).spec)


@pytest.mark.parametrize("name", [HOSTILE, "<script>alert(1)</script>"])
def test_sentences_are_escaped(name: str) -> None:
    """A list of the steps, newest last, and what is left until the next; names are no markup."""
    hostile = FakeExplained(
        steps=table(STEPS).with_columns(sentence=pl.lit(f"moved to “{name}”")),
        headroom=table(LEFT).with_columns(sentence=pl.lit(f"starts “{name}”")),
    )
    shown = reports.explained_steps(hostile)
    assert "<script" not in shown.html
    assert name not in shown.html
    assert shown.html.count("<li>") == 3
    assert "2 May 2026" in shown.html
    assert f"moved to “{name}”" in shown.words
