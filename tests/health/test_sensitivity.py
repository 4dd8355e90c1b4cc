"""How much of a grade hangs on a choice that somebody made."""

from datetime import timedelta

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.health.sensitivity import Sensitivity, sensitivity
from deliverlab.history import History
from deliverlab.schemas import COUNTS
from tests.health.worlds import START, steady
from tests.tables import table

DAYS = 65
AS_OF = START + timedelta(days=DAYS + 1)


def town() -> History:
    """Clinics with 1% hard bounces, shops with 6%; one clinic has 3.5%, and a child that sends more, well."""
    clinics = [steady(f"clinic {n:02}", days=DAYS, sent=600, hard_bounces=6) for n in range(30)]
    shops = [steady(f"shop {n:02}", days=DAYS, sent=600, hard_bounces=36) for n in range(30)]
    odd = [
        steady("odd", days=DAYS, sent=600, hard_bounces=21),
        steady("odd child", days=DAYS, sent=6_000, hard_bounces=20),
    ]
    daily = pl.concat([*clinics, *shops, *odd])
    ids = daily["account_id"].unique().sort()
    return History(
        daily,
        pl.DataFrame({
            "account_id": ids,
            "industry": ["Shops" if name.startswith("shop") else "Clinics" for name in ids],
            "parent_id": ["odd" if name == "odd child" else None for name in ids],
        }),
    )  # fmt: skip


def slices() -> pl.DataFrame:
    """Half of the odd clinic's mail is one campaign with all its bounces; one domain reports nothing."""
    drawn = table("""
        by               | value      | sent | delivered | hard_bounces | complaints
        campaign         | old list   | 300  | 279       | 21           | 1
        campaign         | newsletter | 299  | 299       | 0            | 0
        recipient_domain | telling    | 300  | 280       | 20           | 1
        recipient_domain | silent     | 300  | 299       | 1            | 0
    """)
    days = pl.DataFrame({"day": [START + timedelta(days=day) for day in range(DAYS)]})
    rest = (pl.lit(0).alias(name) for name in COUNTS if name not in drawn.columns)
    return drawn.join(days, how="cross").with_columns(*rest, account_id=pl.lit("odd"))


@pytest.fixture(scope="module")
def found() -> pl.DataFrame:
    """All choices of the odd clinic."""
    return sensitivity(town(), account_ids=["odd"], as_of=AS_OF, slices=slices())


def grades(found: pl.DataFrame, choice: str) -> dict[str, str]:
    rows = found.filter(choice=choice, metric="hard_bounce_rate")
    return dict(rows.select("setting", pl.col("grade").cast(pl.String)).iter_rows())


def test_another_label_would_excuse_it(found: pl.DataFrame) -> None:
    """Poor among clinics, excellent among shops: the label decides, and nobody checks it."""
    assert grades(found, "as it is") == {"": "poor"}
    assert grades(found, "industry")["Shops"] == "excellent"
    assert "Clinics" not in grades(found, "industry")
    assert found.filter(choice="industry", setting="Shops", metric="hard_bounce_rate")["is_changed"].item()


def test_every_window_says_the_same_of_a_steady_account(found: pl.DataFrame) -> None:
    """Seven days or ninety: the rate is the same, and there is mail enough."""
    assert grades(found, "window") == dict.fromkeys(["7 days", "14 days", "90 days"], "poor")


def test_another_denominator_changes_both_sides(found: pl.DataFrame) -> None:
    """Bounces out of delivered mail, as its peers' then are."""
    row = found.filter(choice="denominator", metric="hard_bounce_rate").row(0, named=True)
    assert row["setting"] == "delivered"
    assert row["rate"] == pytest.approx(21 / 579)
    assert row["peer_rate"] > found.filter(choice="as it is", metric="hard_bounce_rate")["peer_rate"].item()


def test_without_its_largest_campaign_it_is_well(found: pl.DataFrame) -> None:
    """The campaign is named: it carries all the bounces."""
    assert grades(found, "largest campaign") == {"old list": "excellent"}


def test_with_its_family_it_is_well(found: pl.DataFrame) -> None:
    """The child sends ten times as much, and well: judged by parent nobody is poor."""
    assert grades(found, "family") == {"odd": "good"}
    assert found.filter(choice="family", metric="hard_bounce_rate")["trials"].item() == 30 * 6_600


def test_only_mail_that_can_be_complained_of_counts(found: pl.DataFrame) -> None:
    """Half of its mail goes to a domain that reports nothing: its rate doubles, and so does its peers'."""
    as_is, told = (
        found.filter(choice=choice, metric="complaint_rate").row(0, named=True)
        for choice in ("as it is", "complaint domains")
    )
    assert told["trials"] == 30 * 280
    assert told["peer_rate"] == pytest.approx(as_is["peer_rate"] * 579 / 280, rel=1e-6)


def test_who_is_much_of_a_pool_may_hide_behind_itself() -> None:
    """Alone of its size, it would be compared with itself: `pool_share` says how far."""
    few = town().select(["odd", "clinic 00", "clinic 01", "clinic 02"])
    found = sensitivity(few, account_ids=["odd"], as_of=AS_OF)
    masked = found.filter(choice="peers", metric="hard_bounce_rate").row(0, named=True)
    as_is = found.filter(choice="as it is", metric="hard_bounce_rate").row(0, named=True)
    assert masked["peer_rate"] > as_is["peer_rate"]
    assert masked["pool_share"] == pytest.approx(0.25)


def test_what_an_account_does_not_have_gives_no_row() -> None:
    """No slices, no campaign; no parent, no family."""
    found = sensitivity(town(), account_ids=["clinic 00"], as_of=AS_OF)
    assert set(found["choice"]) == {"as it is", "industry", "window", "denominator"}
    assert Sensitivity.is_valid(found)


def test_slices_that_are_none_are_refused() -> None:
    """One clear line."""
    with pytest.raises(DataError, match="slices: column 'by' is missing"):
        sensitivity(town(), account_ids=["odd"], as_of=AS_OF, slices=slices().drop("by"))
