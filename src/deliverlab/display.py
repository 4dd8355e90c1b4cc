"""How a result shows itself in a notebook: HTML in which everything is escaped, and the same as text.

The HTML names no colour: it takes the ink of the notebook, light or dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Bundle = dict[str, str]

LEFT, RIGHT = Markup("text-align:left"), Markup("text-align:right;font-variant-numeric:tabular-nums")
LONGEST_BAR = 10  # letters wide


def bundle(*parts: Markup, text: str) -> Bundle:
    """What `_repr_mimebundle_` gives: the parts in HTML, and the text where there is no HTML."""
    return {"text/html": "".join(parts), "text/plain": text}


def paragraph(text: str, /, *, strong: str = "") -> Markup:
    """A paragraph, perhaps with strong words first.

    >>> paragraph("a < b", strong="c")
    Markup('<p><strong>c</strong> a &lt; b</p>')
    """
    head = Markup("<strong>{}</strong> ").format(strong) if strong else ""
    return Markup("<p>{}{}</p>").format(head, text)


def points(lines: Iterable[str], /, *, ordered: bool = False) -> Markup:
    """Lines as a list; nothing where there are none."""
    items = Markup().join(Markup("<li>{}</li>").format(line) for line in lines)
    tag = Markup("ol") if ordered else Markup("ul")
    return Markup("<{0}>{1}</{0}>").format(tag, items) if items else Markup()


def table(head: Sequence[str], rows: Iterable[Sequence[object]], /) -> Markup:
    """Rows under their headings: numbers stand right, with commas; words stand left.

    >>> shown = table(["who", "mails"], [("<a>", 1234)])
    >>> "&lt;a&gt;</th>" in shown, "1,234</td>" in shown
    (True, True)
    """
    given = [tuple(row) for row in rows]
    if not given:
        return Markup()
    looks = [RIGHT if isinstance(cell, int | float) else LEFT for cell in given[0]]
    top = Markup().join(
        Markup('<th scope="col" style="{}">{}</th>').format(look, name)
        for look, name in zip(looks, head, strict=True)
    )
    body = Markup().join(Markup("<tr>{}</tr>").format(_cells(row, looks)) for row in given)
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(top, body)


def folded(summary: str, content: Markup, /) -> Markup:
    """What most readers can do without, behind a line that says what it is."""
    return Markup('<details style="margin:.6em 0"><summary>{}</summary>{}</details>').format(summary, content)


def bar(share: float, /) -> Markup:
    """A share as a length."""
    return Markup(
        '<span aria-hidden="true" style="display:inline-block;height:.7em;width:{:.2f}em;'
        'background:currentColor;opacity:.5"></span>'
    ).format(LONGEST_BAR * share)


def _cells(row: Sequence[object], looks: Sequence[Markup]) -> Markup:
    """A row's cells; the first is the heading of the row."""
    cells = []
    for place, (look, value) in enumerate(zip(looks, row, strict=True)):
        tag = Markup("td") if place else Markup('th scope="row"')
        shown = f"{value:,}" if isinstance(value, int | float) else value
        cells.append(Markup('<{} style="{}">{}</{}>').format(tag, look, shown, tag[:2]))
    return Markup().join(cells)
