"""The data directory: what was read in stays true, whatever is read in when, and gives nobody away."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.errors import DataError
from deliverlab.events import spool, store
from deliverlab.events.daily import daily_counts
from deliverlab.events.deliveries import exports
from deliverlab.events.recipients import recipient_key
from deliverlab.schemas import Events
from tests.events.exports import Json, ndjson, read, sendgrid, ses, ses_bounce, sns

KEY = b"a key of some length, kept secret"
HOUR = 3_600


def _ingest(data: Path, *contents: bytes | Json | list[Json], provider: str = "ses") -> store.IngestReport:
    """Read these files in, each under a name of its own."""
    inbox = data.parent / f"{data.name} inbox"
    inbox.mkdir(exist_ok=True)
    paths = []
    for content in contents:
        packed = content if isinstance(content, bytes) else json.dumps(content).encode()
        paths.append(inbox / f"{len(list(inbox.iterdir()))}.json")
        paths[-1].write_bytes(packed)
    return store.take_in(exports(paths, provider=provider), data_dir=data, key=KEY)


def _bytes(data: Path) -> dict[str, bytes]:
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for path in sorted(data.rglob("*"))
        if path.is_file()
    }


def _mail(number: int, *, day: int = 4, name: str = "ann") -> list[Json]:
    """A mail sent and opened, as SES tells it."""
    facts = {"message": f"m-{number}", "sent": f"2026-05-{day:02d}T09:00:00Z", "to": (f"{name}@mail.test",)}
    return [ses("Send", **facts), ses("Open", timestamp=f"2026-05-{day:02d}T10:00:00Z", **facts)]  # type: ignore[arg-type]


def test_events_lie_by_send_month(tmp_path: Path) -> None:
    """A bounce of June for mail of May lies with May; the directory holds events, quarantine and manifest."""
    data = tmp_path / "data"
    late = ses("Open", message="m-1", sent="2026-05-31T23:00:00Z", timestamp="2026-06-01T01:00:00Z")
    _ingest(data, [late, ses("Send", message="m-2", sent="2026-06-01T00:00:00Z")])
    assert list(_bytes(data)) == [
        "events/2026-05.parquet",
        "events/2026-06.parquet",
        "manifest.json",
        "quarantine.parquet",
    ]
    assert pl.read_parquet(data / "events/2026-05.parquet")["event_type"].to_list() == ["open"]
    Events.validate(store.scan_events(data).collect())


def test_stored_events_are_the_events_read(tmp_path: Path) -> None:
    """Apart from the hidden recipient and key, the store holds what reading gives, and counts the same."""
    records = [*_mail(1), *_mail(2, day=5), ses_bounce("Permanent", "NoEmail"), {"n": 1}]
    report = _ingest(tmp_path / "data", records)
    reading, stored = read(records), store.scan_events(tmp_path / "data")
    same = [name for name in Events.column_names() if name not in ("event_key", "recipient_key")]
    assert_frame_equal(stored.select(same).collect(), reading.events.select(same), check_row_order=False)
    assert_frame_equal(daily_counts(stored).collect(), daily_counts(reading.events).collect())
    assert (report.records, report.read, report.accepted, report.duplicate, report.quarantined) == (
        6,
        6,
        5,
        0,
        1,
    )
    assert report.sent_at_from == reading.sent_at_from == {"provider": 5, "message": 0, "event": 0}
    assert store.read_quarantine(tmp_path / "data").equals(reading.quarantine)


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    """A file is known by its bytes, under any name; every entry of it counts as duplicate."""
    data = tmp_path / "data"
    content = ndjson(*_mail(1)) + b"garbage\n"
    _ingest(data, content)
    before = _bytes(data)
    report = _ingest(data, content, content)
    assert _bytes(data) == before
    assert (report.read, report.accepted, report.duplicate, report.quarantined) == (6, 0, 6, 0)


def test_the_same_records_in_another_file_are_duplicates(tmp_path: Path) -> None:
    """Packed or differently wrapped, events are stored once; what is new is added."""
    data = tmp_path / "data"
    _ingest(data, ndjson(*_mail(1)))
    events = store.scan_events(data).collect()
    report = _ingest(
        data,
        gzip.compress(ndjson(*_mail(1))),
        [sns(record, at="2026-05-06T00:00:00Z") for record in [*_mail(1), *_mail(2)]],
    )
    assert (report.read, report.accepted, report.duplicate) == (6, 2, 4)
    assert [file.accepted for file in report.files] == [0, 2]
    after = store.scan_events(data).collect()
    assert_frame_equal(after.filter(pl.col("event_key").is_in(events["event_key"].implode())), events)


def test_the_same_file_twice_at_once_is_read_once(tmp_path: Path) -> None:
    """Two copies in one ingest are one file and its duplicate."""
    report = _ingest(tmp_path / "data", ndjson(*_mail(1)), ndjson(*_mail(1)))
    assert [(file.accepted, file.duplicate) for file in report.files] == [(2, 0), (0, 2)]


def test_a_file_read_as_the_wrong_provider_can_be_read_again(tmp_path: Path) -> None:
    """The same bytes read in another way are another file."""
    data = tmp_path / "data"
    assert _ingest(data, _mail(1), provider="sendgrid").quarantined == 2
    assert _ingest(data, _mail(1)).accepted == 2
    assert store.read_quarantine(data).height == 2


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_ingests_changes_no_event(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    """Sent events may come after outcomes, first opens after second ones: in the end all is the same."""
    start = 1_777_885_200
    files = [
        [sendgrid("open", timestamp=start + 40 * HOUR), sendgrid("click", timestamp=start + 41 * HOUR)],
        [sendgrid("processed", timestamp=start)],
        [sendgrid("open", timestamp=start + 30 * HOUR, sg_event_id="earlier")],
        [sendgrid("processed", timestamp=start), sendgrid("bounce", timestamp=start + 9 * HOUR)],
    ]
    one, other = (tmp_path_factory.mktemp("store") / "data" for _ in range(2))
    for number in range(4):
        _ingest(one, files[number], provider="sendgrid")
        _ingest(other, files[order[number]], provider="sendgrid")
    assert_frame_equal(
        store.scan_events(one).drop("source").collect(), store.scan_events(other).drop("source").collect()
    )


def test_a_later_sent_event_corrects_the_day_of_earlier_outcomes(tmp_path: Path) -> None:
    """An outcome that counted on its own day moves to the day, and the file, of the sending."""
    data = tmp_path / "data"
    first = _ingest(data, sendgrid("open", timestamp=1_780_273_000), provider="sendgrid")
    assert first.sent_at_from == {"provider": 0, "message": 0, "event": 1}
    assert list((data / "events").iterdir()) == [data / "events/2026-06.parquet"]
    second = _ingest(data, sendgrid("processed", timestamp=1_780_270_000), provider="sendgrid")
    assert second.sent_at_from == {"provider": 0, "message": 2, "event": 0}
    assert list((data / "events").iterdir()) == [data / "events/2026-05.parquet"]


def test_only_changed_months_are_written(tmp_path: Path) -> None:
    """A month without news keeps its file: it is not even written with the same content."""
    data = tmp_path / "data"
    _ingest(data, ses("Send", message="m-1", sent="2026-04-01T00:00:00Z"))
    april = _written(data / "events/2026-04.parquet")
    _ingest(data, ses("Send", message="m-2", sent="2026-05-01T00:00:00Z"))
    assert _written(data / "events/2026-04.parquet") == april


def _written(path: Path) -> tuple[int, int]:
    """Which file it is, and when it was written: it may be read."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_no_address_is_stored_anywhere(tmp_path: Path) -> None:
    """Not as recipient, nor in names, tags, ids or refused records; and no text with an @ at all."""
    data = tmp_path / "data"
    name = "jo.doe@mail.test"
    _ingest(
        data,
        [
            ses("Send", to=(name,), message=f"<{name}>", tags={"campaign_id": [f"to {name}"]}),
            {"eventType": f"for {name}", "to": name},
            ses("Send", to=("jo.doe@",)),
        ],
    )
    odd = ses_bounce("Permanent", f"of {name}", recipients=[{"emailAddress": name}])
    _ingest(data, odd)
    _ingest(
        data,
        [sendgrid("open", email=name, sg_event_id=name), sendgrid("open", email=name, timestamp=name)],
        provider="sendgrid",
    )
    for path in data.rglob("*"):
        if path.is_file():
            assert b"jo.doe" not in path.read_bytes()
    tables = [store.scan_events(data).collect(), store.read_quarantine(data)]
    for frame in tables:
        assert frame.height
        for column in frame.select(pl.col(pl.String)).iter_columns():
            assert not column.str.contains("@", literal=True).any(), column.name
    assert "@" not in (data / "manifest.json").read_text()


