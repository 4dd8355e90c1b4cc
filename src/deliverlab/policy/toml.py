"""Policy and scenario files: frozen models from TOML, or one line that says what is wrong with them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, get_args

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from deliverlab.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

LONGEST_VALUE = 80  # of a refused value, as much as fits on a line


class Entry(BaseModel):
    """A table of a file: frozen, strict, no unknown keys.

    A field's description says what its value must be, and its title what it means.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Document(Entry):
    """A whole file."""

    _sha256: str = PrivateAttr(default="")

    @property
    def sha256(self) -> str:
        """What a run record names it by: the hash of the file's text, or of its content where it has none."""
        return self._sha256

    @classmethod
    def from_toml(cls, path: Path | str) -> Self:
        """The document in a TOML file; a `PolicyError` of one line says what is wrong with it."""
        try:
            text = Path(path).read_text("utf-8")
        except OSError as error:
            raise PolicyError(f"{path}: cannot be read ({error.strerror}), must be a TOML file") from None
        except UnicodeDecodeError:
            raise PolicyError(f"{path}: is not UTF-8, must be a TOML file") from None
        return cls.from_text(text, where=str(path))

    @classmethod
    def from_text(cls, text: str, *, where: str = "text") -> Self:
        """The document in TOML text; `where` names it in errors."""
        try:
            data = tomllib.loads(text)
        except (
            ValueError,
            RecursionError,
        ) as error:  # numbers too long and lists too deep are no TOMLDecodeError
            raise PolicyError(f"{where}: no valid TOML: {error}") from None
        return cls._checked(data, where=where, sha256=hashlib.sha256(text.encode()).hexdigest())

    @classmethod
    def from_data(cls, data: Mapping[str, Any], *, where: str = "data") -> Self:
        """The document in a mapping with the keys of the file, such as `model_dump(exclude_unset=True)`."""
        content = json.dumps(data, sort_keys=True, default=str)
        return cls._checked(data, where=where, sha256=hashlib.sha256(content.encode()).hexdigest())

    @classmethod
    def _checked(cls, data: Mapping[str, Any], *, where: str, sha256: str) -> Self:
        try:
            document = cls.model_validate(data)
        except ValidationError as refusal:
            errors = refusal.errors(include_url=False)
            # A mistyped key is both an unknown and a missing one: the unknown one tells the reader more.
            worst = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
            raise PolicyError(f"{where}: {_complaint(cls, data, worst)}") from None
        document._sha256 = sha256
        return document


def one_of(words: Iterable[str], *, given: str | None = None) -> str:
    """The words to choose from, and the one that was probably meant.

    >>> one_of(["free", "starter"], given="stater")
    'one of free, starter (did you mean "starter"?)'
    """
    words = list(words)
    near = get_close_matches(given, words, n=1) if given else []
    return f"one of {', '.join(words)}" + (f' (did you mean "{near[0]}"?)' if near else "")


def shown(value: object) -> str:
    r"""A value as it can stand in a line: text in quotes, nothing that breaks the line, nothing endless.

    >>> shown(5.0), shown("two\nlines")
    ('5', '"two\\nlines"')
    """
    match value:
        case bool():
            text = str(value).lower()
        case float():
            text = repr(value).removesuffix(".0")
        case str():
            text = json.dumps(value, ensure_ascii=False)
        case date():
            text = str(value)
        case _:
            text = repr(value)
    text = printable(text)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def printable(text: str) -> str:
    r"""A text with nothing in it that breaks a line or moves a terminal's cursor.

    >>> printable("Zoë\x1b[2J")
    'Zoë\\x1b[2J'
    """
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _complaint(document: type[BaseModel], data: Mapping[str, Any], error: ErrorDetails) -> str:
    """Place, value, and what it must be."""
    place = _place(data, error["loc"])
    match error["type"]:
        case "extra_forbidden":
            key = str(error["loc"][-1])
            holder = _place(data, error["loc"][:-1])
            known = _holder(document, error["loc"][:-1]).model_fields
            return f"{holder} unknown key {shown(key)}, must be {one_of(known, given=key)}".lstrip()
        case "missing":
            return f"{place} is missing, must be {_demand(document, error['loc'])}"
        case "value_error":
            return f"{place} {error['ctx']['error']}".lstrip()
        case _:
            given = error["input"]
            value = repr(given) if isinstance(given, float) else shown(given)  # 30.0 is no whole number
            return f"{place} = {value}, must be {_demand(document, error['loc'])}"


def _place(data: object, loc: Iterable[int | str]) -> str:
    """Where in the file, counting from one and naming what has a name: `rules[2] "complaints" limit`."""
    place = ""
    for key in loc:
        data = _inside(data, key)
        if isinstance(key, int):
            name = data.get("name") if isinstance(data, dict) else None
            place += f"[{key + 1}]" + (f" {shown(name)}" if isinstance(name, str) else "")
        else:
            place += f" {key}"
    return place.strip()


def _inside(data: object, key: int | str) -> object:
    """What stands under a key; nothing if the file has it in another form."""
    match data, key:
        case dict(), str():
            return data.get(key)
        case list(), int() if key < len(data):
            return data[key]
        case _:
            return None


def _holder(model: type[BaseModel], loc: Iterable[int | str]) -> type[BaseModel]:
    """The model that stands at a place."""
    for key in loc:
        if isinstance(key, str):
            model = model_in(model.model_fields[key].annotation) or model
    return model


def _demand(document: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """What a place must hold, as its field describes it."""
    keys = [key for key in loc if isinstance(key, str)]
    field = _holder(document, keys[:-1]).model_fields[keys[-1]]
    return field.description or "a table"


def model_in(annotation: object) -> type[BaseModel] | None:
    """The model inside an annotation such as `tuple[Rule, ...]` or `Effect | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)
