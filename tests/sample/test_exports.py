"""Raw files: out of order, partly twice, packed the same every time."""

import gzip
import json
import re
from collections import Counter
from datetime import datetime
from itertools import pairwise

import pytest

from deliverlab.sample.world import World

NAME = re.compile(
    r"raw/(ses/\d{4}-\d\d-(firehose|sns)-0[123]\.ndjson|sendgrid/\d{4}-\d\d-events-0[123]\.json)\.gz"
)


def test_files_are_many_and_named_by_month(world: World) -> None:
    """A provider's files lie in a folder of its own, three a month."""
    assert len(world.raw) >= 24
    assert [name for name in world.raw if not NAME.fullmatch(name)] == []


def test_packed_files_hold_no_time_and_no_name(world: World) -> None:
    """Flags and time in the gzip header are zero."""
    assert {packed[3:8] for packed in world.raw.values()} == {bytes(5)}


@pytest.mark.parametrize("part", ["firehose", "sns", "events"])
def test_some_records_came_twice(world: World, part: str) -> None:
    """About two in a hundred, the same to the letter; none three times."""
    lines = Counter(line.strip("[],") for name, line in _lines(world) if f"-{part}-" in name)
    twice = [line for line, times in lines.items() if times > 1]
    assert max(lines.values()) == 2
    assert 0.01 < len(twice) / len(lines) < 0.03


def test_records_are_out_of_order(world: World) -> None:
    """Within a file and between files: no reader may rely on the order."""
    moments = [
        datetime.fromisoformat(json.loads(line)["mail"]["timestamp"])
        for name, line in _lines(world)
        if "-firehose-" in name
    ]
    steps_back = sum(later < earlier for earlier, later in pairwise(moments))
    assert steps_back > 0.1 * len(moments)


def test_accounts_share_files(world: World) -> None:
    """A provider does not sort by account."""
    busiest = max((name for name in world.raw if "sendgrid" in name), key=lambda name: len(world.raw[name]))
    records = json.loads(gzip.decompress(world.raw[busiest]))
    assert len({record["account_id"] for record in records}) >= 4


def _lines(world: World) -> list[tuple[str, str]]:
    return [
        (name, line)
        for name, packed in world.raw.items()
        for line in gzip.decompress(packed).decode().splitlines()
    ]
