"""Decisions as CSV: nothing in it runs, no address shows unless asked for."""

import csv
from io import StringIO

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.review.decisions import contact_decisions
from deliverlab.review.export import decisions_csv, defused, mask_address
from tests.review.lists import AS_OF, contacts_with

DECISIONS = contact_decisions(
    contacts_with({"email": "jane.doe@example.com", "consent_at": None, "status": "unsubscribed"}),
    as_of=AS_OF,
).collect()


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def test_addresses_are_masked_unless_shown() -> None:
    """The header says which of the two it is; a key that is there comes along."""
    masked, shown, keyed = (
        read(text)[0]
        for text in (
            decisions_csv(DECISIONS),
            decisions_csv(DECISIONS.lazy(), show_addresses=True),
            decisions_csv(DECISIONS.with_columns(recipient_key=pl.lit("k1"))),
        )
    )

    assert masked["masked_email"] == "j…@example.com"
    assert shown["email"] == "jane.doe@example.com"
    assert (keyed["recipient_key"], keyed["masked_email"]) == ("k1", "j…@example.com")
    assert masked["reasons"] == "unsubscribed; permission_unverifiable"
    assert masked["evidence"] == "list: unsubscribed; on record is no time"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_begins_as_a_formula(start: str) -> None:
    """Account, contact, reasons and evidence that a spreadsheet would run get a quote before them."""
    hostile = f'{start}HYPERLINK("http://x.example","go")'
    rows = pl.DataFrame(
        {
            "account_id": [hostile],
            "email": [f"{hostile}@example.com"],
            "decision": ["remove"],
            "reasons": [[hostile]],
            "evidence": [[hostile, hostile]],
        }
    )

    for text in (decisions_csv(rows), decisions_csv(rows, show_addresses=True)):
        cells = list(read(text)[0].values())
        assert [cell[:2] for cell in cells if cell != "remove"] == [f"'{start}"] * 4


@given(cell=st.text())
@settings(deadline=None)
def test_defusing_changes_nothing_but_the_start(cell: str) -> None:
    """The text is whole behind the quote."""
    safe = pl.select(defused(pl.lit(cell))).item()

    assert safe in (cell, f"'{cell}")
    assert safe[:1] not in set("=+-@\t\r\n＝＋－＠")


@given(
    rows=st.lists(
        st.tuples(st.text(min_size=1), st.text(), st.text()), unique_by=lambda row: row[:2], max_size=5
    )
)
@settings(deadline=None)
def test_every_row_comes_back_from_the_file(rows: list[tuple[str, str, str]]) -> None:
    """Quotes, commas, line ends and all scripts survive a reader."""
    frame = pl.DataFrame(
        [(account, email, "keep", ["role_address"], [evidence]) for account, email, evidence in rows],
        schema={
            "account_id": pl.String, "email": pl.String, "decision": pl.String,
            "reasons": pl.List(pl.String), "evidence": pl.List(pl.String),
        },
        orient="row",
    )  # fmt: skip

    back = read(decisions_csv(frame, show_addresses=True))

    expected = sorted(rows, key=lambda row: (row[0].encode(), row[1].encode()))
    assert [(row["account_id"].removeprefix("'"), row["email"].removeprefix("'")) for row in back] == [
        (account.removeprefix("'"), email.removeprefix("'")) for account, email, _ in expected
    ]


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("jane.doe@example.com", "j…@example.com"),
        ("j@example.com", "…@example.com"),
        ("@example.com", "…@example.com"),
        ("a@b@example.com", "a…@example.com"),
        ("no address", "…"),
        ("", "…"),
        ("jane\n@example.com", "j…@example.com"),
        ("éa@example.com", "é…@example.com"),
    ],
)
def test_masks_show_a_letter_and_the_domain(address: str, masked: str) -> None:
    """A name of one letter, and what is no address, show nothing."""
    assert mask_address(address) == masked
