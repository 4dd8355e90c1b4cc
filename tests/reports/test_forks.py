"""Tasks in processes of their own: who dies or hangs is told apart, and nobody waits for them."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deliverlab.reports.forks import End, Forks, Lost, Task, can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="this system cannot fork")


def says(*words: str) -> Iterator[str]:
    """A task that tells something."""
    yield from words


def is_killed() -> Iterator[str]:
    """A task whose process is killed, as by a system short of memory."""
    yield "about to die"
    os.kill(os.getpid(), signal.SIGKILL)


def hangs() -> Iterator[str]:
    """A task that never ends."""
    yield "about to hang"
    time.sleep(3600)


def fails() -> Iterator[str]:
    """A task with a bug."""
    yield from ()
    raise ValueError("a bug")


def is_killed_once(mark: Path) -> Iterator[str]:
    """A task that is killed the first time it is tried."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    yield "second try"


def names_its_threads() -> Iterator[list[str]]:
    """What runs in the process that was forked."""
    yield [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]


def test_each_task_ends_in_its_own_way(tmp_path: Path) -> None:
    """One is done, one killed, one hung, one wrong, one lucky: each is told, and only the lost are lost."""
    tasks = [
        Task(function=says, arguments=("a", "b")),
        Task(function=is_killed),
        Task(function=hangs, deadline=0.5, tries=1),
        Task(function=fails),
        Task(function=is_killed_once, arguments=(tmp_path / "mark",)),
    ]
    told: dict[int, list[object]] = {number: [] for number in range(len(tasks))}

    with Forks(workers=2) as forks:
        for number, piece in forks.run(tasks):
            told[number].append(piece)

    assert told == {
        0: ["a", "b", End()],
        1: ["about to die", "about to die", Lost(why="its process was killed (SIGKILL) (2 tries)")],
        2: ["about to hang", Lost(why="it took longer than 0.5 seconds (1 tries)")],
        3: [Lost(why="ValueError: a bug")],
        4: ["second try", End()],
    }


def test_what_is_forked_has_one_thread_of_python(tmp_path: Path) -> None:
    """No pool of threads is left behind in the process that forks: imports alone start none."""
    if not Path("/proc/self/task").exists():
        pytest.skip("threads can be listed on Linux alone")
    with Forks(workers=1) as forks:
        (_, threads), _ = forks.run([Task(function=names_its_threads)])

    assert len(threads) == 1


def test_when_the_program_that_forks_dies_all_that_is_open_is_lost() -> None:
    """Whoever waits is told, and does not wait for ever."""
    found = {}
    with Forks(workers=1) as forks:
        for number, piece in forks.run([Task(function=hangs), Task(function=says, arguments=("a",))]):
            found[number] = piece
            if piece == "about to hang":
                forks._process.kill()

    assert found == {number: Lost(why="the process that starts reports has ended") for number in (0, 1)}
