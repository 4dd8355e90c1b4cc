"""What can be said of an account, and what cannot, from so many events where so many were expected."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.health.posterior import add_posterior, peer_range
from deliverlab.schemas import METRIC_NAMES, NOT_ENOUGH_MAIL

BADNESS = {"poor": 4, "fair": 3, NOT_ENOUGH_MAIL: 2, "good": 1, "excellent": 0}


def judged(
    events: int | list[int],
    trials: int,
    *,
    metric: str = "hard_bounce_rate",
    peer_rate: float | None = 0.01,
    shape: float | None = None,
    tau2: float | None = 0.25,
    sending_days: float = 30.0,
) -> pl.DataFrame:
    """Accounts with these events out of these trials, beside such peers."""
    counts = [events] if isinstance(events, int) else events
    compared = pl.LazyFrame({"events": counts}).with_columns(
        metric=pl.lit(metric, pl.Enum(METRIC_NAMES)),
        trials=pl.lit(trials),
        sending_days=pl.lit(sending_days),
        peer_rate=pl.lit(peer_rate, pl.Float64),
        shape=pl.lit(shape, pl.Float64),
        tau2=pl.lit(tau2, pl.Float64),
    )
    return add_posterior(compared).collect()


def grade(events: int, trials: int, **options: float | str | None) -> str:
    return str(judged(events, trials, **options)["grade"][0])  # type: ignore[arg-type]  # passed on as given


@pytest.mark.parametrize(
    ("events", "trials", "expected"),
    [
        (0, 0, NOT_ENOUGH_MAIL),  # no mail
        (1, 13, NOT_ENOUGH_MAIL),  # one bounce in 13 sends: 7.7%, and it says nothing
        (0, 100, NOT_ENOUGH_MAIL),  # one expected, none seen
        (5, 30, NOT_ENOUGH_MAIL),  # 17%, but five events are few
        (10, 50, "poor"),  # little mail, and bad enough to tell
        (0, 1_000, "excellent"),  # ten expected, none seen
        (10, 1_000, "good"),  # as its peers
        (1_000, 100_000, "good"),
        (300, 100_000, "excellent"),
        (1_300, 100_000, "good"),  # a large account slightly above its peers
        (1_800, 100_000, "fair"),
        (3_000, 100_000, "poor"),
        (121, 923, "poor"),  # 13.1%
    ],
)
def test_grades_of_hard_bounces_where_peers_have_one_percent(events: int, trials: int, expected: str) -> None:
    """Each grade is what the mail can tell, whatever its volume."""
    assert grade(events, trials) == expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [(450, "poor"), (800, "fair"), (1_500, "good"), (2_000, "excellent")],
)
def test_low_is_bad_for_opens(events: int, expected: str) -> None:
    """An open rate is poor below half of the peers', and excellent above theirs."""
    assert grade(events, 5_000, metric="open_rate", peer_rate=0.3) == expected


def test_without_peers_there_is_not_enough_to_tell() -> None:
    """A rate alone is no grade: 5% is usual in one industry and alarming in another."""
    row = judged(50, 1_000, peer_rate=None).row(0, named=True)
    assert row["grade"] == NOT_ENOUGH_MAIL
    assert [
        row[name] for name in ("ratio", "shrunken_ratio", "percentile", "twice_peers_probability", "z")
    ] == [None] * 5


def test_the_numbers_are_those_of_the_gamma_posterior() -> None:
    """Four peers' worth of prior, 12 events where 4 were expected: gamma(16, 8), mean 2."""
    row = judged(12, 400).row(0, named=True)
    assert row["ratio"] == 3.0
    assert row["shrunken_ratio"] == pytest.approx(2.0)
    assert row["twice_peers_probability"] == pytest.approx(0.4667, abs=5e-5)  # P(gamma(16) > 16)
    assert row["percentile"] == pytest.approx(0.9576, abs=5e-5)  # P(gamma(4) < 8)
    assert row["z"] == pytest.approx((12 - 4) / (4 + 0.25 * 4**2) ** 0.5)


def test_mail_of_one_day_says_less_than_mail_of_many() -> None:
    """The same counts on one day may be one bad hour: the ratio is drawn to the peers', and sure of less."""
    one, many = (judged(100, 2_000, shape=2.0, sending_days=days).row(0, named=True) for days in (1.0, 30.0))
    assert one["shrunken_ratio"] < many["shrunken_ratio"]
    assert (one["grade"], many["grade"]) == (NOT_ENOUGH_MAIL, "poor")


def test_a_large_account_slightly_above_its_peers_is_not_poor() -> None:
    """It is surely above them, but not by much; a funnel without overdispersion would have it far outside."""
    row = judged(13_000, 1_000_000, shape=3.0).row(0, named=True)
    assert row["grade"] == "good"
    assert row["z"] < 1
    assert (13_000 - 10_000) / 10_000**0.5 == 30


@settings(deadline=None)
@given(
    st.integers(1, 100_000),
    st.floats(1e-4, 0.3),
    st.one_of(st.none(), st.floats(0.1, 1e3)),
    st.one_of(st.none(), st.floats(0, 4)),
    st.floats(1, 30),
    st.lists(st.integers(0, 100_000), min_size=2, max_size=8),
)
def test_more_bad_events_never_improve_anything(
    trials: int, peer_rate: float, shape: float | None, tau2: float | None, days: float, events: list[int]
) -> None:
    """Out of the same mail on the same days, more events move grade, ratio and probability one way only."""
    rising = sorted(min(count, trials) for count in events)
    rows = judged(rising, trials, peer_rate=peer_rate, shape=shape, tau2=tau2, sending_days=days)
    badness = rows["grade"].cast(pl.String).replace_strict(BADNESS)
    assert badness.is_sorted()
    for column in ("ratio", "shrunken_ratio", "z", "percentile", "twice_peers_probability"):
        assert (rows[column].diff().fill_null(0.0) >= -1e-9).all()


@given(st.floats(0, 10))
def test_most_peers_lie_in_the_peer_range(tau2: float) -> None:
    """The range is around the peers' own rate, and wider the more they differ."""
    low, high = (pl.select(peer_range(pl.lit(tau2), share=share)).item() for share in (0.1, 0.9))
    assert 0 <= low < 1 < high or tau2 > 1
    assert low < high


def test_spread_that_is_not_known_is_the_usual_one() -> None:
    """Peers without `tau2` are taken to differ by half their rate."""
    known, unknown = judged(5, 400, tau2=0.25), judged(5, 400, tau2=None)
    assert known["shrunken_ratio"].to_list() == unknown["shrunken_ratio"].to_list()
