"""How an object shows itself: a chart as its Vega-Lite specification, a fragment as HTML, both also in words.

A chart travels as data in a MIME bundle that JupyterLab draws even from an untrusted notebook, without a
network; the page of a report draws the same bundle with one script. Nothing is registered anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deliverlab.reports.theme import THEME, chart_locale

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt

    Drawing = alt.Chart | alt.LayerChart | alt.FacetChart

VEGALITE = "application/vnd.vegalite.v5+json"  # the newest that JupyterLab 4.6 knows; it draws our charts too
WIDTH = 640
EMBED_OPTIONS = {"actions": False, "renderer": "svg"}

Bundle = tuple["dict[str, Any]", "dict[str, Any]"]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture as data: its Vega-Lite specification, and what it shows in words."""

    spec: Mapping[str, Any]
    words: str

    @classmethod
    def of(
        cls,
        drawing: alt.Chart | alt.LayerChart | alt.FacetChart,
        /,
        *,
        title: str,
        subtitle: str = "",
        words: str,
    ) -> Chart:
        """The drawing in the one theme, with a title that names its subject.

        `words` is its text alternative. The schema's address is left out: Vega need not look anything up,
        and a renderer of another version need not warn. The width is fixed: JupyterLab 4.6 hangs on a chart
        that is as wide as its place; a page makes it so (see `pages`).

        That specifications are right is for the tests to check, all kinds of them: checked here by the whole
        schema, that would take longer than all the rest of drawing.
        """
        spec = drawing.properties(width=WIDTH).to_dict(validate=False)
        del spec["$schema"]
        heading: dict[str, Any] = {"text": title} | ({"subtitle": subtitle} if subtitle else {})
        config = {**THEME, **chart_locale()}
        return cls(spec | {"title": heading, "description": words, "config": config}, words)

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        return {VEGALITE: self.spec, "text/plain": self.words}, {VEGALITE: {"embed_options": EMBED_OPTIONS}}


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of a page: HTML whose data are escaped already, and the same in words."""

    html: str
    words: str

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        return {"text/html": self.html, "text/plain": self.words}, {}
