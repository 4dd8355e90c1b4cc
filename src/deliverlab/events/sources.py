"""Tables from elsewhere, a batch at a time: a PostgreSQL database, or any path that Polars can scan."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.recipients import mask_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adbc_driver_manager.dbapi import Connection

ROWS_AT_ONCE = 1 << 16
QUERY_TOLD = 80  # characters of a query that name it
POSTGRES = ("postgresql", "postgres")
_PACKED = re.compile(r"\.(gz|zst|zstd)$")
_NO_COPY = {"adbc.postgresql.use_copy": "false"}  # what a cursor fetches cannot be copied


def is_database(source: str, /) -> bool:
    """Whether a source names a database; anything else is a path."""
    return urlsplit(source).scheme in POSTGRES


def name_of(source: str, /, *, query: str | None = None, table: str | None = None) -> str:
    """A source as tables and reports may name it: without user, password or options.

    >>> name_of("postgresql://ann:secret@db.test:5433/mail?sslmode=require", table="events")
    'postgresql://db.test:5433/mail events'
    """
    parts = urlsplit(source)
    if not parts.scheme:
        return Path(source).name
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return mask_addresses(" ".join(filter(None, (place, table or (query or "")[:QUERY_TOLD]))))


def read_frames(
    source: str, /, *, query: str | None = None, table: str | None = None
) -> Iterator[pl.DataFrame]:
    """The rows of a table or query of a database, or of a path, in batches; memory holds one.

    A database is PostgreSQL by its address (`postgresql://...`), and wants either a `query` or the name of a
    `table` ("schema.table"). A path is whatever Polars scans: Parquet files, directories of them (hive
    partitions too) and patterns, Arrow, CSV and NDJSON by their ending (packed or not), on disk or in an
    object store; and a Delta table on disk (with the `deltalake` package).

    Raises `DataError` for what cannot be read, never telling a password.
    """
    if not is_database(source):
        if query or table:
            raise DataError(f"{name_of(source)}: is a path, must be a database to have a query or a table")
        return _of_path(source)
    if (query is None) == (table is None):
        raise DataError(f"{name_of(source)}: needs a query or a table, must have one of them")
    return _of_postgres(source, query or _whole(table or ""))


def _of_postgres(source: str, query: str) -> Iterator[pl.DataFrame]:
    """Batches of a cursor on the server: neither side ever holds the whole answer."""
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql.dbapi import connect
    except ImportError:
        raise DataError(
            "a database needs two more packages, must be installed: pip install 'deliverlab[postgres]'"
        ) from None
    try:
        with connect(source) as connection:
            _execute(connection, f"declare deliverlab no scroll cursor for {query.strip().rstrip(';')}")
            while (batch := _execute(connection, f"fetch {ROWS_AT_ONCE} from deliverlab")).height:
                yield _plain(batch)
            connection.rollback()
    except Error as error:
        told = _without_secrets(" ".join(str(error).split()), source)
        raise DataError(f"{name_of(source)}: {told}") from None


def _execute(connection: Connection, statement: str) -> pl.DataFrame:
    with connection.cursor(adbc_stmt_kwargs=_NO_COPY) as cursor:
        cursor.execute(statement)
        return pl.DataFrame(cursor.fetch_arrow())


def _plain(batch: pl.DataFrame) -> pl.DataFrame:
    """Types that Arrow has no name for (numeric, for one) as the text that they come in."""
    return batch.with_columns(
        column.ext.storage() for column in batch.iter_columns() if isinstance(column.dtype, pl.Extension)
    )


def _whole(table: str) -> str:
    """The query for all of a table; each part of its name is quoted, so that it can be nothing but a name."""
    name = ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))
    return f"select * from {name}"  # noqa: S608  quoted just above


def _without_secrets(text: str, source: str) -> str:
    """A message of the driver without the password, as it was written or meant."""
    parts = urlsplit(source)
    password = parts.netloc.rpartition("@")[0].partition(":")[2]
    for secret in (source, password, unquote(password), *parse_qs(parts.query).get("password", [])):
        if secret:
            text = text.replace(secret, "***")
    return text


def _of_path(source: str) -> Iterator[pl.DataFrame]:
    try:
        yield from _scanned(source).collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True)
    except _errors() as error:
        problem = (str(error).splitlines() or ["cannot be read"])[0]
        raise DataError(f"{name_of(source)}: {problem}, must be a path that Polars can scan") from None


def is_delta(path: str | Path, /) -> bool:
    """Whether a directory is a Delta table: its Parquet files alone do not tell which rows it holds."""
    return (Path(path) / "_delta_log").is_dir()


def _errors() -> tuple[type[Exception], ...]:
    """What is raised for a path that cannot be read."""
    known = (pl.exceptions.PolarsError, OSError, ModuleNotFoundError)
    try:
        from deltalake.exceptions import DeltaError
    except ImportError:
        return known
    return (*known, DeltaError)


def _scanned(source: str) -> pl.LazyFrame:
    if is_delta(source):
        try:
            return pl.scan_delta(source)
        except ModuleNotFoundError:
            raise DataError(
                f"{name_of(source)}: a Delta table needs one more package, must be installed: "
                "pip install 'deliverlab[delta]'"
            ) from None
    ending = _PACKED.sub("", source.rstrip("/").lower()).rpartition(".")[2]
    if ending in ("csv", "tsv"):
        separator = "\t" if ending == "tsv" else ","
        return pl.scan_csv(source, separator=separator, infer_schema=False)
    if ending in ("ndjson", "jsonl"):
        return pl.scan_ndjson(source)
    if ending in ("arrow", "ipc", "feather"):
        return pl.scan_ipc(source)
    return pl.scan_parquet(source)
