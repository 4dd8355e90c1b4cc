"""Published rates: what they say, what they may be compared with, and how they serve as peers."""

from datetime import date, timedelta

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.health.peers import peer_rates
from deliverlab.health.published import (
    MEASURES,
    beside_published,
    own_first,
    published_benchmarks,
    published_peer_rates,
)
from deliverlab.health.score import account_health
from deliverlab.history import History
from deliverlab.schemas import BANDS, PeerRates
from tests.health.worlds import START, steady

BUILDERS = {"Builders": "Construction"}


@pytest.mark.parametrize(
    ("edition", "industry", "measure", "percent"),
    [
        ("mailchimp-2014", "Construction", "hard_bounce", 2.62),
        ("mailchimp-2018", "Construction", "hard_bounce", 0.98),
        ("mailchimp-2019", "Construction", "hard_bounce", 0.86),
        ("mailchimp-2014", "Agriculture and Food Services", "complaint", 0.04),
        ("campaignmonitor-2022", "Advertising & Marketing", "open", 20.5),
        ("mailerlite-2019", "ALL", "open", 23.65),
        ("mailerlite-2022", "ALL", "open", 37.65),
        ("brevo", "ALL", "hard_bounce", 0.6),
        ("constantcontact-2016", "Accommodations", "total_bounce", 8.94),
    ],
)
def test_rates_are_the_printed_ones(edition: str, industry: str, measure: str, percent: float) -> None:
    """Fractions here, percent in print."""
    row = published_benchmarks().filter(edition=edition, industry=industry, measure=measure)
    assert row["rate"].item() == pytest.approx(percent / 100)


def test_every_rate_has_a_source() -> None:
    """No figure without where it was printed; a missing year is null, not a guess."""
    known = published_benchmarks()
    assert known["source"].str.len_chars().min() > 20  # type: ignore[operator]
    assert known.filter(pl.col("year").is_null())["edition"].unique().to_list() == ["brevo"]
    assert known.filter(edition="mailchimp-2014")["industry"].n_unique() == 46


def test_any_bounce_is_no_hard_bounce() -> None:
    """Rates of all bounces are shown, and never become peers of hard bounce rates."""
    known = published_benchmarks()
    assert (
        known.filter(measure="total_bounce")["metric"].null_count()
        == known.filter(measure="total_bounce").height
    )
    assert set(MEASURES.values()) - {None} == set(known["metric"].drop_nulls().unique())
    peers = published_peer_rates({}, edition="constantcontact-2021", effective_from=START)
    assert "hard_bounce_rate" not in peers["metric"].to_list()


def test_opens_that_machines_made_are_told_apart() -> None:
    """Averages of after September 2021 say so."""
    known = published_benchmarks().filter(publisher="MailerLite", industry="ALL", measure="open")
    assert dict(known.select("year", "counts_machine_opens").iter_rows()) == {
        2019: False, 2021: True, 2022: True
    }  # fmt: skip


def test_published_rates_serve_as_peers() -> None:
    """A builder with 4% hard bounces is poor beside 0.86%, without any account to compare with."""
    peers = published_peer_rates(BUILDERS, edition="mailchimp-2019", effective_from=START)
    assert PeerRates.is_valid(peers)
    assert peers.filter(industry="Builders", metric="hard_bounce_rate").height == len(BANDS)
    alone = History(
        steady("only", days=40, sent=500, hard_bounces=20),
        pl.DataFrame({"account_id": ["only"], "industry": ["Builders"]}),
        peer_rates=peers,
    )
    health, scores, _ = account_health(alone, as_of=START + timedelta(days=41))
    row = health.filter(metric="hard_bounce_rate").row(0, named=True)
    assert (row["peer_rate"], row["grade"]) == (0.0086, "poor")
    assert scores["worst_metric"].to_list() == ["hard_bounce_rate"]


def test_accounts_of_no_industry_meet_the_average_of_all() -> None:
    """As printed, or where it was not, the mean of what was."""
    brevo = published_peer_rates({}, edition="brevo", effective_from=START)
    assert brevo.filter(band="<1k", metric="hard_bounce_rate")["rate"].to_list() == [0.006]
    mailchimp = published_peer_rates({}, edition="mailchimp-2014", effective_from=START)
    printed = published_benchmarks().filter(edition="mailchimp-2014", measure="hard_bounce")
    assert mailchimp.filter(band="<1k", metric="hard_bounce_rate")["rate"].item() == pytest.approx(
        float(printed.select(pl.col("rate").mean()).item())
    )


def test_own_rates_come_before_published_ones() -> None:
    """An industry that stands for itself keeps its rate; one that does not takes the published."""
    daily = pl.concat(steady(f"{n:02}", days=60, sent=1000, hard_bounces=10) for n in range(30))
    accounts = pl.DataFrame({
        "account_id": [f"{n:02}" for n in range(30)] + ["idle"], "industry": ["Shops"] * 30 + ["Builders"],
    })  # fmt: skip
    own = peer_rates(daily, accounts).collect()
    published = published_peer_rates(
        {**BUILDERS, "Shops": "Retail"}, edition="mailchimp-2014", effective_from=date(2026, 2, 1)
    )
    both = own_first(own, published).filter(
        pl.col("account_id").is_null(), metric="hard_bounce_rate", band="<1k", effective_from=date(2026, 2, 1)
    )
    rates = dict(both.select("industry", "rate").iter_rows())
    assert rates["Builders"] == 0.0262
    assert rates["Shops"] == pytest.approx(0.01, rel=0.05)


def test_own_rates_stand_beside_published_ones() -> None:
    """How many times the published rate one's own accounts have, edition by edition."""
    daily = pl.concat(steady(f"{n:02}", days=60, sent=1000, hard_bounces=10) for n in range(30))
    accounts = pl.DataFrame({"account_id": [f"{n:02}" for n in range(30)], "industry": ["Builders"] * 30})
    beside = beside_published(peer_rates(daily, accounts).collect(), BUILDERS)
    row = beside.filter(metric="hard_bounce_rate", edition="mailchimp-2014").row(0, named=True)
    assert row["own_rate"] == pytest.approx(0.01, rel=0.05)
    assert row["ratio"] == pytest.approx(0.01 / 0.0262, rel=0.05)


@pytest.mark.parametrize(
    ("industries", "edition", "message"),
    [
        ({}, "acme", "edition == 'acme', must be one of brevo, brevo-2023"),
        ({"x": "Mining"}, "brevo", "industries: 'Mining' is not in brevo, must be one of ALL"),
    ],
)
def test_what_was_not_published_is_refused(industries: dict[str, str], edition: str, message: str) -> None:
    """One line names what there is."""
    with pytest.raises(DataError, match=message):
        published_peer_rates(industries, edition=edition, effective_from=START)
