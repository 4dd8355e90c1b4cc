"""The look of pages, for the outputs of a notebook in JupyterLab: its own ink and paper, light or dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deliverlab.reports.fragments import read_asset, slug
from deliverlab.reports.theme import GRADE_COLOURS

if TYPE_CHECKING:
    from deliverlab.reports.render import Bundle

FOR_THE_LAB = "deliverlab"  # metadata of an output that pages leave out: they have their look already
OUTPUTS = ".jp-OutputArea-output.jp-RenderedHTML"  # results in JupyterLab, and no prose


@dataclass(frozen=True, slots=True)
class LabStyle:
    """Shows nothing, and gives all HTML results of the notebook the look of pages.

    The rules nest below JupyterLab's own class of results, so that they touch nothing else and outweigh its
    rules. Elsewhere, and in a notebook that JupyterLab does not trust, results stay plain.
    """

    words: str

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        rules = f"{grade_variables()}\n{read_asset('lab.css')}{read_asset('pieces.css')}"
        html = f"<style>\n{OUTPUTS} {{\n{rules}}}\n</style>"
        return {"text/html": html, "text/plain": self.words}, {FOR_THE_LAB: "look"}


def grade_variables() -> str:
    """The colours of grades, as style sheets know them."""
    return "".join(f"--{slug(grade)}-colour:{colour};" for grade, colour in GRADE_COLOURS.items())
