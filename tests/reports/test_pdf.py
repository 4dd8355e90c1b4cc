"""Pages as PDF: printed whole with their charts, or one clear line why not."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

import pytest

from deliverlab import reports
from deliverlab.errors import DataError
from deliverlab.reports import pdf
from deliverlab.reports.making import Job
from deliverlab.reports.pages import page
from deliverlab.reports.pdf import find_browser, printed
from deliverlab.reports.run import run_reports
from tests.reports.fakes import a_case
from tests.reports.notebooks import a_notebook, code_cell, shown, written_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CELL = 'from deliverlab.reports.render import Html\nHtml(f"<h1>{whose}</h1>", whose)'


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Each test looks for a browser itself."""
    find_browser.cache_clear()
    yield
    find_browser.cache_clear()


@pytest.fixture
def chromium() -> None:
    """The tests that print are skipped where nothing can."""
    try:
        find_browser()
    except DataError as error:
        pytest.skip(str(error))


@pytest.fixture
def a_job(tmp_path: Path) -> Callable[[str], Job]:
    """Reports to print about somebody."""
    notebook = written_to(
        tmp_path / "n.ipynb", code_cell('whose: str = ""  # whose', "parameters"), code_cell(CELL)
    )

    def about(whose: str) -> Job:
        return Job(
            notebook=notebook, parameters={"whose": whose}, stem=whose, title=whose, inputs="same", pdf=True
        )

    return about


def a_browser_that(folder: Path, does: str) -> None:
    """A program by the name of a browser."""
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.mark.usefixtures("chromium")
def test_a_chart_is_drawn_on_paper(tmp_path: Path) -> None:
    """The trend's line is in the PDF: with it the page is larger than with words alone, and fits A4."""
    case = a_case()
    for name, pieces in (("words", [reports.banner]), ("chart", [reports.banner, reports.trend])):
        cells = [shown(piece(case)) for piece in pieces]  # type: ignore[operator]  # pieces of one kind
        (tmp_path / f"{name}.html").write_text(page(a_notebook(*cells), title=name))

    words, chart = (printed(tmp_path / f"{name}.html") for name in ("words", "chart"))

    assert words.startswith(b"%PDF-")
    assert len(chart) > 1.2 * len(words)
    assert re.search(rb"/MediaBox\s*\[0 0 59[45][.\d]* 84[12][.\d]*\]", chart)


@pytest.mark.usefixtures("chromium")
def test_a_batch_prints_its_pages_once(tmp_path: Path, a_job: Callable[[str], Job]) -> None:
    """A PDF stands beside each page; a run that finds one missing makes that one again, and no other."""
    out = tmp_path / "out"
    first = run_reports([a_job("a"), a_job("b")], out=out, vega="x")
    assert [report.failure for report in first] == [None, None]
    before = {name: (out / name).stat().st_mtime_ns for name in ("a.pdf", "b.pdf")}
    (out / "b.pdf").unlink()

    again = run_reports([a_job("a"), a_job("b")], out=out, vega="x")

    assert [report.failure for report in again] == [None, None]
    assert (out / "a.pdf").stat().st_mtime_ns == before["a.pdf"]
    assert (out / "b.pdf").read_bytes().startswith(b"%PDF-")


def test_without_a_browser_nothing_begins(
    tmp_path: Path, a_job: Callable[[str], Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line that names what would do, before the first report is made."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(DataError, match="no Chromium is installed, must be one of chromium,"):
        run_reports([a_job("a")], out=tmp_path / "out", vega="x")
    assert not (tmp_path / "out").exists()


def test_a_page_that_is_not_printed_is_a_failure(
    tmp_path: Path, a_job: Callable[[str], Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser's last words are the reason, and no page is left without its PDF."""
    a_browser_that(tmp_path, "echo out of paper >&2; exit 3")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    out = tmp_path / "out"

    (report,) = run_reports([a_job("a")], out=out, vega="x")

    assert report.failure == "RuntimeError: a.html: no PDF was printed (out of paper)"
    assert not [path for path in out.rglob("*") if path.is_file()]


def test_a_browser_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A print has a deadline of its own."""
    a_browser_that(tmp_path, "exec sleep 60")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(pdf, "DEADLINE", 0.2)

    with pytest.raises(RuntimeError, match=r"page\.html: no PDF was printed within 0\.2 seconds"):
        printed(tmp_path / "page.html")
