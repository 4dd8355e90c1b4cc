"""An ingest stopped at any moment and run again is that ingest: nothing lost, nothing doubled."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.events import store
from deliverlab.events.commit import changing
from deliverlab.pipeline import road
from deliverlab.pipeline.directory import write_table
from deliverlab.schemas import Accounts
from tests.events.exports import Json, sendgrid, ses, ses_bounce
from tests.events.power import Power, PowerCut

START = 1_777_885_200
HOUR = 3_600
FIRST: list[Json] = [
    ses("Send", message="m-1"),
    ses("Open", message="m-1", timestamp="2026-05-04T12:00:00Z"),
    ses("Send", message="m-2", sent="2026-06-30T09:00:00Z"),
    {"n": 1},
]
SECOND: list[Json] = [
    ses("Open", message="m-1", timestamp="2026-05-04T11:00:00Z"),
    ses_bounce("Permanent", "NoEmail"),
    ses("Send", message="m-3", sent="2026-07-01T09:00:00Z"),
]
LATE: list[Json] = [
    sendgrid("open", timestamp=START + 30 * 24 * HOUR),
    sendgrid("processed", timestamp=START),
]


def _inbox(folder: Path, **files: list[Json]) -> Path:
    folder.mkdir()
    for name, records in files.items():
        (folder / f"{name}.json").write_text(json.dumps(records))
    return folder


def _begin(data: Path, inbox: Path) -> None:
    """A directory with accounts into which one file was read."""
    store.write_key(data, b"a key for the tests of crashes")
    accounts = pl.DataFrame({"account_id": ["000011112222", "unknown"], "industry": ["retail", None]})
    write_table(data, Accounts, Accounts.admit(accounts, what="accounts"))
    road.ingest(inbox / "first.json", provider="ses", data=data)


def _digests(data: Path) -> dict[str, str]:
    return {
        path.relative_to(data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(data.rglob("*"))
        if path.is_file() and ".pending" not in path.parts
    }


def test_an_ingest_cut_after_every_step_and_run_again_is_the_ingest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each write, sync, rename and removal in turn: the old state or the new one, then the new one."""
    inbox = _inbox(tmp_path / "inbox", first=FIRST, second=SECOND)
    begun, whole = tmp_path / "begun", tmp_path / "whole"
    _begin(begun, inbox)
    shutil.copytree(begun, whole)
    old = _digests(whole)
    road.ingest(inbox, provider="ses", data=whole)
    new = _digests(whole)
    assert old != new

    seen = []
    for steps in range(400):
        data = tmp_path / str(steps)
        shutil.copytree(begun, data)
        with monkeypatch.context() as patch:
            power = Power(patch, steps=steps)
            try:
                road.ingest(inbox, provider="ses", data=data)
            except PowerCut:
                assert power.is_cut
        if not power.is_cut:
            break
        power.lose()
        with changing(data):  # what the next who comes finds
            seen.append(_digests(data) == new)
            assert _digests(data) in (old, new)
        report = road.ingest(inbox, provider="ses", data=data)
        assert report.read == 7
        assert _digests(data) == new
        assert not (data / ".pending").exists()
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (False, True)
    assert len(seen) > 50


def test_the_first_ingest_of_all_can_be_cut_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the key that is made then is left half written."""
    monkeypatch.setattr("secrets.token_bytes", lambda length: b"k" * length)
    inbox = _inbox(tmp_path / "inbox", late=LATE)
    road.ingest(inbox, provider="sendgrid", data=tmp_path / "whole")
    new = _digests(tmp_path / "whole")
    for steps in range(400):
        data = tmp_path / str(steps)
        with monkeypatch.context() as patch:
            power = Power(patch, steps=steps)
            try:
                road.ingest(inbox, provider="sendgrid", data=data)
            except PowerCut:
                assert power.is_cut
        if not power.is_cut:
            break
        power.lose()
        road.ingest(inbox, provider="sendgrid", data=data)
        assert _digests(data) == new
    assert steps > 40


def test_a_second_ingest_at_the_same_time_is_refused_in_one_line(tmp_path: Path) -> None:
    """It changes nothing, and can begin as soon as the first has ended."""
    inbox = _inbox(tmp_path / "inbox", first=FIRST, second=SECOND)
    data = tmp_path / "data"
    _begin(data, inbox)
    before = _digests(data)
    with changing(data):
        with pytest.raises(DataError, match="another process is writing into it, must wait until that has"):
            road.ingest(inbox, provider="ses", data=data)
        assert _digests(data) == before
    assert road.ingest(inbox, provider="ses", data=data).accepted == 3


def test_a_process_that_was_killed_leaves_no_lock_behind(tmp_path: Path) -> None:
    """Killed while it holds the directory, it is dead to the next ingest too."""
    inbox = _inbox(tmp_path / "inbox", first=FIRST)
    data = tmp_path / "data"
    hold = (
        "import sys, time\n"
        "from deliverlab.events.commit import changing\n"
        "with changing(sys.argv[1]) as change:\n"
        "    change.write('half', lambda path: path.write_text('half'))\n"
        "    print('holding', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", hold, data], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        with pytest.raises(DataError, match="another process is writing into it"):
            road.ingest(inbox, provider="ses", data=data)
        os.kill(holder.pid, signal.SIGKILL)
    assert road.ingest(inbox, provider="ses", data=data).accepted == 3
    assert not (data / "half").exists()
