"""The language of what an account reads: sentences from one catalogue a language, numbers and days by babel.

English is what the code says, and what the product's tables hold. `speaking` changes the language for what is
written within it; catalogues are gettext's, `languages/*.po`, with the English sentence as the key.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent, get_decimal_symbol, get_group_symbol

from deliverlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CATALOGUES = Path(__file__).parent / "languages"
ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language: its locale, and what it says for an English sentence, or for its singular and plural."""

    locale: Locale
    sentences: Mapping[str, str] = field(default_factory=dict)
    plurals: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """As HTML names it."""
        return str(self.locale)

    @property
    def comma(self) -> str:
        """What stands between thousands."""
        return get_group_symbol(self.locale)

    @property
    def point(self) -> str:
        """What stands before decimals."""
        return get_decimal_symbol(self.locale)


_SPOKEN: ContextVar[str] = ContextVar("language", default=ENGLISH)


@cache
def languages() -> tuple[str, ...]:
    """The languages that pages for accounts can be in, English first.

    >>> languages()
    ('en', 'sv')
    """
    return (ENGLISH, *sorted(path.stem for path in CATALOGUES.glob("*.po")))


def as_language(name: str, /) -> str:
    """The language's name; raises `DataError` for one that there is no catalogue for."""
    if name not in languages():
        raise DataError(f"language == {name!r}, must be one of {', '.join(languages())}")
    return name


@contextmanager
def speaking(language: str, /) -> Iterator[None]:
    """Within this, everything is said in the language.

    >>> with speaking("sv"):
    ...     say("Next date")
    'Nästa datum'
    """
    kept = _SPOKEN.set(as_language(language))
    try:
        yield
    finally:
        _SPOKEN.reset(kept)


def spoken() -> Language:
    """The language that is spoken now."""
    return _language(_SPOKEN.get())


def say(sentence: str, /, **values: object) -> str:
    """The sentence in the language that is spoken, with the values in their places.

    What a catalogue does not have stays English: a half-translated page is better than none.

    >>> say("{n} of {all}", n=1, all=2)
    '1 of 2'
    """
    said = spoken().sentences.get(sentence, sentence)
    return said.format(**values) if values else said


def say_many(one: str, many: str, /, n: int, **values: object) -> str:
    """The sentence for one or for `n`, as the language has it; `{n}` in it is the number written out.

    >>> say_many("{n} mail", "{n} mails", 1200)
    '1,200 mails'
    """
    language = spoken()
    forms = language.plurals.get((one, many), (one, many))
    return forms[language.locale.plural_form(n) != "one"].format(n=decimal(n), **values)


def decimal(number: Decimal | int, /) -> str:
    """A number with all its decimals, and its thousands apart.

    >>> from decimal import Decimal
    >>> decimal(1234567), decimal(Decimal("0.5"))
    ('1,234,567', '0.5')
    """
    return format_decimal(number, locale=spoken().locale, decimal_quantization=False)


def in_percent(share: Decimal, /) -> str:
    """A share in percent with all its decimals.

    >>> from decimal import Decimal
    >>> in_percent(Decimal("0.0214"))
    '2.14%'
    """
    return format_percent(share, locale=spoken().locale, decimal_quantization=False)


def long_day(when: date, /) -> str:
    """A day with its month in words.

    >>> from datetime import date
    >>> long_day(date(2026, 6, 1))
    '1 June 2026'
    """
    return format_date(when, "d MMMM y", locale=spoken().locale)


def long_month(when: date, /) -> str:
    """A day's month and year.

    >>> from datetime import date
    >>> long_month(date(2026, 6, 1))
    'June 2026'
    """
    return format_date(when, "LLLL y", locale=spoken().locale)


def read_catalogues() -> None:
    """Read every catalogue and what babel knows of its language now; afterwards none is read again."""
    for name in languages():
        with speaking(name):
            long_day(date.min), long_month(date.min), in_percent(Decimal(0)), decimal(0)


@cache
def _language(name: str) -> Language:
    locale = Locale.parse(name)
    if name == ENGLISH:
        return Language(locale=locale)
    with (CATALOGUES / f"{name}.po").open("rb") as file:
        messages = {message.id: message.string for message in read_po(file, locale=name) if message.id}
    return Language(
        locale=locale,
        sentences={
            key: said for key, said in messages.items() if isinstance(key, str) and isinstance(said, str)
        },
        plurals={key: tuple(said) for key, said in messages.items() if isinstance(key, tuple) and said},
    )
