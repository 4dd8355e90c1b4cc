"""Stored events: a Parquet file a send month, in the order of recipients, and how news gets into them.

News of a message changes what was settled of it before: the day of its outcomes, which open was the first.
So the stored events of the same messages are found, settled again with the news, and where they differ from
before their months are written anew. All of it goes by ranges of recipient keys, none of it holds a month.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from deliverlab.events.settle import SENT_AT_FROM, count_sent_at_from, settle
from deliverlab.events.spool import Keys, Nobody, Spool, in_order, key_ranges
from deliverlab.schemas import Events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import dataframely as dy

    from deliverlab.events.commit import Change

EVENTS = "events"
FILE = "file"  # of an incoming entry: the number of the file it stood in
ROW_GROUP = 1 << 17
COUNTED_AT_ONCE = 1 << 23  # events: about a gigabyte, if hardly two have an account and day in common

DAYS_AT_ONCE = 1 << 21  # account-days that may be there several times

_DAY = [pl.col("account_id"), pl.col("sent_at").dt.date().alias("day")]
_MESSAGE = ["account_id", "message_id", "recipient_key"]

# An event as it was before it was settled, and as it is stored: beside its columns, where `sent_at` is from.
_DTYPES = {name: column.dtype for name, column in Events.columns().items()}
ENTRY = [name for name in _DTYPES if name != "is_repeat"]
_STORED: dict[str, pl.DataType] = {**_DTYPES, "sent_at_from": pl.Enum(SENT_AT_FROM)}
_NONE = pl.DataFrame(schema=_STORED)
_NO_KEYS = pl.DataFrame(schema={name: _STORED[name] for name in ("recipient_key", "message_id", "event_key")})


class Settled(NamedTuple):
    """What news changed: new events by number of file, account-days to count again, origins of send times."""

    accepted: Counter[int]
    days: pl.DataFrame
    sent_at_from: Counter[str]


def incoming_spool(folder: Path) -> Spool:
    """Where hidden entries are set aside until they are settled, each with the number of its file."""
    empty = _NONE.select(ENTRY).with_columns(pl.lit(None, pl.Int64).alias(FILE))
    return Spool(folder, empty=empty)


def scan_months(paths: Iterable[Path]) -> dy.LazyFrame[Events]:
    """The events of some months' files, not read yet."""
    found = list(paths)
    return Events.cast(pl.scan_parquet(found)) if found else Events.create_empty(lazy=True)


def months_after(change: Change, *, months: set[str] | None = None) -> list[Path]:
    """The files of events of a directory after a change, of some months ("2026-05") or of all."""
    names = change.names(EVENTS)
    wanted = names if months is None else names & {_file(month) for month in months}
    return [change.path(name) for name in sorted(wanted)]


