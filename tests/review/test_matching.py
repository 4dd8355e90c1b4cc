"""Matches are alike on the day of the notice, in everything known then, and unreviewed long enough."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from deliverlab.review.matching import PROFILED, Profiles, matches

DAY, UNTIL = date(2026, 5, 1), date(2026, 7, 31)
ILL = [4.0, 1.0, 1.0, 1.0, 1.0]


def profile(account_id: str, **change: object) -> dict[str, Any]:
    alike = {
        "account_id": account_id, "day": DAY, "industry": "Retail", "band": "1k-10k", "now": ILL,
        "lately": ILL, "before": [1.0] * len(PROFILED), "was_noticed": True, "may_end_on": UNTIL,
    }  # fmt: skip
    return alike | change


def matched(*candidates: dict[str, Any], reviewed_on: date = date(2026, 5, 11)) -> list[str]:
    one = Profiles.cast(pl.DataFrame([profile("reviewed")])).with_columns(reviewed_on=pl.lit(reviewed_on))
    found = matches(one, Profiles.cast(pl.DataFrame(candidates)), window_days=30)
    return found["match_id"].to_list()


def test_the_nearest_come_first_and_no_more_than_five() -> None:
    """The same account is taken once, on its likest day."""
    far = [profile(f"m{number}", now=[4.0 + number / 4, 1.0, 1.0, 1.0, 1.0]) for number in range(7)]
    twice = profile("m0", day=DAY + timedelta(days=7))

    assert matched(*reversed(far), twice) == ["m0", "m1", "m2", "m3", "m4"]


@pytest.mark.parametrize(
    "change",
    [
        {"account_id": "reviewed"},
        {"now": [6.1, 1.0, 1.0, 1.0, 1.0]},
        {"band": "100k-1M"},
        {"before": [8.0, 1.0, 1.0, 1.0, 1.0]},
        {"lately": [0.5, 1.0, 1.0, 1.0, 1.0]},
        {"now": [4.0, 1.0, 4.0, 1.0, 1.0]},
        {"now": [4.0, 1.0, 1.0, 1.0, 0.3]},
        {"may_end_on": date(2026, 6, 9)},
        {"day": DAY - timedelta(days=300)},
    ],
)
def test_who_is_not_alike_stands_in_for_nobody(change: dict[str, Any]) -> None:
    """Itself; another height, volume, past, trend; ill otherwise too; read less; reviewed soon; long ago."""
    assert matched(profile("m", **change) if "account_id" not in change else profile(**change)) == []


@pytest.mark.parametrize("change", [{"band": "10k-100k"}, {"industry": "Media"}, {"was_noticed": False}])
def test_small_differences_only_come_later(change: dict[str, Any]) -> None:
    """A neighbouring band, another industry, no notice: taken after those without the difference."""
    assert matched(profile("a", **change), profile("b")) == ["b", "a"]


def test_an_outcome_may_end_on_the_last_day_before_the_next_review() -> None:
    """The review took ten days, its window has thirty: forty days later a match is still alone."""
    assert matched(profile("m", may_end_on=date(2026, 6, 10))) == ["m"]


def test_what_tripped_is_the_highest_of_the_ratios() -> None:
    """It is said with each match, with both days."""
    ill = [1.0, 1.0, 5.0, 1.0, 9.0]
    one = Profiles.cast(pl.DataFrame([profile("r", now=ill, lately=ill)])).with_columns(
        reviewed_on=pl.lit(date(2026, 5, 11))
    )
    found = matches(one, Profiles.cast(pl.DataFrame([profile("m", now=ill, lately=ill)])), window_days=30)

    assert found["tripped_by"].to_list() == ["complaint_rate"]
    assert found.select("noticed_on", "match_day").row(0) == (DAY, DAY)
