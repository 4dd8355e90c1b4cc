"""A batch to which everything happens that can: `python -m tests.reports.chaos 200`.

Of so many reports one is killed, one hangs, one has wrong data, and one finds the disk full. On Linux
as root the disk is really full: a small tmpfs. Elsewhere the write is told that it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deliverlab.reports.making import Job, Report
from deliverlab.reports.run import run_reports
from tests.reports.notebooks import code_cell, written_to

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLED, HUNG, CORRUPT, FULL = "account-3", "account-5", "account-7", "account-9"
TROUBLED = (KILLED, HUNG, CORRUPT, FULL)
DISK = 32 * 2**20
CELL = f"""\
import errno, os, pathlib, signal, time
from deliverlab.reports.render import Html
is_ill = pathlib.Path(ill).exists()
if is_ill and who == {KILLED!r}: os.kill(os.getpid(), signal.SIGKILL)
if is_ill and who == {HUNG!r}: time.sleep(3600)
if is_ill and who == {CORRUPT!r}: raise ValueError("sent == -1, must be 0 or more")
def fill(disk):
    # Whole as long as this process lives: the file has no name any more.
    whole = open(disk + "/ballast", "wb", buffering=0)
    os.unlink(whole.name)
    try:
        while True: whole.write(bytes(2**16))
    except OSError as error:
        assert error.errno == errno.ENOSPC
    return whole
def refuse(*_, **__): raise OSError(errno.ENOSPC, "No space left on device")
if is_ill and who == {FULL!r} and disk: ballast = fill(disk)
if is_ill and who == {FULL!r} and not disk: pathlib.Path.write_bytes = refuse
Html(f"<h1>{{who}}</h1>" + "<p>fine</p>" * 2000, who)
"""


def a_batch(folder: Path, count: int, *, disk: str) -> list[Job]:
    """Reports about so many accounts; four are in trouble as long as the file `ill` lies in the folder."""
    parameters = 'who: str = ""  # whose\nill: str = ""  # a file\ndisk: str = ""  # a small one'
    notebook = written_to(folder / "n.ipynb", code_cell(parameters, "parameters"), code_cell(CELL))
    names = [f"account-{number}" for number in range(count)]
    return [
        Job(
            notebook=notebook, parameters={"who": who, "ill": str(folder / "ill"), "disk": disk},
            stem=who, title=who, inputs="the same",
        )
        for who in names
    ]  # fmt: skip


def run(folder: Path, out: Path, count: int, *, disk: str) -> tuple[list[Report], list[str]]:
    """The reports of a first run amid trouble, and whom a second run, after it, made."""
    jobs, seen = a_batch(folder, count, disk=disk), dict[str, int]()
    (folder / "ill").touch()
    # One at a time: while the disk is full, it is so for everybody.
    first = run_reports(jobs, out=out, vega="x", workers=1, deadline=3)
    seen = {path.stem: path.stat().st_mtime_ns for path in out.glob("*.html")}
    (folder / "ill").unlink()
    second = run_reports(jobs, out=out, vega="x", workers=1, deadline=30)
    assert all(report.failure is None for report in second)
    made = [
        path.stem for path in sorted(out.glob("*.html")) if seen.get(path.stem) != path.stat().st_mtime_ns
    ]
    return first, made


@contextmanager
def small_disk(folder: Path) -> Iterator[str]:
    """A folder that is a disk of 32 MiB of its own, or nothing where that needs other rights."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk)]
    is_root = sys.platform == "linux" and os.geteuid() == 0
    if not is_root or subprocess.run(mount, check=False, capture_output=True).returncode:
        yield ""
        return
    try:
        yield str(disk)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def main(count: int) -> None:
    """Run and say what came of it."""
    with tempfile.TemporaryDirectory() as name, small_disk(Path(name)) as disk:
        first, made = run(Path(name), Path(disk or name) / "out", count, disk=disk)
        failed = [report for report in first if report.path is None]
        print(f"{count} reports, {'a small tmpfs' if disk else 'a simulated full disk'}")
        for report in failed:
            print(f"failed: {report.job.stem}: {report.failure}")
        print(f"made by the second run: {', '.join(made)}")
        assert {report.job.stem for report in failed} == set(made) == set(TROUBLED)


if __name__ == "__main__":
    main(int(sys.argv[1]))
