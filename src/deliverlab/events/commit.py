"""Several files of a directory changed as one: after a crash at any moment all are old, or all are new.

New files are written beside the old ones, then a journal says which take whose place, then they are moved.
A journal that is found was not carried out to its end, and is carried out; files without a journal are
rubbish, which the next change clears away.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PENDING = ".pending"
JOURNAL = "journal.json"


def replace_files(directory: Path, /, changes: Mapping[str, Callable[[Path], object] | None]) -> None:
    """Give each named file (a path inside the directory) what its writer writes; null removes it."""
    finish(directory)
    pending = directory / PENDING
    shutil.rmtree(pending, ignore_errors=True)
    pending.mkdir(parents=True)
    written = {str(number): name for number, name in enumerate(sorted(changes)) if changes[name] is not None}
    for part, name in written.items():
        write = changes[name]
        assert write is not None
        write(pending / part)
        _sync(pending / part)
    removed = sorted(name for name, write in changes.items() if write is None)
    draft = pending / "draft"
    draft.write_text(json.dumps({"written": written, "removed": removed}), encoding="utf-8")
    _sync(draft)
    draft.replace(pending / JOURNAL)
    _sync(pending)
    finish(directory)


def finish(directory: Path, /) -> None:
    """Carry out what an interrupted change had decided; readers may call it while a writer is at work."""
    pending = directory / PENDING
    journal = pending / JOURNAL
    try:
        decided = json.loads(journal.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    for part, name in decided["written"].items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # moved already
            (pending / part).replace(target)
        _sync(target.parent)
    for name in decided["removed"]:
        (directory / name).unlink(missing_ok=True)
    _sync(directory)
    journal.unlink(missing_ok=True)
    shutil.rmtree(pending, ignore_errors=True)


def _sync(path: Path) -> None:
    """Make the system put a file or a directory on the disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
