"""Counting what news touched gives what counting everything gives, to the byte, however the news came."""

import json
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.events import months, spool, store
from deliverlab.events.caveats import Caveats
from deliverlab.pipeline import rollup
from deliverlab.pipeline.directory import read_table, write_table
from deliverlab.pipeline.road import ingest, roll_up
from deliverlab.schemas import Daily, Incidents, Slices
from tests.events.exports import Json, sendgrid
from tests.tables import table

START = 1_777_885_200  # 2026-05-04 09:00
DAY = 86_400
KEY = b"a key for the tests of roll-ups"
TABLES = ("daily", "slices", "caveats")


def _read_in(data: Path, records: Sequence[Json]) -> store.IngestReport:
    """Read records in, always as a file of one name: in which file an event stood is part of the event."""
    store.write_key(data, KEY)
    path = data.parent / f"{data.name} inbox" / "export.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(list(records)))
    return ingest(path, provider="sendgrid", data=data)


def _bytes(data: Path) -> dict[str, bytes]:
    """The bytes of everything that must not depend on how the news came."""
    paths = [*(data / f"{name}.parquet" for name in TABLES), *(data / "events").glob("*.parquet")]
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in paths}


@st.composite
def _records(draw: st.DrawFn) -> Json:
    """An event of one of few messages to one of few people, so that they meet, over three months."""
    event = draw(st.sampled_from(
        ["processed", "processed", "delivered", "bounce", "open", "open", "click", "account_status_change"]
    ))  # fmt: skip
    return sendgrid(
        event,
        email=None
        if event == "account_status_change"
        else draw(st.sampled_from(["ann@mail.test", "bob@mail.test", "x@simulator.amazonses.com"])),
        timestamp=START + draw(st.integers(0, 80)) * DAY + draw(st.integers(0, 2)),
        sg_message_id=draw(st.sampled_from(["m-1", "m-2", "m-3", None])),
        sg_event_id=draw(st.sampled_from(["e-1", "e-2", "e-3"])),
        account_id=draw(st.sampled_from(["a", "b"])),
        campaign_id=draw(st.sampled_from(["spring", "summer"])),
        sg_machine_open=draw(st.booleans()),
    )


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_however_events_are_split_and_ordered_all_tables_are_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """One ingest of all, several of some in any order and piece by piece, and counting anew: one result."""
    records = data.draw(st.lists(_records(), min_size=1, max_size=14))
    shuffled = data.draw(st.permutations(records))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(records)), max_size=4)) | {0, len(records)})
    folder = tmp_path_factory.mktemp("rollup")
    whole, parts = folder / "whole", folder / "parts"
    _read_in(whole, records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "ROWS_AT_ONCE", data.draw(st.sampled_from([1, 3, 1 << 19])))
        patch.setattr(months, "COUNTED_AT_ONCE", data.draw(st.sampled_from([1, 3, 1 << 23])))
        for begin, end in pairwise(cuts):
            _read_in(parts, shuffled[begin:end])
    assert _bytes(parts) == _bytes(whole)
    for name in TABLES:
        (parts / f"{name}.parquet").unlink()
    roll_up(parts)
    assert _bytes(parts) == _bytes(whole)


def _daily(data: Path) -> pl.DataFrame:
    return read_table(data, Daily).select("account_id", "day", "sent", "opens")


def _on(day: int, event: str = "processed", **facts: object) -> Json:
    """What happened on a day of May 2026, by default in a message of its own to ann, of account a."""
    facts = {"sg_message_id": f"m-{day}", "sg_event_id": f"{event}-{day}", "account_id": "a"} | facts
    return sendgrid(event, timestamp=START + (day - 4) * DAY, **facts)


def test_a_late_earlier_open_corrects_both_days(tmp_path: Path) -> None:
    """The open that was the first is a repeat now, and counts no more; the earlier one counts instead."""
    data = tmp_path / "data"
    message = {"sg_message_id": "m"}
    _read_in(data, [_on(20, "open", **message)])
    _read_in(data, [_on(10, "open", **message)])
    expected = table("""
        account_id | day        | sent | opens
        a          | 2026-05-10 | 0    | 1
    """)
    assert_frame_equal(_daily(data), expected)
    _read_in(data, [_on(4, **message)])
    assert _daily(data).rows() == [("a", date(2026, 5, 4), 1, 0)]  # opened late, but sent on that day


