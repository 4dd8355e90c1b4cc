"""How pages write a share, a count and a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


def percent(share: float | None) -> str:
    """A share as a percentage of two digits, as many decimals as they need.

    >>> [percent(share) for share in (0.0, 0.00052, 0.0214, 0.137, 1.0, 0.000001, None)]
    ['0%', '0.052%', '2.1%', '14%', '100%', 'under 0.001%', '–']
    """
    if share is None:
        return "–"
    if 0 < share < 0.00001:
        return "under 0.001%"
    return f"{share:.0%}" if share >= 0.0995 else f"{100 * share:.2g}%"


def count(number: float | None) -> str:
    """A whole number with its thousands apart.

    >>> count(1234567)
    '1,234,567'
    """
    return "–" if number is None else f"{number:,.0f}"


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
    return f"{when.day} {when:%B %Y}"
