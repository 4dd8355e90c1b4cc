"""Several files of a directory changed as one: after a crash at any moment all are old, or all are new.

New files are written beside the old ones, then a journal says which take whose place, then they are moved.
A journal that is found was not carried out to its end, and is carried out; files without a journal are
rubbish, which the next change clears away. One writer at a time: the directory itself is locked, and the
system lets go of that lock when the writer ends, however it ends.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from deliverlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Writer = Callable[[Path], object]

PENDING = ".pending"
JOURNAL = "journal.json"


@contextmanager
def changing(directory: str | Path, /) -> Iterator[Change]:
    """A change of the directory, which is made if need be; nobody else can change it meanwhile.

    What an interrupted change had decided is carried out first. Leaving without `commit` changes nothing.

    Raises `DataError` where somebody else is at it, or the directory cannot be made.
    """
    path = Path(directory)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}, must be a directory that can be written") from error
    with _locked(path, wait=False):
        _carry_out(path)
        _clear(path)
        try:
            yield Change(path)
        finally:
            _clear(path)


class Change:
    """New contents of some files of a directory; until `commit` they lie aside, and nothing has changed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.scratch = directory / PENDING / "scratch"  # for what need not last
        self._written: dict[str, str] = {}
        self._removed: set[str] = set()

    def write(self, name: str, writer: Writer) -> None:
        """Give a file (a path inside the directory) what its writer writes."""
        part = self._pending / str(len(self._written))
        self._pending.mkdir(exist_ok=True)
        writer(part)
        _sync(part)
        self._written[name] = part.name
        self._removed.discard(name)

    def remove(self, name: str) -> None:
        """Take a file away."""
        self._written.pop(name, None)
        self._removed.add(name)

    def path(self, name: str) -> Path:
        """Where that can be read which the file will hold."""
        return self._pending / self._written[name] if name in self._written else self.directory / name

    def names(self, folder: str) -> set[str]:
        """The names of all Parquet files that a folder of the directory will hold."""
        there = {f"{folder}/{path.name}" for path in (self.directory / folder).glob("*.parquet")}
        return (there - self._removed) | {name for name in self._written if name.startswith(f"{folder}/")}

    def commit(self) -> None:
        """Change the directory."""
        if not self._written and not self._removed:
            return
        self._pending.mkdir(exist_ok=True)
        decided = {
            "written": {part: name for name, part in self._written.items()},
            "removed": sorted(self._removed),
        }
        draft = self._pending / "draft"
        draft.write_text(json.dumps(decided), encoding="utf-8")
        _sync(draft)
        draft.replace(self._pending / JOURNAL)
        _sync(self._pending)
        _carry_out(self.directory)

    @property
    def _pending(self) -> Path:
        return self.directory / PENDING


def replace_files(directory: Path, /, changes: Mapping[str, Writer | None]) -> None:
    """Give each named file (a path inside the directory) what its writer writes; null removes it."""
    with changing(directory) as change:
        for name, writer in sorted(changes.items()):
            if writer is None:
                change.remove(name)
            else:
                change.write(name, writer)
        change.commit()


def finish(directory: Path, /) -> None:
    """Carry out what an interrupted change had decided; readers may call it while a writer is at work."""
    if (directory / PENDING / JOURNAL).exists():
        with _locked(directory, wait=True):
            _carry_out(directory)


def _carry_out(directory: Path) -> None:
    pending = directory / PENDING
    journal = pending / JOURNAL
    if not journal.exists():
        return
    decided = json.loads(journal.read_text(encoding="utf-8"))
    for part, name in decided["written"].items():
        target = directory / name
        if not target.parent.exists():
            target.parent.mkdir(parents=True)
            _sync(target.parent.parent)
        with suppress(FileNotFoundError):  # moved already
            (pending / part).replace(target)
        _sync(target.parent)
    for name in decided["removed"]:
        (directory / name).unlink(missing_ok=True)
        _sync((directory / name).parent)
    journal.unlink()
    _clear(directory)


def _clear(directory: Path) -> None:
    """Take away what no journal speaks of."""
    if not (directory / PENDING / JOURNAL).exists():
        shutil.rmtree(directory / PENDING, ignore_errors=True)


@contextmanager
def _locked(directory: Path, *, wait: bool) -> Iterator[None]:
    """Nobody else's while this lasts."""
    import fcntl

    handle = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise DataError(
                f"{directory}: another process is writing into it, must wait until that has ended"
            ) from None
        yield
    finally:
        os.close(handle)


def _sync(path: Path) -> None:
    """Make the system put a file or a directory on the disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
