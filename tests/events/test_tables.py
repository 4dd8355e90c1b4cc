"""Tables: connectors' CSV and Parquet of a provider, and any table with a column map."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.errors import DataError
from deliverlab.events.exports import read_frame
from deliverlab.events.providers import PROVIDERS
from deliverlab.events.read import Reading, read_provider
from deliverlab.events.reading import Settings
from deliverlab.events.unpack import _zstd

AT = datetime(2026, 5, 4, 9, 0, 7, 250_000, tzinfo=UTC)

CONNECTOR = """id,_,created,emailCampaignId,portal_id,sent_by_created,sent_by_id,type,filteredEvent,recipient
e-1,x,2026-05-04 09:00:07.250 UTC,13,62515,2026-05-04 09:00:00 UTC,s-1,OPEN,true,q4Zf0p2mTt1sB7yZQk3vXg==
e-2,x,2026-05-04 09:00:07.250 UTC,13,62515,2026-05-04 09:00:00 UTC,s-1,DELIVERED,,"ann@mail.test"
e-3,x,2026-05-04 09:00:07.250 UTC,13,62515,,,BOUNCE,,ann@mail.test
"""

MAP = """
name = "crm"
[columns]
recipient = "E-Mail"
occurred_at = "When"
event_type = "What"
account_id = "Client"
message_id = "Mail"
is_machine = "Bot"
words = "Answer"
[constants]
campaign_id = "spring"
[event_types]
"Sent" = "sent"
"Came back" = "bounce"
[time]
zone = "Europe/Berlin"
format = "%d.%m.%Y %H:%M:%S%.f"
"""

TABLE = """E-Mail;When;What;Client;Mail;Bot;Answer
ann@mail.test;04.05.2026 11:00:07.25;Sent;north;m-1;yes;
"Bob, <bob@mail.test>";04.05.2026 11:00:07.25;Came back;north;m-2;;552 mailbox full
cyd@mail.test;yesterday;Sent;north;m-3;;
dan@mail.test;04.05.2026 11:00:07.25;Vanished;north;m-4;;
eve@mail.test;04.05.2026 11:00:07.25
"""


def _read(path: Path, name: str, content: str | bytes, provider: str) -> Reading:
    (path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_provider(path / name, provider=provider)


@pytest.mark.parametrize("provider", ["hubspot", "auto"])
@pytest.mark.parametrize("name", ["email_event.csv", "EMAIL_EVENT.CSV.gz"])
def test_a_connectors_table_is_read_by_its_header(tmp_path: Path, provider: str, name: str) -> None:
    """`portal_id` is the portal, `sent_by_created` the send time; hashed recipients stand for themselves."""
    content = CONNECTOR.upper().replace("UTC", "utc") if name.isupper() else CONNECTOR
    packed = gzip.compress(content.encode()) if name.endswith("gz") else content.encode()
    reading = _read(tmp_path, name, packed, provider)
    assert (reading.accepted, reading.quarantined, set(reading.providers.values())) == (3, 0, {"hubspot"})
    opened = reading.events.filter(pl.col("event_type") == "open").row(0, named=True)
    assert (opened["occurred_at"], opened["account_id"], opened["is_machine"]) == (AT, "62515", True)
    assert (opened["recipient"], opened["message_id"]) == ("q4Zf0p2mTt1sB7yZQk3vXg==", "s-1")
    assert reading.events.filter(pl.col("event_type") == "soft_bounce").height == 1


@pytest.mark.parametrize(
    ("name", "pack"),
    [("t.csv", bytes), ("t.csv.gz", gzip.compress), ("t.csv.zst", lambda raw: _zstd().compress(raw))],
)
def test_blank_lines_are_no_rows(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    """Above the header, between rows and behind them, packed or not; other rows keep their numbers."""
    head, *lines = CONNECTOR.splitlines()
    content = "\r\n".join(["", "  ", head, *(f"{line}\r\n\t" for line in lines), "a,b", "", ""])
    reading = _read(tmp_path, name, pack(content.encode()), "auto")
    assert (reading.accepted, reading.quarantined) == (3, 1)
    assert reading.quarantine["position"].to_list() == [f"line {4 + 2 * len(lines)}"]


def test_columns_may_hold_objects(tmp_path: Path) -> None:
    """Other connectors write what is inside an object as JSON in one column."""
    content = (
        "id,created,type,recipient,portalId,sentBy,subscriptions\n"
        'e-1,1777885207250,STATUSCHANGE,ann@mail.test,7,"{""id"":""s-1"",""created"":1777885200000}",'
        '"[{""status"":""UNSUBSCRIBED""}]"\n'
    )
    event = _read(tmp_path, "events.csv", content, "auto").events.row(0, named=True)
    assert (event["event_type"], event["message_id"], event["occurred_at"]) == ("unsubscribe", "s-1", AT)


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    """Typed columns mean what their texts mean: times, numbers and truth values."""
    frame = pl.DataFrame(
        {
            "id": ["e-1", "e-2"], "created": [AT, AT],
            "type": ["OPEN", "SENT"],
            "portal_id": [62_515.0, 62_515.0],
            "recipient": ["ann@mail.test", "bob@mail.test"],
            "filtered_event": [True, None],
            "sent_by": [{"id": "s-1"}, None],
        }
    )  # fmt: skip
    frame.write_parquet(tmp_path / "events.parquet")
    reading = read_provider(tmp_path / "events.parquet", provider="auto")
    event = reading.events.filter(pl.col("event_type") == "open").row(0, named=True)
    assert (event["occurred_at"], event["account_id"], event["is_machine"]) == (AT, "62515", True)
    assert event["message_id"] == "s-1"
    batch = read_frame(frame, source="query", line=1, provider=PROVIDERS["hubspot"], settings=Settings())
    assert batch.events["event_key"].sort().equals(reading.events["event_key"].sort())


def test_a_column_map_reads_any_table(tmp_path: Path) -> None:
    """Words, zones and names of the table are its own; rows that say nothing clear are quarantined."""
    (tmp_path / "crm.toml").write_text(MAP)
    reading = _read(tmp_path, "export.csv", TABLE, str(tmp_path / "crm.toml"))
    assert (reading.records, reading.read, reading.accepted, reading.quarantined) == (5, 5, 2, 3)
    ann, bob = reading.events.sort("recipient").iter_rows(named=True)
    assert (ann["occurred_at"], ann["provider"], ann["campaign_id"]) == (AT, "crm", "spring")
    assert (ann["is_machine"], bob["is_machine"], bob["recipient"]) == (True, False, "bob@mail.test")
    assert (bob["event_type"], bob["bounce_reason"]) == ("soft_bounce", "mailbox_full")
    assert list(reading.quarantine.select("position", "reason").iter_rows()) == [
        ("line 4", "time of the event == 'yesterday', must be a point in time"),
        ("line 5", "unknown crm event 'Vanished'"),
        ("line 6", "a row of 2 fields, must have 7"),
    ]


def test_a_column_map_reads_records_too(tmp_path: Path) -> None:
    """In JSON a column is a path of names; times in ISO need no format."""
    (tmp_path / "own.toml").write_text(
        'name = "own"\n[columns]\nrecipient = "user.email"\noccurred_at = "at"\nevent_type = "kind"\n'
        'message_id = "mail"\n[time]\nzone = "Europe/Berlin"\n'
    )
    content = '{"user":{"email":"ann@mail.test"},"at":"2026-05-04T11:00:07.25","kind":"open","mail":7}\n'
    event = _read(tmp_path, "own.ndjson", content, str(tmp_path / "own.toml")).events.row(0, named=True)
    assert (event["occurred_at"], event["event_type"], event["message_id"]) == (AT, "open", "7")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name", "must be TOML"),
        (
            'name = "x"\n[columns]\nrecipient = "a"\noccurred_at = "b"',
            "columns must say where event_type stands",
        ),
        (MAP.replace('"crm"', '"ses"'), "name must be none of a known provider"),
        (MAP.replace('"crm"', '"table"'), "must be none of a known provider"),
        (MAP.replace("Client", 'Client"\nsubject = "S'), "columns.subject"),
        (
            MAP.replace("Europe/Berlin", "Atlantis"),
            "time.zone == 'Atlantis': must be a time zone like Europe/Berlin",
        ),
        (MAP.replace('"bounce"', '"bounced"'), "event_types.Came back"),
        (MAP.replace("[time]", "[times]"), "times"),
    ],
)
def test_a_wrong_column_map_is_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    """What is wrong in a map is named, and nothing is read."""
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(DataError, match=r"map\.toml: ") as error:
        _read(tmp_path, "export.csv", TABLE, str(tmp_path / "map.toml"))
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_map_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A misspelt name ends in one line."""
    with pytest.raises(DataError, match="must be a file in TOML"):
        read_provider([], provider=str(tmp_path / "none.toml"))


