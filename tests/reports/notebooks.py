"""Notebooks made of cells, to run and to turn into pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from deliverlab.reports.render import Chart, Html


def code_cell(source: str, *tags: str) -> dict[str, Any]:
    """A cell of code without results."""
    return {
        "cell_type": "code", "id": "cell", "metadata": {"tags": list(tags)} if tags else {}, "source": source,
        "outputs": [], "execution_count": None,
    }  # fmt: skip


def shown(result: Chart | Html, *tags: str) -> dict[str, Any]:
    """A cell of code that showed a result."""
    bundle, metadata = result._repr_mimebundle_()
    output = {"output_type": "execute_result", "data": bundle, "metadata": metadata, "execution_count": 1}
    return code_cell("shown()", *tags) | {"outputs": [output]}


def prose(markdown: str, *tags: str) -> dict[str, Any]:
    """A cell of Markdown."""
    return {"cell_type": "markdown", "metadata": {"tags": list(tags)} if tags else {}, "source": markdown}


def a_notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    """A notebook of these cells."""
    numbered = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    kernel = {"name": "no-such-kernel", "display_name": "None", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": numbered}


def written_to(path: Path, *cells: dict[str, Any]) -> Path:
    """The file of a notebook of these cells."""
    path.write_text(json.dumps(a_notebook(*cells)))
    return path
