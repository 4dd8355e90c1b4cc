"""Notebooks by the batch: each in a fresh process, some at a time, and one that fails stops nobody else.

Every parameter is checked before the first notebook runs. Files appear whole or not at all.
"""

from __future__ import annotations

import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING, Any

from deliverlab.errors import DataError
from deliverlab.reports.fragments import slug
from deliverlab.reports.kernel import kernel_manager, spare_iri_parsers
from deliverlab.reports.pages import page, vega_script
from deliverlab.reports.parameters import check_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NOTEBOOKS = "notebooks"  # the folder of a run that keeps the executed notebooks
LONGEST_STEM = 40
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}
COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A report to make: a notebook with parameters, the page's title, and its file's name without ending."""

    notebook: Path
    parameters: Mapping[str, Any]
    stem: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A job that is done: where its page lies, or what went wrong, in a line and in full."""

    job: Job
    path: Path | None = None
    failure: str | None = None
    traceback: str | None = None


def run_reports(
    jobs: Sequence[Job],
    /,
    *,
    out: Path,
    workers: int = 2,
    vega: str | None = None,
    on_done: Callable[[Report], None] | None = None,
) -> list[Report]:
    """One report a job, in their order; `out` then holds `STEM.html` and the executed `notebooks/STEM.ipynb`.

    A notebook that fails is a `Report` with `failure` and has no page. Relative paths among parameters are
    relative to the current folder. `vega` is the script that draws charts, by default made here. `on_done` is
    told of each report as it ends, from the thread that ran it.
    This is for processes of our own: it leaves IRI checks out of jsonschema (see `kernel`).
    Raises `DataError` before anything runs where a parameter is wrong, or two jobs have one stem.
    """
    _refuse(jobs)
    spare_iri_parsers()
    import papermill  # noqa: F401  imported here once, before threads would race for it

    script = vega or vega_script()
    (out / NOTEBOOKS).mkdir(parents=True, exist_ok=True)

    def run(job: Job) -> Report:
        report = _run(job, out=out, vega=script)
        if on_done is not None:
            on_done(report)
        return report

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, jobs))


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
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as folder:
        part = Path(folder) / path.name
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(path)


def stable(notebook: Mapping[str, Any], /) -> dict[str, Any]:
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


def _refuse(jobs: Sequence[Job]) -> None:
    stems = [job.stem for job in jobs]
    for job in jobs:
        if job.stem != Path(job.stem).name or job.stem.startswith("."):
            raise DataError(f"reports: stem == {job.stem!r}, must be the name of a file (see stem_of)")
        if stems.count(job.stem) > 1:
            raise DataError(f"reports: two jobs would write {job.stem}.html, each must have its own stem")
        check_parameters(job.parameters, notebook=job.notebook)


def _run(job: Job, *, out: Path, vega: str) -> Report:
    """The job done, or failed and without the page that an earlier run may have left."""
    from papermill.exceptions import PapermillExecutionError

    path = out / f"{job.stem}.html"
    kept = out / NOTEBOOKS / f"{job.stem}.ipynb"
    try:
        notebook = _execute(job.notebook, job.parameters)
        write_whole(kept, written(notebook))
        write_whole(path, page(notebook, title=job.title, vega=vega))
    except Exception as error:  # whatever it is, the other reports go on and the caller is told
        path.unlink(missing_ok=True)
        kept.unlink(missing_ok=True)
        if isinstance(error, PapermillExecutionError):
            full = COLOUR_CODES.sub("", "\n".join(error.traceback))
            return Report(job=job, failure=f"{error.ename}: {error.evalue}", traceback=full)
        full = "".join(format_exception(error))
        return Report(job=job, failure=f"{type(error).__name__}: {error}", traceback=full)
    return Report(job=job, path=path)


def _execute(notebook: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook as papermill executed it with these parameters, made `stable`.

    Jupyter makes an event loop for each thread and leaves it open: here it is closed.
    """
    import papermill
    from jupyter_core.utils import ensure_event_loop

    with closing(ensure_event_loop()), tempfile.TemporaryDirectory(prefix="report-") as folder:
        copy = Path(folder) / "notebook.ipynb"  # papermill takes braces in a path for places of parameters
        copy.write_bytes(notebook.read_bytes())
        executed = papermill.execute_notebook(
            copy, None, parameters=dict(parameters), progress_bar=False,
            kernel_manager_class=kernel_manager(Path(folder)),
        )  # fmt: skip
    return stable(executed)
