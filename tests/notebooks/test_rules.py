"""Notebooks are thin: question and answer first, parameters, a few short cells, no logic, no results."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

import pytest

from deliverlab.reports.making import NOTEBOOKS as KEPT
from deliverlab.reports.making import Job
from deliverlab.reports.pages import HIDDEN
from deliverlab.reports.parameters import declared_parameters
from deliverlab.reports.run import run_reports
from tests.notebooks.make import HERE, PARAMETERS, SOURCES

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = sorted(SOURCES.glob("*.ipynb"))
MOST_CELLS, MOST_LINES = 12, 6
LOADS = "%load_ext deliverlab\n"
LOGIC = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.Try,
    ast.With, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp,
)  # fmt: skip


def cells_of(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook's file."""
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def code_of(path: Path) -> list[str]:
    """The Python of its code cells; the line that loads the extension is IPython's, and each has it once."""
    sources = ["".join(cell["source"]) for cell in cells_of(path) if cell["cell_type"] == "code"]
    assert sum(source.count(LOADS) for source in sources) == 1
    return [source.replace(LOADS, "") for source in sources]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Path:
    """Each notebook of the project."""
    path: Path = request.param
    return path


def test_there_is_a_notebook_for_every_page() -> None:
    """The tutorial, then portfolio, account, checklist: numbered in the order in which one reads them."""
    assert [path.stem for path in NOTEBOOKS] == list(PARAMETERS)


def test_question_and_answer_come_first(notebook: Path) -> None:
    """The first cell says them to the analyst, and stays off the page."""
    first = cells_of(notebook)[0]
    text = "".join(first["source"])

    assert text.startswith("# ")
    assert "**Question.**" in text
    assert "**Answer.**" in text
    assert HIDDEN in first["metadata"]["tags"]


def test_parameters_explain_themselves(notebook: Path) -> None:
    """One cell of them, before all other code, each with its help; none says what time it is."""
    declared = declared_parameters(notebook)

    assert set(declared) == set(PARAMETERS[notebook.stem])
    assert all(parameter.help for parameter in declared.values())
    assert "parameters" in next(c for c in cells_of(notebook) if c["cell_type"] == "code")["metadata"]["tags"]


def test_cells_are_few_and_short(notebook: Path) -> None:
    """At most a dozen, of a few lines; parameters may be more."""
    _, *code = code_of(notebook)

    assert len(code) < MOST_CELLS
    assert max(len(source.splitlines()) for source in code) <= MOST_LINES


def test_no_logic_stands_in_a_notebook(notebook: Path) -> None:
    """What must be computed is computed in the package, where it is tested; a notebook calls it."""
    for source in code_of(notebook):
        nodes = list(ast.walk(ast.parse(source)))
        assert not [node for node in nodes if isinstance(node, LOGIC)]
        imported = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        assert set(imported) <= {"deliverlab"}
        assert not [node for node in nodes if isinstance(node, ast.ImportFrom)]


def test_notebooks_are_kept_without_results(notebook: Path) -> None:
    """No outputs, no counts, no metadata of a machine."""
    content = json.loads(notebook.read_text(encoding="utf-8"))

    assert set(content["metadata"]) == {"kernelspec", "language_info"}
    assert [cell["id"] for cell in content["cells"]] == [
        f"cell-{n + 1}" for n in range(len(content["cells"]))
    ]
    for cell in content["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert set(cell["metadata"]) <= {"tags"}


def test_the_executed_copy_is_of_this_notebook(notebook: Path) -> None:
    """The copy that nbval runs has the same cells, and the fixed day; `make.py` writes it anew."""
    copy = HERE / notebook.name
    kept = [
        "".join(cell["source"])
        for cell in cells_of(copy)
        if "injected-parameters" not in cell["metadata"].get("tags", ())
    ]

    assert kept == ["".join(cell["source"]) for cell in cells_of(notebook)]
    given = PARAMETERS[notebook.stem].get("as_of")
    assert given is None or f'as_of = "{given}"' in copy.read_text(encoding="utf-8").replace('\\"', '"')


def test_the_executed_copy_names_no_machine(notebook: Path) -> None:
    """No absolute path and no time stands in it."""
    text = (HERE / notebook.name).read_text(encoding="utf-8")

    assert str(HERE.parents[1]) not in text
    assert "papermill" not in text


def test_the_engine_writes_what_kernels_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in forked processes, every notebook gives its executed copy to the byte; nbval runs kernels."""
    monkeypatch.chdir(HERE)
    jobs = [
        Job(notebook=SOURCES / f"{stem}.ipynb", parameters=given, stem=stem, title=stem)
        for stem, given in PARAMETERS.items()
    ]

    reports = run_reports(jobs, out=tmp_path, vega="x")

    assert [report.traceback for report in reports] == [None] * len(jobs)
    for stem in PARAMETERS:
        copy = f"{stem}.ipynb"
        assert (tmp_path / KEPT / copy).read_bytes() == (HERE / copy).read_bytes()
