"""Pages in another language say everything in it, and judge and name the same."""

from __future__ import annotations

import json
from datetime import date
from html import unescape
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

import deliverlab as dl
from deliverlab.language import _language
from deliverlab.pipeline.batch import Batch, write_reports
from tests.reports.test_browser import PHONE, opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

AS_OF = date(2026, 6, 30)
STAGED = "acct-0002"
SURELY_ENGLISH = 12  # letters from which on a sentence is not by chance a part of another language's


@pytest.fixture(scope="module")
def swedish(walked: Path, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """An account's page and its checklist in Swedish."""
    return write_reports(
        walked, kinds=["health", "checklist"], accounts=STAGED, as_of=AS_OF, policy="hubspot-like",
        out=tmp_path_factory.mktemp("swedish"), stage_from="enforcement", language="sv", standalone=True,
    )  # fmt: skip


def test_no_english_sentence_is_left(swedish: Batch) -> None:
    """Headings, sentences, tables, charts, advice and evidence are all in Swedish."""
    translated = {
        english: said
        for english, said in _language("sv").sentences.items()
        if english != said and "{" not in english and len(english) >= SURELY_ENGLISH
    }
    for report in swedish.reports:
        assert report.path is not None, report.failure
        page = unescape(report.path.read_text())
        body = page[page.index("<body>") :]
        assert '<html lang="sv">' in page
        assert [english for english in translated if english in body] == []
        assert sum(said in body for said in translated.values()) > 20


def test_the_page_says_that_it_is_a_translation(swedish: Batch) -> None:
    """And which language holds where the two differ."""
    for report in swedish.reports:
        assert report.path is not None
        assert "gäller den engelska" in report.path.read_text()


def test_lists_and_verdicts_are_the_same_in_every_language(walked: Path, swedish: Batch) -> None:
    """Grade and stage are codes, and the number that names a checklist does not hang on its words."""
    english = dl.open_case(walked, STAGED, as_of=AS_OF)
    case = dl.open_case(walked, STAGED, as_of=AS_OF, language="sv")
    recorded = [
        json.loads(line) for line in (swedish.index.parent / "results.jsonl").read_text().splitlines()
    ]

    assert case.checklist_hash == english.checklist_hash
    assert case.decisions.equals(english.decisions)
    assert case.health.equals(english.health)
    assert case.told.drop("evidence").equals(english.decisions.drop("evidence"))
    assert not case.told.equals(english.decisions)
    assert {row["grade"] for row in recorded} == {"poor"}


def test_the_page_reads_well_on_a_phone(swedish: Batch, browser: Browser, tmp_path: Path) -> None:
    """Longer words still fit, charts are drawn with Swedish numbers, and axe finds nothing wrong."""
    path = next(report.path for report in swedish.reports if report.job.stem.startswith("health"))
    assert path is not None

    tab, trouble = opened(browser, tmp_path / "page.html", path.read_text(), size=PHONE, scheme="dark")

    assert trouble == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    trend = str(tab.locator("figure.chart svg").last.text_content()).replace("\xa0", " ")
    assert "juni" in trend
    assert "2 %" in trend
    assert Axe().run(tab).response["violations"] == []
    tab.context.close()


def test_a_language_that_is_not_there_makes_no_page(walked: Path, tmp_path: Path) -> None:
    """One line, before anything runs."""
    with pytest.raises(dl.errors.DataError, match="language == 'xx', must be one of en, sv"):
        write_reports(
            walked, kinds=["health"], accounts=STAGED, as_of=AS_OF, policy="hubspot-like",
            out=tmp_path, stage_from="enforcement", language="xx",
        )  # fmt: skip
