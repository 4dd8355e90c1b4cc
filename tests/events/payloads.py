"""Real payloads against what they mean: `python -m tests.events.payloads DIRECTORY`.

The directory holds payload files and `expected.jsonl`, an object a line: `file`, `provider`, and in
`expected` for each event its `type`, `recipient` (null: nobody said whom) and `ts_utc`. Type, recipient and
UTC time to the second are checked of each event, read by the provider's name and recognised by the records.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.read import Reading, read_provider

Told = list[tuple[str, str | None, datetime]]


def main() -> None:
    """Check every payload, print what is wrong, and end with an error if anything is."""
    parser = argparse.ArgumentParser(prog="python -m tests.events.payloads", description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    cases = [
        json.loads(line) for line in (directory / "expected.jsonl").read_text().splitlines() if line.strip()
    ]
    wrong = [problem for case in cases for problem in check(directory, case)]
    for problem in wrong:
        print(problem)
    events = sum(len(case["expected"]) for case in cases)
    print(f"{len(cases)} payloads with {events} events, read by name and recognised: {len(wrong)} wrong")
    raise SystemExit(1 if wrong else 0)


def check(directory: Path, case: dict[str, Any]) -> list[str]:
    """What is wrong with the reading of one payload."""
    wanted = sorted((_expected(event) for event in case["expected"]), key=str)
    problems = []
    for provider in (case["provider"], "auto"):
        try:
            reading = read_provider(directory / case["file"], provider=provider)
        except DataError as error:
            problems.append(f"{case['file']} as {provider}: {error}")
            continue
        found = sorted(_without_strangers(_found(reading), wanted), key=str)
        refused = reading.quarantine["reason"].to_list()
        if found != wanted or refused or set(reading.providers.values()) != {case["provider"]}:
            problems.append(
                f"{case['file']} as {provider}:\n  read     {found} {refused}\n  expected {wanted}"
            )
    return problems


def _expected(event: dict[str, Any]) -> tuple[str, str | None, datetime]:
    at = datetime.fromisoformat(event["ts_utc"]).astimezone(UTC).replace(microsecond=0)
    return event["type"], event["recipient"], at


def _found(reading: Reading) -> Told:
    facts = reading.events.select(
        pl.col("event_type").cast(pl.String), "recipient", pl.col("occurred_at").dt.truncate("1s")
    )
    return list(facts.iter_rows())


def _without_strangers(found: Told, wanted: Told) -> Told:
    """What was found, without recipients of which the expectation says nothing."""
    silent = {(event_type, at) for event_type, recipient, at in wanted if recipient is None}
    return [(kind, None if (kind, at) in silent else recipient, at) for kind, recipient, at in found]


if __name__ == "__main__":
    main()
