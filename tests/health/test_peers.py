"""Whom an account is compared with, and that nobody is compared with the future."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.errors import DataError
from deliverlab.health.peers import peer_rates
from deliverlab.schemas import BANDS, METRIC_NAMES, Accounts, PeerRates
from tests.health.worlds import START, clustered, steady


def accounts(industries: Mapping[str, str | None]) -> pl.DataFrame:
    return Accounts.admit(
        pl.DataFrame(
            {"account_id": list(industries), "industry": list(industries.values())},
            schema={"account_id": pl.String, "industry": pl.String},
        ),
        what="accounts",
    )


def village(*, days: int = 120, clinics: int = 30, shops: int = 30) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Clinics with 1% hard bounces, shops with 4%, all of one volume."""
    clinic = {
        f"clinic {n}": steady(f"clinic {n}", days=days, sent=100, hard_bounces=1) for n in range(clinics)
    }
    shop = {f"shop {n}": steady(f"shop {n}", days=days, sent=100, hard_bounces=4) for n in range(shops)}
    industries = dict.fromkeys(clinic, "Clinics") | dict.fromkeys(shop, "Shops")
    return pl.concat([*clinic.values(), *shop.values()]), accounts(industries)


def hard(
    rows: pl.DataFrame, industry: str, band: str = "1k-10k", account_id: str | None = None
) -> dict[str, Any]:
    """The newest hard bounce row of a cell."""
    cell = rows.filter(pl.col("account_id").eq_missing(pl.lit(account_id)), industry=industry, band=band)
    return cell.filter(metric="hard_bounce_rate").sort("effective_from").row(-1, named=True)


def test_a_cell_has_the_rate_of_its_own_accounts() -> None:
    """Industry and volume decide whom an account is compared with."""
    rows = peer_rates(*village()).collect()
    clinics = hard(rows, "Clinics")
    assert clinics | {"effective_from": None, "rate": None, "tau2": None} == {
        "industry": "Clinics", "band": "1k-10k", "metric": "hard_bounce_rate", "effective_from": None,
        "account_id": None, "denominator": None, "rate": None, "shape": None, "phi": 1.0,
        "week_correlation": None, "tau2": None,
        "accounts": 30, "trials": 30 * 91 * 100, "events": 30 * 91, "level": "cell",
    }  # fmt: skip
    assert clinics["tau2"] == pytest.approx(0, abs=1e-4)
    assert clinics["rate"] == pytest.approx(0.01, rel=0.02)
    assert hard(rows, "Shops")["rate"] == pytest.approx(0.04, rel=0.02)


def test_the_less_a_cell_says_the_more_its_industry_says() -> None:
    """Without mail it has its industry's rate; with little, one between that and its own."""
    small = steady("small", days=120, sent=5, hard_bounces=1)
    daily, known = village(days=120, shops=0)
    rows = peer_rates(pl.concat([daily, small]), pl.concat([known, accounts({"small": "Clinics"})])).collect()
    assert 0.01 < hard(rows, "Clinics", "1M+")["rate"] < 0.015
    assert hard(rows, "Clinics", "1M+")["level"] == "industry"
    assert hard(rows, "Clinics", "1M+")["rate"] < hard(rows, "Clinics", "<1k")["rate"] < 0.1
    assert hard(rows, "unknown")["level"] == "all"


def test_weights_are_those_of_the_levels() -> None:
    """A cell's four effective events an account against ten of its industry, by hand."""
    daily, known = village(shops=0)
    row = hard(peer_rates(daily, known).collect(), "Clinics")
    account_events = 1 / (1 + 0.25 * 91) * 91
    cell_events = 30 * account_events
    industry_rate = all_rate = 0.01
    assert row["rate"] == pytest.approx((cell_events + 10) / (cell_events / 0.01 + 10 / industry_rate))
    assert industry_rate == all_rate


def test_a_few_events_do_not_make_a_cell_s_own_rate() -> None:
    """Thirty accounts that hardly bounced yet do not say what is usual: `level` tells so."""
    daily = pl.concat(steady(f"{n}", days=120, sent=10, complaints=0) for n in range(30))
    quiet = daily.with_columns(
        complaints=((pl.col("day") == START + timedelta(days=60)) & (pl.col("account_id") == "0")).cast(int)
    )
    rows = peer_rates(quiet, accounts({f"{n}": "Clinics" for n in range(30)})).collect()
    assert rows.filter(metric="complaint_rate")["level"].unique().to_list() == ["all"]


