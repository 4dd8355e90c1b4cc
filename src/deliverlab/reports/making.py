"""One report made: its notebook run, kept and turned into a page; files appear whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING, Any

from deliverlab.language import ENGLISH, say, speaking
from deliverlab.reports.fragments import slug
from deliverlab.reports.pages import Script, page
from deliverlab.reports.pdf import printed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTEBOOKS = "notebooks"  # the folder of a run that keeps the executed notebooks
PDF = ".pdf"
PART = ".part-"  # what the folder of a file that is not whole yet is called
LONGEST_STEM = 40
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}
VERSIONS = ("deliverlab", "polars")
COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")

Notebook = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A report to make: a notebook with parameters, the page's title, and its file's name without ending.

    `inputs` is a hash of all that the notebook reads; where it is given, a report that is there already is
    not made again. `verdict` is an expression over the notebook's names, to record with the report. Prose is
    in the `language`; what a notebook's code shows is in that of its parameters. `setup` is what a process of
    its own does before; a report must be the same without it. With `pdf` the page is printed as well.
    """

    notebook: Path
    parameters: Mapping[str, Any]
    stem: str
    title: str
    inputs: str = ""
    verdict: str = ""
    language: str = ENGLISH
    setup: Callable[[], None] | None = None
    pdf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A job that is done: its page and what was recorded of it, or what went wrong, in a line and in full."""

    job: Job
    path: Path | None = None
    verdict: Mapping[str, Any] = field(default_factory=dict)
    failure: str | None = None
    traceback: str | None = None


class CellError(Exception):
    """A cell ended with an error: its name and message, and its traceback."""

    def __init__(self, output: Mapping[str, Any], /) -> None:
        super().__init__(f"{output['ename']}: {output['evalue']}")
        self.traceback = COLOUR_CODES.sub("", "\n".join(output["traceback"]))


def make(job: Job, /, *, out: Path, script: Script, execute: Callable[[Notebook], Notebook]) -> Report:
    """The report made, or failed and without the files that an earlier run may have left.

    `execute` runs the cells of a notebook or raises `CellError`. The stamp is written last.
    """
    page_path, kept, stamp = _files(job, out)
    pdf_path = page_path.with_suffix(PDF)
    for path in (stamp, page_path, pdf_path, kept):
        path.unlink(missing_ok=True)
    try:
        with speaking(job.language):
            notebook, verdict = _run(job, execute)
            write_whole(kept, written(notebook))
            write_whole(page_path, page(notebook, title=job.title, vega=script))
        if job.pdf:
            write_whole(pdf_path, printed(page_path))
        if job.inputs:
            done = {"key": key_of(job, script=script), "verdict": verdict}
            write_whole(stamp, json.dumps(done, sort_keys=True) + "\n")
    except Exception as error:  # whatever it is, the other reports go on and the caller is told
        for path in (page_path, pdf_path, kept):
            path.unlink(missing_ok=True)
        if isinstance(error, CellError):
            return Report(job=job, failure=str(error), traceback=error.traceback)
        full = "".join(format_exception(error))
        return Report(job=job, failure=f"{type(error).__name__}: {error}", traceback=full)
    return Report(job=job, path=page_path, verdict=verdict)


def made_before(job: Job, /, *, out: Path, script: Script) -> Report | None:
    """The report as an earlier run made it from the same inputs, or None."""
    page_path, kept, stamp = _files(job, out)
    whole = [page_path, kept, stamp, *([page_path.with_suffix(PDF)] if job.pdf else [])]
    if not (job.inputs and all(path.exists() for path in whole)):
        return None
    done = json.loads(stamp.read_text(encoding="utf-8"))
    if done["key"] != key_of(job, script=script):
        return None
    return Report(job=job, path=page_path, verdict=done["verdict"])


def key_of(job: Job, /, *, script: Script) -> str:
    """A hash of all that a report is made from: inputs, notebook, parameters, title, versions, script."""
    whole = {
        "inputs": job.inputs,
        "notebook": sha256(job.notebook.read_bytes()).hexdigest(),
        "parameters": dict(job.parameters),
        "title": job.title,
        "verdict": job.verdict,
        "language": job.language,
        "versions": {name: version(name) for name in VERSIONS},
        "script": script.file or sha256(script.text.encode()).hexdigest(),
    }
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def stem_of(kind: str, account_id: str, /) -> str:
    r"""A file's name for an account: its id where that is a safe one, else what is left of it and a hash.

    >>> stem_of("health", "acct-001"), stem_of("health", "../Ö\nä")
    ('health-acct-001', 'health-a2eb282e')
    """
    safe = slug(account_id)[:LONGEST_STEM].strip("-")
    if safe == account_id:
        return f"{kind}-{safe}"
    name = f"{safe}-{sha256(account_id.encode()).hexdigest()[:8]}".strip("-")
    return f"{kind}-{name}"


def write_whole(path: Path, content: str | bytes, /) -> None:
    """Write a file so that it is there whole or not at all."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=PART) as folder:
        part = Path(folder) / path.name
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(path)


def clear_parts(folder: Path, /) -> None:
    """Delete what a run that was killed had not written to the end."""
    for part in folder.glob(f"{PART}*"):
        shutil.rmtree(part, ignore_errors=True)


def stable(notebook: Mapping[str, Any], /) -> Notebook:
    """The executed notebook without times, paths of the machine and random ids: same run, same bytes."""
    cells = []
    for number, cell in enumerate(notebook["cells"], start=1):
        tags = cell["metadata"].get("tags")
        cells.append({**cell, "id": f"cell-{number}", "metadata": {"tags": tags} if tags else {}})
    return {**notebook, "cells": cells, "metadata": METADATA}


def written(notebook: Mapping[str, Any], /) -> str:
    """The text of a notebook's file."""
    import nbformat

    return str(nbformat.writes(nbformat.from_dict(notebook))) + "\n"  # type: ignore[no-untyped-call]


def _files(job: Job, out: Path) -> tuple[Path, Path, Path]:
    """Page, executed notebook, and the stamp that both are whole."""
    kept = out / NOTEBOOKS / job.stem
    return out / f"{job.stem}.html", kept.with_name(f"{job.stem}.ipynb"), kept.with_name(f"{job.stem}.json")


def _run(job: Job, execute: Callable[[Notebook], Notebook]) -> tuple[Notebook, Mapping[str, Any]]:
    """The executed notebook, made `stable`, and the verdict: the value of a last cell that is not kept."""
    import nbformat

    notebook = _with_parameters(job)
    if job.verdict:
        notebook["cells"].append(nbformat.v4.new_code_cell(job.verdict))  # type: ignore[no-untyped-call]
    executed = stable(execute(notebook))
    if not job.verdict:
        return executed, {}
    *cells, last = executed["cells"]
    return {**executed, "cells": cells}, last["outputs"][-1]["data"]["application/json"]


def _with_parameters(job: Job) -> Notebook:
    """The notebook with the cell that papermill injects, its prose in the language that is spoken.

    Values in that cell are literals, whatever they hold.
    """
    import papermill

    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        copy = Path(folder) / "notebook.ipynb"  # papermill takes braces in a path for places of parameters
        copy.write_bytes(job.notebook.read_bytes())
        prepared: Notebook = papermill.execute_notebook(
            copy, None, parameters=dict(job.parameters), prepare_only=True
        )
    for cell in prepared["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = say(cell["source"])
    return prepared
