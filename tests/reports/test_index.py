"""The index links every page; the page of failures tells what went wrong."""

from pathlib import Path

from deliverlab.reports.index import Entry, failures_page, index_page
from deliverlab.reports.making import Job, Report
from tests.reports.fakes import HOSTILE


def test_every_account_is_a_row_with_its_links() -> None:
    """Name, facts in columns, links to pages; and links to the pages about no single account."""
    entries = [
        Entry(name="Shop", facts={"Stage": "Probation"}, links={"Health": "health-a.html"}),
        Entry(name="Tours", facts={"Stage": "Good standing"}, links={"Health": "health-b c.html"}),
    ]

    html = index_page(entries, title="Mail health", facts=["30 June"], links={"Portfolio": "portfolio.html"})

    assert html.count("<tr>") == 3
    assert '<a href="health-a.html">Health</a>' in html
    assert '<a href="health-b%20c.html">Health</a>' in html
    assert '<a href="portfolio.html">Portfolio</a>' in html
    assert "2 accounts" in html


def test_an_index_of_nothing_has_no_table() -> None:
    """A run with nobody in it is a page all the same."""
    assert "<table" not in index_page([], title="Mail health")


def test_nothing_hostile_gets_through() -> None:
    """Names and facts are text, and a link leads to a file beside the index."""
    entry = Entry(name=HOSTILE, facts={"Stage": HOSTILE}, links={HOSTILE: "javascript:alert(1)"})

    html = index_page([entry], title=HOSTILE, facts=[HOSTILE], notices=[HOSTILE])

    assert "alert('x')</script>" not in html
    assert 'href="javascript:' not in html


def test_failures_are_told() -> None:
    """A line, the parameters, and the traceback, as text."""
    job = Job(notebook=Path("n.ipynb"), parameters={"account_id": HOSTILE}, stem="s", title=HOSTILE)

    html = failures_page([Report(job=job, failure="ValueError: <b>", traceback="line 1 <b>")])

    assert "ValueError: &lt;b&gt;" in html
    assert "<pre>line 1 &lt;b&gt;</pre>" in html
    assert "account_id: &lt;script&gt;" in html
    assert "1 failed" in html
