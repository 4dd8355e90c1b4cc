"""`%load_ext deliverlab`: the look of results in a notebook, errors in a line, policies written in a cell.

Nothing works only with it. What it sets is IPython's and Altair's, and `%unload_ext` puts all of it back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from deliverlab.errors import DataError, DeliverlabError
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from deliverlab.reports.lab_style import LabStyle
from deliverlab.reports.render import EMBED_OPTIONS, VEGALITE
from deliverlab.reports.theme import THEME

if TYPE_CHECKING:
    from collections.abc import Callable

    from altair.theme import ThemeConfig

    Shell = Any  # IPython's InteractiveShell, which is hardly typed
    Cell = Any  # its ExecutionInfo

OURS = "deliverlab"
WORDS = "deliverlab: results in the look of its pages; errors in a line; %%policy NAME, %%scenario NAME"
LOADS = re.compile(rf"^\s*%load_ext\s+{OURS}\b", re.MULTILINE)
DOCUMENTS: dict[str, type[Policy | Scenario]] = {"policy": Policy, "scenario": Scenario}


@dataclass(frozen=True)
class Before:
    """What there was before the extension was loaded, and what listens since."""

    renderer: str
    renderer_options: dict[str, Any]
    theme: str
    theme_options: dict[str, Any]
    errors: tuple[type[BaseException], ...]
    on_error: Any
    listener: Callable[[Cell], None]


_BEFORE: dict[int, Before] = {}  # by shell


def load(shell: Shell, /) -> None:
    """Set all of it, and show the look, which stays with the notebook as an output like any other."""
    if id(shell) not in _BEFORE:
        _set(shell)
    shell.display_pub.publish(*LabStyle(WORDS)._repr_mimebundle_())


def unload(shell: Shell, /) -> None:
    """Put everything back, except the look of results that are there."""
    import altair as alt

    before = _BEFORE.pop(id(shell))
    alt.renderers.enable(before.renderer, **before.renderer_options)
    alt.theme.enable(before.theme, **before.theme_options)
    shell.custom_exceptions, shell.CustomTB = before.errors, before.on_error
    shell.events.unregister("pre_run_cell", before.listener)
    for name in DOCUMENTS:
        shell.magics_manager.magics["cell"].pop(name, None)


def _set(shell: Shell) -> None:
    import altair as alt

    listener = _loading_anew(shell)
    _BEFORE[id(shell)] = Before(
        alt.renderers.active, dict(alt.renderers.options), alt.theme.active, dict(alt.theme.options),
        shell.custom_exceptions, shell.CustomTB, listener,
    )  # fmt: skip
    alt.renderers.register(OURS, _as_data)
    alt.renderers.enable(OURS)
    alt.theme.register(OURS, enable=True)(_theme)
    shell.set_custom_exc((DeliverlabError,), _in_a_line)
    for name, kind in DOCUMENTS.items():
        shell.register_magic_function(_written_in_a_cell(shell, name, kind), "cell", name)
    shell.events.register("pre_run_cell", listener)


def _loading_anew(shell: Shell) -> Callable[[Cell], None]:
    """Let the cell that loads the extension load it each time it runs.

    The look is that cell's output. IPython loads an extension once, and a notebook that is run again in its
    kernel would lose the look.
    """

    def listen(info: Cell) -> None:
        if LOADS.search(info.raw_cell):
            shell.extension_manager.loaded.discard(OURS)

    return listen


def _as_data(spec: dict[str, Any], **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """An Altair chart of the user's as JupyterLab draws it without a network.

    Altair's own way fetches a script; and the schema's address would have JupyterLab warn of another version.
    """
    drawn = {name: value for name, value in spec.items() if name != "$schema"}
    return {VEGALITE: drawn, "text/plain": "<Altair chart>"}, {VEGALITE: {"embed_options": EMBED_OPTIONS}}


def _theme() -> ThemeConfig:
    return cast("ThemeConfig", {"config": dict(THEME)})


def _in_a_line(
    shell: Shell, kind: type[BaseException], error: BaseException, _: object, *, tb_offset: object = None
) -> list[str]:
    """What input gets wrong is a line, here as on the command line; anything else keeps its traceback."""
    del tb_offset
    line = f"{kind.__name__}: {error}"
    shell._showtraceback(kind, error, [line])
    return [line]


def _written_in_a_cell(shell: Shell, magic: str, kind: type[Policy | Scenario]) -> Callable[[str, str], Any]:
    """The magic that reads a cell's TOML as a policy or scenario, names it, and shows it."""

    def read(line: str, cell: str) -> Policy | Scenario:
        name = line.strip()
        if not name.isidentifier():
            raise DataError(f"%%{magic} {name}: must be followed by the name that it gets, such as mine")
        document = kind.from_text(cell, where=f"%%{magic} {name}")
        shell.push({name: document})
        return document

    return read
