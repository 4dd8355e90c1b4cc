"""How pages write a share, a count and a day, in the language that is spoken."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from deliverlab.language import decimal, in_percent, long_day, long_month, say

if TYPE_CHECKING:
    from datetime import date


SMALLEST_SHARE = 0.00001  # that is written out


def percent(share: float | None) -> str:
    """A share as a percentage of two digits, as many decimals as they need.

    >>> [percent(share) for share in (0.0, 0.00052, 0.0214, 0.137, 1.0, 0.000001, None)]
    ['0%', '0.052%', '2.1%', '14%', '100%', 'under 0.001%', '–']
    """
    if share is None:
        return "–"
    if 0 < share < SMALLEST_SHARE:
        return say("under {share}", share=in_percent(Decimal(str(SMALLEST_SHARE))))
    return in_percent(Decimal(f"{share:.2f}" if share >= 0.0995 else f"{share:.2g}"))


def count(number: float | None) -> str:
    """A whole number with its thousands apart.

    >>> count(1234567)
    '1,234,567'
    """
    return "–" if number is None else decimal(Decimal(f"{number:.0f}"))


def counted(number: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "warning"), counted(2, "warning")
    ('1 warning', '2 warnings')
    """
    return f"{count(number)} {thing}" if number == 1 else f"{count(number)} {thing}s"


def day(when: date) -> str:
    """A day as people write it.

    >>> from datetime import date
    >>> day(date(2026, 6, 1))
    '1 June 2026'
    """
    return long_day(when)


def month_of(when: date) -> str:
    """The month of a day.

    >>> from datetime import date
    >>> month_of(date(2026, 6, 1))
    'June 2026'
    """
    return long_month(when)


def measured(value: float | None, unit: str, /, *, is_difference: bool = False) -> str:
    """A figure in its unit; a difference with its sign.

    >>> measured(0.245, "share"), measured(3.4, "reviews a day"), measured(1234.5, "mails")
    ('24%', '3.4', '1,234')
    >>> measured(-12.0, "accounts", is_difference=True), measured(0.031, "share", is_difference=True)
    ('−12', '+3.1 points')
    """
    if value is None:
        return "–"
    size = abs(value)
    if unit == "share":
        text = f"{percent(size)[:-1]} points" if is_difference and size >= SMALLEST_SHARE else percent(size)
    elif size < 10 and round(size, 1) != round(size):
        text = f"{size:.1f}"
    else:
        text = count(size)
    sign = "−" if value < 0 else "+" if is_difference and value > 0 else ""
    return f"{sign}{text}×" if unit == "times" else f"{sign}{text}"
