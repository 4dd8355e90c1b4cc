"""`papermill --engine deliverlab`: a notebook's cells in a process forked from one that has all imports done.

Registered by entry point, for any notebook whose kernel is Python. papermill's `execution_timeout` is here
the deadline of the whole notebook.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import nbformat
from papermill.engines import Engine, NBClientEngine
from papermill.exceptions import PapermillException

from deliverlab.reports.forks import Forks, Lost, Task, can_fork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from papermill.engines import NotebookExecutionManager

A_DAY = 86_400.0
RESULTS = ("outputs", "execution_count")
_LOCK = Lock()  # one notebook at a time uses the process that forks


class ForkingEngine(Engine):  # type: ignore[misc]  # papermill is not typed
    """Runs notebooks one process each; where there is no fork, in papermill's own kernel."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        execution_timeout: float | None = None,
        **options: object,
    ) -> None:
        """Execute every cell, telling papermill of each as it begins and ends."""
        if not can_fork():
            NBClientEngine.execute_managed_notebook(
                nb_man, kernel_name, execution_timeout=execution_timeout, **options
            )
            return
        cells = [dict(cell) for cell in nb_man.nb.cells]
        task = Task(
            function=_executed_in, arguments=(Path.cwd(), cells),
            deadline=execution_timeout or A_DAY, tries=1,
        )  # fmt: skip
        with _LOCK:
            try:
                _execute(nb_man, task)
            except BaseException:
                _forks().__exit__()  # it may still tell of this notebook: the next begins with a new one
                _forks.cache_clear()
                raise


def _execute(nb_man: NotebookExecutionManager, task: Task) -> None:
    from deliverlab.reports.cells import error_in

    pieces = _forks().run([task])
    for index, cell in enumerate(nb_man.nb.cells):
        nb_man.cell_start(cell, index)
        _, done = next(pieces)
        if isinstance(done, Lost):
            nb_man.cell_exception(cell, index)
            nb_man.cell_complete(cell, index)
            raise PapermillException(f"cell {index + 1}: {done.why}")
        results = {name: done[name] for name in RESULTS if name in done}
        cell.update(nbformat.from_dict(results))  # type: ignore[no-untyped-call]
        is_the_last = error_in(done) is not None
        if is_the_last:
            nb_man.cell_exception(cell, index)
        nb_man.cell_complete(cell, index)
        if is_the_last:
            break
    for _ in pieces:
        pass


def _executed_in(folder: Path, cells: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The cells executed in a folder, whose modules they can import."""
    from deliverlab.reports.cells import executed

    os.chdir(folder)
    sys.path.insert(0, "")
    yield from executed(cells)


@cache
def _forks() -> Forks:
    forks = Forks(workers=1)
    atexit.register(_close, forks)
    return forks


def _close(forks: Forks) -> None:
    with suppress(OSError):
        forks.__exit__()
