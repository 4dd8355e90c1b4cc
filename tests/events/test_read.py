"""Files to events: everything is accounted for, and order does not matter."""

import gzip
import json
import tempfile
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.errors import DataError
from deliverlab.events.daily import daily_counts
from deliverlab.events.read import Reading, read_provider
from tests.events.exports import AT, Json, ndjson, only, read, refusals, sendgrid, ses, ses_bounce, sns

WORDS = st.text(alphabet="abcdefgh xyz0189", min_size=1, max_size=20).map(str.strip).filter(bool)


@st.composite
def mails(draw: st.DrawFn) -> Json:
    """A record of one of two dozen mails, told by SES."""
    number = draw(st.integers(0, 5))
    to = tuple(f"{name}@mail.test" for name in ["ann", "bob"][: draw(st.integers(1, 2))])
    sent = f"2026-05-0{number + 1}T09:00:00Z"
    at = f"2026-05-0{number + draw(st.integers(1, 4))}T0{draw(st.integers(1, 9))}:00:00Z"
    kind = draw(st.sampled_from(["Send", "Delivery", "Open", "Click", "Bounce"]))
    part: dict[str, Json] = {
        "Send": {},
        "Delivery": {"timestamp": at, "recipients": list(to)},
        "Open": {"timestamp": at},
        "Click": {"timestamp": at, "link": draw(st.sampled_from("ab"))},
        "Bounce": {
            "timestamp": at,
            "bounceType": "Permanent",
            "bouncedRecipients": [{"emailAddress": each} for each in to],
        },
    }
    tags = {"account_id": [draw(st.sampled_from(["north", "south"]))]}
    record = ses(kind, to=to, message=f"m-{number}", sent=sent, tags=tags, **part[kind])
    return sns(record, at=f"2026-05-10T00:00:0{draw(st.integers(0, 9))}Z") if draw(st.booleans()) else record


def _balance(reading: Reading) -> bool:
    return reading.read == reading.accepted + reading.duplicate + reading.quarantined


def test_a_reading_unpacks_to_its_two_tables() -> None:
    """`events, quarantine = read_provider(...)` gives just these."""
    events, quarantine = read([ses("Send"), {"n": 1}])
    assert (events.height, quarantine.height) == (1, 1)


