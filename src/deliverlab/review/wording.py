"""Lines of evidence: days, counts, and words from the list, cut and without addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.language import say
from deliverlab.schemas import CONTACT_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_QUOTE = 60
CONTROLS = (
    r"[\p{Cc}\p{Zl}\p{Zp}\x{202A}-\x{202E}\x{2066}-\x{2069}]+"  # would break a line or turn its direction
)


def day(moment: str | pl.Expr, /, *, missing: str = "an unknown day") -> pl.Expr:
    """The UTC day of a moment, as people write it in files.

    >>> from datetime import datetime
    >>> pl.select(day(pl.lit(datetime(2026, 5, 1, 23)))).item()
    '2026-05-01'
    """
    column = pl.col(moment) if isinstance(moment, str) else moment
    return column.dt.strftime("%Y-%m-%d").fill_null(say(missing))


def one_line(text: str | pl.Expr, /, *, longest: int = 160) -> pl.Expr:
    r"""Words that somebody else may have chosen, on one line, cut, and without addresses.

    >>> pl.select(one_line(pl.lit("from jane@example.com,\nby phone"), longest=12)).item()
    'from …@… by …'
    """
    column = pl.col(text) if isinstance(text, str) else text
    line = column.str.replace_all(CONTROLS, " ").str.replace_all(r"\S+@\S+", "…@…")
    return pl.when(line.str.len_chars() > longest).then(line.str.slice(0, longest) + "…").otherwise(line)


def quoted(text: str | pl.Expr, /, *, missing: str = "not on record") -> pl.Expr:
    """A word of the list in quotes.

    >>> pl.select(quoted(pl.lit("spring fair"))).item()
    '"spring fair"'
    """
    return pl.format('"{}"', one_line(text, longest=LONGEST_QUOTE)).fill_null(say(missing))


def mentions(words: Sequence[str], /, *columns: str) -> pl.Expr:
    """Whether any of the columns contains any of the words, in whatever case.

    >>> pl.select(source=pl.lit("Web form, spring")).select(mentions(["form"], "source")).item()
    True
    """
    return pl.any_horizontal(
        pl.col(column).str.contains_any(list(words), ascii_case_insensitive=True).fill_null(value=False)
        for column in columns
    )


def told(sentence: str, /, *parts: str | pl.Expr) -> pl.Expr:
    """A sentence in the language that is spoken, with columns in the places of its braces.

    >>> pl.select(told("{} is most likely {}", pl.lit("gmial.com"), pl.lit("gmail.com"))).item()
    'gmial.com is most likely gmail.com'
    """
    return pl.format(say(sentence), *parts) if parts else pl.lit(say(sentence))


def counted(number: str | pl.Expr, one: str, many: str, /) -> pl.Expr:
    """A count with its noun, as of one and of many.

    >>> numbers = pl.lit(pl.Series([1, 2]))
    >>> pl.select(counted(numbers, "{} mail", "{} mails")).to_series().to_list()
    ['1 mail', '2 mails']
    """
    column = pl.col(number) if isinstance(number, str) else number
    return pl.when(column == 1).then(told(one, column)).otherwise(told(many, column))


def listed_status() -> pl.Expr:
    """What the list says of a contact, as its column `status` has it."""
    return pl.col("status").cast(pl.String).replace({status: say(status) for status in CONTACT_STATUSES})
