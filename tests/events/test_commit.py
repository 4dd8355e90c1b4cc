"""Several files change as one, whatever happens in between."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deliverlab.events.commit import finish, replace_files

Writer = Callable[[Path], object]


class PowerCut(BaseException):
    """The machine stops here."""


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
        directory.mkdir()
        _begin(directory)
        with monkeypatch.context() as patch:
            left = iter(range(steps))
            for owner, name in ((os, "fsync"), (os, "unlink"), (os, "replace"), (os, "rmdir"), (os, "open")):
                patch.setattr(owner, name, _until_the_cut(getattr(owner, name), left))
            for name in ("write_text", "replace", "unlink", "mkdir"):
                patch.setattr(Path, name, _until_the_cut(getattr(Path, name), left))
            try:
                replace_files(directory, CHANGES)
            except PowerCut:
                is_cut = True
            else:
                is_cut = False
        finish(directory)
        outcomes.append(_contents(directory))
        assert outcomes[-1] in (OLD, NEW)
        replace_files(directory, CHANGES)
        assert _contents(directory) == NEW
        assert not list(directory.glob(".*"))
        if not is_cut:
            break
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome == NEW)
    assert (outcomes[0], outcomes[-1]) == (OLD, NEW)
    assert len(outcomes) > 20


def _until_the_cut(function: Callable[..., object], left: object) -> Callable[..., object]:
    def step(*args: object, **options: object) -> object:
        if next(left, None) is None:  # type: ignore[call-overload]  # an iterator, shared by all steps
            raise PowerCut
        return function(*args, **options)

    return step
