"""Several files change as one, whatever happens in between."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deliverlab.events.commit import changing, finish, replace_files
from tests.events.power import Power, PowerCut

Writer = Callable[[Path], object]


def _writer(text: str) -> Writer:
    return lambda path: path.write_text(text)


def _contents(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): path.read_text()
        for path in directory.rglob("*")
        if path.is_file() and ".pending" not in path.parts
    }


OLD = {"table": "old", "months/may": "old", "months/june": "old"}
NEW = {"table": "new", "months/may": "new", "months/july": "new"}
CHANGES: dict[str, Writer | None] = {
    **{name: _writer(text) for name, text in NEW.items()},
    "months/june": None,
}


def _begin(directory: Path) -> None:
    replace_files(directory, {name: _writer(text) for name, text in OLD.items()})


def test_files_are_written_replaced_and_removed(tmp_path: Path) -> None:
    """After the change exactly the new files are there, and nothing of the making."""
    _begin(tmp_path)
    assert _contents(tmp_path) == OLD
    replace_files(tmp_path, CHANGES)
    assert _contents(tmp_path) == NEW
    assert not list(tmp_path.glob(".*"))


def test_after_a_power_cut_all_is_old_or_all_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped before every step in turn, and finished by the next who comes, the directory is never mixed."""
    outcomes = []
    for steps in range(200):
        directory = tmp_path / str(steps)
        _begin(directory)
        with monkeypatch.context() as patch:
            power = Power(patch, steps=steps)
            try:
                replace_files(directory, CHANGES)
            except PowerCut:
                assert power.is_cut
        power.lose()
        finish(directory)
        outcomes.append(_contents(directory))
        assert outcomes[-1] in (OLD, NEW)
        replace_files(directory, CHANGES)
        assert _contents(directory) == NEW
        assert not list(directory.glob(".*"))
        if not power.is_cut:
            break
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome == NEW)
    assert (outcomes[0], outcomes[-1]) == (OLD, NEW)
    assert len(outcomes) > 20


def test_a_change_that_is_not_committed_changes_nothing(tmp_path: Path) -> None:
    """What was written lies aside, can be read there, and is gone when the change is left."""
    _begin(tmp_path)
    with changing(tmp_path) as change:
        change.write("table", _writer("new"))
        change.remove("months/june")
        assert change.path("table").read_text() == "new"
        assert _contents(tmp_path) == OLD
    assert _contents(tmp_path) == OLD
    assert not list(tmp_path.glob(".*"))


def test_the_parquet_files_that_there_will_be(tmp_path: Path) -> None:
    """Old ones, without those that go, with those that come."""
    replace_files(tmp_path, {"months/may.parquet": _writer("old"), "months/june.parquet": _writer("old")})
    with changing(tmp_path) as change:
        change.write("months/july.parquet", _writer("new"))
        change.remove("months/june.parquet")
        assert change.names("months") == {"months/may.parquet", "months/july.parquet"}
