"""History checks its tables once, and says what it assumed."""

from datetime import date

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.history import History
from deliverlab.schemas import COUNTS
from tests.tables import table

DAILY = table("""
    account_id | day        | sent | delivered
    b          | 2026-05-03 | 10   | 10
    a          | 2026-05-02 | 20   | 19
    a          | 2026-05-01 | 30   | 30
""").with_columns(pl.lit(0).alias(name) for name in COUNTS if name not in ("sent", "delivered"))
ACCOUNTS = pl.DataFrame({"account_id": ["a", "b", "c"], "industry": ["Retail", None, None]})


def test_days_stand_in_order() -> None:
    """Whatever order rows come in, history keeps them by account and day."""
    history = History(DAILY, ACCOUNTS)

    assert history.daily.select("account_id", "day").rows() == [
        ("a", date(2026, 5, 1)), ("a", date(2026, 5, 2)), ("b", date(2026, 5, 3)),
    ]  # fmt: skip


def test_accounts_without_industry_are_in_the_group_unknown() -> None:
    """They are compared all the same, and it is said so."""
    history = History(DAILY, ACCOUNTS)

    assert history.accounts["industry"].to_list() == ["Retail", "unknown", "unknown"]
    assert history.notes == ('2 accounts have no industry and are compared in the group "unknown"',)
    assert history.select(["a", "b"]).notes == (
        '1 account has no industry and is compared in the group "unknown"',
    )
    assert history.select(["a"]).notes == ()


def test_the_last_day_stays_when_accounts_are_selected() -> None:
    """An account's simulation ends with the world's last day, not with its own last mail."""
    history = History(DAILY, ACCOUNTS).select(["a"])

    assert history.until == date(2026, 5, 3)
    assert history.daily["account_id"].unique().to_list() == ["a"]


@pytest.mark.parametrize("what", ["daily", "reviews", "enforcement"])
def test_an_account_that_is_not_in_accounts_is_named(what: str) -> None:
    """Mail, reviews or enforcement of a stranger are refused."""
    tables = {
        "daily": DAILY.with_columns(account_id=pl.lit("stranger")).unique("day"),
        "reviews": pl.DataFrame(
            {"account_id": ["stranger"], "reviewed_on": [date(2026, 5, 1)], "outcome": ["completed"]}
        ),
        "enforcement": pl.DataFrame(
            {
                "account_id": ["stranger"],
                "from_day": [date(2026, 5, 1)],
                "stage": ["probation"],
                "send_share": [1.0],
            }
        ),
    }
    given = {"daily": DAILY, what: tables[what]}

    with pytest.raises(DataError, match=f"{what}: account_id == 'stranger', must be in accounts"):
        History(given["daily"], ACCOUNTS, reviews=given.get("reviews"), enforcement=given.get("enforcement"))


def test_a_family_is_one_account() -> None:
    """Days are added up under the parent's id; the parent speaks for all, or the member with most mail."""
    accounts = pl.DataFrame({
        "account_id": ["a", "b", "c"], "parent_id": [None, "a", "group"],
        "industry": ["Retail", None, "Media"],
        "label": ["clean", "abusive", "unknown"],
    })  # fmt: skip
    same_day = pl.concat([DAILY, DAILY.filter(account_id="a").with_columns(account_id=pl.lit("c"))])
    families = History(same_day, accounts).by_parent()
    assert families.accounts.select("account_id", "parent_id", "industry", "label").rows() == [
        ("a", None, "Retail", "abusive"), ("group", None, "Media", "unknown"),
    ]  # fmt: skip
    assert families.daily.select("account_id", "day", "sent").rows() == [
        ("a", date(2026, 5, 1), 30), ("a", date(2026, 5, 2), 20), ("a", date(2026, 5, 3), 10),
        ("group", date(2026, 5, 1), 30), ("group", date(2026, 5, 2), 20),
    ]  # fmt: skip


def test_accounts_without_parents_stay_as_they_are() -> None:
    """Each is a family by itself."""
    history = History(DAILY, ACCOUNTS)
    assert history.by_parent().daily.equals(history.daily)
    assert history.by_parent().accounts.equals(history.accounts)


def test_what_was_known_on_a_day() -> None:
    """Later days, reviews, labels and notices are gone, and outcomes that were still open are hidden."""
    reviews = table(
        "account_id | reviewed_on | outcome\na | 2026-05-02 | completed\na | 2026-05-03 | completed"
    )
    enforcement = table(
        "account_id | from_day | to_day | stage | send_share\n"
        "a | 2026-05-01 | 2026-05-03 | probation | 1.0\nb | 2026-05-03 | - | probation | 1.0\n"
        "c | 2026-05-04 | - | probation | 1.0"
    )
    labelled = ACCOUNTS.with_columns(label=pl.lit("abusive"), label_on=date(2026, 5, 3))
    history = History(DAILY, labelled, reviews=reviews, enforcement=enforcement, known_within_days=1)

    known = history.known_on(date(2026, 5, 2))

    assert known.until == date(2026, 5, 2)
    assert known.daily.select("day", "sent", "delivered").rows() == [
        (date(2026, 5, 1), 30, 30), (date(2026, 5, 2), 20, 0),
    ]  # fmt: skip
    assert known.reviews["reviewed_on"].to_list() == [date(2026, 5, 2)]
    assert known.enforcement.select("account_id", "to_day").rows() == [("a", None), ("b", None)]
    assert known.accounts["label"].null_count() == 3
