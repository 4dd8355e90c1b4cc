"""Ratios are what health would have shown on the day, whatever day is asked for."""

from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import deliverlab as dl
from deliverlab.health.ratios import ratios
from deliverlab.history import History

COMMON = ["account_id", "metric", "industry", "band", "events", "trials", "ratio"]


@pytest.fixture(scope="module")
def history(request: pytest.FixtureRequest) -> History:
    """A few accounts of the sample, compared with all of it."""
    everybody = dl.open_history(request.getfixturevalue("sample"))
    return everybody.select(everybody.accounts["account_id"].head(12))


def test_ratios_are_those_of_health(history: History) -> None:
    """Shrunken or not, where health has any."""
    assert history.until is not None
    health, _, _ = dl.account_health(history, as_of=history.until)
    seen = ratios(history, days=[history.until]).with_columns(as_of="day")

    same = health.filter(pl.col("ratio").is_not_null()).sort("account_id", "metric")
    assert_frame_equal(seen.select(COMMON), same.select(COMMON))
    shrunken = same["shrunken_rate"] / same["peer_rate"]
    assert (seen["shrunken_ratio"] - shrunken).abs().max() < 1e-9  # type: ignore[operator]


def test_a_window_moved_back_is_the_window_of_an_earlier_day(history: History) -> None:
    """The counts are those of then; the peers are those of the day."""
    assert history.until is not None
    lag = history.known_within_days
    moved = ratios(history, days=[history.until], lag_days=lag + 14, metrics=["hard_bounce_rate"])
    then = ratios(history, days=[history.until - timedelta(days=14)], metrics=["hard_bounce_rate"])

    assert_frame_equal(
        moved.select("account_id", "events", "trials"), then.select("account_id", "events", "trials")
    )


def test_days_asked_for_together_are_as_asked_for_alone(history: History) -> None:
    """However many are held in memory at once."""
    assert history.until is not None
    days = [history.until - timedelta(days=back) for back in range(30)]
    together = ratios(history, days=[*days, *days])

    assert_frame_equal(together.filter(day=days[-1]), ratios(history, days=[days[-1]]))
