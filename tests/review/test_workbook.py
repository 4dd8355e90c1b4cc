"""A checklist as a workbook, read back: every cell a text or a number, nothing that runs, nothing lost."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl

from deliverlab.review import workbook
from deliverlab.review.checklist import checklist_groups
from deliverlab.review.decisions import contact_decisions
from deliverlab.review.workbook import checklist_workbook
from tests.review.lists import AS_OF, contacts_with
from tests.review.test_decisions import HOSTILE

if TYPE_CHECKING:
    import pytest

HOSTILE_CONTACTS = contacts_with(
    *({"email": f"{words}{place}@example.com", "consent": "none"} for place, words in enumerate(HOSTILE))
)
DECISIONS = contact_decisions(HOSTILE_CONTACTS, as_of=AS_OF).collect()
GROUPS = checklist_groups(DECISIONS).collect()


def written(*, show_addresses: bool = False) -> bytes:
    """A workbook about an account with a hostile name."""
    return checklist_workbook(
        DECISIONS, GROUPS, about={"Name": "=HYPERLINK(1)"}, as_of=AS_OF, show_addresses=show_addresses
    )


def cells(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """The values of each sheet, row by row, and the promise that none is a formula or a link."""
    book = openpyxl.load_workbook(BytesIO(content))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "inlineStr"), cell.coordinate
                assert cell.hyperlink is None
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_hostile_words_come_back_as_they_were() -> None:
    """Formulas, markup, paths, turned and endless names are texts, letter by letter."""
    sheets = cells(written(show_addresses=True))

    header, *rows = sheets["Contacts"]
    assert header == ("account_id", "email", "decision", "reasons", "evidence")
    assert {row[1] for row in rows} == set(DECISIONS["email"])
    assert ("Name", "=HYPERLINK(1)") in sheets["About"]


def test_texts_stay_texts_when_they_are_edited() -> None:
    """Every text has Excel's quote prefix."""
    book = openpyxl.load_workbook(BytesIO(written()))

    assert all(cell.quotePrefix for cell in book["About"]["B"][1:])


def test_the_first_line_says_whether_there_are_addresses() -> None:
    """And no address stands in a workbook that says so."""
    masked, clear = written(), written(show_addresses=True)

    assert cells(masked)["About"][1][1].startswith("Holds no address.")
    assert cells(clear)["About"][1][1].startswith("Holds addresses in clear.")
    contacts = cells(masked)["Contacts"]
    assert contacts[0][1] == "masked_email"
    assert not {row[1] for row in contacts} & set(DECISIONS["email"])


def test_the_same_list_is_the_same_bytes() -> None:
    """Nothing of the clock is in the file."""
    assert written() == written()


def test_long_lists_go_on_in_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel's rows end at some point, contacts do not."""
    monkeypatch.setattr(workbook, "LONGEST_SHEET", 4)

    sheets = cells(written())

    assert [len(sheets[name]) - 1 for name in ("Contacts", "Contacts 2")] == [4, len(HOSTILE) - 4]


def test_an_empty_list_has_its_sheets() -> None:
    """An account without contacts gets a file that says so."""
    content = checklist_workbook(DECISIONS.clear(), GROUPS.clear(), about={}, as_of=AS_OF)

    assert list(cells(content)) == ["About", "Groups", "Contacts"]


def test_what_no_cell_can_hold_is_cut() -> None:
    """Excel refuses texts of more than 32,767 characters."""
    long = DECISIONS.head(1).with_columns(evidence=pl.lit(["x" * 40_000]).cast(pl.List(pl.String)))

    sheets = cells(checklist_workbook(long, GROUPS, about={}, as_of=AS_OF))

    assert len(sheets["Contacts"][1][4]) == 32_767
