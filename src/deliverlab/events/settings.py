"""Settings in TOML files; what is wrong in one is a single line that names the file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from deliverlab.errors import DataError

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: str | Path, /) -> dict[str, Any]:
    """What a TOML file states; raises `DataError` where it cannot be read."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}, must be a file in TOML") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: {error}, must be TOML") from None


def read_settings(model: type[Model], path: str | Path, /) -> Model:
    """What a TOML file states, as the model says it may; raises `DataError` naming what is wrong in it."""
    try:
        return model.model_validate(read_toml(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        where = f"{place} == {first['input']!r}: " if place else ""
        raise DataError(f"{path}: {where}{first['msg'].removeprefix('Value error, ')}") from None
