"""Health of whole accounts: fair to industries, to bad days and to little mail."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.errors import DataError
from deliverlab.health.score import account_health
from deliverlab.history import History
from deliverlab.schemas import NOT_ENOUGH_MAIL, Health, Recommendations, Scores
from tests.health.worlds import START, clustered, history, peers, steady

DAYS = 90
AS_OF = START + timedelta(days=DAYS + 1)
USUAL: dict[str, Any] = {
    "sent": 10_000, "hard_bounces": 100, "soft_bounces": 100, "complaints": 10, "unsubscribes": 30,
}  # fmt: skip


def test_every_account_has_a_row_a_metric_and_a_score() -> None:
    """Accounts that never mailed are there, and nothing is said of them."""
    known = pl.DataFrame({"account_id": ["mailing", "silent"]})
    daily = steady("mailing", days=DAYS, sent=1_000, hard_bounces=10)
    health, scores, advice = account_health(History(daily, known, peer_rates=peers()), as_of=AS_OF)
    assert Health.is_valid(health)
    assert Scores.is_valid(scores)
    assert Recommendations.is_valid(advice)
    assert health["account_id"].to_list() == ["mailing"] * 7 + ["silent"] * 7
    assert scores.filter(account_id="silent").rows() == [
        ("silent", AS_OF, None, NOT_ENOUGH_MAIL, None, None, None)
    ]
    assert health.filter(account_id="silent")["grade"].unique().to_list() == [NOT_ENOUGH_MAIL]
    assert health.filter(account_id="silent")["rate"].null_count() == 7


def test_a_good_sender_in_a_bad_industry_is_not_poor() -> None:
    """Three percent of bounces is poor for a clinic and good for a recruiter."""
    clinics = [steady(f"clinic {n}", days=DAYS, sent=1_000, hard_bounces=5) for n in range(6)]
    recruiters = [steady(f"recruiter {n}", days=DAYS, sent=1_000, hard_bounces=30) for n in range(6)]
    same = [steady(f"{trade} x", days=DAYS, sent=1_000, hard_bounces=30) for trade in ("clinic", "recruiter")]
    everyone = pl.concat([*clinics, *recruiters, *same])
    industries = {account: account.split()[0] for account in everyone["account_id"].unique()}
    health, scores, _ = account_health(history(everyone, industries=industries), as_of=AS_OF)
    hard = health.filter(metric="hard_bounce_rate").filter(pl.col("account_id").str.ends_with("x"))
    assert hard.select("account_id", "rate", "grade").rows() == [
        ("clinic x", 0.03, "poor"),
        ("recruiter x", 0.03, "good"),
    ]
    assert scores.filter(account_id="clinic x")["worst_metric"].to_list() == ["hard_bounce_rate"]


def test_opens_and_clicks_inform_and_never_enforce() -> None:
    """An account whose mail nobody opens, but whose lists are clean, is in good health."""
    daily = steady("unread", days=DAYS, sent=10_000, hard_bounces=20, soft_bounces=20, opens=1, clicks=0)
    health, scores, advice = account_health(history(daily, peer_rates=peers()), as_of=AS_OF)
    assert health.filter(metric="open_rate")["grade"].to_list() == ["poor"]
    assert scores["grade"].to_list() == ["excellent"]
    assert advice.is_empty()


def test_the_account_s_grade_is_its_worst_and_its_score_agrees() -> None:
    """One bad metric is not made good by three others; like its peers an account scores 80."""
    complained = steady("complained", days=DAYS, **(USUAL | {"complaints": 60}))
    plain = steady("plain", days=DAYS, **USUAL)
    _, scores, _ = account_health(history(complained, plain, peer_rates=peers()), as_of=AS_OF)
    assert scores.select("account_id", "grade", "worst_metric").rows()[0] == (
        "complained", "poor", "complaint_rate",
    )  # fmt: skip
    assert scores["score"][0] < 50
    assert scores["grade"][1] == "good"
    assert scores["score"][1] == pytest.approx(80, abs=1)


def test_change_is_against_thirty_days_before_and_names_its_cause() -> None:
    """A metric that got worse is the cause of a falling score, and of a rising one when it is well again."""
    bad = steady("a", days=30, start=START + timedelta(days=30), **(USUAL | {"hard_bounces": 400}))
    daily = pl.concat([
        steady("a", days=30, **USUAL), bad, steady("a", days=30, start=START + timedelta(days=60), **USUAL),
    ])  # fmt: skip
    fallen, risen = (
        account_health(history(daily, peer_rates=peers()), as_of=START + timedelta(days=day))[1].row(
            0, named=True
        )
        for day in (61, 91)
    )
    assert fallen["change"] < -50
    assert fallen["change_cause"] == "hard_bounce_rate"
    assert risen["change"] == pytest.approx(-fallen["change"])
    assert risen["change_cause"] == "hard_bounce_rate"


def test_without_a_score_a_month_before_there_is_no_change() -> None:
    """A new account has not moved."""
    daily = steady("new", days=20, start=AS_OF - timedelta(days=22), sent=10_000, hard_bounces=100)
    _, scores, _ = account_health(history(daily, peer_rates=peers()), as_of=AS_OF)
    assert scores.select("change", "change_cause").row(0) == (None, None)


def test_nothing_younger_than_what_is_known_in_full_is_looked_at() -> None:
    """Outcomes of yesterday's mail are not all in; a judgement that used them would change tomorrow."""
    daily = clustered(accounts=12, days=DAYS, mean_sent=2_000, rate=0.02, day_spread=0.5, seed=2)
    as_of = START + timedelta(days=70)
    is_known = pl.col("day") <= as_of - timedelta(days=2)
    unknown_yet = daily.with_columns(hard_bounces=pl.when(is_known).then("hard_bounces").otherwise(0))
    for then, later in zip(
        account_health(history(unknown_yet), as_of=as_of),
        account_health(history(daily), as_of=as_of),
        strict=True,
    ):
        assert_frame_equal(then, later, check_exact=True)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_never_matters(seed: int) -> None:
    """The same rows in another order give the same health, scores and advice to the last bit."""
    daily = clustered(accounts=10, days=60, mean_sent=2_000, rate=0.02, day_spread=0.8, seed=4)
    shuffled = daily.sample(fraction=1.0, shuffle=True, seed=seed)
    as_of = START + timedelta(days=61)
    for one, other in zip(
        account_health(history(daily), as_of=as_of),
        account_health(history(shuffled), as_of=as_of),
        strict=True,
    ):
        assert_frame_equal(one, other, check_exact=True)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 400), st.integers(0, 30), st.integers(0, 100))
