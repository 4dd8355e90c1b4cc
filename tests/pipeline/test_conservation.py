"""Whatever is broken in whatever files: every entry is an event, a duplicate or a refusal, and stays one."""

import gzip
import json
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.cli import main
from deliverlab.events import store
from deliverlab.pipeline.road import ingest
from tests.events.exports import ndjson, ses
from tests.events.test_lines import RECORDS

DAMAGE = (
    b'"', b"\0", b"\xe9", b"\n\n", b"}", b"{" * 50, b"[" * 3_000, b"NaN", b"1e999", b"0001-01-01T00:00:00Z",
    b"9999-12-31T23:59:59Z", b"\xff\xfe", b"null", b'{"a":1}\n',
)  # fmt: skip


@st.composite
def _broken(draw: st.DrawFn, records: list[dict[str, object]]) -> bytes:
    """A provider's export, cut and spliced, with strange bytes in it, and perhaps packed and cut again."""
    content = bytearray(draw(st.sampled_from([ndjson(*records), json.dumps(records).encode()])))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(content)))
        content[start : start + draw(st.integers(0, 200))] = draw(
            st.one_of(st.sampled_from(DAMAGE), st.binary(max_size=9), st.just(bytes(content[:400])))
        )
    if draw(st.booleans()):
        return bytes(content)
    packed = gzip.compress(bytes(content))
    return packed[: draw(st.integers(1, len(packed)))]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_read_is_accepted_duplicate_or_quarantined(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Of broken files of several providers, read in one after the other and then all once more."""
    folder = tmp_path_factory.mktemp("broken")
    providers = data.draw(st.lists(st.sampled_from(sorted(RECORDS)), min_size=1, max_size=3))
    accepted = quarantined = 0
    for again in (False, True):
        for number, provider in enumerate(providers):
            path = folder / f"{number}.json"
            if not again:
                path.write_bytes(data.draw(_broken(RECORDS[provider])))
            report = ingest(path, provider=provider, data=folder / "data")
            assert report.read == report.accepted + report.duplicate + report.quarantined
            assert not again or report.read == report.duplicate
            accepted += report.accepted
            quarantined += report.quarantined
    assert store.scan_events(folder / "data").collect().height == accepted
    assert store.read_quarantine(folder / "data").height == quarantined


def test_the_command_says_what_came_of_a_broken_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Recognised file by file; the sentences add up, and name by whose rules each file was read."""
    for provider, records in RECORDS.items():
        (tmp_path / f"{provider}.json").write_bytes(ndjson(*records, records[0]) + b"\xff broken\n")
    monkeypatch.setattr(
        sys, "argv", ["deliverlab", "ingest", str(tmp_path), "--data", str(tmp_path / "data")]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    read = int(lines[0].split()[1])
    accepted, duplicate, quarantined = (int(part.split()[0]) for part in lines[1].split(","))
    assert (read, quarantined) == (accepted + duplicate + quarantined, len(RECORDS))
    assert duplicate >= len(RECORDS)
    for provider in RECORDS:
        assert f"By the rules of {provider}: {provider}.json." in lines


@pytest.mark.parametrize(("ending", "byte"), [(".json.gz", b" "), (".json.gz", b"\n"), (".csv.gz", b"\0")])
def test_a_zip_bomb_is_refused_and_harms_no_other_file(tmp_path: Path, ending: str, byte: bytes) -> None:
    """What would unpack to more than it may is one refusal; the file beside it is read."""
    (tmp_path / f"bomb{ending}").write_bytes(gzip.compress(byte * (100 << 20)))
    (tmp_path / "fine.json").write_bytes(ndjson(ses("Send")))
    report = ingest(tmp_path, provider="ses", data=tmp_path / "data")
    assert (report.accepted, report.quarantined) == (1, 1)
    assert report.read == 2
    assert "bomb" in store.read_quarantine(tmp_path / "data")["source"].item()


def test_events_of_nobody_are_stored_once(tmp_path: Path) -> None:
    """An event that names no recipient, in three deliveries of it: one event without a key."""
    record = {"type": "UNBOUNCE", "id": "e-1", "created": 1_777_885_207_250, "appId": 1}
    for number, records in enumerate(([record], [record, record], [record, {**record, "id": "e-2"}])):
        path = tmp_path / f"{number}.json"
        path.write_bytes(ndjson(*records))
        report = ingest(path, provider="hubspot", data=tmp_path / "data")
        assert report.accepted == (number != 1)
        assert report.read == report.accepted + report.duplicate
    stored = store.scan_events(tmp_path / "data").select("event_type", "recipient_key").collect()
    assert stored.rows() == [("other", None), ("other", None)]


def test_contested_bounces_are_as_the_directory_or_the_caller_says(tmp_path: Path) -> None:
    """`bounce_types.toml` settles them for every ingest; a file that is named goes before it."""
    status = {"emailAddress": "ann@mail.test", "action": "failed", "status": "5.2.1"}
    record = ses(
        "Bounce", bounceType="Permanent", bounceSubType="General", bouncedRecipients=[status],
        timestamp="2026-05-04T09:00:07Z", feedbackId="f-1",
    )  # fmt: skip
    path = tmp_path / "ses.json"
    path.write_bytes(ndjson(record))
    soft, hard = tmp_path / "soft.toml", tmp_path / "hard.toml"
    soft.write_text('mailbox_disabled = "soft_bounce"\n')
    hard.write_text('mailbox_disabled = "hard_bounce"\n')

    def kind(data: Path, *, bounce_types: Path | None = None) -> str:
        ingest(path, data=data, bounce_types=bounce_types)
        return str(store.scan_events(data).select(pl.col("event_type").cast(pl.String)).collect().item())

    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bounce_types.toml").write_text(soft.read_text())
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "bounce_types.toml").write_text(soft.read_text())
    assert kind(tmp_path / "plain") == "hard_bounce"
    assert kind(tmp_path / "named", bounce_types=soft) == "soft_bounce"
    assert kind(tmp_path / "own") == "soft_bounce"
    assert kind(tmp_path / "other", bounce_types=hard) == "hard_bounce"