def test_an_unknown_provider_is_an_error() -> None:
    """The message names those that are known."""
    with pytest.raises(
        DataError,
        match=r"^provider == 'pigeon', must be one of brevo, hubspot, .*, sparkpost, table, auto, MAP.toml$",
    ):
        read_provider([], provider="pigeon")


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A misspelt path is no empty export."""
    with pytest.raises(DataError, match="exports is not there, must be an export or a directory of exports"):
        read_provider(tmp_path / "exports", provider="ses")


def test_files_directories_and_both_can_be_read(tmp_path: Path) -> None:
    """A file that is named twice is read once; hidden files in a directory are not exports."""
    inner = tmp_path / "may" / "week 1"
    inner.mkdir(parents=True)
    (tmp_path / "b.json").write_bytes(ndjson(ses("Send", message="m-1")))
    (inner / "a.json.gz").write_bytes(gzip.compress(ndjson(ses("Send", message="m-2"))))
    (tmp_path / ".notes").write_text("not an export")
    reading = read_provider([tmp_path, tmp_path / "b.json", inner / "a.json.gz"], provider="ses")
    assert sorted(reading.events["source"]) == ["b.json", "may/week 1/a.json.gz"]
    assert read_provider(str(tmp_path / "b.json"), provider="ses").accepted == 1
    assert reading.quarantined == 0


def test_paths_may_be_patterns(tmp_path: Path) -> None:
    """Stars stand for names, two of them for directories; a pattern without a match is an error."""
    inner = tmp_path / "may"
    inner.mkdir()
    for name in ("a.json", "b.json", "may/c.json", "may/d.txt"):
        (tmp_path / name).write_bytes(ndjson(ses("Send", message=name)))
    assert read_provider(tmp_path / "*.json", provider="ses").accepted == 2
    assert read_provider(str(tmp_path / "**" / "*.json"), provider="ses").accepted == 3
    with pytest.raises(DataError, match="is not there"):
        read_provider(tmp_path / "*.csv", provider="ses")


def test_the_account_is_the_records_then_the_callers_then_the_providers() -> None:
    """The nearest to the mail knows best whose it is."""
    tagged, plain = ses("Send", tags={"account_id": ["north"]}), ses("Send", tags={"account_id": []})
    assert only(read(tagged, account_id="south"))["account_id"] == "north"
    assert only(read(plain, account_id="south"))["account_id"] == "south"
    assert only(read(plain))["account_id"] == "000011112222"
    assert only(read(sendgrid("open"), provider="sendgrid"))["account_id"] == "unknown"


def test_quarantine_masks_and_cuts_what_it_keeps() -> None:
    """Of an unusable record at most 500 characters stay, and no address in them or in the reason."""
    record = {"eventType": "to ann@mail.test", "mail": {"destination": ["ann@mail.test"] * 200}}
    reading = read(ndjson(ses("Send")) + ndjson(record))
    row = reading.quarantine.row(0, named=True)
    assert (row["source"], row["position"]) == ("0.json", "line 2")
    assert row["reason"] == "unknown SES event 'to [address]'"
    assert len(row["raw"]) == 500
    assert row["raw"].startswith('{"eventType": "to [address]", "mail": {"destination": ["[address]", ')
    assert "@" not in row["raw"] + row["reason"]


def test_a_file_of_the_wrong_provider_is_quarantined_whole() -> None:
    """Nothing of it becomes an event, and every record says why."""
    reading = read([sendgrid("open"), sendgrid("click")])
    assert refusals(reading) == [
        ("line 1", "no event of SES"),
        ("line 1, item 2", "no event of SES"),
    ]


def test_an_export_without_records_is_empty() -> None:
    """No files, empty files and empty arrays give empty tables."""
    for reading in (read(), read(b""), read(b"[]")):
        assert (reading.records, reading.read, reading.events.height, reading.quarantine.height) == (
            0,
            0,
            0,
            0,
        )


@settings(max_examples=60, deadline=None)
@given(st.lists(mails(), max_size=12), st.randoms(use_true_random=False))
def test_order_changes_neither_events_nor_days(records: list[Json], random: Random) -> None:
    """Records shuffled, delivered twice, or spread over files give the same events and counts."""
    shuffled = [*records, *records[:3]]
    random.shuffle(shuffled)
    once, twice = read(records), read(ndjson(*shuffled[::2]), ndjson(*shuffled[1::2]))
    assert_frame_equal(once.events.drop("source"), twice.events.drop("source"))
    assert_frame_equal(daily_counts(once.events).collect(), daily_counts(twice.events).collect())


@st.composite
def cut_mails(draw: st.DrawFn) -> str:
    """The beginning of a record."""
    whole = json.dumps(draw(mails()))
    return whole[: draw(st.integers(1, len(whole) - 1))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(mails(), WORDS, cut_mails())))
def test_each_broken_line_is_one_refusal_and_costs_no_other(lines: list[Json | str]) -> None:
    """Garbage and cut records among whole ones: as many refusals as broken lines, every whole record read."""
    whole = [line for line in lines if isinstance(line, dict)]
    content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()
    reading, expected = read(content), read(ndjson(*whole))
    assert reading.quarantined == len(lines) - len(whole)
    assert (reading.read, reading.duplicate) == (expected.read + reading.quarantined, expected.duplicate)
    assert_frame_equal(reading.events, expected.events)
    assert _balance(reading)


@settings(max_examples=80, deadline=None)
@given(st.lists(mails(), min_size=1, max_size=6), st.data())
def test_damage_is_counted_and_never_a_traceback(records: list[Json], data: st.DataObject) -> None:
    """Cut, splice, repeat or overwrite bytes anywhere, packed or not: the books balance."""
    content = bytearray(ndjson(*records))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 200)))
        content[start:end] = data.draw(
            st.one_of(st.binary(max_size=20), st.just(bytes(content[end : end + 99])))
        )
    packed = gzip.compress(bytes(content))
    torn = packed[: data.draw(st.integers(2, len(packed)))]
    for damaged in (bytes(content), torn):
        reading = read(damaged)
        assert _balance(reading)
        assert reading.events["event_key"].is_unique().all()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([AT, "ann@mail.test"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_hostile_fields_are_refused_or_read(data: st.DataObject) -> None:
    """Any JSON in the place of any field of a record is an event or a refusal."""
    for provider, record in (
        ("ses", ses_bounce("Permanent", "General")),
        ("ses", sns(ses("Open", timestamp=AT))),
        ("ses", ses("Subscription", timestamp=AT, newTopicPreferences={"topicSubscriptionStatus": [{}]})),
        ("sendgrid", sendgrid("bounce", type="blocked", status="5.1.1", reason="no", account_id="north")),
    ):
        place, depth = record, data.draw(st.integers(0, 2))
        name = data.draw(st.sampled_from(sorted(place)))
        for _ in range(depth):
            if isinstance(place[name], dict) and place[name]:
                place = place[name]
                name = data.draw(st.sampled_from(sorted(place)))
        place[name] = data.draw(JSON)
        assert _balance(read([record], provider=provider))


def test_hostile_texts_are_only_text() -> None:
    """Accounts and campaigns may be called anything; the tables carry it unharmed."""
    name = "<script>alert('x')</script>\n=1+1 \u202e"
    event = only(read(ses("Send", tags={"account_id": [name], "campaign_id": [name]})))
    assert (event["account_id"], event["campaign_id"]) == (name.strip(), name.strip())


def test_the_name_of_a_file_hides_addresses(tmp_path: Path) -> None:
    """An export that is named after a recipient does not give them away."""
    (tmp_path / "ann@mail.test.json").write_bytes(ndjson(ses("Send")))
    assert read_provider(tmp_path, provider="ses").events["source"].to_list() == ["[address]"]


def test_keys_are_stable() -> None:
    """The same record has the same key in every run, so that stored events are recognised next year."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "any name").write_bytes(ndjson(ses("Send")))
        (key,) = read_provider(directory, provider="ses").events["event_key"]
    assert key == read(ses("Send")).events["event_key"][0]
    assert isinstance(key, str)
    assert pl.Series([key]).str.contains("^[0-9a-f]{32}$").all()
