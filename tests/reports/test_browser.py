"""Pages in a real browser without a network: charts drawn, no request, no error, no scrolling sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deliverlab import reports
from deliverlab.reports.index import Entry, index_page
from deliverlab.reports.pages import Script, page, vega_script
from tests.reports.fakes import HOSTILE, a_case, a_portfolio
from tests.reports.notebooks import a_notebook, shown
from tests.reports.test_timeline_chart import FakeExplained

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

MARKS = ", ".join(f"svg .mark-{kind} path" for kind in ("line", "rect", "area", "symbol"))
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def account_page() -> str:
    """All of an account's page."""
    case = a_case()
    pieces = (
        reports.heading, reports.banner, reports.standing, reports.snapshot, reports.last_month,
        reports.trend, reports.what_to_do, reports.what_next, reports.sensitivity,
    )  # fmt: skip
    return page(a_notebook(*(shown(piece(case)) for piece in pieces)), title="Mail health")


def portfolio_page() -> str:
    """All of the portfolio's page."""
    portfolio = a_portfolio()
    pieces = (
        reports.overview, reports.stages_by_grade, reports.queue, reports.first_look, reports.industries,
        reports.stages, reports.changes, reports.is_it_fair, reports.notes,
    )  # fmt: skip
    return page(a_notebook(*(shown(piece(portfolio)) for piece in pieces)), title="Portfolio")


def timeline_page() -> str:
    """An account's days under a policy, and its steps."""
    explained = FakeExplained()
    pieces = (reports.timeline, reports.explained_steps)
    return page(a_notebook(*(shown(piece(explained)) for piece in pieces)), title="Timeline")


def review_page() -> str:
    """All of a checklist."""
    case = a_case()
    pieces = (
        reports.review_heading, reports.banner, reports.to_review, reports.what_it_changes,
        reports.where_from, reports.checklist,
    )  # fmt: skip
    return page(a_notebook(*(shown(piece(case)) for piece in pieces)), title="Contact review")


def accounts_index() -> str:
    """An index of thirty accounts."""
    entries = [
        Entry(
            name=HOSTILE if number == 7 else f"Account {number}",
            facts={"Stage": "Probation" if number % 2 else "Good standing", "Score": str(number)},
            links={"Health": f"health-{number}.html", "Checklist": f"checklist-{number}.html"},
        )
        for number in range(30)
    ]
    return index_page(entries, title="Mail health", links={"Portfolio": "portfolio.html"}, groups=("Stage",))


def opened(
    browser: Browser, path: Path, html: str, *, size: dict[str, int], scheme: str
) -> tuple[Page, list[str]]:
    """The page as it stands once its charts are drawn, and what it complained of or asked for."""
    path.write_text(html, encoding="utf-8")
    context = browser.new_context(offline=True, viewport=size, color_scheme=scheme)  # type: ignore[arg-type]  # literals
    tab = context.new_page()
    trouble: list[str] = []
    tab.on("console", lambda message: trouble.append(f"{message.type}: {message.text}"))
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    expected = (path.as_uri(), "data:,")
    tab.on("request", lambda request: trouble.append(request.url) if request.url not in expected else None)
    tab.goto(path.as_uri())
    if '<figure class="chart">' in html:
        tab.wait_for_selector("html[data-drawn]", timeout=20_000)
    return tab, trouble


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("written", "charts"),
    [(account_page, 2), (portfolio_page, 3), (review_page, 0), (accounts_index, 0), (timeline_page, 1)],
    ids=["account", "portfolio", "review", "index", "timeline"],
)
def test_a_page_stands_on_its_own(
    browser: Browser,
    tmp_path: Path,
    written: Callable[[], str],
    charts: int,
    size: dict[str, int],
    scheme: str,
) -> None:
    """With the network off every chart is drawn, nothing is asked for, nothing reaches out of the screen."""
    tab, trouble = opened(browser, tmp_path / "page.html", written(), size=size, scheme=scheme)

    assert trouble == []
    assert tab.locator("figure.chart").count() == charts
    for figure in tab.locator("figure.chart").all():
        assert figure.locator(MARKS).count() > 0
        assert "NaN" not in figure.locator("svg").first.inner_html()
    assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
    tab.context.close()


