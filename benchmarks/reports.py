"""Health reports with HTML by the batch, beside plain papermill + nbconvert and the bare work in one process.

Ratios are of seconds a report on the whole machine. papermill runs a sample, as many at a time as ours.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.reports.making import Job

QUICK, FULL = (500, 40, 2), (10_000, 500, 4)  # accounts in the data, reports, papermill's sample
FLOOR_REPORTS = 12
DAYS, LAST_DAY, WORKERS = 150, date(2026, 6, 30), 2
PIECES = (
    "heading", "banner", "standing", "snapshot", "last_month", "trend", "what_to_do", "what_next",
    "sensitivity",
)  # fmt: skip
TARGET_PAPERMILL, TARGET_FLOOR = 25, 3


def figures(*, quick: bool) -> dict[str, object]:
    """Seconds a report of each way, their ratios, peak memory, and whether a kernel shows the same."""
    from deliverlab.pipeline.samples import write_crowd

    accounts, reports, sample = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as name:
        data, out = Path(name) / "data", Path(name) / "out"
        write_crowd(data, accounts=accounts, days=DAYS, seed=11, last_day=LAST_DAY)
        ours = _in_process("batch", data, out, reports, "deliverlab")
        floor = _in_process("floor", data, FLOOR_REPORTS)
        begun = time.perf_counter()
        running = [_started("papermill_and_nbconvert", data, sample // WORKERS, n) for n in range(WORKERS)]
        for process in running:
            process.communicate()
        papermill = (time.perf_counter() - begun) / sample
        kernels = _in_process("batch", data, Path(name) / "kernels", sample, "kernel")
        same = all(
            path.read_bytes() == (out / "notebooks" / path.name).read_bytes()
            for path in (Path(name) / "kernels" / "notebooks").glob("*.ipynb")
        )
        largest_page = max(path.stat().st_size for path in out.glob("*.html"))
    each = ours["seconds"] / reports
    return {
        "accounts": accounts, "reports": reports, "workers": WORKERS,
        "seconds_a_report": {
            "deliverlab": each, "floor_on_one_core": floor["seconds"],
            "papermill_and_nbconvert": papermill, "kernel_engine": kernels["seconds"] / sample,
        },
        "papermill_is_a_sample_of": sample,
        "times_papermill": papermill / each, "target_times_papermill": TARGET_PAPERMILL,
        "times_floor_a_core": each * WORKERS / floor["seconds"], "target_times_floor_a_core": TARGET_FLOOR,
        "failures": ours["failures"], "peak_mib_of_a_process": ours["peak_mib"],
        "largest_page_bytes": largest_page, "parity_with_kernel_engine": same,
    }  # fmt: skip


def batch(data: str, out: str, count: str, engine: str) -> dict[str, float]:
    """A batch from nothing to its pages, imports and all."""
    begun = time.perf_counter()
    from deliverlab.pipeline.together import judged_together
    from deliverlab.reports.run import run_reports

    with tempfile.TemporaryDirectory() as judged:
        made = run_reports(
            _jobs(data, int(count)), out=Path(out), workers=WORKERS, standalone=False,
            engine="kernel" if engine == "kernel" else "deliverlab",
            prepare=partial(judged_together, folder=Path(judged)),
        )  # fmt: skip
    failed = [report for report in made if report.failure]
    seconds = time.perf_counter() - begun
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"seconds": seconds, "failures": len(failed), "peak_mib": peak / 1024}


def floor(data: str, count: str) -> dict[str, float]:
    """The same work as plain calls in one warm process: the median seconds of a case and its page."""
    from deliverlab.reports.making import write_whole
    from deliverlab.reports.pages import Script, page

    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for job in _jobs(data, int(count)):
            begun = time.perf_counter()
            notebook = _called(job.parameters)
            text = page(notebook, title=job.title, vega=Script("", file="vega.js"))
            write_whole(Path(folder) / "page.html", text)
            seconds.append(time.perf_counter() - begun)
    return {"seconds": statistics.median(seconds[1:])}


def papermill_and_nbconvert(data: str, count: str, turn: str) -> dict[str, float]:
    """What a user would write first: papermill into a file, and nbconvert of it, in one Python."""
    import papermill
    from nbconvert import HTMLExporter

    jobs = _jobs(data, int(count) * WORKERS)[int(turn) :: WORKERS]
    with tempfile.TemporaryDirectory() as folder:
        for job in jobs:
            kept = Path(folder) / f"{job.stem}.ipynb"
            papermill.execute_notebook(
                str(job.notebook),
                str(kept),
                parameters=dict(job.parameters),
                progress_bar=False,
                kernel_name="python3",
            )
            html, _ = HTMLExporter(exclude_input=True).from_filename(str(kept))  # type: ignore[no-untyped-call]
            kept.with_suffix(".html").write_text(html)
    return {"reports": len(jobs)}


def _jobs(data: str, count: int) -> list[Job]:
    import polars as pl

    from deliverlab.pipeline.batch import job_of

    ids = pl.scan_parquet(Path(data) / "accounts.parquet").select("account_id").head(count).collect()
    given = {
        "data": data,
        "as_of": str(LAST_DAY),
        "policy": "hubspot-like",
        "stage_from": "enforcement",
        "language": "en",
    }
    return [job_of("health", {**given, "account_id": name}, account=name) for name in ids["account_id"]]


def _called(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A notebook of what the page's functions show, without the cells of code that would call them."""
    import deliverlab as dl

    given = dict(parameters)
    case = dl.open_case(given.pop("data"), given.pop("account_id"), **given)
    shown = [getattr(dl.reports, piece)(case)._repr_mimebundle_()[0] for piece in PIECES]
    outputs = [{"output_type": "execute_result", "data": data} for data in shown]
    return {"cells": [{"cell_type": "code", "metadata": {}, "source": "", "outputs": outputs}]}


def _started(task: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.reports", task, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)


def _in_process(task: str, *arguments: object) -> dict[str, float]:
    process = _started(task, *arguments)
    printed, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{task}: exit code {process.returncode}")
    return dict(json.loads(printed.splitlines()[-1]))


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
