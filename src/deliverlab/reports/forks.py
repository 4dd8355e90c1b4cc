"""A fresh process for every task, forked from one that has imported everything and computed nothing.

The process that forks is a program of its own (`python -m deliverlab.reports.forks`), so whoever asks may use
threads and Polars, and its own main module is not run again. Pools of the standard library will not do: with
one worker killed `multiprocessing.Pool` waits for ever and `ProcessPoolExecutor` gives up all the others.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing import Pipe, get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from deliverlab.reports.kernel import spare_iri_parsers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.context import ForkProcess

GRACE = 10.0  # seconds after its deadline in which a process that nobody watches any more ends itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A function that tells something, piece by piece, with its arguments; all must be picklable.

    A process that ends before the function does (killed, or hung for `deadline` seconds) is started anew
    until it was tried `tries` times. What the function raises is a bug of its own and not tried again.
    """

    function: Callable[..., Iterable[Any]]
    arguments: tuple[Any, ...] = ()
    deadline: float = 600.0
    tries: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Why a task was given up."""

    why: str


@dataclass(frozen=True, slots=True)
class End:
    """The last piece that a task tells."""


def can_fork() -> bool:
    """Whether this system has fork, and tells which processes have ended."""
    return "forkserver" in get_all_start_methods()


class Forks:
    """A running program that forks; a context manager, whose end is also the end of all that still runs."""

    def __init__(self, *, workers: int) -> None:
        self._pipe, theirs = Pipe()
        command = [sys.executable, "-P", "-m", __name__, str(theirs.fileno()), str(workers)]
        self._process = subprocess.Popen(  # noqa: S603  this Python, this module
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt from the keyboard reaches us alone, and we hang up
        )  # fmt: skip
        theirs.close()
        self._pipe.send(sys.path)  # what we can import, it can

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()  # it hears that nobody listens any more
        self._process.wait()

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Any]]:
        """Numbers of tasks with what they tell, as it comes; `End` or `Lost` is the last of each."""
        open_tasks = dict(enumerate(tasks))
        try:
            self._pipe.send(open_tasks)
            while open_tasks:
                number, piece = self._pipe.recv()
                if isinstance(piece, End | Lost):
                    del open_tasks[number]
                yield number, piece
        except (EOFError, OSError):
            for number in open_tasks:
                yield number, Lost(why="the process that starts reports has ended")


@dataclass(slots=True)
class _Run:
    """A task in its process."""

    number: int
    task: Task
    attempt: int
    process: ForkProcess
    pipe: Connection
    ends_at: float
    is_done: bool = False


class _Server:
    """The loop of the program that forks: no more than `workers` processes at a time."""

    def __init__(self, parent: Connection, workers: int) -> None:
        self.parent, self.workers = parent, workers
        self.waiting: deque[tuple[int, Task, int]] = deque()
        self.running: list[_Run] = []

    def serve(self) -> None:
        """Until the parent hangs up; then all that still runs is killed."""
        try:
            while True:
                while self.waiting and len(self.running) < self.workers:
                    self.running.append(self._start(*self.waiting.popleft()))
                nearest = min((run.ends_at for run in self.running), default=None)
                timeout = None if nearest is None else max(0.0, nearest - time.monotonic())
                ready = wait([self.parent, *(run.pipe for run in self.running)], timeout)
                if self.parent in ready:
                    tasks: dict[int, Task] = self.parent.recv()
                    self.waiting.extend((number, task, 1) for number, task in tasks.items())
                for run in list(self.running):
                    if run.pipe in ready:
                        self._hear(run)
                    elif time.monotonic() >= run.ends_at:
                        self._end(run, why=f"it took longer than {run.task.deadline:g} seconds")
        except (EOFError, OSError):
            for run in self.running:
                run.process.kill()

    def _start(self, number: int, task: Task, attempt: int) -> _Run:
        ours, theirs = Pipe(duplex=False)
        process = get_context("fork").Process(target=_work, args=(task, theirs, self.parent))
        process.start()
        theirs.close()
        return _Run(number, task, attempt, process, ours, time.monotonic() + task.deadline)

    def _hear(self, run: _Run) -> None:
        """Pass on a piece; a pipe that closes before `End` belongs to a process that died."""
        try:
            piece = run.pipe.recv()
        except (EOFError, OSError):
            self._end(run, why="")
            return
        self.parent.send((run.number, piece))
        run.is_done = isinstance(piece, End | Lost)
        if run.is_done:
            self._end(run, why="")

    def _end(self, run: _Run, *, why: str) -> None:
        """Bury a process; its task is started anew, or given up."""
        if why:
            run.process.kill()
        run.process.join()
        run.pipe.close()
        self.running.remove(run)
        if run.is_done:
            return
        if run.attempt < run.task.tries:
            self.waiting.append((run.number, run.task, run.attempt + 1))
        else:
            lost = Lost(why=f"{why or _cause(run.process.exitcode)} ({run.attempt} tries)")
            self.parent.send((run.number, lost))


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"its process was killed ({signal.Signals(-exit_code).name})"
    return f"its process ended by itself (exit code {exit_code})"


def _work(task: Task, pipe: Connection, inherited: Connection) -> None:
    """What the forked process does; the alarm ends it should it hang with nobody there to kill it."""
    inherited.close()  # so that the parent hears when the program that forks dies, whoever still runs
    signal.setitimer(signal.ITIMER_REAL, task.deadline + GRACE)
    try:
        for piece in task.function(*task.arguments):
            pipe.send(piece)
    except Exception as error:  # whatever it is, the one who asked is told
        pipe.send(Lost(why=f"{type(error).__name__}: {error}"))
    else:
        pipe.send(End())


if __name__ == "__main__":
    spare_iri_parsers()
    from deliverlab.reports.forks import _Server as Server  # the module by its name, as pickles know it
    from deliverlab.reports.preload import preload

    at_once = int(sys.argv[2])
    preload(at_once=at_once)
    their_parent = Connection(int(sys.argv[1]))
    sys.path[:] = their_parent.recv()
    Server(their_parent, at_once).serve()