def test_pages_share_one_script_and_let_in_no_other(browser: Browser, tmp_path: Path) -> None:
    """The file beside a page draws its charts; one that somebody put into the page by force does not run."""
    (tmp_path / "vega.js").write_text(vega_script(), encoding="utf-8")
    (tmp_path / "evil.js").write_text("document.title = 'taken over';", encoding="utf-8")
    script = Script(vega_script(), file="vega.js")
    trend = shown(reports.trend(a_case()))
    html = page(a_notebook(trend), title="Mail health", vega=script)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    forced = '</main><script src="evil.js"></script><script>document.title = "taken over"</script>'
    (tmp_path / "forced.html").write_text(html.replace("</main>", forced), encoding="utf-8")
    trouble: list[str] = []

    tab = browser.new_context(offline=True).new_page()
    tab.on("console", lambda message: trouble.append(message.text))
    for name in ("page.html", "forced.html"):
        trouble.clear()
        tab.goto((tmp_path / name).as_uri())
        tab.wait_for_selector("html[data-drawn]", timeout=20_000)
        assert tab.locator(MARKS).count() > 0
        assert tab.title() == "Mail health"
        assert len(trouble) == (0 if name == "page.html" else 2)
    assert len(html) < 200_000
    tab.context.close()


def test_text_stands_out_in_the_dark(browser: Browser, tmp_path: Path) -> None:
    """A chart's letters take the ink of the page, so that they are light on dark."""
    tab, _ = opened(browser, tmp_path / "page.html", account_page(), size=DESK, scheme="dark")

    inks = tab.evaluate(
        "[...document.querySelectorAll('.drawing svg text')].map(text => getComputedStyle(text).fill)"
    )

    assert inks
    assert set(inks) == {"rgb(232, 234, 237)"}
    tab.context.close()


def test_the_index_can_be_grouped(browser: Browser, tmp_path: Path) -> None:
    """Rows stand under what they share, with their number; a search counts what is left, sorting stays."""
    tab, trouble = opened(browser, tmp_path / "index.html", accounts_index(), size=DESK, scheme="light")

    tab.get_by_role("button", name="Score").click()
    tab.get_by_role("button", name="Score").click()
    tab.get_by_label("Group by").select_option("Stage")

    headings = tab.locator("table.index tr.group th")
    assert headings.all_inner_texts() == ["Good standing (15)", "Probation (15)"]
    assert tab.locator("table.index tbody tr").nth(1).locator("th").inner_text() == "Account 28"
    tab.get_by_label("Search").fill("probation account 1")
    assert headings.all_inner_texts() == ["Probation (7)"]
    tab.get_by_label("Search").fill("")
    tab.get_by_label("Group by").select_option("nothing")
    assert tab.locator("table.index tbody tr").count() == 30
    assert trouble == []
    tab.context.close()


def test_the_index_can_be_searched_and_sorted(browser: Browser, tmp_path: Path) -> None:
    """Typing narrows the rows, pressing a heading sorts them, numbers as numbers, and again backwards."""
    tab, trouble = opened(browser, tmp_path / "index.html", accounts_index(), size=DESK, scheme="light")
    rows = tab.locator("table.index tbody tr:visible")

    tab.get_by_label("Search").fill("probation account 1")
    assert rows.count() == 7
    assert tab.locator("#found").inner_text() == "7 found"
    tab.get_by_label("Search").fill("")
    tab.get_by_role("button", name="Score").click()
    tab.get_by_role("button", name="Score").click()

    assert rows.first.locator("th").inner_text() == "Account 29"
    assert tab.locator("th[aria-sort=descending]").count() == 1
    assert trouble == []
    tab.context.close()
