"""Which accounts a batch is about, and what its pages are made from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.store import EVENTS
from deliverlab.pipeline.directory import ABOUT, FILES, table_path
from deliverlab.pipeline.lookup import refuse_stranger
from deliverlab.schemas import Health, Recommendations, Scores

if TYPE_CHECKING:
    from deliverlab.pipeline.roll import Roll

RESULTS = {Health, Scores, Recommendations}  # what pages compute anew and never read


def chosen_accounts(accounts: str, roll: Roll, /) -> pl.DataFrame:
    """The accounts of a roll that "all", "staged", a file of ids, or ids with commas between mean.

    A file has an id a line; empty lines, and those that begin with #, are left out. Raises `DataError`.
    """
    everyone = roll.accounts.join(
        roll.stages.select("account_id", "stage"), on="account_id", how="left", maintain_order="left"
    )
    if accounts == "all":
        return everyone
    if accounts == "staged":
        return everyone.filter(pl.col("stage").is_not_null())
    wanted = _ids(accounts)
    if not wanted:
        raise DataError(f"accounts == {accounts!r}, must be all, staged, a file, or ids with commas between")
    strangers = wanted.keys() - set(everyone["account_id"])
    for account_id in wanted:
        if account_id in strangers:
            refuse_stranger(account_id, everyone)
    return everyone.filter(pl.col("account_id").is_in(list(wanted)))


def inputs_hash(data: str | Path, /, *others: str) -> str:
    """A hash of all that pages read of a data directory, and of these other texts.

    Tables by their content; files of events, which may be larger than memory, by name, size and time.
    """
    tables = [table_path(data, table) for table in FILES if table not in RESULTS]
    files = [path for path in (Path(data) / ABOUT, *tables) if path.exists()]
    events = [(path.name, path.stat()) for path in sorted((Path(data) / EVENTS).glob("*.parquet"))]
    facts = [
        {path.name: _digest(path) for path in files},
        [(name, stat.st_size, stat.st_mtime_ns) for name, stat in events],
        others,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _ids(accounts: str) -> dict[str, None]:
    """The ids, each once."""
    path = Path(accounts)
    try:
        is_file = path.is_file()
    except OSError:  # too long for a name
        is_file = False
    if is_file:
        lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
        return dict.fromkeys(line for line in lines if line and not line.startswith("#"))
    return dict.fromkeys(account_id.strip() for account_id in accounts.split(",") if account_id.strip())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
