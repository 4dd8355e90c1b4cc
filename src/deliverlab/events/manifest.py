"""What was read into a data directory, file by file, and what came of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from deliverlab.errors import DataError
from deliverlab.events.settle import SENT_AT_FROM

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "manifest.json"
NAMED = 3  # files of a provider that a report names

_IN_WORDS = {
    "test_mailbox": "to test mailboxes",
    "own_domain": "to the account's own domains",
    "transactional": "of transactional mail",
    "incident": "bounces of incidents",
    "machine": "opens and clicks by machines",
}


@dataclass(frozen=True, slots=True)
class Way:
    """A file's bytes, and how they were read: the same twice holds nothing new."""

    sha256: str
    provider: str
    account_id: str | None
    account_tag: str
    campaign_tag: str
    rules: str = ""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What came of one file: accepted + duplicate + quarantined = read."""

    source: str
    way: Way
    records: int
    read: int
    accepted: int
    duplicate: int
    quarantined: int

    def again(self, source: str) -> FileReport:
        """What comes of the same file when it is read in once more: nothing new."""
        return replace(self, source=source, accepted=0, duplicate=self.read, quarantined=0)


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What came of an ingest, file by file, and what the days of all events in the directory rest on.

    `sent_at_from` counts them by where their send time is from ("provider", "message", "event"). Once days
    are counted, `left_out` says how many events do not count and why, and `days_without_sent` on how many
    account-days more was delivered than sent.
    """

    files: tuple[FileReport, ...]
    sent_at_from: dict[str, int]
    left_out: dict[str, int] = field(default_factory=dict)
    days_without_sent: int = 0

    @property
    def records(self) -> int:
        """How many JSON records the files hold."""
        return sum(file.records for file in self.files)

    @property
    def read(self) -> int:
        """How many entries: recipients of records, and unusable records."""
        return sum(file.read for file in self.files)

    @property
    def accepted(self) -> int:
        """How many of them are new events."""
        return sum(file.accepted for file in self.files)

    @property
    def duplicate(self) -> int:
        """How many of them were there already."""
        return sum(file.duplicate for file in self.files)

    @property
    def quarantined(self) -> int:
        """How many of them could not be used."""
        return sum(file.quarantined for file in self.files)

    def lines(self) -> list[str]:
        """The report for a person, a sentence a line."""
        lines = [
            f"Read {self.read:,} entries of {self.records:,} records in {len(self.files):,} files.",
            f"{self.accepted:,} accepted, {self.duplicate:,} duplicate, {self.quarantined:,} quarantined.",
            *self._rules(),
        ]
        dated = self.sent_at_from
        if dated["message"] or dated["event"]:
            lines.append(
                f"Send times of all events: {dated['provider']:,} stated by the provider, "
                f"{dated['message']:,} from the message's sent event, "
                f"{dated['event']:,} unknown, where the event's own day counts."
            )
        if self.left_out:
            told = ", ".join(f"{events:,} {_IN_WORDS[reason]}" for reason, events in self.left_out.items())
            lines.append(f"Left out of the counts of all days: {told}.")
        if self.days_without_sent:
            lines.append(
                f"On {self.days_without_sent:,} account-days more was delivered than sent: "
                "sent events are missing, and sent is taken as delivered and bounced."
            )
        return lines

    def _rules(self) -> list[str]:
        """By whose rules which files were read."""
        files: dict[str, list[str]] = {}
        for file in self.files:
            files.setdefault(file.way.provider, []).append(file.source)
        return [f"By the rules of {provider}: {_listed(names)}." for provider, names in sorted(files.items())]


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that was ever read into a directory; `key_check` tells whether a key is the directory's."""

    key_check: str
    files: tuple[FileReport, ...] = ()
    sent_at_from: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SENT_AT_FROM, 0))


def read_manifest(directory: Path, /) -> Manifest | None:
    """The directory's manifest, null before the first ingest; raises `DataError` where it is damaged."""
    path = directory / MANIFEST
    if not path.exists():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(FileReport(**{**file, "way": Way(**file["way"])}) for file in told.pop("files"))
        return Manifest(**told, files=files)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({error}), must be the manifest of an ingest") from error


def write_manifest(manifest: Manifest, path: Path, /) -> None:
    """Write it so that the same manifest is the same bytes."""
    path.write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n", encoding="utf-8")
