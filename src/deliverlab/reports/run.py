"""Notebooks by the batch: each in a fresh process, some at a time, and one that fails stops nobody else.

Every parameter is checked before the first notebook runs. Files appear whole or not at all.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from deliverlab.errors import DataError
from deliverlab.reports.forks import Forks, Lost, Task, can_fork
from deliverlab.reports.kernel import kernel_manager, spare_iri_parsers
from deliverlab.reports.making import (
    NOTEBOOKS,
    CellError,
    Job,
    Report,
    clear_parts,
    made_before,
    make,
    write_whole,
    written,
)
from deliverlab.reports.pages import Script, vega_script
from deliverlab.reports.parameters import check_parameters
from deliverlab.reports.pdf import find_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deliverlab.reports.making import Notebook

EngineName = Literal["deliverlab", "kernel"]
DEADLINE = 600.0  # seconds; the slowest page, a replay of many accounts, takes a minute or so
SCRIPT = "vega.js"


def run_reports(
    jobs: Sequence[Job],
    /,
    *,
    out: Path,
    workers: int = 2,
    vega: str | None = None,
    on_done: Callable[[Report], None] | None = None,
    engine: EngineName = "deliverlab",
    deadline: float = DEADLINE,
    standalone: bool = True,
    force: bool = False,
    prepare: Callable[[Sequence[Job]], Sequence[Job]] | None = None,
) -> list[Report]:
    """One report a job, in their order; `out` then holds `STEM.html` and the executed `notebooks/STEM.ipynb`.

    A notebook that fails is a `Report` with `failure` and has no page. Relative paths among parameters are
    relative to the current folder. `vega` is the script that draws charts, by default made here; pages that
    do not stand alone share it as the file `vega.js`. `on_done` is told of each report as it ends.

    The engine `deliverlab` forks a process for each report from one that has imported everything; a process
    that is killed, or runs longer than `deadline` seconds, is tried once more. `kernel` starts an ordinary
    Jupyter kernel each, which shows the same and takes several times as long; it also runs where there is no
    fork (Windows). There `deadline` is a cell's.

    What was made before from the same `Job.inputs` is not made again, unless `force`. `prepare` is given the
    other jobs before processes are forked for them, and may give them a `Job.setup`.
    This is for processes of our own: it leaves IRI checks out of jsonschema (see `kernel`).
    Raises `DataError` before anything runs where a parameter is wrong, two jobs have one stem, or a page is
    to be printed and there is no Chromium.
    """
    _refuse(jobs)
    spare_iri_parsers()
    (out / NOTEBOOKS).mkdir(parents=True, exist_ok=True)
    for folder in (out, out / NOTEBOOKS):
        clear_parts(folder)
    script = Script(vega or vega_script(), file="" if standalone else SCRIPT)
    if not standalone:
        write_whole(out / SCRIPT, script.text)
    done: dict[str, Report] = {}
    if not force:
        before = (made_before(job, out=out, script=script) for job in jobs)
        done = {report.job.stem: report for report in before if report is not None}
    missing = [job for job in jobs if job.stem not in done]
    by_engine = _by_kernels
    if engine == "deliverlab" and can_fork():
        by_engine = _forked
        missing = [*(prepare(missing) if prepare and missing else missing)]
    for report in done.values():
        _tell(on_done, report)
    for report in by_engine(missing, out=out, script=script, workers=workers, deadline=deadline):
        done[report.job.stem] = report
        _tell(on_done, report)
    return [done[job.stem] for job in jobs]


def _tell(on_done: Callable[[Report], None] | None, report: Report) -> None:
    if on_done is not None:
        on_done(report)


def _refuse(jobs: Sequence[Job]) -> None:
    stems = Counter(job.stem for job in jobs)
    for job in jobs:
        if job.stem != Path(job.stem).name or job.stem.startswith("."):
            raise DataError(f"reports: stem == {job.stem!r}, must be the name of a file (see stem_of)")
        if stems[job.stem] > 1:
            raise DataError(f"reports: two jobs would write {job.stem}.html, each must have its own stem")
        check_parameters(job.parameters, notebook=job.notebook)
    if any(job.pdf for job in jobs):
        find_browser()


def _forked(
    jobs: Sequence[Job], *, out: Path, script: Script, workers: int, deadline: float
) -> Iterator[Report]:
    """The reports as they end, each made in a process of its own."""
    if not jobs:
        return
    tasks = [Task(function=_made, arguments=(job, out, script), deadline=deadline) for job in jobs]
    with Forks(workers=min(workers, len(jobs))) as forks:
        for number, piece in forks.run(tasks):
            if isinstance(piece, Report):
                yield piece
            elif isinstance(piece, Lost):
                yield Report(job=jobs[number], failure=piece.why, traceback=piece.why)


def _made(job: Job, out: Path, script: Script) -> Iterator[Report]:
    """What a forked process tells: its one report."""
    if job.setup is not None:
        job.setup()
    yield make(job, out=out, script=script, execute=_in_this_process)


def _in_this_process(notebook: Notebook) -> Notebook:
    from deliverlab.reports.cells import error_in, executed

    cells = list(executed(notebook["cells"]))
    if error := error_in(cells[-1]):
        raise CellError(error)
    return {**notebook, "cells": cells}


def _by_kernels(
    jobs: Sequence[Job], *, out: Path, script: Script, workers: int, deadline: float
) -> Iterator[Report]:
    """The reports as they end, each run by a Jupyter kernel of its own."""
    import papermill  # noqa: F401  imported here once, before threads would race for it

    execute = partial(_in_a_kernel, deadline=deadline)
    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(make, job, out=out, script=script, execute=execute) for job in jobs]
        for report in as_completed(running):
            yield report.result()


def _in_a_kernel(notebook: Notebook, *, deadline: float) -> Notebook:
    """Jupyter makes an event loop for each thread and leaves it open: here it is closed."""
    import papermill
    from jupyter_core.utils import ensure_event_loop
    from papermill.exceptions import PapermillExecutionError

    with closing(ensure_event_loop()), tempfile.TemporaryDirectory(prefix="report-") as folder:
        copy = Path(folder) / "notebook.ipynb"
        copy.write_text(written(notebook), encoding="utf-8")
        try:
            executed: Notebook = papermill.execute_notebook(
                copy, None, progress_bar=False, execution_timeout=deadline,
                kernel_manager_class=kernel_manager(Path(folder)),
            )  # fmt: skip
        except PapermillExecutionError as error:
            raise CellError(
                {"ename": error.ename, "evalue": error.evalue, "traceback": error.traceback}
            ) from error
    return executed
