"""Lines of evidence: days, counts, and words from the list, cut and without addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

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
    return column.dt.strftime("%Y-%m-%d").fill_null(missing)


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
    return pl.format('"{}"', one_line(text, longest=LONGEST_QUOTE)).fill_null(missing)


def mentions(words: Sequence[str], /, *columns: str) -> pl.Expr:
    """Whether any of the columns contains any of the words, in whatever case.

    >>> pl.select(source=pl.lit("Web form, spring")).select(mentions(["form"], "source")).item()
    True
    """
    return pl.any_horizontal(
        pl.col(column).str.contains_any(list(words), ascii_case_insensitive=True).fill_null(value=False)
        for column in columns
    )


def counted(number: str | pl.Expr, noun: str, /) -> pl.Expr:
    """A count with its noun.

    >>> pl.select(counted(pl.lit(1), "mail"), two=counted(pl.lit(2), "mail")).row(0)
    ('1 mail', '2 mails')
    """
    column = pl.col(number) if isinstance(number, str) else number
    return pl.format("{} {}", column, pl.when(column == 1).then(pl.lit(noun)).otherwise(pl.lit(f"{noun}s")))
