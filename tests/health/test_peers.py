"""Whom an account is compared with, and that nobody is compared with the future."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.errors import DataError
from deliverlab.health.peers import MIN_ACCOUNTS, peer_rates
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


def village(
    *, days: int = 120, clinics: int = MIN_ACCOUNTS, shops: int = MIN_ACCOUNTS
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Clinics with 1% hard bounces, shops with 4%, all of one volume."""
    clinic = {
        f"clinic {n}": steady(f"clinic {n}", days=days, sent=100, hard_bounces=1) for n in range(clinics)
    }
    shop = {f"shop {n}": steady(f"shop {n}", days=days, sent=100, hard_bounces=4) for n in range(shops)}
    industries = dict.fromkeys(clinic, "Clinics") | dict.fromkeys(shop, "Shops")
    return pl.concat([*clinic.values(), *shop.values()]), accounts(industries)


def hard(rows: pl.DataFrame, industry: str, band: str = "1k-10k") -> dict[str, object]:
    """The newest hard bounce row of a cell."""
    cell = rows.filter(industry=industry, band=band, metric="hard_bounce_rate").sort("effective_from")
    return cell.row(-1, named=True)


def test_a_cell_has_the_rate_of_its_own_accounts() -> None:
    """Industry and volume decide whom an account is compared with."""
    rows = peer_rates(*village()).collect()
    assert hard(rows, "Clinics") | {"effective_from": None} == {
        "industry": "Clinics", "band": "1k-10k", "metric": "hard_bounce_rate", "effective_from": None,
        "account_id": None, "denominator": None, "rate": 0.01, "shape": None, "phi": 1.0, "tau2": 0.0,
        "accounts": 5, "trials": 5 * 90 * 100, "events": 5 * 90, "level": "cell",
    }  # fmt: skip
    assert hard(rows, "Shops")["rate"] == pytest.approx(0.04)


def test_a_small_cell_borrows_from_its_industry_and_a_small_industry_from_all() -> None:
    """A cell with too few accounts is compared with the narrowest pool that is large enough."""
    rows = peer_rates(*village(shops=MIN_ACCOUNTS - 1)).collect()
    assert (hard(rows, "Clinics", "1M+")["level"], hard(rows, "Clinics", "1M+")["rate"]) == ("industry", 0.01)
    assert (hard(rows, "Shops")["level"], hard(rows, "Shops")["accounts"]) == ("all", 9)


def test_few_events_make_a_small_cell_too() -> None:
    """Five accounts that hardly bounced yet do not say what is usual."""
    daily = pl.concat(steady(f"{n}", days=120, sent=10, complaints=int(n == 0)) for n in range(MIN_ACCOUNTS))
    quiet = daily.with_columns(complaints=pl.when(pl.col("day") == START).then(1).otherwise(0))
    rows = peer_rates(quiet, accounts({f"{n}": "Clinics" for n in range(MIN_ACCOUNTS)})).collect()
    assert rows.filter(metric="complaint_rate")["level"].unique().to_list() == ["all"]


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
    """No account weighs more than the median one, though its mail may be most of the pool's."""
    ordinary = [steady(f"{n}", days=120, sent=40_000, hard_bounces=400) for n in range(4)]
    giant = steady("giant", days=120, sent=4_000_000, hard_bounces=80_000)
    daily = pl.concat([*ordinary, giant])
    rows = peer_rates(daily, accounts(dict.fromkeys(daily["account_id"].unique(), "Clinics"))).collect()
    assert hard(rows, "Clinics", "1M+")["rate"] == pytest.approx((4 * 0.01 + 0.02) / 5)


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


def test_a_metric_can_be_measured_out_of_another_column() -> None:
    """`denominators` changes the trials, and the rows say so."""
    rows = peer_rates(*village(), denominators={"hard_bounce_rate": "delivered"}).collect()
    assert hard(rows, "Clinics")["rate"] == pytest.approx(1 / 99)
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


@settings(max_examples=15, deadline=None)
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


@settings(max_examples=10, deadline=None)
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