def test_who_knows_all_but_the_key_cannot_try_addresses(tmp_path: Path) -> None:
    """A stored event's key is hidden as well: it is not what reading computes from the address."""
    data = tmp_path / "data"
    _ingest(data, _mail(1))
    stored = store.scan_events(data).collect()
    assert set(stored["event_key"]).isdisjoint(read(_mail(1)).events["event_key"])
    assert set(stored["recipient_key"]) == {recipient_key("ann@mail.test", key=KEY)}


def test_the_manifest_tells_what_was_read(tmp_path: Path) -> None:
    """File by file: name, hash and counts; nothing of it depends on when it was read."""
    data, twin = tmp_path / "data", tmp_path / "twin"
    for directory in (data, twin):
        _ingest(directory, ndjson(*_mail(1)) + b"garbage\n")
    told = json.loads((data / "manifest.json").read_text())
    (file,) = told["files"]
    assert file.pop("way")["provider"] == "ses"
    assert file == {
        "source": "0.json", "records": 3, "read": 3, "accepted": 2, "duplicate": 0, "quarantined": 1,
    }  # fmt: skip
    assert told["sent_at_from"] == {"provider": 2, "message": 0, "event": 0}
    assert _bytes(data) == _bytes(twin)


def test_the_report_is_told_in_sentences(tmp_path: Path) -> None:
    """Counts first; doubts about send times and missing sent events only where there are any."""
    report = _ingest(tmp_path / "ses", ndjson(*_mail(1)) + b"garbage\n")
    assert report.lines() == [
        "Read 3 entries of 3 records in 1 files.",
        "2 accepted, 0 duplicate, 1 quarantined.",
        "By the rules of ses: 0.json.",
    ]
    report = _ingest(
        tmp_path / "sg", [sendgrid("delivered"), sendgrid("open", email="bob@mail.test")], provider="sendgrid"
    )
    (send_times,) = report.lines()[3:]
    assert "0 from the message's sent event, 2 unknown, where the event's own day counts." in send_times


