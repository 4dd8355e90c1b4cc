"""Pages for accounts in other languages: catalogues are whole, and numbers and days are written as there."""

from __future__ import annotations

import re
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.health.advice import _counted, _percent
from deliverlab.language import ENGLISH, _language, languages, say, say_many, speaking, spoken
from deliverlab.reports import numbers
from deliverlab.reports.pages import document
from deliverlab.reports.theme import chart_locale
from tests.sentences import all_sentences

if TYPE_CHECKING:
    from collections.abc import Callable

OTHERS = [name for name in languages() if name != ENGLISH]
PLACE = re.compile(r"\{[a-z_]*\}")


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_sentence_and_no_other(language: str) -> None:
    """Whoever writes a new sentence for accounts must say it in every language."""
    catalogue = _language(language)
    plurals = {english for forms in catalogue.plurals for english in forms}

    assert {*catalogue.sentences, *plurals} == all_sentences() - {""}


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_places_of_the_original(language: str) -> None:
    """Values by name may change their order; those without a name may not, so there must be as many."""
    catalogue = _language(language)
    counted = (zip(*both, strict=True) for both in catalogue.plurals.items())

    for english, said in [*catalogue.sentences.items(), *chain.from_iterable(counted)]:
        assert sorted(PLACE.findall(said)) == sorted(PLACE.findall(english)), english


@pytest.mark.parametrize(
    ("written", "english", "swedish"),
    [
        (lambda: numbers.percent(0.0214), "2.1%", "2,1_%"),
        (lambda: numbers.percent(0.000001), "under 0.001%", "under 0,001_%"),
        (lambda: numbers.count(1234567), "1,234,567", "1_234_567"),
        (lambda: numbers.day(date(2026, 6, 1)), "1 June 2026", "1 juni 2026"),
        (lambda: numbers.month_of(date(2026, 5, 1)), "May 2026", "maj 2026"),
        (lambda: say_many("{n} contact", "{n} contacts", 1), "1 contact", "1 kontakt"),
        (lambda: say_many("{n} contact", "{n} contacts", 1200), "1,200 contacts", "1_200 kontakter"),
        (lambda: _one(_counted("n"), n=1234567), "1,234,567", "1_234_567"),
        (lambda: _one(_percent(pl.col("n")), n=0.0214), "2.1%", "2,1_%"),
        (lambda: _one(_percent(pl.col("n")), n=0.000456), "0.046%", "0,046_%"),
    ],
)
def test_numbers_and_days_are_written_as_in_the_language(
    written: Callable[[], str], english: str, swedish: str
) -> None:
    """Thousands, decimals, percent and months follow the locale; `_` is a space that does not break."""
    assert written() == english
    with speaking("sv"):
        assert written() == swedish.replace("_", "\xa0")


def test_charts_get_the_words_of_the_language() -> None:
    """Vega knows English; for others it is told months, days and signs, the week from Sunday as it wants."""
    assert chart_locale() == {}
    with speaking("sv"):
        locale = chart_locale()["locale"]

    assert locale["number"]["decimal"] == ","
    assert locale["time"]["days"][0] == "söndag"
    assert locale["time"]["months"][5] == "juni"


def test_a_language_ends_with_its_block() -> None:
    """Also after an error what follows is English again."""
    with pytest.raises(ZeroDivisionError), speaking("sv"):
        _ = 1 / 0

    assert spoken().tag == ENGLISH
    assert say("Next date") == "Next date"


def test_an_unknown_language_is_refused() -> None:
    """One line, with those that there are."""
    with pytest.raises(DataError, match="language == 'xx', must be one of en, sv"), speaking("xx"):
        pass


def test_braces_in_values_are_only_text() -> None:
    """What comes from data is never taken for a place."""
    assert say("{tier} plan", tier="{0.__class__}") == "{0.__class__} plan"


def test_pages_say_in_what_language_they_are() -> None:
    """Screen readers pronounce by it; without it Swedish would be read as English."""
    with speaking("sv"):
        assert '<html lang="sv">' in document(title="t", blocks=[], scripts=[])


def _one(expr: pl.Expr, *, n: float) -> str:
    return str(pl.DataFrame({"n": [n]}).select(expr).item())
