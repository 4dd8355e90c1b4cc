"""A machine that stops after a given step of writing, and loses what it had not put on the disk by then."""

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

Step = Callable[..., object]


class PowerCut(BaseException):
    """The machine stops here."""


class Power:
    """Lasts for `steps` writes, renames, removals and syncs of files; every later one is a `PowerCut`.

    At the cut a file that was written and not synced holds half of what it should, and a rename whose
    directory was not synced has not happened.
    """

    def __init__(self, patch: pytest.MonkeyPatch, *, steps: int) -> None:
        self._left = steps
        self._unsynced: dict[Path, None] = {}
        self._moved: list[tuple[Path, Path, bytes | None]] = []
        self._fsync, self._replace = os.fsync, os.replace
        patch.setattr(os, "fsync", self._step(self._put_on_disk))
        patch.setattr(os, "replace", self._step(self._move))
        for name in ("mkdir", "rmdir", "unlink"):
            patch.setattr(os, name, self._step(getattr(os, name)))
        for owner, name in ((Path, "write_text"), (pl.LazyFrame, "sink_parquet")):  # a frame sinks too
            patch.setattr(owner, name, self._step(self._writing(getattr(owner, name))))

    @property
    def is_cut(self) -> bool:
        """Whether more was asked than the steps there were."""
        return self._left < 0

    def lose(self) -> None:
        """Bring the disk to where the cut leaves it."""
        for source, target, held in reversed(self._moved):
            self._replace(target, source)
            if held is not None:
                target.write_bytes(held)
        for path in self._unsynced:
            if path.exists():
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    def _step(self, function: Step) -> Step:
        def step(*args: object, **options: object) -> object:
            self._left -= 1
            if self._left < 0:
                raise PowerCut
            return function(*args, **options)

        return step

    def _writing(self, function: Step) -> Step:
        def write(owner: object, *args: object, **options: object) -> object:
            self._unsynced[owner if isinstance(owner, Path) else Path(str(args[0]))] = None
            return function(owner, *args, **options)

        return write

    def _move(self, source: Path, target: Path) -> None:
        self._moved.append((source, target, target.read_bytes() if target.exists() else None))
        self._replace(source, target)
        if source in self._unsynced:
            self._unsynced[target] = self._unsynced.pop(source)

    def _put_on_disk(self, handle: int) -> None:
        self._fsync(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        self._unsynced.pop(path, None)
        self._moved = [moved for moved in self._moved if path not in (moved[1].parent, moved[0].parent)]