def test_another_key_is_refused(tmp_path: Path) -> None:
    """Events hidden by two keys could not be joined: the second key changes nothing and ends in one line."""
    data = tmp_path / "data"
    _ingest(data, _mail(1))
    before = _bytes(data)
    with pytest.raises(DataError, match="key: not the one that hides the addresses"):
        store.take_in([], data_dir=data, key=KEY[::-1])
    assert _bytes(data) == before


def test_the_key_is_written_once_and_read_back(tmp_path: Path) -> None:
    """A directory keeps its key, for its owner's eyes only; a second one is refused, the same one is fine."""
    data = tmp_path / "data"
    assert not store.has_key(data)
    store.write_key(data, KEY)
    store.write_key(data, KEY)
    assert store.has_key(data)
    assert store.read_key(data) == KEY
    assert (data / "key").stat().st_mode & 0o077 == 0
    with pytest.raises(DataError, match="holds another key, must stay as long as its events do"):
        store.write_key(data, KEY[::-1])


@pytest.mark.parametrize("written", ["no hexadecimal", "é", ""])
def test_a_damaged_key_is_an_error(tmp_path: Path, written: str) -> None:
    """A key that is not whole is not used."""
    (tmp_path / "key").write_text(written, encoding="utf-8")
    with pytest.raises(DataError, match="must"):
        store.read_key(tmp_path)


