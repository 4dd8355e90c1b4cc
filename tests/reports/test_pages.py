"""A page is one file that asks nobody for anything, and runs nothing but its own scripts."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from deliverlab import reports
from deliverlab.reports.pages import inline_json, inline_script, page
from tests.reports.fakes import HOSTILE, a_case, a_portfolio
from tests.reports.notebooks import a_notebook, code_cell, prose, shown

VEGA = "window.vegaEmbed = () => {};  // </script> <!--"


class Reader(HTMLParser):
    """What a browser would see: elements with their attributes, and the text of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a script's text."""
        if self.elements and self.elements[-1][0] == "script" and data.strip():
            self.scripts.append(data)


def account_page() -> str:
    """The page of an account with a hostile name."""
    case = a_case()
    pieces = (
        reports.heading,
        reports.banner,
        reports.standing,
        reports.snapshot,
        reports.trend,
        reports.what_next,
    )
    return page(a_notebook(*(shown(piece(case)) for piece in pieces)), title=HOSTILE, vega=VEGA)


def content_policy(html: str) -> str:
    """What the page allows itself."""
    metas = [attributes for tag, attributes in Reader(html).elements if tag == "meta"]
    (policy,) = (meta["content"] for meta in metas if meta.get("http-equiv") == "Content-Security-Policy")
    return policy or ""


def test_a_page_loads_nothing() -> None:
    """No element names anything outside the page, and the policy forbids it were there one."""
    html = account_page()

    for tag, attributes in Reader(html).elements:
        assert tag not in {"iframe", "object", "embed", "img", "base", "form"}, tag
        for name in ("src", "srcset", "data", "action", "background", "poster"):
            assert name not in attributes, (tag, name)
        if tag == "link":
            assert attributes["href"] == "data:,"
    assert "@import" not in html
    assert not re.search(r"url\(", html)
    assert content_policy(html).startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src" not in content_policy(html)


def test_only_the_pages_own_scripts_run() -> None:
    """The policy names the scripts by their hashes: there are two, and the others are data."""
    html = account_page()

    scripts = [attributes.get("type") for tag, attributes in Reader(html).elements if tag == "script"]
    assert scripts == ["application/json", "application/json", None, None]
    hashes = re.findall(r"'(sha256-[^']+)'", content_policy(html))
    runnable = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in runnable]
    assert hashes == [f"sha256-{digest}" for digest in digests]


def test_a_page_without_charts_has_no_script() -> None:
    """A checklist weighs no more than its words."""
    html = page(a_notebook(shown(reports.banner(a_case()))), title="x", vega=VEGA)

    assert "<script" not in html
    assert "script-src 'none'" in content_policy(html)


def test_charts_travel_whole() -> None:
    """The specification in the page is the chart's, its title stands in the page, its words are its label."""
    chart = reports.trend(a_case())

    html = page(a_notebook(shown(chart)), title="x", vega=VEGA)

    reader = Reader(html)
    drawn = json.loads(reader.scripts[0])
    assert drawn["width"] == "container"
    changed = {"title", "width", "autosize"}
    assert {k: v for k, v in drawn.items() if k not in changed} == {
        k: v for k, v in chart.spec.items() if k not in changed
    }
    assert "<strong>Hard bounce rate over time</strong>" in html
    labels = [
        attributes["aria-label"] for _, attributes in reader.elements if attributes.get("role") == "img"
    ]
    assert labels == [chart.words]


def test_hostile_names_stay_text() -> None:
    """Neither markup, nor a title, nor the data of a chart can leave its place."""
    portfolio = a_portfolio()
    pieces = (reports.overview, reports.queue, reports.first_look, reports.industries, reports.changes)
    html = page(a_notebook(*(shown(piece(portfolio)) for piece in pieces)), title=HOSTILE, vega=VEGA)

    assert "alert('x')</script>" not in html
    assert "<title>&lt;script&gt;" in html
    specs = [json.loads(text) for text in Reader(html).scripts[:2]]
    names = [row["name"] for rows in specs[0]["datasets"].values() for row in rows]
    assert HOSTILE in names


def test_code_and_cells_for_the_analyst_stay_away() -> None:
    """A page shows prose and results; source, and cells tagged remove-cell, stay in the notebook."""
    notebook = a_notebook(
        prose("# For analysts", "remove-cell"),
        prose("## Why?"),
        code_cell("secret_source()"),
        shown(reports.banner(a_case()), "remove-cell"),
    )

    html = page(notebook, title="x")

    assert "<h2>Why?</h2>" in html
    for absent in ("For analysts", "secret_source", "hard bounce rate is poor"):
        assert absent not in html


def test_markdown_holds_no_html() -> None:
    """HTML in prose is shown; a link that runs something is no link."""
    html = page(a_notebook(prose("<img src=x> [a](javascript:x) *b* [c](https://example.org)")), title="x")

    assert "&lt;img src=x&gt;" in html
    assert 'href="javascript' not in html
    assert "<em>b</em>" in html


def test_plain_results_are_shown_as_text() -> None:
    """A result without a richer form, and what was printed, are text; warnings are not for the reader."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["<b>", "said"]},
        {"output_type": "stream", "name": "stderr", "text": "warned"},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "<i>"},
            "metadata": {},
            "execution_count": 1,
        },
    ]

    html = page(a_notebook(code_cell("x") | {"outputs": outputs}), title="x")

    assert "<pre>&lt;b&gt;said</pre>" in html
    assert "<pre>&lt;i&gt;</pre>" in html
    assert "warned" not in html


@pytest.mark.parametrize("text", ["</script>", "</SCRIPT >", "<!--<script>", "\u2028", "&lt;"])
def test_data_cannot_end_their_script(text: str) -> None:
    """Whatever the data hold, they come back as they were, and no sign of markup stands in them."""
    inlined = str(inline_json({"name": text}))

    assert json.loads(inlined) == {"name": text}
    assert not set("<>&\u2028") & set(inlined)


def test_a_script_cannot_end_itself() -> None:
    """A library may hold the words that would end its element."""
    assert "</script" not in inline_script(VEGA)
    assert "<!--" not in inline_script(VEGA)


def test_the_same_notebook_gives_the_same_page() -> None:
    """Nothing random and no time stands in a page."""
    assert account_page() == account_page()


def test_a_simulated_page_says_so_at_its_top() -> None:
    """Before its name."""
    case = replace(a_case(), is_simulated=True)

    html = page(a_notebook(shown(reports.heading(case))), title="x")

    assert html.index("SIMULATED") < html.index("<h1>")