def test_damaged_parquet_is_one_refusal(tmp_path: Path) -> None:
    """A file that only looks like Parquet costs no other file."""
    reading = _read(tmp_path, "events.parquet", b"PAR1 nothing", "hubspot")
    assert (reading.read, reading.quarantined) == (1, 1)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_damaged_tables_are_counted_and_never_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cut, spliced, with loose quotes, NULs or other bytes: every row is an event or a refusal."""
    content = bytearray(CONNECTOR.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 60))] = data.draw(
            st.one_of(
                st.binary(max_size=9),
                st.sampled_from([b'"', b"\0", b"\xe9", b"\n\n", b",,,", b"\r", b'""""']),
            )
        )
    name = data.draw(st.sampled_from(["t.csv", "t.csv.gz"]))
    packed = gzip.compress(bytes(content)) if name.endswith("gz") else bytes(content)
    reading = _read(tmp_path_factory.mktemp("table"), name, packed, "hubspot")
    assert reading.read == reading.accepted + reading.duplicate + reading.quarantined == reading.records


def test_a_field_without_end_is_bounded(tmp_path: Path) -> None:
    """A quote that is never closed swallows what follows, up to a bound, and is counted."""
    content = CONNECTOR + 'e-4,"' + "x,\n" * 1_500_000
    reading = _read(tmp_path, "t.csv", content, "hubspot")
    assert reading.accepted == 3
    assert reading.quarantined >= 1
    assert reading.read == reading.accepted + reading.quarantined
