"""A notebook's cells executed in this very process, with what they show kept as a kernel would send it.

For a process that does nothing else and ends afterwards (see `forks`): what cells change, stays changed.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Output = dict[str, Any]
MAY_FAIL = "raises-exception"  # nbclient's tag for a cell after whose error the notebook goes on


class Shown:
    """What a cell has shown so far, in the order in which it was shown."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self._by_display_id: dict[str, list[Output]] = {}

    def add(self, kind: str, **content: object) -> Output:
        """Keep an output as nbformat writes it; what JSON does not know becomes text."""
        output: Output = json.loads(json.dumps({"output_type": kind, **content}, default=str))
        self.outputs.append(output)
        return output

    def write(self, stream: str, text: str) -> None:
        """Keep printed text, in one piece with what was printed right before."""
        last = self.outputs[-1] if self.outputs else {}
        if last.get("name") == stream:
            last["text"] += text
        else:
            self.add("stream", name=stream, text=text)

    def display(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None,
        *,
        transient: Mapping[str, Any] | None,
        update: bool,
    ) -> None:
        """Keep a display, or change those that were shown under its id."""
        known = self._by_display_id.setdefault((transient or {}).get("display_id", ""), [])
        content = {"data": dict(data), "metadata": dict(metadata or {})}
        if not update:
            known.append(self.add("display_data", **content))
        for output in known if update else ():
            output.update(json.loads(json.dumps(content, default=str)))


class _Stream:
    """What cells print to."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, name: str, shown: Shown) -> None:
        self.name, self._shown = name, shown

    def write(self, text: str) -> int:
        if text:
            self._shown.write(self.name, text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing waits."""

    def isatty(self) -> bool:
        return False


class _Hook(DisplayHook):
    """Keeps a cell's last value instead of printing it."""

    def write_output_prompt(self) -> None:
        """A notebook has its own."""

    def write_format_data(
        self, format_dict: Mapping[str, Any], md_dict: Mapping[str, Any] | None = None
    ) -> None:
        the_shell().shown.add(
            "execute_result", data=format_dict, metadata=md_dict or {}, execution_count=self.prompt_count
        )

    def finish_displayhook(self) -> None:
        """Nothing is printed, so no line is ended."""


class _Publisher(DisplayPublisher):
    """Keeps what cells display instead of printing its text."""

    def publish(  # type: ignore[override]  # what is deprecated of it is left out
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_: object,
    ) -> None:
        the_shell().shown.display(data, metadata, transient=transient, update=update)

    def clear_output(self, wait: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002  IPython's own signature
        the_shell().shown.outputs.clear()


class Shell(InteractiveShell):
    """An IPython that keeps what cells show, and no history."""

    def __init__(self) -> None:
        self.shown = Shown()
        config = Config()
        config.HistoryManager.enabled = False
        super().__init__(  # type: ignore[no-untyped-call]
            config=config, display_pub_class=_Publisher, displayhook_class=_Hook
        )

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        self.shown.add("error", ename=etype.__name__, evalue=str(evalue), traceback=stb)


@cache
def the_shell() -> Shell:
    """The one shell of this process."""
    shell: Shell = Shell.instance()
    return shell


def executed(cells: list[dict[str, Any]], /) -> Iterator[dict[str, Any]]:
    """The cells in their order, each as it is once it has run; after an error no more of them."""
    shell = the_shell()
    for cell in cells:
        if cell["cell_type"] != "code":
            yield cell
            continue
        shell.shown = Shown()
        with _printing_to(shell.shown):
            done = shell.run_cell("".join(cell["source"]), store_history=True)  # type: ignore[no-untyped-call]
        yield {**cell, "outputs": shell.shown.outputs, "execution_count": shell.execution_count - 1}
        if not done.success and not _may_fail(cell):
            return


def error_in(cell: Mapping[str, Any], /) -> Output | None:
    """The error after which no more cells ran, if it is this cell's."""
    if _may_fail(cell):
        return None
    return next((output for output in cell.get("outputs", ()) if output["output_type"] == "error"), None)


def _may_fail(cell: Mapping[str, Any]) -> bool:
    return MAY_FAIL in cell["metadata"].get("tags", ())


@contextmanager
def _printing_to(shown: Shown) -> Iterator[None]:
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Stream("stdout", shown), _Stream("stderr", shown)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept
