"""What can be said of an account, and what cannot, from so many events where so many were expected."""

import numpy as np
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
    week_correlation: float | None = None,
) -> pl.DataFrame:
    """Accounts with these events out of these trials, beside such peers."""
    counts = [events] if isinstance(events, int) else events
    compared = pl.LazyFrame({"events": counts}).with_columns(
        metric=pl.lit(metric, pl.Enum(METRIC_NAMES)),
        trials=pl.lit(trials),
        sending_days=pl.lit(sending_days),
        peer_rate=pl.lit(peer_rate, pl.Float64),
        sending_weeks=pl.lit(max(1.0, sending_days / 7)),
        day_spread=pl.lit(None if shape is None else 1 / shape, pl.Float64),
        week_correlation=pl.lit(week_correlation, pl.Float64),
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
        (2, 13, NOT_ENOUGH_MAIL),  # nor two
        (5, 30, "poor"),  # five are far too many for chance
        (10, 50, "poor"),  # little mail, and bad enough to tell
        (0, 1_000, "excellent"),  # ten expected, none seen
        (10, 1_000, "good"),  # as its peers
        (1_000, 100_000, "good"),
        (300, 100_000, "excellent"),
        (1_300, 100_000, "good"),  # a large account slightly above its peers
        (2_300, 100_000, "fair"),
        (3_000, 100_000, "poor"),
        (121, 923, "poor"),  # 13.1%
    ],
)
def test_grades_of_hard_bounces_where_peers_have_one_percent(events: int, trials: int, expected: str) -> None:
    """Each grade is what the mail can tell, whatever its volume."""
    assert grade(events, trials) == expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [(400, "poor"), (600, "fair"), (1_500, "good"), (2_200, "excellent")],
)
def test_low_is_bad_for_opens(events: int, expected: str) -> None:
    """An open rate is poor below half of the peers', and excellent above theirs."""
    assert grade(events, 5_000, metric="open_rate", peer_rate=0.3, tau2=0.1) == expected


def test_without_peers_there_is_not_enough_to_tell() -> None:
    """A rate alone is no grade: 5% is usual in one industry and alarming in another."""
    row = judged(50, 1_000, peer_rate=None).row(0, named=True)
    assert row["grade"] == NOT_ENOUGH_MAIL
    assert [
        row[name] for name in ("ratio", "shrunken_ratio", "percentile", "twice_peers_probability", "z")
    ] == [None] * 5


def test_the_numbers_are_those_of_the_posterior_mixture() -> None:
    """12 events where 4 were expected: gamma(16, 8) of a healthy peer, gamma(13, 4.2) of an ill account."""
    from scipy.stats import gamma, nbinom, norm

    row = judged(12, 400).row(0, named=True)
    healthy, ill = nbinom.pmf(12, 4, 1 / 2) * 0.97, nbinom.pmf(12, 1, 0.2 / 4.2) * 0.03
    share = ill / (ill + healthy)
    assert row["ill_probability"] == pytest.approx(share)
    assert row["ratio"] == 3.0
    assert row["shrunken_ratio"] == pytest.approx((1 - share) * 16 / 8 + share * 13 / 4.2)
    assert row["twice_peers_probability"] == pytest.approx(
        (1 - share) * gamma(16, scale=1 / 8).sf(2) + share * gamma(13, scale=1 / 4.2).sf(2)
    )
    assert row["percentile"] == pytest.approx(gamma(4, scale=1 / 4).cdf(row["shrunken_ratio"]))
    size = 1 / (1.5 * 0.25)
    tail = nbinom.sf(12, size, size / (size + 4)) + nbinom.pmf(12, size, size / (size + 4)) / 2
    assert row["z"] == pytest.approx(norm.isf(tail))


def test_weeks_that_share_a_fate_make_the_same_mail_say_less() -> None:
    """Thirty days in four weeks are fewer witnesses where days of a week vary together."""
    alone, together = (
        judged(100, 2_000, shape=2.0, week_correlation=share).row(0, named=True) for share in (0.0, 0.5)
    )
    assert together["z"] < alone["z"]
    assert together["shrunken_ratio"] < alone["shrunken_ratio"]


def test_who_is_far_out_is_hardly_drawn_to_the_peers() -> None:
    """Six times as many as expected, often enough, is another kind of account: its ratio stays what it is."""
    row = judged(600, 10_000).row(0, named=True)
    assert row["ill_probability"] > 0.99
    assert row["shrunken_ratio"] == pytest.approx(6, rel=0.01)


@pytest.mark.parametrize("expected", [0.3, 1.0, 5.0, 50.0, 2_000.0])
def test_equally_many_healthy_accounts_are_poor_at_any_volume(expected: float) -> None:
    """About one in a hundred, though counts are whole numbers: the promise of z, where the model holds."""
    rng = np.random.default_rng(12)
    ratios = rng.gamma(4, 1 / 4, 60_000) * rng.gamma(25, 1 / 25, 60_000)
    events = rng.poisson(expected * ratios)
    rows = judged(events.tolist(), round(expected * 100), shape=25 / 30, sending_days=30.0)
    assert 0.003 < rows.filter(grade="poor").height / rows.height < 0.015


def test_mail_of_one_day_says_less_than_mail_of_many() -> None:
    """The same counts on one day may be one bad hour: the ratio is drawn to the peers', and sure of less."""
    one, many = (judged(100, 2_000, shape=1.0, sending_days=days).row(0, named=True) for days in (1.0, 30.0))
    assert one["shrunken_ratio"] < many["shrunken_ratio"]
    assert (one["grade"], many["grade"]) == (NOT_ENOUGH_MAIL, "poor")


def test_a_large_account_slightly_above_its_peers_is_not_poor() -> None:
    """It is surely above them, but not by much; a funnel without overdispersion would have it far outside."""
    row = judged(13_000, 1_000_000, shape=3.0).row(0, named=True)
    assert row["grade"] == "good"
    assert row["z"] < 1.2
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


@pytest.mark.parametrize("rows", [1, 2, 4, 5])
def test_an_account_is_judged_the_same_whoever_is_in_the_table_beside_it(rows: int) -> None:
    """To the last bit, however the table is cut: also where all rows of a piece are of one kind of metric."""
    metrics = [metric for metric in METRIC_NAMES for _ in range(5)]
    table = pl.DataFrame(
        {
            "metric": pl.Series(metrics, dtype=pl.Enum(METRIC_NAMES)),
            "events": [3 + place * 7 % 41 for place in range(len(metrics))],
            "trials": [900 + place * 13 for place in range(len(metrics))],
            "peer_rate": [0.004 + 0.001 * (place % 9) for place in range(len(metrics))],
            "tau2": [0.1 + 0.03 * (place % 7) for place in range(len(metrics))],
            "day_spread": [0.05 * (place % 5) for place in range(len(metrics))],
            "week_correlation": 0.3,
            "sending_days": 20.0,
            "sending_weeks": 4.0,
        }
    )

    whole = add_posterior(table.lazy()).collect()
    pieces = [add_posterior(piece.lazy()).collect() for piece in table.iter_slices(rows)]

    assert pl.concat(pieces).equals(whole)