def test_more_bounces_never_raise_a_score(sent: int, few: int, more: int) -> None:
    """Given the same mail, an account with more bounces is never better off."""
    few, many = min(few, sent), min(few + more, sent)
    daily = (steady(name, days=DAYS, sent=sent, hard_bounces=n) for name, n in (("few", few), ("many", many)))
    _, scores, _ = account_health(history(*daily, peer_rates=peers()), as_of=AS_OF)
    before, after = scores.sort("account_id")["score"].to_list()
    assert after is None or before is None or after <= before + 1e-9
    assert not (before is not None and after is None)


def test_an_account_s_health_does_not_depend_on_who_else_is_judged() -> None:
    """Given the same peer rates, an account alone and among others is judged alike."""
    daily = clustered(accounts=10, days=DAYS, mean_sent=2_000, rate=0.02, day_spread=0.8, seed=4)
    everyone = history(daily, peer_rates=peers())
    together = account_health(everyone, as_of=AS_OF)
    alone = account_health(everyone.select(["0003"]), as_of=AS_OF)
    for one, other in zip(together, alone, strict=True):
        assert_frame_equal(one.filter(account_id="0003"), other, check_exact=True)


def test_before_there_are_peers_nothing_is_graded() -> None:
    """On the first days there is nobody to compare with."""
    daily = steady("a", days=10, sent=10_000, hard_bounces=5_000)
    health, scores, advice = account_health(history(daily), as_of=date(2026, 1, 12))
    assert health["grade"].unique().to_list() == [NOT_ENOUGH_MAIL]
    assert health["rate"].drop_nulls().max() == 0.5
    assert scores["grade"].to_list() == [NOT_ENOUGH_MAIL]
    assert advice.is_empty()


def test_a_metric_is_measured_as_its_peers_are() -> None:
    """Where peer rates count complaints out of mail sent, so does the account's rate."""
    daily = steady("a", days=DAYS, sent=1_000, hard_bounces=500, complaints=1)
    of_sent = peers().with_columns(
        denominator=pl.when(pl.col("metric") == "complaint_rate").then(pl.lit("sent"))
    )
    for rates, rate in ((peers(), 1 / 500), (of_sent, 1 / 1_000)):
        health, _, _ = account_health(history(daily, peer_rates=rates), as_of=AS_OF)
        assert health.filter(metric="complaint_rate")["rate"].to_list() == [rate]


def test_slices_that_are_none_are_refused() -> None:
    """A table without the columns of `slices` is one clear line."""
    daily = steady("a", days=DAYS, sent=1_000)
    with pytest.raises(DataError, match="slices: column 'by' is missing"):
        account_health(history(daily, peer_rates=peers()), as_of=AS_OF, slices=daily)
