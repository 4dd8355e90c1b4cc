"""Pieces of pages from templates that escape what they are given: names, reasons, addresses are hostile."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deliverlab.language import say
from deliverlab.metrics import METRICS
from deliverlab.reports import account_texts, numbers, review_texts, texts
from deliverlab.reports.render import Html

TEMPLATES = Path(__file__).parent / "templates"


def fragment(template: str, /, *, words: str, **values: object) -> Html:
    """The template filled with the values, and what it says in words."""
    return Html(fill(f"{template}.html.j2", **values), words)


def fill(template: str, /, **values: object) -> str:
    """A template of `templates/` with the values, escaped."""
    return _environment().get_template(template).render(**values)


def compile_templates() -> None:
    """Read every template now; afterwards none is read again."""
    environment = _environment()
    for name in environment.list_templates(extensions=["j2"]):
        environment.get_template(name)


def read_asset(name: str, /) -> str:
    """A file beside the templates."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def slug(words: object) -> str:
    """Words as one that can stand in a class or a file's name.

    >>> slug("not enough mail to tell")
    'not-enough-mail-to-tell'
    """
    return re.sub(r"[^a-z0-9]+", "-", str(words).lower()).strip("-")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "say": say, "texts": texts, "account_texts": account_texts, "review_texts": review_texts,
        "numbers": numbers, "METRICS": METRICS,
    }  # fmt: skip
    environment.filters |= {
        "percent": numbers.percent,
        "count": numbers.count,
        "day": numbers.day,
        "slug": slug,
    }
    return environment