def portions(paths: Iterable[Path]) -> Iterator[dy.LazyFrame[Events]]:
    """The events of some months' files, so many at a time that their counts fit into memory.

    All events of an account and send day are in one portion.
    """
    for path in paths:
        events = scan_months([path])
        parts = -(-events.select(pl.len()).collect().item() // COUNTED_AT_ONCE)
        part_of = pl.col("account_id").hash() % max(parts, 1)
        for part in range(parts):
            yield Events.cast(events.filter(part_of == part)) if parts > 1 else events


def settle_into(change: Change, incoming: Spool) -> Settled:
    """Settle entries with the stored events they concern, and write the months in which that changes any."""
    stored = {name: change.path(name) for name in sorted(change.names(EVENTS))}
    new, gone = _Parts(change.scratch / "new", _NONE), _Parts(change.scratch / "gone", _NO_KEYS)
    accepted: Counter[int] = Counter()
    origins: Counter[str] = Counter()
    days = _Days()
    for keys in key_ranges(incoming.rows, nobodys=incoming.nobodys):
        changed = _settled(incoming.take(keys), stored.values(), keys)
        new.add(changed.now)
        gone.add(changed.before)
        days.add(changed.now, changed.before)
        accepted.update(changed.accepted)
        origins.update(count_sent_at_from(changed.now))
        origins.subtract(count_sent_at_from(changed.before))
        del changed  # or the next range would be settled with this one in memory
    for month in sorted(new.keys() | gone.keys()):
        _write_month(change, _file(month), stored.get(_file(month)), new[month], gone[month])
    return Settled(accepted, days.touched().sort("account_id", "day"), origins)


class _Changed(NamedTuple):
    """What a range of news changed: events as they are now, and were before; new events by number of file."""

    now: pl.DataFrame
    before: pl.DataFrame
    accepted: Mapping[int, int]


def _settled(entries: pl.DataFrame, stored: Iterable[Path], keys: Keys | Nobody) -> _Changed:
    """A range of entries, settled with the stored events they concern."""
    before = _concerned(stored, entries, keys)
    accepted = _count_new(entries, before)
    after = settle(pl.concat([_unsettled(before), entries.select(ENTRY)]), recipient="recipient_key")
    now = after.select(pl.col(name).cast(dtype) for name, dtype in _STORED.items())
    if before.height:
        now = now.join(before, on=list(_STORED), how="anti", nulls_equal=True)
        before = before.join(now, on="event_key", how="semi")
    return _Changed(in_order(now), in_order(before), accepted)


class _Parts(dict[str, Spool]):
    """A spool for each send month."""

    def __init__(self, folder: Path, empty: pl.DataFrame) -> None:
        super().__init__()
        self._folder = folder
        self._empty = empty

    def __missing__(self, month: str) -> Spool:
        self[month] = Spool(self._folder / month, empty=self._empty, in_order=True)
        return self[month]

    def add(self, rows: pl.DataFrame) -> None:
        by_month = rows.with_columns(month=pl.col("sent_at").dt.strftime("%Y-%m")).partition_by(
            "month", as_dict=True, maintain_order=True
        )
        for (month,), part in by_month.items():
            self[month].add(part.select(self._empty.columns))


class _Days:
    """The account-days of events, each once; they come again with every range of recipients."""

    def __init__(self) -> None:
        self._found = [_NONE.select(_DAY)]
        self._once = 0

    def add(self, *events: pl.DataFrame) -> None:
        """Remember the days of these events too."""
        self._found.append(pl.concat([part.select(_DAY) for part in events]).unique())
        if sum(part.height for part in self._found) > 2 * self._once + DAYS_AT_ONCE:
            self._found = [self.touched()]
            self._once = self._found[0].height

    def touched(self) -> pl.DataFrame:
        """All that were remembered."""
        return pl.concat(self._found).unique()


def _file(month: str) -> str:
    return f"{EVENTS}/{month}.parquet"


def _concerned(stored: Iterable[Path], entries: pl.DataFrame, keys: Keys | Nobody) -> pl.DataFrame:
    """The stored events of the messages that the entries speak of; files skip what cannot hold any."""
    stored = list(stored)
    if not stored:
        return _NONE
    messages = entries.select(_MESSAGE).unique().lazy()
    recipients = entries["recipient_key"].unique()
    found = [
        pl.scan_parquet(path)
        .filter(keys.hold(), pl.col("recipient_key").is_in(recipients.implode(), nulls_equal=True))
        .join(messages, on=_MESSAGE, how="semi", nulls_equal=True)
        .collect(engine="streaming")
        for path in stored
    ]
    return pl.concat([_NONE, *found])


def _count_new(entries: pl.DataFrame, before: pl.DataFrame) -> Mapping[int, int]:
    """How many events of each file no earlier file had, nor the directory."""
    first = entries.select("event_key", FILE).unique("event_key", keep="first", maintain_order=True)
    if before.height:
        first = first.join(before.select("event_key"), on="event_key", how="anti")
    return dict(first.group_by(FILE).len().iter_rows())


def _unsettled(stored: pl.DataFrame) -> pl.DataFrame:
    """Stored events as entries again, without the send times that were found for them."""
    stated = pl.when(sent_at_from="provider").then("sent_at")
    return stored.with_columns(sent_at=stated).select(ENTRY)


def _write_month(change: Change, name: str, old: Path | None, new: Spool, gone: Spool) -> None:
    """Write a month with its news, or remove it where nothing is left of it."""
    from polars.io.plugins import register_io_source

    stored = _NONE.lazy() if old is None else pl.scan_parquet(old)
    before, nobodys = stored.select(pl.len(), pl.col("recipient_key").null_count()).collect().row(0)
    if before + new.rows == gone.rows:
        change.remove(name)
        return

    def merged(*_: object) -> Iterator[pl.DataFrame]:
        for keys in key_ranges(before + new.rows, nobodys=nobodys + new.nobodys):
            kept = stored.filter(keys.hold()).collect().join(gone.take(keys), on="event_key", how="anti")
            yield in_order(pl.concat([kept, new.take(keys)])) if kept.height else new.take(keys)

    month = register_io_source(merged, schema=dict(_STORED))
    change.write(name, lambda path: month.sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP))
