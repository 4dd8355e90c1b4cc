"""For whom a piece of a page is written: what is about an account is said in its language."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from deliverlab.language import speaking

if TYPE_CHECKING:
    from collections.abc import Callable

    from deliverlab.reports.inputs import Case

Options = ParamSpec("Options")
Piece = TypeVar("Piece")


def in_its_language(
    write: Callable[Concatenate[Case, Options], Piece],
) -> Callable[Concatenate[Case, Options], Piece]:
    """The same function, which speaks the language of the case that it is given."""

    @wraps(write)
    def written(case: Case, /, *args: Options.args, **options: Options.kwargs) -> Piece:
        with speaking(case.language):
            return write(case, *args, **options)

    return written
