"""Peer rates when industries or bands are one."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from deliverlab.errors import DataError
from deliverlab.health.merged import merged_peer_rates
from deliverlab.health.peers import peer_rates
from tests.health.test_peers import hard, village


def test_with_nothing_merged_they_are_the_usual_ones() -> None:
    """Row by row, to the last bit."""
    usual = peer_rates(*village()).collect()
    merged = merged_peer_rates(*village()).collect()
    assert_frame_equal(merged, usual, check_row_order=False, check_exact=True)


def test_merged_industries_share_one_pool_under_their_own_names() -> None:
    """Clinics at 1% and shops at 4%, as many of each: both are compared with what lies between."""
    rows = merged_peer_rates(*village(), industries={"Shops": "Clinics"}).collect()
    clinics, shops = hard(rows, "Clinics"), hard(rows, "Shops")
    assert clinics | {"industry": "Shops"} == shops
    assert clinics["accounts"] == 60
    assert 0.01 < clinics["rate"] < 0.04


def test_merged_bands_share_one_pool() -> None:
    """All accounts are of one band; the bands merged with it are compared with them."""
    rows = merged_peer_rates(*village(), bands={"1k-10k": "10k-100k", "<1k": "10k-100k"}).collect()
    for band in ("<1k", "1k-10k", "10k-100k"):
        assert hard(rows, "Shops", band)["accounts"] == 30
    assert hard(rows, "Shops", "1M+")["level"] != "cell"
    keys = rows.select("industry", "band", "metric", "effective_from", "account_id")
    assert keys.is_unique().all()


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"industries": {"Shop": "Clinics"}}, "industry == 'Shop', must be one of Clinics, Shops"),
        ({"bands": {"<1k": "2k"}}, "band == '2k', must be one of <1k, 1k-10k"),
    ],
)
def test_what_does_not_exist_is_not_merged(chosen: dict[str, dict[str, str]], message: str) -> None:
    """Refused in a line."""
    with pytest.raises(DataError, match=message):
        merged_peer_rates(*village(days=40, clinics=2, shops=2), **chosen).collect()  # type: ignore[arg-type]


def test_denominators_are_passed_on() -> None:
    """And said in the rows."""
    rows = merged_peer_rates(*village(), denominators={"complaint_rate": "sent"}).collect()
    changed = rows.filter(pl.col("metric") == "complaint_rate")
    assert changed["denominator"].cast(pl.String).unique().to_list() == ["sent"]
