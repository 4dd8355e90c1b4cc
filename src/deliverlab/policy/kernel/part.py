"""Compiling the parts of the walk, and knowing when what was compiled before is out of date."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

from deliverlab import metrics, schemas

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

# No part makes an array, so numba need not count who holds one, which would take more than half of the time.
OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}


def part(function: F) -> F:
    """The function, compiled into whatever compiled function calls it."""
    return cast("F", numba.njit(forceinline=True, **OPTIONS)(function))


def aside(function: F) -> F:
    """The function, compiled by itself: what is seldom called must not slow down what calls it."""
    return cast("F", numba.njit(**OPTIONS)(function))


def whole(function: F) -> F:
    """The function, compiled when it is first called, and kept on disk."""
    return cast("F", numba.njit(cache=True, nogil=True, **OPTIONS)(function))


def sources() -> str:
    """A hash of all that is compiled into the walk.

    numba keeps what it compiled until the file of the called function changes, and looks at no other file.
    """
    files = [*sorted(Path(__file__).parent.glob("*.py")), Path(metrics.__file__), Path(schemas.__file__)]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
