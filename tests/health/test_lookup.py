"""Which peers hold for an account on a day."""

from datetime import date

import polars as pl

from deliverlab.health.lookup import peer_groups
from deliverlab.peer_lookup import denominators_of, peer_rates_on
from deliverlab.schemas import BANDS, Accounts, Daily, PeerRates
from tests.health.worlds import daily_table, peers
from tests.tables import table


def test_a_band_is_that_of_the_thirty_days_before() -> None:
    """Mail of the day itself, and of 31 days before, does not count."""
    daily = daily_table("""
        account_id | day        | sent
        a          | 2026-04-30 | 5000
        a          | 2026-05-01 | 600
        a          | 2026-05-30 | 399
        a          | 2026-05-31 | 900000
    """)
    known = Accounts.admit(pl.DataFrame({"account_id": ["a"], "industry": [None]}), what="accounts")
    groups = peer_groups(Daily.cast(daily.lazy()), known.lazy(), days=[date(2026, 5, 31)])
    assert groups.collect().rows() == [("a", date(2026, 5, 31), "unknown", "<1k")]


def test_the_newest_row_in_force_counts_and_an_account_s_own_first() -> None:
    """An account left out of its own pool is compared by its own rows, everybody else by the group's."""
    old, new = peers(effective_from=date(2026, 3, 1)), peers(effective_from=date(2026, 4, 1))
    rates = pl.concat([
        old.with_columns(rate=pl.lit(0.1)),
        new.with_columns(rate=pl.lit(0.2)),
        old.with_columns(rate=pl.lit(0.3), account_id=pl.lit("big")),
    ])  # fmt: skip
    groups = table("""
        account_id | day        | industry | band
        big        | 2026-03-31 | unknown  | 1M+
        big        | 2026-04-30 | unknown  | 1M+
        small      | 2026-02-28 | unknown  | <1k
        small      | 2026-03-31 | unknown  | <1k
        small      | 2026-04-01 | unknown  | <1k
    """, band=pl.Enum(BANDS))  # fmt: skip
    looked_up = peer_rates_on(PeerRates.cast(rates.lazy()), groups.lazy()).collect()
    complaints = looked_up.filter(metric="complaint_rate").sort("account_id", "day")
    assert complaints["peer_rate"].to_list() == [0.3, 0.3, None, 0.1, 0.2]


def test_denominators_are_those_that_are_not_the_metric_s_own() -> None:
    """Peer rates say themselves what they are measured out of."""
    of_sent = peers().with_columns(
        denominator=pl.when(pl.col("metric") == "complaint_rate").then(pl.lit("sent"))
    )
    assert denominators_of(peers()) == {}
    assert denominators_of(of_sent) == {"complaint_rate": "sent"}
