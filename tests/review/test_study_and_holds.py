"""Around the review bin by bin, group by group, and as a scenario takes it."""

from datetime import date, timedelta

import polars as pl
import pytest

from deliverlab.review.effect import effects
from deliverlab.review.event_study import bins, event_study
from deliverlab.review.holds import holds
from deliverlab.review.multipliers import multipliers
from deliverlab.review.spells import Answers
from tests.review.changes import DAY, sets

NOTICE, REVIEW = date(2026, 5, 1), date(2026, 5, 9)


def test_bins_count_back_from_the_notice_and_on_from_the_review() -> None:
    """Twelve bins of ten days; what lies between notice and review is in none."""
    told = bins(pl.DataFrame({"day": [NOTICE], "review_day": [REVIEW]}))
    last_days = dict(told.select("from_day", "last_day").iter_rows())

    assert len(last_days) == 12
    assert last_days[-59] == NOTICE - timedelta(days=50)
    assert last_days[-9] == NOTICE
    assert last_days[1] == REVIEW + timedelta(days=10)
    assert last_days[51] == REVIEW + timedelta(days=60)


def seen(ratio: float, *, matched: float, count: int = 12) -> pl.DataFrame:
    return pl.DataFrame([
        {
            "account_id": f"a{place}", "reviewed_on": REVIEW, "member_id": f"{side}{place}", "from_day": 1,
            "to_day": 10, "is_reviewed": side == "a", "closeness": 1.0, "expected": 5.0,
            "ratio": (ratio if side == "a" else matched) * (0.9 + 0.2 * (place % 3) / 2),
        }
        for place in range(count)
        for side in ("a", "m")
    ])  # fmt: skip


def test_a_bin_has_both_sides_with_bounds() -> None:
    """The mean ratio of reviewed and of matched accounts."""
    told = event_study(seen(1.0, matched=3.0), seed=7)
    means = dict(told.select("is_reviewed", "ratio").iter_rows())

    assert means == {True: pytest.approx(1.0), False: pytest.approx(3.0)}
    assert told.select((pl.col("ratio_low") < pl.col("ratio")) & (pl.col("ratio") < pl.col("ratio_high")))[
        "ratio_low"
    ].all()


def test_a_set_with_one_side_only_is_left_out_of_a_bin() -> None:
    """Else the two lines would be of other accounts, and their distance of nothing."""
    lonely = seen(1.0, matched=3.0).filter((pl.col("account_id") != "a0") | pl.col("is_reviewed"))

    assert event_study(lonely, seed=7)["accounts"].to_list() == [11, 11]
    assert event_study(seen(1.0, matched=3.0, count=9), seed=7)["ratio"].to_list() == [None, None]


def test_groups_are_told_by_outcome_reviewer_and_remedy() -> None:
    """Ten reviews by Kim with a remedy, two by Lee of whom nothing is kept: one figure, one reason."""
    given = sets(12, reviewed=1.0, matched=2.5)
    reviews = given.filter("is_reviewed").sort("account_id").select("account_id", "reviewed_on", "outcome")
    kept = [True] * 10 + [None] * 2
    answered = Answers.cast(
        reviews.with_columns(
            pl.Series("reviewer", ["Kim"] * 10 + ["Lee"] * 2), pl.Series("is_remedy", kept),
            was_noticed=pl.lit(value=True), noticed_on=pl.col("reviewed_on") - pl.duration(days=5),
            next_notice_on=pl.when(pl.col("account_id") == "a00").then(DAY + timedelta(days=40)),
        )
    )  # fmt: skip
    told = holds(given, answered, until=DAY + timedelta(days=120), seed=7).rows_by_key("value", named=True)

    assert told["Kim"][0]["effect"] == pytest.approx(0.4, rel=0.15)
    assert told["Kim"][0]["relapse_share"] == pytest.approx(0.1)
    assert "2 reviewed accounts have matches" in told["Lee"][0]["why"]
    assert told["mailed contacts were to be removed"][0]["reviews"] == 10
    assert told["no checklist kept"][0]["reviews"] == 2
    assert told["rejected"][0] | {"why": None} == told["withdrawn"][0] | {"why": None}
    assert told["rejected"][0]["relapses"] is None


def test_of_a_rate_less_is_left_than_of_its_bounces() -> None:
    """12% bounced: what leaves 0.4 of the rate leaves less of the bounces, for avoided ones are not sent."""
    given = sets(12, reviewed=1.0, matched=2.5)
    measured = effects(given, seed=7)
    told = multipliers(measured, given).rows_by_key("column", named=True)
    rate, ratio = 0.12, measured.filter(measure="hard_bounce_rate")["effect"].item()

    assert told["hard_bounces"][0]["multiplier"] == pytest.approx(ratio * (1 - rate) / (1 - ratio * rate))
    assert told["volume"][0] == {"multiplier": 1.0, "multiplier_low": None, "multiplier_high": None}
    assert list(told) == [
        "volume", "hard_bounces", "soft_bounces", "complaints", "unsubscribes", "opens", "clicks",
    ]  # fmt: skip
