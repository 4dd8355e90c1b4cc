"""The provider's page counts accounts, queues those to look at first, and says what has changed."""

from dataclasses import replace
from datetime import timedelta

import polars as pl

from deliverlab import reports
from deliverlab.schemas import BANDS
from tests.reports.fakes import AS_OF, a_portfolio, a_score, scores_of, some_groups_of_accounts


def test_the_overview_counts() -> None:
    """The answer is how many accounts are in a stage; grades are counted beside it."""
    overview = reports.overview(a_portfolio())

    assert overview.words == "8 of 40 accounts are in a stage"
    assert '<div class="poor"><dt>Poor</dt><dd>8</dd></div>' in overview.html
    assert "SIMULATED" in overview.html
    assert "30 June 2026" in overview.html


def test_stages_and_grades_add_up() -> None:
    """Every account is in one row; good standing comes first."""
    words = reports.stages_by_grade(a_portfolio()).words

    assert words == "Good standing: 32; Probation: 2; First warning: 2; Second warning: 2; Suspended: 2"


def test_looks_are_counted_by_when_they_are_due() -> None:
    """The poor tomorrow, the others when they have sent enough to be judged anew."""
    words = reports.due(a_portfolio()).words

    assert words == "tomorrow: 8; within a month: 32"


def test_the_queue_is_by_harm() -> None:
    """First comes the poor account that will do most harm; who is not poor is not in it."""
    queue = reports.first_look(a_portfolio(), length=3)

    assert [line.split(":")[0] for line in queue.words.split("; ")] == [
        "Account a35",
        "Account a30",
        "Account a25",
    ]


def test_the_queue_escapes_names() -> None:
    """A hostile name is text in the table as in the chart's data."""
    html = reports.first_look(a_portfolio()).html

    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert 'id="queue"' in html


def test_cells_count_their_own_accounts() -> None:
    """Industry and band of an account's health decide its cell."""
    chart = reports.industries(a_portfolio())

    (rows,) = chart.spec["datasets"].values()
    assert sum(row["accounts"] for row in rows) == 40
    assert sum(row["poor"] for row in rows) == 8
    assert {row["band"] for row in rows} <= set(BANDS)


def test_days_without_an_account_in_a_stage_are_zero() -> None:
    """A stage that nobody is in has a zero that day, so that areas do not jump over it."""
    timeline = pl.DataFrame(
        {
            "day": [AS_OF - timedelta(days=1), AS_OF],
            "stage": ["probation", "suspended"],
            "accounts": [3, 1],
        }
    )

    (rows,) = reports.stages(replace(a_portfolio(), timeline=timeline)).spec["datasets"].values()

    assert sorted((row["stage"], row["accounts"]) for row in rows) == [
        ("Probation", 0), ("Probation", 3), ("Suspended", 0), ("Suspended", 1),
    ]  # fmt: skip


def test_a_portfolio_in_good_standing_draws_nothing() -> None:
    """With nobody in a stage the charts are empty, never an error."""
    calm = a_portfolio()
    calm = replace(
        calm, timeline=calm.timeline.clear(), stages=calm.stages.clear(), scores=calm.scores.clear()
    )

    assert reports.stages(calm).words == "Nobody was in a stage"
    assert reports.queue(replace(calm, looks=calm.looks.clear())).words == ""
    assert "Nobody." in reports.changes(calm).html


def test_whose_score_fell_is_named_with_the_cause() -> None:
    """A score's fall within a month stands beside what has changed."""
    assert "down 12 to 31, by its hard bounce rate" in reports.changes(a_portfolio()).html


def test_what_changed_since_is_told_by_stage_and_grade() -> None:
    """Up the ladder, down the ladder, newly poor and poor no more are lists of their own."""
    portfolio = a_portfolio()
    poor_then = [a_score("a00"), a_score("a01"), a_score("a05", grade="good")]
    then = pl.DataFrame(
        {"account_id": ["a00", "a05", "a07"], "stage": ["probation", "suspended", "probation"]}
    )

    changes = reports.changes(replace(portfolio, stages_then=then, scores_then=scores_of(*poor_then)))

    assert changes.words.startswith(
        "Since yesterday came into a stage, or a graver one: 6, "
        "left a stage, or came into a milder one: 2, became poor: 7, poor no more: 1"
    )
    assert "Suspended → First warning; good → poor" in changes.html
    assert "Probation → Good standing; good" in changes.html


def test_a_longer_look_back_names_its_day() -> None:
    """Only the day before is called yesterday."""
    week = replace(a_portfolio(), since=AS_OF - timedelta(days=7))

    assert "Since 23 June 2026" in reports.changes(week).html


def test_a_group_that_is_beyond_chance_is_marked_and_named() -> None:
    """The table marks it, and the sentence below says how often the others are in a stage."""
    fair = reports.is_it_fair(a_portfolio())

    assert fair.words == "Beyond chance: poor accounts, fewer than 1,000 mails a month: 90%, elsewhere 20%"
    assert "▸ 18 of 20: 90% (70% to 97%)" in fair.html
    assert fair.html.index("fewer than 1,000") < fair.html.index("10,000 to 100,000")


def test_where_no_group_stands_out_the_page_says_so() -> None:
    """Nobody is named without evidence."""
    fair = replace(a_portfolio(), fairness=some_groups_of_accounts().filter(~pl.col("stands_out")))

    assert reports.is_it_fair(fair).words.startswith("No group is in stages more often")


def test_notes_are_shown() -> None:
    """What a reader must know of the data stands on the page."""
    assert "no industry" in reports.notes(a_portfolio()).html
    assert "No notes" in reports.notes(replace(a_portfolio(), notes=())).html
