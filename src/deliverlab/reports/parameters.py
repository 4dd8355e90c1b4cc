"""The parameters of a notebook, read from its `parameters` cell and checked before anything runs.

papermill itself prints a line about an unknown parameter, runs on, and reports on the wrong account.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from deliverlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TYPES: Mapping[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
TAG = "parameters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One line of the cell: `name: type = default  # help`."""

    name: str
    type: type
    default: Any
    help: str


def declared_parameters(notebook: Path, /) -> dict[str, Parameter]:
    """The parameters that a notebook declares, by name.

    Raises `DataError` where the file is no notebook, or its cell holds anything but such lines.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if TAG in cell["metadata"].get("tags", ())]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DataError(f"{notebook}: must be a Jupyter notebook ({type(error).__name__})") from error
    if len(tagged) != 1:
        raise DataError(f"{notebook}: {len(tagged)} cells are tagged {TAG!r}, must be one")
    source = "".join(tagged[0]["source"])
    return {parameter.name: parameter for parameter in _parse(source, where=notebook.name)}


def check_parameters(given: Mapping[str, Any], /, *, notebook: Path) -> None:
    """Refuse parameters that are not exactly those of the notebook: unknown, missing or of another type.

    A default is for the analyst who opens the notebook. A batch says every parameter, for a default it forgot
    to replace would be a report on somebody else. Raises `DataError`.
    """
    declared = declared_parameters(notebook)
    for name in given:
        if name not in declared:
            close = get_close_matches(name, declared, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(declared)}"
            raise DataError(f"{notebook.name}: parameter {name!r} is unknown{hint}")
    for name, parameter in declared.items():
        if name not in given:
            raise DataError(
                f"{notebook.name}: parameter {name!r} is missing, must be there ({parameter.help})"
            )
        if not _fits(given[name], parameter.type):
            wanted = parameter.type.__name__
            raise DataError(f"{notebook.name}: parameter {name} == {given[name]!r}, must be of type {wanted}")


def _fits(value: object, wanted: type) -> bool:
    """Whether a value is of the type; a whole number is also a float, and True is no number."""
    if isinstance(value, bool):
        return wanted is bool
    return isinstance(value, (float, int) if wanted is float else wanted)


def _parse(source: str, *, where: str) -> list[Parameter]:
    lines = source.splitlines()
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise DataError(f"{where}: the parameters cell is not Python (line {error.lineno})") from error
    return [_parameter(statement, lines[statement.lineno - 1], where=where) for statement in statements]


def _parameter(statement: ast.stmt, line: str, *, where: str) -> Parameter:
    match statement:
        case ast.AnnAssign(
            target=ast.Name(id=name), annotation=ast.Name(id=kind), value=ast.Constant(value=default)
        ) if kind in TYPES and _fits(default, TYPES[kind]):
            return Parameter(
                name=name, type=TYPES[kind], default=default, help=line.partition("#")[2].strip()
            )
        case _:
            wanted = f"'name: type = value  # help' with a type of {', '.join(TYPES)}"
            raise DataError(f"{where}: parameters line {line.strip()!r}, must be like {wanted}")
