"""The reviewers' page: the queue, the work, the effect of reviews, and the page of an appeal."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from deliverlab import reports
from deliverlab.reports.appeal_page import appeal, appeal_page
from deliverlab.reports.effect_chart import TOO_FEW, plot_event_study
from deliverlab.reports.render import Chart
from tests.reports.fakes import AS_OF, HOSTILE, a_case
from tests.tables import table

QUEUE = pl.DataFrame({
    "name": [HOSTILE, "Silent"], "stage": ["probation", "suspended"], "age_days": [7, 30],
    "next_on": [AS_OF + timedelta(days=1), None], "days_left": [1, None],
    "metric": ["hard_bounce_rate", None], "excess": [74.4, None], "last_outcome": ["rejected", None],
})  # fmt: skip
APPEALS = table("""
    appeals | open | decided | upheld | upheld_share | share_low | share_high | median_days
    4       | 1    | 3       | 1      | 0.333        | 0.06      | 0.79       | 2
""")


@dataclass(frozen=True, kw_only=True)
class FakeDesk:
    """A desk as the pipeline gathers it."""

    queue: pl.DataFrame = field(default_factory=lambda: QUEUE)
    workload: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            {"day": [date(2026, 6, 29), AS_OF], "opened": [2, 1], "closed": [0, 2], "waiting": [3, 2]}
        )
    )
    reviewers: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            {"reviewer": [HOSTILE], "completed": [3], "rejected": [1], "withdrawn": [0], "median_days": [6.5]}
        )
    )
    appeals: pl.DataFrame = field(default_factory=lambda: APPEALS)
    as_of: date = AS_OF
    policy_title: str = "two-warnings (3 of 8 numbers inferred)"
    is_synthetic: bool = True
    sentence: str = "2 cases await review, 1 can escalate within a day; 3 opened and 2 closed in 30 days"


@dataclass(frozen=True, kw_only=True)
class FakeEffect:
    """An effect as the pipeline measures it."""

    effects: pl.DataFrame
    event_study: pl.DataFrame
    sentence: str = "Completed reviews left 40%."


STUDY = table("""
    from_day | to_day | is_reviewed | accounts | ratio | ratio_low | ratio_high
    -9       | 0      | true        | 20       | 8.0   | 6.0       | 10.0
    -9       | 0      | false       | 30       | 7.5   | 6.0       | 9.0
    1        | 10     | true        | 20       | 1.0   | 0.8       | 1.2
    1        | 10     | false       | 30       | 4.0   | 3.0       | 5.0
""")
EFFECTS = table("""
    measure          | reviews | before_after | matched | effect | effect_low | effect_high | why
    volume           | 20      | 0.9          | 1.0     | 0.9    | 0.8        | 1.0         | -
    hard_bounce_rate | 20      | 0.1          | 0.5     | 0.25   | 0.2        | 0.3         | -
    complaint_rate   | 2       | 0.1          | 0.5     | -      | -          | -           | too few
""").rename({"matched": "matched_before_after"})
EFFECT = FakeEffect(effects=EFFECTS, event_study=STUDY)


def test_the_desk_answers_first() -> None:
    """How many wait, and how soon; that figures are made up."""
    html = reports.desk_answer(FakeDesk()).html

    assert "<h1>2 cases await review, 1 can escalate within a day</h1>" in html
    assert "3 opened and 2 closed in 30 days" in html
    assert "synthetic" in html


def test_the_queue_escapes_names_and_says_what_is_to_come() -> None:
    """A hostile name is text; where mail says nothing there is a dash; what is cut off is counted."""
    html = reports.desk_queue(FakeDesk()).html

    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "74 hard bounces" in html
    assert "1 more wait behind these" in reports.desk_queue(FakeDesk(), length=1).html


def test_work_and_appeals_are_counted() -> None:
    """In words as in the picture."""
    assert reports.desk_workload(FakeDesk()).words == "opened 3, closed 2, waiting 2"
    assert "<script" not in reports.desk_reviewers(FakeDesk()).html
    assert reports.desk_appeals(FakeDesk()).words == (
        "4 appeals, 1 open; 1 of 3 decided were upheld (6% to 79%), a decision took 2 days (median)"
    )


def test_an_effect_stands_beside_the_plain_comparison() -> None:
    """With its bounds; where there is none the reason stands below."""
    html = reports.effect_table(EFFECT).html

    assert "0.25 (0.20 to 0.30)" in html
    assert "No figure where too few." in html
    assert reports.effect_answer(EFFECT).words == "Completed reviews left 40%."


def test_the_event_study_breaks_between_notice_and_review() -> None:
    """Before and after are lines of their own; both sides have points and bounds."""
    chart = plot_event_study(STUDY)
    drawn = max(chart.spec["datasets"].values(), key=len)

    assert {(row["side"], row["whose"]) for row in drawn} == {
        (side, whose) for side in ("before", "after") for whose in ("reviewed", "alike and not reviewed")
    }
    assert chart.words.startswith("reviewed: 20 accounts at 8.0 times their peers before, 1.0 after")


def test_without_enough_accounts_there_is_no_picture() -> None:
    """A sentence says so."""
    bare = STUDY.with_columns(ratio=pl.lit(None, pl.Float64))

    assert isinstance(reports.event_study(EFFECT), Chart)
    assert reports.event_study(FakeEffect(effects=EFFECTS, event_study=bare)).words == TOO_FEW


@dataclass(frozen=True, kw_only=True)
class FakeAppeal:
    """An appeal as the pipeline gathers it."""

    case: Any
    reviews: Any = ()
    prevention: Any = ()


COUNTS = {"events": 47, "trials": 669}
REVIEW = {
    "reviewed_on": date(2026, 5, 11), "outcome": "completed", "removed": 2, "is_remedy": False,
    "reasons": [{"words": HOSTILE, "contacts": 2}],
    "since": {"metric": "hard_bounce_rate", "days": 30, "before": COUNTS, "after": COUNTS | {"events": 1}},
}  # fmt: skip


def test_an_appeal_names_cause_changes_and_prevention() -> None:
    """Only what is on record; a removal of the suppressed alone is called what it is."""
    told = FakeAppeal(case=a_case(), reviews=[REVIEW], prevention=["Forms check addresses."])
    html = appeal(told).html

    assert "<script" not in appeal_page(told)
    assert (
        "2 contacts removed, as the account confirmed. All of them got no mail already: that changes no rate."
        in html
    )
    assert "30 days before: 7% (47 of 669 mails sent); in the 30 days since: 0.15%" in html
    assert "Forms check addresses." in html


def test_a_rejected_review_counts_for_no_change() -> None:
    """What its checklist would have removed is not told as removed."""
    html = appeal(FakeAppeal(case=a_case(), reviews=[REVIEW | {"outcome": "rejected"}])).html

    assert "so none is counted" in html
    assert "2 contacts removed" not in html


@pytest.mark.parametrize("removed", [None, 0])
def test_an_appeal_says_what_is_not_on_record(removed: int | None) -> None:
    """Nothing kept is not nothing removed; and without a review nothing was changed."""
    bare = REVIEW | {"removed": removed, "reasons": [], "since": None}
    html = appeal(FakeAppeal(case=a_case(), reviews=[bare])).html

    assert ("what was removed is not on record" in html) == (removed is None)
    assert "None on record" in appeal(FakeAppeal(case=a_case())).html
