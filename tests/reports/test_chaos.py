"""Whatever happens to some reports, the others are right, and a run that was cut short goes on later."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deliverlab.reports.forks import can_fork
from tests.reports import chaos

pytestmark = pytest.mark.skipif(not can_fork(), reason="this system cannot fork")

CUT_SHORT = """\
import sys
from pathlib import Path
from deliverlab.reports.run import run_reports
from tests.reports.chaos import a_batch
folder = Path(sys.argv[1])
run_reports(a_batch(folder, 60, disk=""), out=folder / "out", vega="x", workers=2)
"""


def test_exactly_those_in_trouble_fail_and_a_second_run_makes_them(tmp_path: Path) -> None:
    """One killed, one hung, one with wrong data, one on a full disk: each says why; ten others are right."""
    with chaos.small_disk(tmp_path) as disk:
        out = Path(disk or tmp_path) / "out"
        first, made = chaos.run(tmp_path, out, 14, disk=disk)

        whole = {path.stem for path in out.glob("*.html") if path.read_text().endswith("</html>")}

    failures = {report.job.stem: report.failure or "" for report in first if report.path is None}
    assert {who: words.partition(" (")[0] for who, words in failures.items()} == {
        chaos.KILLED: "its process was killed",
        chaos.HUNG: "it took longer than 3 seconds",
        chaos.CORRUPT: "ValueError: sent == -1, must be 0 or more",
        chaos.FULL: "OSError: [Errno 28] No space left on device",
    }
    assert set(made) == set(chaos.TROUBLED)
    assert whole == {f"account-{number}" for number in range(14)}


def test_a_parent_that_is_killed_leaves_only_whole_files(tmp_path: Path) -> None:
    """After a kill -9 every page, notebook and stamp is whole, its processes end, and a next run goes on."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", CUT_SHORT, str(tmp_path)]
    begun = subprocess.Popen(command, cwd=Path(chaos.__file__).parents[2])
    while len(list(out.glob("account-*.html"))) < 5:
        assert begun.poll() is None
        time.sleep(0.01)
    os.kill(begun.pid, signal.SIGKILL)
    begun.wait()
    time.sleep(1)  # what was forked hears that nobody listens

    pages = {path.stem: path.stat().st_mtime_ns for path in out.glob("*.html")}
    assert 5 <= len(pages) < 60
    assert all(path.read_text().endswith("</html>") for path in out.glob("*.html"))
    for path in (out / "notebooks").glob("*.*"):
        assert path.name.startswith(".part-") or json.loads(path.read_text())
    stamped = {path.stem for path in (out / "notebooks").glob("*.json")}
    assert stamped <= pages.keys()
    subprocess.run(command, cwd=Path(chaos.__file__).parents[2], check=True)

    after = {path.stem: path.stat().st_mtime_ns for path in out.glob("*.html")}
    assert len(after) == 60
    assert {stem for stem in stamped if after[stem] != pages[stem]} == set()
    assert not list(out.rglob(".part-*"))