def test_a_missing_or_short_key_is_an_error(tmp_path: Path) -> None:
    """Without a key nothing is hidden, with a short one not well."""
    with pytest.raises(DataError, match="key is not there, must hold the key that hides addresses"):
        store.read_key(tmp_path)
    with pytest.raises(DataError, match="the key has 5 bytes, must have at least 16"):
        store.write_key(tmp_path / "data", b"short")
    assert not store.has_key(tmp_path / "data")


def test_a_damaged_manifest_is_an_error(tmp_path: Path) -> None:
    """Nobody reads on from books that cannot be read."""
    _ingest(tmp_path / "data", _mail(1))
    for damage in ("{", "[]", '{"files": [{}]}'):
        (tmp_path / "data/manifest.json").write_text(damage)
        with pytest.raises(DataError, match="is damaged"):
            _ingest(tmp_path / "data", _mail(2))


def test_a_data_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A file stands where the directory should be."""
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(DataError, match="must be a directory that can be written"):
        _ingest(tmp_path / "data", _mail(1))


def test_a_directory_without_events_has_none(tmp_path: Path) -> None:
    """Scanning it gives an empty table, not an error."""
    assert store.scan_events(tmp_path).collect().height == 0
    assert store.read_quarantine(tmp_path).height == 0


def test_an_unknown_provider_or_path_changes_nothing(tmp_path: Path) -> None:
    """The error comes before anything is written."""
    paths: dict[str, list[Path]] = {"pigeon": [], "ses": [tmp_path / "none"]}
    for provider, named in paths.items():
        with pytest.raises(DataError, match="must be"):
            store.take_in(exports(named, provider=provider), data_dir=tmp_path / "data", key=KEY)
    assert _bytes(tmp_path) == {}


def test_an_interrupted_ingest_is_finished_by_the_next_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut after it was decided, before the files were moved: whoever scans the events sees all of them."""
    data = tmp_path / "data"
    _ingest(data, _mail(1))
    news = [*_mail(2, day=4), *_mail(3, day=5)]
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _cut_when_moving(data / "events"))
        with pytest.raises(KeyboardInterrupt):
            _ingest(data, news)
    assert (data / ".pending").exists()
    assert store.scan_events(data).collect().height == 6
    assert not (data / ".pending").exists()
    assert _ingest(data, news).duplicate == 4


def _cut_when_moving(target: Path) -> Callable[[Path, Path], Path]:
    whole = Path.replace

    def replace(path: Path, to: Path) -> Path:
        if to.is_relative_to(target):
            raise KeyboardInterrupt
        return whole(path, to)

    return replace


def test_a_line_of_a_hundred_megabytes_costs_no_other(tmp_path: Path) -> None:
    """Through the whole store: one refusal, its beginning kept, and the rest is stored."""
    huge = b'{"a":"' + b"x" * 100_000_000 + b'"}\n'
    report = _ingest(tmp_path / "data", ndjson(*_mail(1)) + huge + ndjson(*_mail(2)))
    assert (report.accepted, report.quarantined) == (4, 1)
    kept = store.read_quarantine(tmp_path / "data")
    assert kept.select("position", pl.col("raw").str.len_chars()).rows() == [("line 3", 500)]
    assert store.scan_events(tmp_path / "data").collect().height == 4


def test_events_that_name_nobody_are_taken_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many have no recipient: memory holds as few of them as of others."""
    monkeypatch.setattr(spool, "ROWS_AT_ONCE", 100)
    taken: list[int] = []
    take = spool.Spool.take

    def counted(self: spool.Spool, keys: spool.Keys | spool.Nobody) -> pl.DataFrame:
        rows = take(self, keys)
        taken.append(rows.height)
        return rows

    monkeypatch.setattr(spool.Spool, "take", counted)
    records = [
        sendgrid("account_status_change", email=None, sg_event_id=f"e-{number}", sg_message_id=None)
        for number in range(2_000)
    ]
    report = _ingest(tmp_path / "data", records, provider="sendgrid")
    assert report.accepted == 2_000
    assert max(taken) < 200
    again = _ingest(tmp_path / "data", [*records, sendgrid("open")], provider="sendgrid")
    assert (again.accepted, again.duplicate) == (1, 2_000)
    assert max(taken) < 200
