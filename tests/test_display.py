"""Results show themselves in a notebook: escaped, in its own ink, as text too, and without addresses."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import deliverlab as dl
from deliverlab.display import bundle, folded, paragraph, points, table
from deliverlab.pipeline.checklists import Checklist

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT, AS_OF = "acct-0002", "2026-06-30"


class Reader(HTMLParser):
    """Reads HTML as a browser does, and keeps its tags and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.text = set[str](), ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Keep a tag's name."""
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


@pytest.fixture(scope="module")
def results(sample: Path) -> dict[str, Any]:
    """One of each that an analyst is likely to have at the end of a cell."""
    policy = dl.Policy.preset("hubspot-like")
    history = dl.open_history(sample)
    result = dl.simulate(history, policy=policy, scenario=dl.Scenario.after(days=5))
    case = dl.open_case(sample, ACCOUNT, as_of=AS_OF)
    checklist = Checklist(data=sample, account_id=ACCOUNT, as_of=case.as_of, metric=None, peer_rate=None)
    return {
        "policy": policy, "simulation": result, "explanation": dl.explain(result, ACCOUNT),
        "case": case, "checklist": checklist,
    }  # fmt: skip


KINDS = ("policy", "simulation", "explanation", "case", "checklist")


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_shows_itself_as_html_and_as_text(results: dict[str, Any], kind: str) -> None:
    """Both are there, the same every time, and neither is what a machine would say of an object."""
    shown = results[kind]._repr_mimebundle_()

    assert list(shown) == ["text/html", "text/plain"]
    assert shown == results[kind]._repr_mimebundle_()
    assert shown["text/plain"].strip()
    assert " object at 0x" not in str(shown)
    assert "shape: (" not in str(shown)


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_takes_the_ink_of_the_notebook(results: dict[str, Any], kind: str) -> None:
    """It names no colour of its own, so that it reads on light and on dark, and brings no script."""
    html = results[kind]._repr_mimebundle_()["text/html"]

    assert not re.search(r"#[0-9a-f]{3,8}\b|rgba?\(|(?<!background:current)(?<!-)color\s*:", html, re.I)
    assert not Reader(html).tags & {"script", "style", "link", "img", "iframe"}


@pytest.mark.parametrize("kind", ["case", "checklist"])
def test_a_contact_review_that_is_shown_names_no_address(results: dict[str, Any], kind: str) -> None:
    """An address in a saved notebook is one that was handed out; neither HTML nor text nor `repr` has one."""
    review = results[kind]
    known = review.decisions["email"].to_list()

    for said in (*review._repr_mimebundle_().values(), repr(review), str(review)):
        assert not [address for address in known if address in said]
        assert "160 of 205 contacts to remove, 11 to ask again, 34 to keep" in said


def test_a_policy_says_its_rules_before_its_exceptions(results: dict[str, Any]) -> None:
    """What most readers need stands open: rules and stages; exceptions and sources are folded away."""
    html = results["policy"]._repr_mimebundle_()["text/html"]

    is_open = re.sub(r"<details.*?</details>", "", html)
    assert "above 2.5%" in is_open
    assert "may escalate after 7 days" in is_open
    assert "Construction" not in is_open
    assert "<summary>21 exceptions</summary>" in html


def test_a_simulation_says_how_many_got_a_notice(results: dict[str, Any]) -> None:
    """The sum first, then who stands where and what the steps were for."""
    text = Reader(results["simulation"]._repr_mimebundle_()["text/html"]).text

    assert "59 of 179 accounts got a notice by 30 June 2026." in text
    assert "a rule was breached199" in text


@given(st.text(min_size=1))
def test_whatever_is_said_is_text(said: str) -> None:
    """No name, reason or address can open a tag, wherever it is put."""
    hostile, harmless = (_everywhere(words) for words in (said, "x"))

    assert hostile.count("<") == harmless.count("<")
    assert hostile.count('"') == harmless.count('"')
    assert Reader(hostile).tags == Reader(harmless).tags


def _everywhere(said: str) -> str:
    """HTML with these words in every place that takes any."""
    return bundle(
        paragraph(said, strong=said), points([said]), table([said, "n"], [(said, 1)]),
        folded(said, paragraph(said)), text=said,
    )["text/html"]  # fmt: skip
