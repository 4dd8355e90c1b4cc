"""A data directory: one Parquet file a table, read and written whole."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import DataError
from deliverlab.events.caveats import Caveats
from deliverlab.history import KNOWN_WITHIN_DAYS, History
from deliverlab.policy.queue import Workload
from deliverlab.policy.reviewers import Cases
from deliverlab.schemas import (
    Accounts,
    Appeals,
    Contacts,
    Daily,
    Enforcement,
    Health,
    Incidents,
    Outcomes,
    PeerRates,
    Recommendations,
    Reviews,
    Scores,
    Slices,
    Standing,
    Transitions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    import dataframely as dy

T = TypeVar("T", bound=Table)

FILES: dict[type[Table], str] = {
    Accounts: "accounts",
    Daily: "daily",
    Slices: "slices",
    PeerRates: "peer_rates",
    Reviews: "reviews",
    Appeals: "appeals",
    Enforcement: "enforcement",
    Incidents: "incidents",
    Contacts: "contacts",
    Caveats: "caveats",
    Transitions: "simulation/transitions",
    Outcomes: "simulation/outcomes",
    Standing: "simulation/standing",
    Cases: "simulation/cases",
    Workload: "simulation/workload",
    Health: "health/health",
    Scores: "health/scores",
    Recommendations: "health/recommendations",
}
ABOUT = "about.json"


def table_path(data: str | Path, table: type[Table], /) -> Path:
    """Where a table lies in a data directory."""
    return Path(data) / file_name(table)


def file_name(table: type[Table], /) -> str:
    """Where a table lies inside any data directory."""
    return f"{FILES[table]}.parquet"


def read_table(
    data: str | Path,
    table: type[T],
    /,
    *,
    account_ids: Iterable[str] | None = None,
    since: date | None = None,
) -> dy.DataFrame[T]:
    """A table of a data directory, checked; empty where there is none.

    With `account_ids` only their rows are read and checked, with `since` only days from it on: Parquet skips
    the groups of rows that hold none of them.
    """
    path = table_path(data, table)
    if not path.exists():
        return table.create_empty()
    return table.admit(_read_parquet(path, account_ids=account_ids, since=since), what=str(path))


def scan_table(data: str | Path, table: type[T], /) -> dy.LazyFrame[T]:
    """The same, read when and as far as it is needed, and not checked: for what this package wrote."""
    path = table_path(data, table)
    return table.cast(pl.scan_parquet(path)) if path.exists() else table.create_empty().lazy()


def write_table(data: str | Path, table: type[T], frame: pl.DataFrame, /) -> None:
    """Write a table into a data directory: the old file stays until the new one is whole."""
    write_rows(table_path(data, table), table, frame)


def write_rows(path: Path, table: type[T], frame: pl.DataFrame, /) -> None:
    """Write a file of a table's rows, likewise; the folder is made."""
    write_whole(path, table_writer(table, frame))


def write_whole(path: Path, write: Callable[[Path], object], /) -> None:
    """Have a file written: the old one stays until the new one is whole; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    write(part)
    part.replace(path)


def table_writer(table: type[T], frame: pl.DataFrame, /) -> Callable[[Path], object]:
    """What writes a table, checked, in the order of its key."""
    key = table.primary_key()
    rows = frame.select(table.column_names()).sort(key) if key else frame.select(table.column_names())
    return partial(table.validate(rows, cast=True).write_parquet, compression="zstd")


def open_history(
    data: str | Path, /, *, account_ids: Iterable[str] | None = None, since: date | None = None
) -> History:
    """The history of a data directory: daily counts, accounts, peer rates, reviews and enforcement.

    With `account_ids` only the rows of these accounts are read, with `since` only days from that on; `until`
    stays the last day of all.
    Raises `DataError` where a table is missing or not what it must be.
    """
    refuse_nothing(data)
    chosen = None if account_ids is None else list(account_ids)
    peer_rates = read_table(data, PeerRates)
    last_day = scan_table(data, Daily).select(pl.col("day").max()).collect().item()
    return History(
        read_table(data, Daily, account_ids=chosen, since=since),
        read_table(data, Accounts, account_ids=chosen),
        peer_rates=peer_rates if peer_rates.height else None,
        reviews=read_table(data, Reviews, account_ids=chosen),
        enforcement=read_table(data, Enforcement, account_ids=chosen),
        known_within_days=known_within_days(data),
        until=last_day,
    )


def refuse_nothing(data: str | Path, /) -> None:
    """Raise `DataError` for a folder that lacks what no history can do without."""
    for table in (Daily, Accounts):
        path = table_path(data, table)
        if not path.exists():
            raise DataError(f"{path}: is missing, must be there (`deliverlab ingest` or `sample` makes it)")


def about(data: str | Path, /) -> dict[str, int]:
    """What is noted of a data directory: whether it is synthetic, and how long outcomes were waited for."""
    path = Path(data) / ABOUT
    return dict(json.loads(path.read_text())) if path.exists() else {}


def known_within_days(data: str | Path, /) -> int:
    """How long outcomes were waited for."""
    return about(data).get("known_within_days", KNOWN_WITHIN_DAYS)


def note_about(data: str | Path, /, **facts: int) -> None:
    """Note facts about a data directory beside those that are there."""
    told = told_about(data, **facts)
    write_whole(Path(data) / ABOUT, lambda part: part.write_text(told))


def told_about(data: str | Path, /, **facts: int) -> str:
    """What `about.json` says with these facts beside those that are there."""
    return json.dumps(about(data) | facts, indent=1, sort_keys=True) + "\n"


def _read_parquet(path: Path, *, account_ids: Iterable[str] | None, since: date | None) -> pl.DataFrame:
    wanted = pl.lit(value=True) if since is None else pl.col("day") >= since
    if account_ids is not None:
        wanted &= pl.col("account_id").is_in(list(account_ids))
    try:
        return pl.scan_parquet(path).filter(wanted).collect()
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path}: must be a Parquet file ({str(error).splitlines()[0]})") from error
