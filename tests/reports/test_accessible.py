"""Every page as those see it who read with a keyboard, a screen reader or weak eyes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from deliverlab.reports.pages import page
from tests.notebooks.make import HERE, PARAMETERS
from tests.reports.test_browser import DESK, PHONE, accounts_index, opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

PAGES = {stem: HERE / f"{stem}.ipynb" for stem in PARAMETERS}


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone, dark"])
@pytest.mark.parametrize("kind", [*PAGES, "index"])
def test_axe_finds_nothing_wrong(
    browser: Browser, tmp_path: Path, kind: str, size: dict[str, int], scheme: str
) -> None:
    """Contrast, headings, landmarks, names of controls and words for pictures: no rule of axe is broken."""
    html = page(json.loads(PAGES[kind].read_text()), title=kind) if kind in PAGES else accounts_index()
    tab, trouble = opened(browser, tmp_path / "page.html", html, size=size, scheme=scheme)

    found = Axe().run(tab).response["violations"]

    assert {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in found} == {}
    assert trouble == []
    tab.context.close()
