"""Tables let good frames in, and say in one line what is wrong with others."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverlab import admission, schemas
from deliverlab.admission import Table
from deliverlab.errors import DataError
from deliverlab.schemas import COUNTS, Accounts, Contacts, Daily, Enforcement, PeerRates
from tests.tables import table

DAY = table("""
    account_id | day        | sent | delivered
    a          | 2026-05-01 | 100  | 98
    b          | 2026-05-01 | 50   | 50
""").with_columns(pl.lit(0).alias(name) for name in COUNTS if name not in ("sent", "delivered"))


def test_a_good_frame_is_admitted_lazy_or_not() -> None:
    """Both kinds of frame come out as the table, in the table's order of columns."""
    admitted = Daily.admit(DAY.lazy(), what="daily")

    assert admitted.columns == Daily.column_names()
    assert admitted.equals(Daily.admit(DAY, what="daily"))


def test_casts_that_lose_nothing_are_made() -> None:
    """A narrower integer and a word that is allowed are taken as they are meant."""
    assert Daily.admit(DAY.cast({"sent": pl.Int16}), what="daily").schema["sent"] == pl.Int64
    labelled = pl.DataFrame({"account_id": ["a"], "label": ["clean"]})
    assert Accounts.admit(labelled, what="accounts")["label"].to_list() == ["clean"]


def test_a_column_that_may_be_null_may_be_missing() -> None:
    """An accounts table can be as small as its key."""
    admitted = Accounts.admit(pl.DataFrame({"account_id": ["a"]}), what="accounts")

    assert admitted["industry"].to_list() == [None]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (DAY.drop("sent"), "daily: column 'sent' is missing, must be there as Int64"),
        (DAY.cast({"sent": pl.Float64}), "daily: column 'sent' holds Float64, must hold Int64"),
        (DAY.cast({"day": pl.String}), "daily: column 'day' holds String, must hold Date"),
        (
            DAY.with_columns(clicks=pl.Series([0, -3])),
            "daily: clicks == -3, must be at least 0 (at account_id b, day 2026-05-01)",
        ),
        (
            DAY.with_columns(opens=pl.Series([None, 1])),
            "daily: opens == None, must not be null (at account_id a, day 2026-05-01)",
        ),
        (
            DAY.with_columns(delivered=pl.Series([101, 50])),
            (
                "daily: `delivered` must be at most `sent`, found delivered 101, sent 100"
                " (at account_id a, day 2026-05-01)"
            ),
        ),
        (
            pl.concat([DAY, DAY.tail(1)]),
            (
                "daily: account_id and day must be unique, found twice"
                " (at account_id b, day 2026-05-01), and 1 more rows like it"
            ),
        ),
    ],
)
def test_a_bad_frame_gets_one_clear_line(frame: pl.DataFrame, message: str) -> None:
    """Each fault names the table, the place, the value and what it must be."""
    with pytest.raises(DataError) as caught:
        Daily.admit(frame, what="daily")

    assert str(caught.value) == message


def test_a_word_that_is_not_allowed_is_named_with_those_that_are() -> None:
    """The message lists the words to choose from."""
    contacts = pl.DataFrame(
        {"account_id": ["a"], "email": ["x@example.com"], "consent": ["maybe"], "status": ["active"]}
    )

    with pytest.raises(DataError, match=r"consent == 'maybe', must be one of double_opt_in, single_opt_in"):
        Contacts.admit(contacts, what="contacts")


def test_moments_must_be_utc() -> None:
    """A naive time could mean any zone, so it is refused."""
    contacts = pl.DataFrame(
        {
            "account_id": ["a"],
            "email": ["x@example.com"],
            "consent": ["none"],
            "status": ["active"],
            "created_at": [datetime(2026, 5, 1, tzinfo=UTC).replace(tzinfo=None)],
        }
    )

    with pytest.raises(DataError, match="created_at"):
        Contacts.admit(contacts, what="contacts")


def test_enforcement_ends_after_it_begins() -> None:
    """A period that ends before it begins is refused; one that lasts is not."""
    row = {"account_id": ["a"], "from_day": [date(2026, 5, 2)], "stage": ["probation"], "send_share": [1.0]}
    Enforcement.admit(pl.DataFrame({**row, "to_day": [None]}), what="enforcement")

    with pytest.raises(DataError, match="`to_day` must not be before `from_day`"):
        Enforcement.admit(pl.DataFrame({**row, "to_day": [date(2026, 5, 1)]}), what="enforcement")


def test_an_account_may_have_peer_rates_of_its_own() -> None:
    """The same group and day stand once for everybody and once for an account that is left out of it."""
    row = {
        "industry": "Retail",
        "band": "<1k",
        "metric": "open_rate",
        "effective_from": date(2026, 5, 1),
        "rate": 0.2,
    }
    both = pl.DataFrame([row, {**row, "account_id": "a"}])
    PeerRates.admit(both, what="peer_rates")

    with pytest.raises(DataError, match="One row an industry"):
        PeerRates.admit(pl.concat([both, both.tail(1)]), what="peer_rates")


def test_every_table_can_be_made_empty() -> None:
    """No contract contradicts itself."""
    tables = [kind for kind in vars(schemas).values() if isinstance(kind, type) and issubclass(kind, Table)]

    assert len(tables) > 20
    for kind in tables:
        assert kind.admit(kind.create_empty(), what=kind.__name__).height == 0


ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(-1, 3)), max_size=30)


@given(ROWS | ROWS.map(sorted))
def test_large_tables_are_checked_piece_by_piece(rows: list[tuple[int, int, int]]) -> None:
    """Whatever the order, the keys and the counts: pieces are let in, or refused, as the whole is."""
    frame = pl.DataFrame({
        "account_id": [f"a{account}" for account, _, _ in rows],
        "day": [date(2026, 5, 1 + day) for _, day, _ in rows],
        **{name: [1 if name == "sent" else 0 for _ in rows] for name in COUNTS},
    }, schema_overrides={"account_id": pl.String, "day": pl.Date}).with_columns(
        sent=pl.Series([sent for _, _, sent in rows], dtype=pl.Int64)
    )  # fmt: skip

    def outcome() -> object:
        try:
            return Daily.admit(frame, what="daily").rows()
        except DataError as refusal:
            return str(refusal)

    whole = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(admission, "PIECE", 3)
        assert outcome() == whole
