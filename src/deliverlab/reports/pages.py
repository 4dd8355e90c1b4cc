"""An executed notebook as one page: prose and results, no code, no request to anybody.

The page forbids itself the network and every script but its own two: even a name that somehow got through
unescaped could run nothing. Scripts within the page are named by their hashes. A file that many pages share
cannot be: a page opened from a disk may not check the hash of another file. It is let in by a nonce, which is
a hash of all that the page shows: whoever would smuggle that nonce in must know it before it is there.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from deliverlab.language import spoken
from deliverlab.reports.fragments import fill, read_asset
from deliverlab.reports.lab_style import FOR_THE_LAB, grade_variables
from deliverlab.reports.render import VEGALITE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HIDDEN = "remove-cell"  # nbconvert's tag for a cell that is for the analyst, not for the page's reader

AS_WIDE_AS_ITS_PLACE = {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}

Notebook = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """The script that draws charts; with `file`, the name of the file beside the page that holds it."""

    text: str
    file: str = ""


def page(notebook: Notebook, /, *, title: str, vega: Script | str | None = None) -> str:
    """The page of an executed notebook (nbformat 4), with the script that draws charts if it has any.

    `vega` is that script; by default `vega_script()`, within the page. HTML within Markdown is shown, not
    obeyed. HTML results are taken as they are, because they come from the templates and tables of this
    package, which escape.
    """
    blocks = list(_blocks(notebook))
    has_charts = any('<figure class="chart">' in block for block in blocks)
    if not has_charts:
        return document(title=title, blocks=blocks, scripts=[])
    script = vega if isinstance(vega, Script) else Script(vega or vega_script())
    drawing = read_asset("draw.js")
    scripts = [drawing] if script.file else [script.text, drawing]
    return document(title=title, blocks=blocks, scripts=scripts, shared=script.file)


def document(*, title: str, blocks: Sequence[Markup], scripts: Sequence[str], shared: str = "") -> str:
    """A whole HTML document in the one look, that can run these scripts and load no more than one file.

    It is in the language that is spoken. `shared` is the name of that file, a script beside the document.
    """
    trusted = [inline_script(script) for script in scripts]
    nonce = _digest("\0".join([title, *blocks])) if shared else ""
    return fill(
        "page.html.j2", title=title, blocks=blocks, style=_style(), scripts=trusted, shared=shared,
        language=spoken().tag, nonce=nonce, content_policy=_content_policy(trusted, nonce=nonce),
    )  # fmt: skip


@cache
def vega_script() -> str:
    """The script that draws charts (Vega, Vega-Lite, vega-embed), made once a process in a second or two."""
    import vl_convert

    return vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub forgets that it is optional


def inline_script(script: str, /) -> Markup:
    """A script as it may stand between its tags."""
    return Markup(script.replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r\n", "\n"))  # noqa: S704


def inline_json(value: Mapping[str, Any], /) -> Markup:
    r"""Data as they may stand between script tags: no text in them can end the tag or open a comment.

    >>> print(inline_json({"name": "</script><!--"}))
    {"name":"\u003c/script\u003e\u003c!--"}
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704


def _blocks(notebook: Notebook) -> Iterator[Markup]:
    for cell in notebook["cells"]:
        if HIDDEN in cell["metadata"].get("tags", ()):
            continue
        if cell["cell_type"] == "markdown":
            yield _prose("".join(cell["source"]))
        for output in cell.get("outputs", ()):
            yield from _result(output)


def _result(output: Mapping[str, Any]) -> Iterator[Markup]:
    """A result in its richest form; what a library says on stderr is not for the reader."""
    if FOR_THE_LAB in output.get("metadata", {}):
        return
    if output["output_type"] == "stream" and output["name"] == "stdout":
        yield Markup("<pre>{}</pre>").format("".join(output["text"]))
    results = output.get("data", {})
    if VEGALITE in results:
        yield _chart(results[VEGALITE])
    elif "text/html" in results:
        yield Markup("".join(results["text/html"]))  # noqa: S704  see `page`
    elif "text/plain" in results:
        yield Markup("<pre>{}</pre>").format("".join(results["text/plain"]))


def _chart(spec: Mapping[str, Any]) -> Markup:
    """A chart as wide as its place, with its title as text of the page, where it can wrap."""
    heading = spec.get("title", {})
    drawing = {name: value for name, value in spec.items() if name != "title"} | AS_WIDE_AS_ITS_PLACE
    return Markup(  # noqa: S704
        fill(
            "chart.html.j2", title=heading.get("text", ""), subtitle=heading.get("subtitle", ""),
            words=spec.get("description", ""), spec=inline_json(drawing),
        )
    )  # fmt: skip


def _prose(markdown: str) -> Markup:
    """Markdown as HTML; HTML within it is shown, not obeyed."""
    from markdown_it import MarkdownIt

    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown))  # noqa: S704


@cache
def _style() -> Markup:
    sheets = f"{read_asset('page.css')}{read_asset('pieces.css')}"
    return Markup(f":root{{{grade_variables()}}}\n{sheets}")  # noqa: S704


def _content_policy(scripts: Sequence[Markup], *, nonce: str) -> str:
    trusted = [f"'nonce-{nonce}'"] if nonce else []
    trusted += [f"'sha256-{_digest(script)}'" for script in scripts]
    return (
        f"default-src 'none'; script-src {' '.join(trusted) or chr(39) + 'none' + chr(39)}; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
