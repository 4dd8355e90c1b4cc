"""Every English sentence that an account may be told: the keys that each catalogue must have."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2.nodes
from jinja2 import Environment

from deliverlab.health.advice import _CALLED
from deliverlab.health.next_steps import BOUNCE_WORDS, NEXT_STEPS
from deliverlab.health.sensitivity import ITSELF, OTHER_DENOMINATOR, WINDOWS
from deliverlab.metrics import METRICS
from deliverlab.pipeline.batch import KINDS
from deliverlab.reports import account_texts, charts, review_texts, texts
from deliverlab.review.permission import PROOF
from deliverlab.review.reasons import REASONS
from deliverlab.review.steps import ATTESTATION, STEPS
from deliverlab.schemas import CONTACT_AGES, CONTACT_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "deliverlab"
SAID = {
    "say": (0, 1),
    "told": (0, 1),
    "say_many": (0, 2),
    "counted": (1, 3),
}  # where sentences stand in calls
NAMED = ("missing", "event", "listed")  # arguments that are sentences
NOTEBOOKS = ("2_account_health.ipynb", "3_reviewer_checklist.ipynb")
NO_SENTENCES = {"FORESEEN", "GOOD", "NOT_ENOUGH_MAIL", "UNKNOWN_INDUSTRY"}  # but codes
FOR_TEAMS = {"NO_STEPS", "UNTIL_THE_NEXT_STEP", "NOBODY_STANDS_OUT", "GROUPED_BY"}  # on no page of an account


def all_sentences() -> set[str]:
    """Those in calls, in tables of words, in templates, and in the prose of notebooks."""
    return {*_called(), *_tables(), *_templates(), *_prose()}


def _called() -> Iterator[str]:
    """What is written where it is said."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first, last = SAID.get(node.func.id, (0, 0))
                named = [word.value for word in node.keywords if word.arg in NAMED]
                yield from _texts([*node.args[first:last], *named])
            elif isinstance(node, ast.arguments):
                defaults = zip(node.kwonlyargs, node.kw_defaults, strict=True)
                yield from _texts([default for arg, default in defaults if arg.arg in NAMED])


def _texts(nodes: Sequence[ast.expr | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _tables() -> Iterator[str]:
    for module in (texts, account_texts, review_texts):
        for name, value in vars(module).items():
            if name.isupper() and name not in FOR_TEAMS | NO_SENTENCES:
                yield from _strings(value)
    yield from (charts.YOU, charts.THEY, ATTESTATION, ITSELF, "family", *OTHER_DENOMINATOR)
    yield from (f"{days} days" for days in WINDOWS)
    yield from (*_CALLED.values(), *BOUNCE_WORDS.values(), *NEXT_STEPS.values(), *CONTACT_AGES)
    yield from (*CONTACT_STATUSES, *PROOF.values())
    yield from (reason.words for reason in REASONS.values())
    yield from (kind.title for kind in KINDS.values() if kind.is_about_account)
    for metric in METRICS.values():
        yield from (metric.words, metric.event_words, metric.denominator_words)
    for step in STEPS:
        yield from (step.title, *step.paragraphs, *step.points)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (words for words in value.values() if isinstance(words, str) and words)


def _templates() -> Iterator[str]:
    for path in (SOURCE / "reports" / "templates").glob("*.j2"):
        tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(jinja2.nodes.Call):
            if isinstance(call.node, jinja2.nodes.Name) and call.node.name == "say":
                yield from (arg.value for arg in call.args if isinstance(arg, jinja2.nodes.Const))


def _prose() -> Iterator[str]:
    for name in NOTEBOOKS:
        for cell in json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown" and "remove-cell" not in cell["metadata"].get("tags", ()):
                yield "".join(cell["source"])
