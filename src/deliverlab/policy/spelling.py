"""How sentences write shares, counts and days."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
MOST_DIGITS = 6


def dated(day: date, *, beside: date | None = None) -> str:
    """A day as people say it; without its year beside another of the same year."""
    is_plain = beside is not None and beside.year == day.year
    return f"{day.day} {day:%B}" if is_plain else f"{day.day} {day:%B} {day.year}"


def weekday(day: date) -> str:
    """A day with its day of the week."""
    return f"{day:%A} {dated(day)}"


def percent(share: float | None, *, beside: float | None = None) -> str:
    """A share of two digits, or as many as tell it from another.

    >>> percent(0.0612, beside=0.05), percent(0.05004, beside=0.05), percent(0.05)
    ('6.1%', '5.004%', '5%')
    """
    if share is None:
        return "–"
    for digits in range(2, MOST_DIGITS + 1):
        text = _digits(share, digits)
        if beside is None or beside == share or text != _digits(beside, digits):
            break
    return f"{text}%"


def _digits(share: float, digits: int) -> str:
    return f"{float(f'{100 * share:.{digits}g}'):,.15g}" if share else "0"


def amount(number: float) -> str:
    """A count; one that a scenario's effect or a send share made broken, to a tenth.

    >>> amount(1234.0), amount(30.45)
    ('1,234', '30.4')
    """
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


def plural(number: int, thing: str) -> str:
    """So many things.

    >>> plural(1, "day"), plural(7, "day")
    ('1 day', '7 days')
    """
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def counted(number: int, which: str, things: str) -> str:
    """So many more, or fewer, things.

    >>> counted(1, "more", "hard bounces"), counted(37, "", "complaints")
    ('1 more hard bounce', '37 complaints')
    """
    noun = things if number != 1 else things.removesuffix("s")
    return " ".join(filter(None, (f"{number:,}", which, noun)))


def number_word(number: int) -> str:
    """A small number in letters."""
    return NUMBERS[number] if number < len(NUMBERS) else f"{number:,}"


def capitalized(text: str) -> str:
    """With a capital letter, and nothing else changed."""
    return text[:1].upper() + text[1:]
