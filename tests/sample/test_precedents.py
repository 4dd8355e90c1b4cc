"""Precedents are told as their sources tell them."""

from __future__ import annotations

import polars as pl

from deliverlab.sample.precedents import precedent_mail, precedents
from tests.tables import table


def test_figures_are_those_of_the_sources() -> None:
    """The bounce rates that were told come out again, to the digit: 16.67%, 3.85%, 13.11%; 10.04%; 18.04%."""
    found = precedents().select(
        "account_id", "days", "sent", percent=100 * pl.col("hard_bounces") / pl.col("sent")
    )

    assert found.with_columns(pl.col("percent").round(2)).equals(
        table("""
            account_id   | days | sent  | percent
            one-of-5     | 1    | 5     | 20.0
            one-of-13    | 1    | 13    | 7.69
            free-account | 10   | 980   | 12.96
            ses-2020     | 225  | 10192 | 18.04
            ses-2017     | 75   | 10476 | 10.04
        """)
    )
    mailings = precedent_mail().filter(account_id="free-account")
    rates = mailings.select((100 * pl.col("hard_bounces") / pl.col("sent")).round(2)).to_series()
    assert rates.to_list() == [16.67, 0.0, 3.85, 13.11]


def test_a_long_mailing_is_spread_in_whole_mails() -> None:
    """10,476 mails over 75 days: 139 or 140 a day, and none is lost."""
    daily = precedent_mail().filter(account_id="ses-2017")

    assert daily.height == 75
    assert set(daily["sent"]) == {139, 140}
    assert daily["sent"].sum() == 10_476
    assert daily.select((pl.col("delivered") + pl.col("hard_bounces") == pl.col("sent")).all()).item()
