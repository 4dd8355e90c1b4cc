"""Cells in a forked process show what they show in a kernel, and papermill can use that process."""

import json
import subprocess
import sys
from pathlib import Path

import papermill
import pytest

from deliverlab.reports.forks import can_fork
from deliverlab.reports.making import Job, stable, written
from deliverlab.reports.run import run_reports
from tests.reports.notebooks import code_cell, prose, written_to

pytestmark = pytest.mark.skipif(not can_fork(), reason="this system cannot fork")

SHOWS = (
    'print("said"); print("again")\nimport sys; print("aside", file=sys.stderr)\n{"a": [1, 2.5, None]}',
    "from IPython.display import HTML, display, clear_output\ndisplay(HTML('<b>'), [1])\n1;",
    "shown = display('first', display_id='one')\nprint('between')\nshown.update('second')",
    "print('gone')\nclear_output()\nprint('stays')",
    "import asyncio\nawait asyncio.sleep(0)\n_ is None, who",
)


def a_notebook(folder: Path, *cells: str) -> Path:
    """A notebook about somebody."""
    parameters = code_cell('who: str = ""  # who', "parameters")
    return written_to(folder / "n.ipynb", prose("# A"), parameters, *map(code_cell, cells))


def test_every_kind_of_result_is_the_same_as_a_kernels(tmp_path: Path) -> None:
    """Printed text, values, displays changed and cleared, and await at the top."""
    notebook = a_notebook(tmp_path, *SHOWS)
    job = Job(notebook=notebook, parameters={"who": "me"}, stem="n", title="n")

    for engine in ("deliverlab", "kernel"):
        (report,) = run_reports([job], out=tmp_path / engine, vega="x", engine=engine)
        assert report.failure is None

    ours, its = (
        json.loads((tmp_path / e / "notebooks/n.ipynb").read_text()) for e in ("deliverlab", "kernel")
    )
    assert [cell.get("outputs") for cell in ours["cells"]] == [cell.get("outputs") for cell in its["cells"]]
    assert ours == its


@pytest.mark.parametrize("engine", ["deliverlab", "kernel"])
def test_nothing_of_one_report_is_seen_in_the_next(tmp_path: Path, engine: str) -> None:
    """Not an attribute of a module, not a setting of Polars, not the environment, not the folder, no name."""
    leaks = """\
import os, json, polars as pl
assert not hasattr(json, "leak") and "LEAK" not in os.environ and "mine" not in globals()
assert os.getcwd() != "/" and pl.Config.state()["POLARS_FMT_MAX_ROWS"] is None
json.leak = mine = 1
os.environ["LEAK"] = "x"
pl.Config.set_tbl_rows(3)
os.chdir("/")"""
    notebook = a_notebook(tmp_path, leaks)
    jobs = [Job(notebook=notebook, parameters={"who": who}, stem=who, title=who) for who in "abc"]

    reports = run_reports(jobs, out=tmp_path / "out", vega="x", workers=1, engine=engine)  # type: ignore[arg-type]

    assert [report.failure for report in reports] == [None, None, None]


def test_papermill_runs_notebooks_with_it(tmp_path: Path) -> None:
    """The command knows it by its name, and writes what its own engine writes."""
    notebook, out = a_notebook(tmp_path, *SHOWS), tmp_path / "out.ipynb"

    subprocess.run(
        [sys.executable, "-m", "papermill", "--engine", "deliverlab", "-p", "who", "me", notebook, out,
         "--no-progress-bar", "-k", "python3"],
        check=True, capture_output=True,
    )  # fmt: skip

    plain = papermill.execute_notebook(
        notebook, None, {"who": "me"}, progress_bar=False, kernel_name="python3"
    )
    ours = json.loads(out.read_text())
    assert ours["metadata"]["papermill"]["exception"] is None
    assert written(stable(ours)) == written(stable(plain))


def test_papermill_tells_of_the_cell_that_failed(tmp_path: Path) -> None:
    """The notebook that it keeps ends with the error, and the cells after it did not run."""
    notebook, out = a_notebook(tmp_path, "1 / 0", "print('never')"), tmp_path / "out.ipynb"

    with pytest.raises(papermill.exceptions.PapermillExecutionError, match="ZeroDivisionError"):
        papermill.execute_notebook(
            notebook, out, engine_name="deliverlab", progress_bar=False, kernel_name="p"
        )

    kept = json.loads(out.read_text())["cells"]
    assert kept[-1]["outputs"] == []
    assert kept[-2]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert kept[-2]["metadata"]["papermill"]["status"] == "failed"


def test_papermill_tells_when_its_process_died(tmp_path: Path) -> None:
    """The cell is named, and the next notebook runs."""
    killed = a_notebook(tmp_path, "import os\nos.kill(os.getpid(), 9)")

    with pytest.raises(papermill.exceptions.PapermillException, match="cell 3: its process was killed"):
        papermill.execute_notebook(
            killed, None, engine_name="deliverlab", progress_bar=False, kernel_name="p"
        )

    well = a_notebook(tmp_path, "1")
    papermill.execute_notebook(well, None, engine_name="deliverlab", progress_bar=False, kernel_name="p")
