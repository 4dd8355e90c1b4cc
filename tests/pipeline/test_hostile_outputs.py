"""Hostile names through every output of a review: pages in a browser, CSV and XLSX in readers."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest

from deliverlab.pipeline.batch import write_reports
from deliverlab.pipeline.directory import write_table
from deliverlab.schemas import COUNTS, Accounts, Contacts, Daily
from tests.reports.test_browser import DESK, PHONE, opened
from tests.review.test_decisions import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

AS_OF = date(2026, 6, 30)
# Two accounts: who they are is hostile too.
ACCOUNTS = {"../../etc/<script>alert(1)</script>": "x" * 10_000, '=HYPERLINK("http://x.example")': HOSTILE[3]}
RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checklists of both accounts, with addresses in clear: nothing is hidden by a mask."""
    data = tmp_path_factory.mktemp("hostile") / "data"
    days = [AS_OF - timedelta(days=back) for back in range(40)]
    facts = dict.fromkeys(Accounts.column_names())
    names = [facts | {"account_id": name, "name": words, "label": None} for name, words in ACCOUNTS.items()]
    write_table(data, Accounts, pl.DataFrame(names, schema=Accounts.create_empty().schema))
    counts = dict.fromkeys(COUNTS, 0) | {"sent": 100, "delivered": 90, "hard_bounces": 10}
    daily = [{"account_id": name, "day": day, **counts} for name in ACCOUNTS for day in days]
    write_table(data, Daily, pl.DataFrame(daily, schema=Daily.create_empty().schema))
    listed = [
        dict.fromkeys(Contacts.column_names())
        | dict.fromkeys(("consent_source", "consent_means", "brand", "import_id"), words)
        | {"account_id": name, "email": f"{words}{place}@example.com", "status": "active"}
        | {"consent": "single_opt_in", "created_at": datetime(2026, 5, 1, tzinfo=UTC)}
        for name in ACCOUNTS
        for place, words in enumerate(HOSTILE)
    ]
    write_table(data, Contacts, pl.DataFrame(listed, schema=Contacts.create_empty().schema))
    folder = tmp_path_factory.mktemp("hostile-out")
    batch = write_reports(
        data, kinds=["checklist"], accounts="all", as_of=AS_OF, out=folder, policy="hubspot-like",
        stage_from="enforcement", show_addresses=True,
    )  # fmt: skip
    assert batch.failures == 0
    return folder


def test_files_are_named_by_nothing_of_the_data(out: Path) -> None:
    """Letters, digits and dashes; every file lies in the folder, and says where it holds addresses."""
    files = [path for path in out.rglob("*") if path.is_file()]

    # page, notebook, stamp, CSV and XLSX each; index, run.json, results.jsonl, and the shared script
    assert len(files) == 2 * 5 + 4
    for path in files:
        assert re.fullmatch(r"[a-z0-9-]{1,80}\.(html|ipynb|csv|xlsx|jsonl?|js)", path.name)
        assert out in path.resolve().parents
    assert len([path for path in files if path.stem.endswith("-with-addresses")]) == 4


def test_pages_show_hostile_names_as_text(out: Path, browser: Browser, tmp_path: Path) -> None:
    """In a browser without a network no script runs, nothing is asked for, and names stand there."""
    for number, path in enumerate(sorted(out.glob("checklist-*.html"))):
        for size in (PHONE, DESK):
            html = path.read_text()
            tab, trouble = opened(browser, tmp_path / f"{number}.html", html, size=size, scheme="light")

            assert trouble == []
            text = tab.locator("main").text_content() or ""
            assert all(words[:50] in text for words in HOSTILE)
            assert tab.locator("script").count() == 0
            assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
            assert "in clear" in text
            tab.context.close()


def test_a_page_is_worked_through_by_keyboard_and_printed(
    out: Path, browser: Browser, tmp_path: Path
) -> None:
    """Tab reaches every box in the order of the page and Space ticks it; on paper every contact is there."""
    path = sorted(out.glob("checklist-*.html"))[0]
    tab, _ = opened(browser, tmp_path / "page.html", path.read_text(), size=DESK, scheme="light")
    reachable = tab.locator("input[type=checkbox], summary")
    for place in range(reachable.count()):
        tab.keyboard.press("Tab")
        assert reachable.nth(place).evaluate("element => element === document.activeElement")
        tab.keyboard.press("Space")
    boxes = tab.locator("input[type=checkbox]")

    assert boxes.count() > 1
    assert all(box.is_checked() for box in boxes.all())
    assert tab.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
    tab.emulate_media(media="print")
    assert all(contact.is_visible() for contact in tab.locator(".contacts li").all())
    tab.context.close()


def test_no_cell_of_a_csv_runs(out: Path) -> None:
    """No cell begins as a formula, and no address is lost."""
    for path in out.glob("checklist-*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(HOSTILE)
        assert not [cell for row in rows for cell in row.values() if cell.startswith(RUNS)]
        emails = {row["email"].removeprefix("'") for row in rows}
        assert emails == {f"{words}{place}@example.com" for place, words in enumerate(HOSTILE)}


def test_no_cell_of_a_workbook_runs(out: Path) -> None:
    """Every cell is a text or a number, and the texts are whole."""
    for path in out.glob("checklist-*.xlsx"):
        book = openpyxl.load_workbook(path)
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
        assert not [cell for cell in cells if cell.hyperlink]
        assert {f"{words}{place}@example.com" for place, words in enumerate(HOSTILE)} <= {
            cell.value for cell in cells
        }
