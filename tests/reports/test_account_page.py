"""The page an account reads says what is wrong, where it stands and what to do, and escapes everything."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from deliverlab import reports
from deliverlab.reports.render import Html
from deliverlab.schemas import NOT_ENOUGH_MAIL, Recommendations
from tests.reports.fakes import HOSTILE, PROBATION, a_case, a_health, a_score, scores_of, some_months

PIECES = ("heading", "banner", "standing", "what_to_do", "what_next")


def piece(name: str, case: object) -> str:
    """The HTML of one piece of the page."""
    made = getattr(reports, name)(case)
    assert isinstance(made, Html)
    return made.html


def test_the_banner_names_metric_and_grade() -> None:
    """The first sentence is the worst metric and its grade, with the figures behind it."""
    html = piece("banner", a_case())

    assert "Your hard bounce rate is poor" in html
    assert "85 hard bounces among 4,000 mails sent are 2.1%." in html
    assert "For Retail accounts that send 1,000 to 10,000 mails a month it is 0.6%." in html


def test_the_banner_names_stage_warnings_and_date() -> None:
    """An account in a stage reads which, since when, how many warnings are left, and what comes when."""
    html = piece("banner", a_case())

    assert "Probation" in html
    assert "since 24 June 2026" in html
    assert "<dt>Warnings left</dt><dd>2</dd>" in html
    assert "1 July 2026" in html
    assert "Complete the contact review and your account is back in good standing." in html


def test_good_standing_has_no_dates() -> None:
    """An account in no stage reads of no warning, no date and no review."""
    case = replace(a_case(), stage={"stage": "good"}, scores=scores_of(a_score(grade="good")))

    html = piece("banner", case) + piece("what_next", case)

    assert "Your mail is in good health" in html
    assert "Good standing" in html
    assert "Warnings left" not in html
    assert "review" not in html


def test_ill_and_in_good_standing_is_warned() -> None:
    """An account whose mail is poor while no rule has acted is not told that nothing needs to happen."""
    html = piece("what_next", replace(a_case(), stage={"stage": "good"}))

    assert "No rule has acted on your account." in html
    assert "Nothing needs to happen" not in html


def test_the_last_stage_that_no_review_lifts_says_so() -> None:
    """Where a review does not lift the stage the page does not promise that it does."""
    suspended = {
        "stage": "suspended", "entered_on": date(2026, 6, 1), "next_stage": None, "next_on": None,
        "warnings_left": 0, "lifts_by_review": False,
    }  # fmt: skip
    case = replace(a_case(), stage=suspended)

    html = piece("banner", case) + piece("what_next", case)

    assert "Your sending is suspended (since 1 June 2026)." in html
    assert "A contact review does not lift this stage." in html
    assert "back in good standing" not in html
    assert "Review your contacts" not in piece("what_to_do", case)


def test_a_policys_own_stage_keeps_its_name() -> None:
    """A stage that the texts do not know is shown under its own name."""
    case = replace(a_case(), stage=PROBATION | {"stage": "slow lane", "next_stage": "halt"})

    assert "Slow lane" in piece("banner", case)
    assert "your account moves to the stage “halt”" in piece("what_next", case)


@pytest.mark.parametrize(
    "scores", [scores_of(a_score(grade=NOT_ENOUGH_MAIL, metric=None)), scores_of(a_score()).clear()]
)
def test_too_little_mail_is_told_kindly(scores: pl.DataFrame) -> None:
    """An account with too little mail, or with none, is neither praised nor blamed."""
    html = piece("banner", replace(a_case(), scores=scores))

    assert "You have not sent enough mail yet for anybody to tell how healthy it is" in html
    assert "poor" not in html


def test_every_figure_has_its_interval() -> None:
    """A rate stands with its evidence, what chance allows, and its peers."""
    html = piece("standing", a_case())

    assert "85 of 4,000 mails sent; chance allows 1.7% to 2.6%." in html
    assert "Peers 0.6%: yours is 3.5 times theirs." in html
    assert "Your peers are Retail accounts that send 1,000 to 10,000 mails a month." in html


def test_no_peers_and_no_mail_are_said() -> None:
    """Null is not zero: without trials or peers the page shows a dash and says so."""
    bare = a_health().with_columns(
        pl.lit(None, dtype=pl.Float64).alias(name)
        for name in ("rate", "rate_low", "rate_high", "peer_rate", "ratio")
    )

    html = piece("standing", replace(a_case(), health=bare))

    assert "No peers to compare with." in html
    assert '<p class="rate">–</p>' in html


def test_advice_comes_first_things_first() -> None:
    """The contact review leads, then advice by rank with its figure and next step."""
    html = piece("what_to_do", replace(a_case(), advice=a_case().advice.reverse()))

    found = [
        html.index(words) for words in ("Review your contacts", "13 contacts need", "61 of 85", "Mail less")
    ]
    assert found == sorted(found)


def test_long_advice_opens() -> None:
    """The first pieces are shown, the others can be opened and go on counting."""
    one = a_case().advice.head(1)
    many = pl.concat([one.with_columns(rank=pl.lit(rank, pl.Int64)) for rank in range(1, 8)])

    html = piece("what_to_do", replace(a_case(), advice=many))

    shown, folded = html.split("<details>")
    assert shown.count('class="what"') == 5
    assert "and 3 more" in folded
    assert folded.count('class="what"') == 3
    assert "counter-reset: step 5" in folded


def test_nothing_wrong_is_said_too() -> None:
    """An account with no advice and no stage reads that there is nothing to do."""
    case = replace(a_case(), stage={"stage": "good"}, advice=Recommendations.create_empty())

    assert "There is nothing to do." in piece("what_to_do", case)


def test_pages_say_what_is_made_up() -> None:
    """Synthetic figures and simulated stages are said at the top, and only where they apply."""
    real = replace(a_case(), is_synthetic=False)

    assert "Figures are synthetic" in piece("heading", a_case())
    assert "SIMULATED" not in piece("heading", a_case())
    assert "Figures are synthetic" not in piece("heading", real)
    assert "SIMULATED" in piece("heading", replace(real, is_simulated=True))


@pytest.mark.parametrize("name", PIECES)
def test_nothing_hostile_gets_through(name: str) -> None:
    """Names, industries, stages, advice and policies are text, whatever stands in them."""
    case = replace(
        a_case(),
        account={"account_id": "a1", "name": HOSTILE, "industry": HOSTILE, "tier": HOSTILE},
        health=a_health(industry=HOSTILE),
        advice=a_case().advice.with_columns(
            pl.lit(HOSTILE).alias(c) for c in ("what", "figure", "next_step")
        ),
        stage=PROBATION | {"stage": HOSTILE, "next_stage": HOSTILE},
        policy_title=HOSTILE,
    )

    html = piece(name, case)

    assert "<script" not in html.lower()
    assert "<!--" not in html
    assert "49" not in html
    assert "&lt;script&gt;" in html


def test_an_account_without_a_name_goes_by_its_id() -> None:
    """No page is without a name."""
    case = replace(a_case(), account={"account_id": "a1", "name": None, "industry": "unknown", "tier": None})

    html = piece("heading", case)

    assert "<h1>a1</h1>" in html
    assert "No industry given" in html


def test_the_trend_is_that_of_the_worst_metric() -> None:
    """Unless another is asked for."""
    assert "Hard bounce rate" in reports.trend(a_case()).spec["title"]["text"]
    assert "Complaint rate" in reports.trend(a_case(), metric="complaint_rate").spec["title"]["text"]


def test_the_stage_is_marked_on_the_trend_where_it_lies_in_it() -> None:
    """An entry before the first day drawn would stretch the axis, so it is left out."""
    long_ago = replace(a_case(), stage=PROBATION | {"entered_on": date(2025, 1, 1)})

    assert len(reports.trend(a_case()).spec["layer"]) == 6
    assert len(reports.trend(long_ago).spec["layer"]) == 4


def test_the_page_says_what_the_grade_hangs_on() -> None:
    """Choice by choice: which settings would change it, and to what; names are text."""
    told = reports.sensitivity(a_case())

    assert told.words.startswith(
        "Labelled as another industry: fair (Travel); Over fewer or more days: the same;"
    )
    assert "instead of poor" in told.html
    assert "<script" not in told.html


def test_the_last_month_says_what_got_worse_and_what_better() -> None:
    """Opens do not count here; what changed by no more than chance is in the table alone."""
    month = reports.last_month(a_case())

    assert month.words == (
        "In May 2026 this got worse: hard bounce rate. In May 2026 this got better: unsubscribe rate."
    )
    assert "No change beyond chance" in month.html
    assert "Nothing to compare it with" in month.html
    assert "Open rate" not in month.html
    assert "85 of 4,000 mails sent; chance allows 1.6% to 2.8%." in month.html


def test_a_month_without_mail_is_no_good_month() -> None:
    """It is said that there is none; no table of dashes."""
    silent = some_months().with_columns(trials=0, rate=None, turn=pl.lit("unknown"))

    month = reports.last_month(replace(a_case(), months=silent))

    assert month.words == "There is no whole month of your mail to look back on."
    assert "<table" not in month.html