def test_a_large_account_is_compared_with_the_others_as_if_it_were_not_there() -> None:
    """Its own rows are those of the same world without it, to the last bit, at every level."""
    daily, known = village(clinics=10, shops=12)
    odd = daily.with_columns(
        hard_bounces=pl.when(account_id="clinic 3").then(9).otherwise("hard_bounces"),
        delivered=pl.when(account_id="clinic 3").then(91).otherwise("delivered"),
    )
    own = peer_rates(odd, known).collect().filter(account_id="clinic 3").drop("account_id")
    others = pl.col("account_id") != "clinic 3"
    without = peer_rates(odd.filter(others), known.filter(others)).collect()
    assert set(own["metric"].unique()) >= {"hard_bounce_rate", "complaint_rate"}
    assert_frame_equal(
        own,
        without.filter(pl.col("account_id").is_null()).drop("account_id").join(
            own.select("industry", "band", "metric", "effective_from"),
            on=["industry", "band", "metric", "effective_from"], maintain_order="right",
        ),
        check_exact=True,
    )  # fmt: skip


def test_who_is_not_large_has_no_rows_of_its_own() -> None:
    """One in thirty is no reason; one in ten is."""
    rows = peer_rates(*village(clinics=30, shops=10)).collect()
    owners = rows["account_id"].drop_nulls().unique().to_list()
    assert len(owners) == 10
    assert all(owner.startswith("shop") for owner in owners)


def test_an_account_alone_in_its_cell_is_compared_with_its_industry() -> None:
    """Without it the cell is empty: what is left is the industry."""
    daily, known = village(shops=0)
    lonely = steady("lonely", days=120, sent=50_000, hard_bounces=5_000)
    rows = peer_rates(
        pl.concat([daily, lonely]), pl.concat([known, accounts({"lonely": "Clinics"})])
    ).collect()
    assert hard(rows, "Clinics", "1M+", "lonely")["rate"] == pytest.approx(0.01, rel=0.05)
    assert hard(rows, "Clinics", "1M+", "lonely")["level"] == "industry"


def test_every_industry_band_and_metric_has_a_row_each_month() -> None:
    """Nobody is left without peers: "unknown" and industries without mail are there too."""
    daily, known = village()
    idle = pl.concat([known, accounts({"idle": "Mining", "nameless": None})])
    rows = peer_rates(daily.with_columns(opens=30, clicks=3), idle).collect()
    months = [date(2026, month, 1) for month in (2, 3, 4, 5)]
    assert rows["industry"].unique().sort().to_list() == ["Clinics", "Mining", "Shops", "unknown"]
    assert rows.height == 4 * len(BANDS) * len(METRIC_NAMES) * len(months)
    assert rows["effective_from"].unique().sort().to_list() == months
    assert PeerRates.is_valid(rows)


def test_months_begin_after_four_weeks_and_end_after_the_last_day() -> None:
    """Two days before the 1st of February, four weeks of history must have passed."""
    for first_day, months in (("2026-01-02", ["2026-02-01", "2026-03-01"]), ("2026-01-03", ["2026-03-01"])):
        start = date.fromisoformat(first_day)
        daily = steady("a", days=40, start=start, sent=100, hard_bounces=5)
        rows = peer_rates(daily, accounts({"a": "Clinics"})).collect()
        assert rows["effective_from"].unique().sort().cast(pl.String).to_list() == months


def test_without_enough_history_there_are_no_peers() -> None:
    """A first week in the middle of a month says nothing of what is usual in the next."""
    daily = steady("a", days=7, start=date(2026, 1, 20), sent=100)
    assert peer_rates(daily, accounts({"a": "Clinics"})).collect().is_empty()


def test_one_giant_does_not_decide_what_is_usual() -> None:
    """No account counts for more than four events, though its mail may be most of the pool's."""
    ordinary = [steady(f"{n}", days=120, sent=40_000, hard_bounces=400) for n in range(4)]
    giant = steady("giant", days=120, sent=4_000_000, hard_bounces=80_000)
    daily = pl.concat([*ordinary, giant])
    rows = peer_rates(daily, accounts(dict.fromkeys(daily["account_id"].unique(), "Clinics"))).collect()
    assert hard(rows, "Clinics", "1M+")["rate"] == pytest.approx((4 * 0.01 + 0.02) / 5, rel=0.01)


def test_what_was_never_seen_counts_as_half_an_event() -> None:
    """A pool without complaints is not one whose first complaint is infinitely many times too much."""
    rows = peer_rates(*village()).collect().filter(metric="complaint_rate")
    assert (rows["rate"] > 0).all()
    assert rows["events"].max() == 0


def test_shape_and_spread_are_found_again() -> None:
    """Day shocks of variance 0.4 give a shape of 2.5, and equal accounts a spread near 0."""
    daily = clustered(accounts=200, days=120, mean_sent=2_000, rate=0.02, day_spread=0.4, seed=1)
    known = accounts(dict.fromkeys(daily["account_id"].unique(), "Clinics"))
    row = hard(peer_rates(daily, known).collect(), "Clinics", "10k-100k")
    assert row["shape"] == pytest.approx(1 / 0.4, rel=0.15)
    assert row["tau2"] == pytest.approx(0, abs=0.01)
    assert row["phi"] == pytest.approx(
        1 + 0.4 * 2_000 * 0.02 * 1.25, rel=0.15
    )  # days are unequal by a quarter
    assert row["week_correlation"] == pytest.approx(0, abs=0.03)


