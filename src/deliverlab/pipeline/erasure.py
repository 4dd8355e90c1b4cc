"""A person who asks to be forgotten: out of the events, the lists, the quarantine and what was handed out."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events import store
from deliverlab.events.commit import changing
from deliverlab.events.erasure import erase_events
from deliverlab.events.recipients import recipient_key
from deliverlab.pipeline.directory import read_table, table_path
from deliverlab.pipeline.exports import WITH_ADDRESSES
from deliverlab.reports.making import stem_of
from deliverlab.review.addresses import normalised
from deliverlab.schemas import Contacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

QUARANTINE = "quarantine.parquet"
READ = (".html", ".csv", ".xlsx", ".json", ".ipynb", ".txt", ".md", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How much was removed; it names nobody."""

    addresses: int
    events: int
    contacts: int
    quarantined: int
    files: int

    def lines(self) -> list[str]:
        """The same in words, with what stays."""
        return [
            f"Addresses asked for: {self.addresses}",
            f"Events removed: {self.events}",
            f"Contacts removed: {self.contacts}",
            f"Quarantined records removed: {self.quarantined}",
            f"Files about them deleted, to be written anew: {self.files}",
            "Daily counts stay: they name nobody.",
            "Raw exports that you keep are yours to erase: one that is read in later brings them back.",
        ]


def erase(data: str | Path, addresses: Iterable[str], /, *, outputs: Sequence[str | Path] = ()) -> Erased:
    """What was removed of the people with these addresses, from a data directory and from `outputs`.

    Events, contacts and quarantine change as one, so that a crash leaves all or nothing. Of the outputs
    every file goes that names one of them, by address or by key, and every checklist of an account that had
    one on its list, for a masked line is still about a person. An address is known in whatever case; another
    spelling of the same mailbox is another address. `daily` and what is made of it stays: it counts mail and
    names nobody.
    Raises `DataError` where an address is none, or an output is no directory.
    """
    people = _people(addresses)
    directory, folders = Path(data), [Path(each) for each in outputs]
    for folder in folders:
        if not folder.is_dir() or folder.resolve().is_relative_to(directory.resolve()):
            raise DataError(f"{folder}: must be a directory of outputs, not of data")
    with changing(directory) as change:  # before anything is read: what is read in meanwhile stays in
        contacts = read_table(data, Contacts)
        is_theirs = normalised(pl.col("email")).is_in(people)
        needles, account_ids = set(people), pl.Series([], dtype=pl.String)
        if store.has_key(data):
            key = store.read_key(data)
            account_ids = erase_events(change, people, key=key)
            needles |= {recipient_key(address, key=key) for address in people}
        listed = contacts.filter(is_theirs)
        if listed.height:
            kept = contacts.filter(~is_theirs)
            change.write(table_path("", Contacts).name, partial(kept.write_parquet, compression="zstd"))
        quarantine = store.read_quarantine(data)
        is_named = pl.concat_str(pl.all(), separator=" ").str.to_lowercase().str.contains_any(sorted(needles))
        refused = quarantine.select(is_named.sum()).item()
        if refused:
            change.write(QUARANTINE, quarantine.filter(~is_named).write_parquet)
        stems = {stem_of("checklist", each) for each in {*account_ids, *listed["account_id"]}}
        found = [path for folder in folders for path in _about(folder, needles=needles, stems=stems)]
        inside = directory.resolve()
        handed_out = {path.resolve() for path in found if not path.resolve().is_relative_to(inside)}
        for path in sorted(handed_out):  # first: whoever is cut off here finds them again
            path.unlink()
        change.commit()
    return Erased(
        addresses=len(people),
        events=account_ids.len(),
        contacts=listed.height,
        quarantined=refused,
        files=len(handed_out),
    )


def _people(addresses: Iterable[str]) -> list[str]:
    """The addresses as they are compared; one that is none is told by its place, not by itself."""
    people = []
    for line, address in enumerate(addresses, start=1):
        if address.strip() and "@" not in address:
            raise DataError(f"addresses: line {line} must be an address")
        if address.strip():
            people.append(str(pl.select(normalised(pl.lit(address))).item()))
    return sorted(set(people))


def _about(folder: Path, *, needles: set[str], stems: set[str]) -> list[Path]:
    """The files in a folder that are about somebody: by their text, or by whose checklist they are."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix.lower() in READ
        and (_is_checklist_of(path, stems) or _names(path, needles))
    ]


def _names(path: Path, needles: set[str]) -> bool:
    text = _text(path)
    return any(needle in text for needle in needles)


def _is_checklist_of(path: Path, stems: set[str]) -> bool:
    return any(path.stem in (stem, stem + WITH_ADDRESSES) for stem in stems)


def _text(path: Path) -> str:
    """All that a file says, in lower case, also within workbooks, Parquet files and HTML."""
    raw = path.read_bytes()
    if path.suffix.lower() == ".parquet":
        frame = pl.read_parquet(io.BytesIO(raw))
        raw = frame.select(pl.col(pl.String)).write_ndjson().encode()
    elif zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            raw = b" ".join(book.read(name) for name in book.namelist())
    return unescape(raw.decode("utf-8", errors="replace")).lower()
