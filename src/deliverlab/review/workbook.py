"""A checklist as an Excel workbook: what it is, its groups, its contacts; every cell is text or a number."""

from __future__ import annotations

from datetime import UTC, datetime, time
from io import BytesIO
from typing import TYPE_CHECKING, Any

from deliverlab.review.export import HOLDS_ADDRESSES, HOLDS_NO_ADDRESS, contact_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

LONGEST_CELL = 32_767  # characters, what Excel can hold
LONGEST_SHEET = 1_000_000  # rows of contacts, a little less than Excel can hold
WIDTHS = {"evidence": 70, "reasons": 40, "words": 44, "what": 24, "is": 80}


def checklist_workbook(
    decisions: pl.DataFrame,
    groups: pl.DataFrame,
    /,
    *,
    about: Mapping[str, str],
    as_of: date,
    show_addresses: bool = False,
) -> bytes:
    """The bytes of an XLSX file with the sheets About, Groups and Contacts; the same input, the same bytes.

    About says first whether the file holds addresses, then what `about` says. A text that begins as a formula
    is kept as it is, as a text, and stays one when its cell is edited (Excel's quote prefix). Very long texts
    are cut, very long lists go on in further sheets.
    """
    import polars as pl
    from xlsxwriter import Workbook

    target = BytesIO()
    book = Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"created": datetime.combine(as_of, time(), tzinfo=UTC).replace(tzinfo=None)})
    notice = HOLDS_ADDRESSES if show_addresses else HOLDS_NO_ADDRESS
    facts = {"Addresses": notice, **about}
    _write(book, "About", pl.DataFrame({"what": list(facts), "is": list(facts.values())}))
    _write(book, "Groups", groups.with_columns(pl.col(pl.Enum, pl.Boolean).cast(pl.String)))
    rows = contact_rows(decisions, show_addresses=show_addresses)
    for number, start in enumerate(range(0, max(rows.height, 1), LONGEST_SHEET), start=1):
        name = "Contacts" if number == 1 else f"Contacts {number}"
        _write(book, name, rows.slice(start, LONGEST_SHEET))
    book.close()
    return target.getvalue()


def _write(book: Any, name: str, rows: pl.DataFrame) -> None:  # noqa: ANN401  xlsxwriter has no types
    """A sheet with a header that stays in sight, and filters."""
    head, text = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(rows.columns):
        sheet.set_column(place, place, WIDTHS.get(column, 18))
        sheet.write_string(0, place, column, head)
    for line, row in enumerate(rows.iter_rows(), start=1):
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(line, place, cell[:LONGEST_CELL], text)
            elif cell is not None:
                sheet.write_number(line, place, cell)
    sheet.autofilter(0, 0, rows.height, max(rows.width - 1, 0))