def test_weeks_that_share_a_fate_are_told_from_days_that_do_not() -> None:
    """Half of the day spread is the week's: its correlation is a half."""
    rng = np.random.default_rng(5)
    days, number = 119, 300
    weeks = np.repeat(rng.gamma(5, 1 / 5, (number, days // 7 + 1)), 7, axis=1)[:, 3 : days + 3]
    bounces = rng.poisson(40 * weeks * rng.gamma(6, 1 / 6, (number, days)))
    dates = [START + timedelta(days=day) for day in range(days)]
    daily = pl.concat(
        steady(f"{n:03}", days=days, sent=2_000).with_columns(
            hard_bounces=pl.Series(bounces[n]), delivered=pl.lit(2_000) - pl.Series(bounces[n])
        )
        for n in range(number)
    )
    assert dates[4].isoweekday() == 1
    known = accounts(dict.fromkeys(daily["account_id"].unique(), "Clinics"))
    row = hard(peer_rates(daily, known).collect(), "Clinics", "10k-100k")
    assert row["shape"] == pytest.approx(1 / (0.2 + 1 / 6 + 0.2 / 6), rel=0.1)
    assert row["week_correlation"] == pytest.approx(0.2 / 0.4, abs=0.07)


def test_the_spread_between_accounts_is_found_though_some_are_ill() -> None:
    """Accounts that differ by half their rate have a tau2 of a quarter; a few at ten times do not count."""
    rng = np.random.default_rng(3)
    ratios = np.concatenate([rng.gamma(4, 1 / 4, 780), np.full(20, 10.0)])
    bounces = rng.poisson(ratios[:, None] * 8, (800, 60))
    daily = pl.concat(
        steady(f"{n:03}", days=60, sent=1_000).with_columns(
            hard_bounces=pl.Series(bounces[n]), delivered=1_000 - pl.Series(bounces[n])
        )
        for n in range(800)
    )
    known = accounts(dict.fromkeys(daily["account_id"].unique(), "Clinics"))
    row = hard(peer_rates(daily, known).collect(), "Clinics", "10k-100k")
    assert row["tau2"] == pytest.approx(0.25, abs=0.035)
    assert row["rate"] == pytest.approx(0.008, rel=0.05)


def test_a_metric_can_be_measured_out_of_another_column() -> None:
    """`denominators` changes the trials, and the rows say so."""
    rows = peer_rates(*village(), denominators={"hard_bounce_rate": "delivered"}).collect()
    assert hard(rows, "Clinics")["rate"] == pytest.approx(1 / 99, rel=0.02)
    assert rows.filter(metric="hard_bounce_rate")["denominator"].unique().to_list() == ["delivered"]
    assert rows.filter(metric="complaint_rate")["denominator"].null_count() > 0


@pytest.mark.parametrize(
    ("denominators", "message"),
    [
        ({"bounces": "sent"}, "metric == 'bounces', must be one of hard_bounce_rate"),
        ({"open_rate": "mails"}, "open_rate == 'mails', must be one of sent, delivered"),
    ],
)
def test_an_unknown_denominator_is_refused(denominators: dict[str, str], message: str) -> None:
    """The error names the metric or the column, and what it must be."""
    with pytest.raises(DataError, match=message):
        peer_rates(*village(), denominators=denominators)


def test_a_missing_column_is_refused() -> None:
    """A table that is no `daily` is one clear line."""
    daily, known = village()
    with pytest.raises(DataError, match="daily: column 'opens' is missing"):
        peer_rates(daily.drop("opens"), known)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(60, 120))
def test_later_days_never_change_a_row(seed: int, until: int) -> None:
    """Causality: a row rests on days before `effective_from - known_within_days`, whatever comes after."""
    daily = clustered(accounts=8, days=120, mean_sent=300, rate=0.03, day_spread=0.5, seed=seed)
    known = accounts({account: f"industry {int(account) % 2}" for account in daily["account_id"].unique()})
    last = START + timedelta(days=until - 1)
    seen_then = peer_rates(daily.filter(pl.col("day") <= last), known).collect()
    seen_later = peer_rates(daily, known).collect()
    settled = pl.col("effective_from") <= last + timedelta(days=3)
    assert_frame_equal(seen_then.filter(settled), seen_later.filter(settled), check_exact=True)
    assert seen_then.filter(settled).height > 0


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_never_matters(seed: int) -> None:
    """The same rows in another order give the same peer rates to the last bit."""
    daily = clustered(accounts=12, days=70, mean_sent=300, rate=0.03, day_spread=0.5, seed=7)
    known = accounts(
        {account: f"industry {int(account) % 2}" for account in daily["account_id"].unique().sort()}
    )
    shuffled = (
        daily.sample(fraction=1.0, shuffle=True, seed=seed),
        known.sample(fraction=1.0, shuffle=True, seed=seed),
    )
    assert_frame_equal(peer_rates(daily, known).collect(), peer_rates(*shuffled).collect(), check_exact=True)
