"""Events out of a database, and out of whatever Polars can scan: the same events, a batch at a time."""

import gzip
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from deliverlab.cli import main
from deliverlab.errors import DataError
from deliverlab.events import sources, store
from deliverlab.events.deliveries import rows
from deliverlab.pipeline.directory import read_table
from deliverlab.pipeline.road import ingest, ingest_from
from deliverlab.schemas import Daily
from tests.events import postgres
from tests.tables import table

needs_server = pytest.mark.skipif(
    postgres.programs() is None, reason="no PostgreSQL here to start (Debian: apt-get install postgresql)"
)
EVENTS = table("""
    event_type  | recipient        | occurred_at         | account_id | message_id | bounce_reason   | cost
    sent        | ann@mail.test    | 2026-05-04 09:00:00 | a          | m-1        | -               | 1.5
    hard_bounce | Ann@mail.test    | 2026-05-05 09:00:00 | a          | m-1        | invalid_address | 2.5
    sent        | bob@post.test    | 2026-05-31 23:30:00 | b          | m-2        | -               | 0.5
    open        | bob@post.test    | 2026-06-01 07:00:00 | b          | m-2        | -               | 0.5
    open        | bob at post.test | 2026-06-01 07:00:00 | b          | m-2        | -               | 0.5
    opened      | bob@post.test    | 2026-06-01 07:00:00 | b          | m-2        | -               | 0.5
""")
DAYS = [("a", date(2026, 5, 4), 1, 1), ("b", date(2026, 5, 31), 1, 0)]


TABLE = """
    create schema mail
    create table "the events" (
        event_type text, recipient text, occurred_at timestamptz, account_id text, message_id text,
        bounce_reason text, cost numeric
    )
"""
MANY = """
    create table many as
    select 'sent' as event_type, n || '@mail.test' as recipient, 'a' as account_id,
        timestamp '2026-05-04' + n * interval '1 second' as occurred_at
    from generate_series(1, 300000) n
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server with the events in a table, and three hundred thousand in another."""
    from adbc_driver_postgresql.dbapi import connect

    with postgres.running() as address:
        with connect(address) as connection:
            values = (", ".join(map(_literal, row)) for row in EVENTS.iter_rows())
            for statement in (
                TABLE,
                *(f'insert into mail."the events" values ({row})' for row in values),
                MANY,
            ):
                with connection.cursor(adbc_stmt_kwargs=sources._NO_COPY) as cursor:
                    cursor.execute(statement)
            connection.commit()
        yield address


def _literal(value: object) -> str:
    return "null" if value is None else f"'{value}+00'" if isinstance(value, datetime) else f"'{value}'"


def _days(data: Path) -> list[tuple[object, ...]]:
    return read_table(data, Daily).select("account_id", "day", "sent", "hard_bounces").rows()


@needs_server
@pytest.mark.parametrize(
    "what", [{"table": "mail.the events"}, {"query": 'select * from mail."the events" ;'}]
)
def test_a_table_and_a_query_of_a_database_become_events(
    server: str, tmp_path: Path, what: dict[str, Any]
) -> None:
    """Rows are accepted or quarantined with their reasons; reading them again changes nothing."""
    report = ingest_from(server, data=tmp_path / "data", **what)
    assert (report.read, report.accepted, report.duplicate, report.quarantined) == (6, 4, 0, 2)
    assert _days(tmp_path / "data") == DAYS
    refused = store.read_quarantine(tmp_path / "data")
    assert refused.select("position", "reason").rows() == [
        ("line 5", "recipient is no address"),
        ("line 6", "unknown table event 'opened'"),
    ]
    assert "bob@" not in "".join(refused["raw"])

    before = {path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()}
    report = ingest_from(server, data=tmp_path / "data", **what)
    assert (report.read, report.accepted, report.duplicate, report.quarantined) == (6, 0, 6, 0)
    assert before == {path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()}


@needs_server
def test_a_database_is_read_in_batches(server: str) -> None:
    """No batch is larger than what memory is meant to hold, and none is lost."""
    heights = [frame.height for frame in sources.read_frames(server, table="many")]
    assert sum(heights) == 300_000
    assert max(heights) == sources.ROWS_AT_ONCE