def test_untouched_days_are_not_counted_again(tmp_path: Path) -> None:
    """News of one account-day leaves every other row as it stands, even a wrong one."""
    data = tmp_path / "data"
    _read_in(data, [_on(4), _on(5), _on(4, account_id="b")])
    wrong = read_table(data, Daily).with_columns(sent=pl.lit(77, pl.Int64))
    write_table(data, Daily, wrong)

    _read_in(data, [_on(5, sg_message_id="n", sg_event_id="news")])

    expected = table("""
        account_id | day        | sent
        a          | 2026-05-04 | 77
        a          | 2026-05-05 | 2
        b          | 2026-05-04 | 77
    """)
    assert_frame_equal(_daily(data).drop("opens"), expected)
    roll_up(data)
    assert _daily(data)["sent"].to_list() == [1, 2, 1]


def test_events_take_over_from_the_tables_from_their_first_day_on(tmp_path: Path) -> None:
    """What the tables said before that day stays; when the first day moves, so does the border."""
    data = tmp_path / "data"
    days = [date(2026, 5, day) for day in (1, 6, 9, 12)]
    counts = {name: [50] * 4 for name in ("sent", "delivered")}
    zero = {name: [0] * 4 for name in Daily.column_names() if name not in ("account_id", "day", *counts)}
    write_table(data, Daily, pl.DataFrame({"account_id": ["a"] * 4, "day": days} | counts | zero))

    _read_in(data, [_on(8)])
    assert [(day.day, sent) for _, day, sent, _ in _daily(data).rows()] == [(1, 50), (6, 50), (8, 1)]
    _read_in(data, [_on(11)])
    _read_in(data, [_on(5)])
    assert [(day.day, sent) for _, day, sent, _ in _daily(data).rows()] == [
        (1, 50), (5, 1), (8, 1), (11, 1),
    ]  # fmt: skip


def test_changed_rules_count_all_days_again(tmp_path: Path) -> None:
    """An incident written by hand or a new exclusion holds for old days too from the next ingest on."""
    data = tmp_path / "data"
    _read_in(data, [_on(4), _on(4, "bounce"), _on(6, account_id="b")])
    assert read_table(data, Daily)["hard_bounces"].sum() == 1
    incident = table("""
        from_day   | to_day     | recipient_domain
        2026-05-04 | 2026-05-04 | mail.test
    """)
    write_table(data, Incidents, Incidents.admit(incident, what="incidents"))
    report = _read_in(data, [_on(9, account_id="b")])
    assert read_table(data, Daily)["hard_bounces"].sum() == 0
    assert report.left_out == {"incident": 1}
    assert "Left out of the counts of all days: 1 bounces of incidents." in report.lines()

    (data / rollup.EXCLUSIONS).write_text('own_domains = {a = ["Mail.test"]}')
    report = _read_in(data, [_on(10, account_id="b")])
    assert read_table(data, Daily)["account_id"].unique().to_list() == ["b"]
    assert report.left_out == {"own_domain": 2}


def test_what_is_left_out_is_told_by_day_and_reason(tmp_path: Path) -> None:
    """Test mailboxes never count, machines never open; slices leave out what daily does."""
    data = tmp_path / "data"
    report = _read_in(
        data,
        [
            _on(4),
            _on(4, email="bounce@simulator.amazonses.com", sg_event_id="test"),
            _on(4, "open", sg_machine_open=True),
            _on(4, "delivered", account_id="b"),
        ],
    )
    expected = table("""
        account_id | day        | caveat       | events
        a          | 2026-05-04 | machine      | 1
        a          | 2026-05-04 | test_mailbox | 1
        b          | 2026-05-04 | sent_missing | 1
    """)
    assert sorted(read_table(data, Caveats).cast({"caveat": pl.String}).rows()) == expected.rows()
    assert read_table(data, Slices).filter(by="recipient_domain")["value"].unique().to_list() == ["mail.test"]
    left_out, missing = report.lines()[-2:]
    assert (
        left_out == "Left out of the counts of all days: 1 to test mailboxes, 1 opens and clicks by machines."
    )
    assert missing.startswith("On 1 account-days more was delivered than sent: sent events are missing")
