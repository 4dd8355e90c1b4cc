"""People who ask to be forgotten are gone from events, lists, quarantine and outputs; counts stay."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.events import store
from deliverlab.events.commit import changing
from deliverlab.events.recipients import recipient_key
from deliverlab.pipeline.directory import read_table
from deliverlab.pipeline.erasure import erase
from deliverlab.pipeline.exports import export_checklists
from deliverlab.pipeline.road import ingest
from deliverlab.schemas import Contacts, Daily
from tests.events.exports import AT, ndjson, ses

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT, OTHER = "acct-0003", "acct-0001"


@pytest.fixture
def data(walked: Path, tmp_path: Path) -> Path:
    """A data directory of its own."""
    return shutil.copytree(walked, tmp_path / "data")


@pytest.fixture
def person(data: Path) -> str:
    """Somebody of the account with events."""
    key = store.read_key(data)
    known = store.scan_events(data).select("recipient_key").unique().collect().to_series()
    listed = read_table(data, Contacts).filter(pl.col("account_id") == ACCOUNT)["email"]
    return next(str(email) for email in listed if recipient_key(email, key=key) in known.implode()[0])


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_person_is_gone_and_everybody_else_is_not(data: Path, person: str) -> None:
    """However the address is typed: no event, no contact; other rows and the counts stay as they were."""
    key = recipient_key(person, key=store.read_key(data))
    events, contacts = store.scan_events(data).collect(), read_table(data, Contacts)
    daily = read_table(data, Daily)
    theirs, is_theirs = events.filter(pl.col("recipient_key") == key), pl.col("email").str.to_lowercase()
    listed = contacts.filter(is_theirs == person.lower())

    erased = erase(data, [f"  {person.upper()}\n", "\n"])

    assert (erased.addresses, erased.events, erased.contacts) == (1, theirs.height, listed.height)
    assert theirs.height > 0
    left = store.scan_events(data).collect()
    assert left.equals(events.filter(pl.col("recipient_key") != key))
    assert read_table(data, Contacts).equals(contacts.filter(is_theirs != person.lower()))
    assert read_table(data, Daily).equals(daily)
    assert not (data / ".pending").exists()


def test_the_manifest_counts_no_event_of_theirs(tmp_path: Path) -> None:
    """Where send times are from is told of the events that are left, and the same file brings nobody back."""
    export = tmp_path / "export.json"
    export.write_bytes(
        ndjson(
            *(
                ses(kind, to=(who,), message=who, timestamp=AT)
                for kind in ("Send", "Open")
                for who in ("a@x.test", "b@x.test")
            )
        )
    )
    before = ingest(export, data=tmp_path / "data")

    erase(tmp_path / "data", ["A@x.test"])
    after = ingest(export, data=tmp_path / "data")

    assert {origin: before.sent_at_from[origin] - left for origin, left in after.sent_at_from.items()} == {
        "provider": 2, "message": 0, "event": 0,
    }  # fmt: skip
    assert (store.scan_events(tmp_path / "data").collect().height, after.accepted) == (2, 0)


def test_nobody_else_writes_meanwhile(data: Path, person: str) -> None:
    """Before anything is read or deleted it must be sure that nothing is being read in."""
    before = all_bytes(data)
    with changing(data), pytest.raises(DataError, match="another process is writing"):
        erase(data, [person])

    assert all_bytes(data) == before


def test_the_same_again_finds_nobody(data: Path, person: str) -> None:
    """Erasing is done once."""
    erase(data, [person])

    again = erase(data, [person])

    assert (again.events, again.contacts, again.files) == (0, 0, 0)


def test_what_was_handed_out_goes_too(data: Path, person: str, tmp_path: Path) -> None:
    """Files that name the person by address or key, and masked lists of the account; others stay."""
    out = tmp_path / "out"
    export_checklists(data, [ACCOUNT, OTHER], as_of="2026-06-30", out=out)
    export_checklists(data, [ACCOUNT], as_of="2026-06-30", out=out / "clear", show_addresses=True)
    (out / "mine.csv").write_text(f"who\n{person.upper()}\n")
    (out / "page.html").write_text(f"<p>{person.replace('@', '&#64;')}</p>")
    (out / "picture.svg").write_text("kept")
    pl.DataFrame({"who": [person]}).write_parquet(out / "decisions.parquet")

    erased = erase(data, [person], outputs=[data.parent, out])  # the first holds the data directory too

    assert erased.files == 2 + 2 + 3
    assert read_table(data, Contacts).height > 1_000
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == [
        f"checklist-{OTHER}.csv", f"checklist-{OTHER}.xlsx", "picture.svg",
    ]  # fmt: skip


def test_quarantined_records_that_name_somebody_go(data: Path) -> None:
    """Raw text is masked when it is kept; what got through all the same is found in it."""
    kept = pl.DataFrame({"source": ["a", "a"], "position": ["1", "2"], "reason": ["?", "?"],
                         "raw": ["{to: [address]}", "{to: Jane@Example.com}"]})  # fmt: skip
    kept.write_parquet(data / "quarantine.parquet")

    erased = erase(data, ["jane@example.com"])

    assert erased.quarantined == 1
    assert store.read_quarantine(data)["position"].to_list() == ["1"]


def test_what_is_said_names_nobody(data: Path, person: str) -> None:
    """Counts only: no address in what is printed, nor in any file of the directory but the list."""
    lines = "\n".join(erase(data, [person]).lines())

    assert person not in lines
    assert "Addresses asked for: 1" in lines
    assert "Daily counts stay" in lines
    assert person.encode() not in all_bytes(data)


def test_an_address_that_is_none_is_told_by_its_line(data: Path, tmp_path: Path) -> None:
    """The message does not repeat what may be personal; nothing was changed."""
    before = all_bytes(data)

    with pytest.raises(DataError, match="addresses: line 2 must be an address") as caught:
        erase(data, ["jane@example.com", "Jane Roe"])
    with pytest.raises(DataError, match="must be a directory of outputs"):
        erase(data, ["jane@example.com"], outputs=[tmp_path / "nowhere"])

    with pytest.raises(DataError, match="must be a directory of outputs, not of data"):
        erase(data, ["jane@example.com"], outputs=[data])

    assert "Jane" not in str(caught.value)
    assert all_bytes(data) == before