@needs_server
def test_the_password_is_told_nowhere(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in what is printed, nor in any file, nor when the database refuses; what refused is said."""
    words = ["ingest", "--data", str(tmp_path), "--account", "a", "--from"]
    tries = {
        (server, "--table", "mail.the events"): (0, "Read 6 entries"),
        (server, "--table", "mail.no events"): (2, 'relation "mail.no events" does not exist'),
        (server, "--query", "select 1 as one"): (2, "must be read with one provider named"),
        (server.replace("%207%2F7", "%zz"), "--table", "t"): (2, "invalid percent-encoded token"),
        (server.replace("%207%2F7", "other"), "--table", "t"): (2, "password authentication failed"),
        (server,): (2, "needs a query or a table"),
    }
    for options, (code, told) in tries.items():
        monkeypatch.setattr(sys, "argv", ["deliverlab", *words, *options])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert (int(ended.value.code or 0), told in said.out + said.err) == (code, True), said
        assert len(said.err.splitlines()) == (code != 0)
        assert "secret" not in said.out + said.err
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"secret" not in path.read_bytes()


@pytest.mark.parametrize("kind", ["parquet", "hive", "csv", "csv.gz", "ndjson", "arrow", "delta"])
def test_any_path_that_polars_scans_is_a_source(tmp_path: Path, kind: str) -> None:
    """Parquet files and partitions, Arrow, CSV, NDJSON and Delta tables give what the database gives."""
    path = tmp_path / f"events.{kind}"
    match kind:
        case "parquet":
            EVENTS.write_parquet(path)
        case "hive":
            for (account,), part in EVENTS.partition_by(
                "account_id", as_dict=True, include_key=False
            ).items():
                (path / f"account_id={account}").mkdir(parents=True)
                part.write_parquet(path / f"account_id={account}" / "part.parquet")
        case "csv":
            EVENTS.write_csv(path)
        case "csv.gz":
            path.write_bytes(gzip.compress(EVENTS.write_csv().encode()))
        case "arrow":
            EVENTS.write_ipc(path)
        case "delta":
            _write_delta(path)
        case _:
            EVENTS.write_ndjson(path)
    report = ingest_from(str(path), data=tmp_path / "data")
    assert (report.read, report.accepted, report.quarantined) == (6, 4, 2)
    assert _days(tmp_path / "data") == DAYS


def _write_delta(path: Path) -> None:
    """The events as a Delta table that held other rows before."""
    pytest.importorskip("deltalake")
    EVENTS.reverse().head(2).write_delta(path)
    EVENTS.write_delta(path, mode="overwrite")


def test_a_delta_table_is_no_directory_of_exports(tmp_path: Path) -> None:
    """Its files alone hold deleted rows too, so it is refused by name; a damaged one is one line."""
    _write_delta(tmp_path / "lake")
    with pytest.raises(DataError, match="lake is a Delta table, must be read as one: ingest --from"):
        ingest(tmp_path / "lake", data=tmp_path / "data")
    for log in (tmp_path / "lake" / "_delta_log").glob("*.json"):
        log.write_text("broken")
    with pytest.raises(DataError, match=r"lake: .*must be a path that Polars can scan") as caught:
        ingest_from(str(tmp_path / "lake"), data=tmp_path / "data")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("nowhere.parquet", {}, "nowhere.parquet: .*must be a path that Polars can scan"),
        ("nowhere.parquet", {"table": "t"}, "is a path, must be a database to have a query or a table"),
        ("postgresql://db.test/x", {"table": "t", "query": "q"}, "needs a query or a table"),
    ],
)
def test_a_wrong_source_is_one_line(
    tmp_path: Path, source: str, options: dict[str, Any], message: str
) -> None:
    """What cannot be read is named, and nothing is written of it."""
    with pytest.raises(DataError, match=message) as caught:
        ingest_from(source, data=tmp_path / "data", **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data" / "manifest.json").exists()


def test_rows_say_when_in_many_ways() -> None:
    """Zones are brought to UTC, bare times are UTC, dates are midnights, text is read as exports are."""
    frame = pl.DataFrame({"event_type": ["sent"], "recipient": ["ann@mail.test"], "is_machine": ["TRUE"]})
    moment = datetime(2026, 5, 4, 9, tzinfo=UTC)
    for value, expected in (
        (moment, moment),
        (moment.replace(tzinfo=None), moment),
        (moment.date(), moment.replace(hour=0)),
        ("2026-05-04T11:00:00+02:00", moment),
        (str(int(moment.timestamp())), moment),
        (int(moment.timestamp() * 1000), moment),
        ("yesterday", None),
        (datetime(1, 1, 1, tzinfo=UTC), None),
    ):
        delivery = rows([frame.with_columns(occurred_at=pl.lit(value))], source="s")
        (batch,) = delivery.batches()
        assert batch.events["occurred_at"].to_list() == ([] if expected is None else [expected])
        assert batch.quarantine.height == (expected is None)
