"""A run from a file: these kinds of page × these accounts × these days, each day in a folder of its own."""

from __future__ import annotations

import tomllib
from datetime import date  # noqa: TC003  pydantic reads it
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deliverlab.errors import DataError
from deliverlab.language import ENGLISH
from deliverlab.pipeline.batch import CHALLENGER, KINDS, SCENARIO, SEED, Batch, write_reports
from deliverlab.pipeline.lookup import StageFrom  # noqa: TC001  pydantic reads it
from deliverlab.reports.run import DEADLINE, EngineName

if TYPE_CHECKING:
    from collections.abc import Callable


class Manifest(BaseModel):
    """What a manifest may say; paths are relative to its own folder."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    data: str
    out: str
    kinds: list[Literal[*KINDS]] = Field(min_length=1)  # type: ignore[valid-type]  # the names are listed once
    accounts: str | list[str] = "staged"
    as_of: list[date] = Field(min_length=1)
    policy: str = "hubspot-like"
    challenger: str = CHALLENGER
    stage_from: StageFrom = "enforcement"
    scenario: str = SCENARIO
    seed: int = Field(default=SEED, ge=0)
    jobs: int = Field(default=2, ge=1)
    engine: EngineName = "deliverlab"
    deadline: float = Field(default=DEADLINE, gt=0)
    standalone: bool = False
    pdf: bool = False
    show_addresses: bool = False
    language: str = ENGLISH
    since_days: int = Field(default=1, ge=1)


def read_manifest(path: str | Path, /) -> Manifest:
    """The manifest in a file. Raises `DataError`, with the key, for what it must not say."""
    try:
        return Manifest.model_validate(tomllib.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise DataError(f"{path}: must be a file ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: must be TOML ({error})") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"{path}: {where} == {first['input']!r}: {first['msg']}") from error


def run_manifest(
    path: str | Path, /, *, force: bool = False, on_done: Callable[[int, int], None] | None = None
) -> list[Batch]:
    """A batch a day, in `OUT/DAY`. `on_done` is told how many pages of how many of the day are done."""
    manifest = read_manifest(path)
    home = Path(path).parent
    given = manifest.model_dump(exclude={"data", "out", "as_of", "accounts"})
    named = manifest.accounts
    accounts = _at_home(named, home) if isinstance(named, str) else ",".join(named)
    for name in ("policy", "challenger", "scenario"):
        given[name] = _at_home(given[name], home)
    return [
        write_reports(
            home / manifest.data, accounts=accounts, as_of=day, out=home / manifest.out / str(day),
            force=force, on_done=on_done, **given,
        )
        for day in manifest.as_of
    ]  # fmt: skip


def _at_home(name_or_path: str, home: Path) -> str:
    """A file beside the manifest if there is one of that name, else the name as it is."""
    beside = home / name_or_path
    return str(beside) if beside.is_file() else name_or_path
