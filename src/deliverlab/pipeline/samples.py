"""The sample world as a data directory."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events import store
from deliverlab.pipeline.directory import note_about, table_path, write_table
from deliverlab.pipeline.road import write_peer_rates
from deliverlab.sample.crowd import make_crowd
from deliverlab.sample.world import make_world
from deliverlab.schemas import Accounts, Contacts, Daily, Enforcement, Incidents, Reviews, Slices

if TYPE_CHECKING:
    from datetime import date

STORIES = "stories.csv"


def write_sample(out: str | Path, /, *, accounts: int, days: int, seed: int, last_day: date) -> None:
    """Write a synthetic world: its tables, its raw provider exports, and the stories that are true of it.

    The directory's key is made from the seed, so that the same seed writes the same bytes; it hides nothing,
    and there is nothing to hide.
    """
    world = make_world(accounts=accounts, days=days, seed=seed, last_day=last_day)
    for table, frame in (
        (Accounts, world.accounts),
        (Daily, world.daily),
        (Slices, world.slices),
        (Reviews, world.reviews),
        (Enforcement, world.enforcement),
        (Incidents, world.incidents),
        (Contacts, world.contacts),
    ):
        write_table(out, table, frame)
    for name, content in world.raw.items():
        path = Path(out) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    store.write_key(out, hashlib.sha256(f"synthetic {seed}".encode()).digest())
    _finish(out, world.stories, accounts=accounts, days=days, seed=seed)


def write_crowd(out: str | Path, /, *, accounts: int, days: int, seed: int, last_day: date) -> None:
    """Write a world of daily counts alone: no raw exports, contacts or slices, however many accounts.

    A block of accounts is in memory at a time; the rows of `daily` stand in the order of accounts.
    """
    Path(out).mkdir(parents=True, exist_ok=True)
    small = []
    with tempfile.TemporaryDirectory(dir=out, prefix=".") as parts:
        for number, block in enumerate(
            make_crowd(accounts=accounts, days=days, seed=seed, last_day=last_day)
        ):
            block.daily.write_parquet(Path(parts) / f"{number:06}.parquet")
            small.append(block._replace(daily=block.daily.clear()))
        whole = Path(parts) / "daily"
        pl.scan_parquet(Path(parts) / "*.parquet").sink_parquet(whole, compression="zstd")
        whole.replace(table_path(out, Daily))
    write_table(out, Accounts, pl.concat(block.accounts for block in small))
    write_table(out, Reviews, pl.concat(block.reviews for block in small))
    write_table(out, Enforcement, pl.concat(block.enforcement for block in small))
    stories = pl.concat(block.stories for block in small)
    _finish(out, stories, accounts=accounts, days=days, seed=seed)


def _finish(out: str | Path, stories: pl.DataFrame, **size: int) -> None:
    """What every sample has: the truth, a note that it is synthetic, and peer rates."""
    stories.write_csv(Path(out) / STORIES)
    note_about(out, is_synthetic=True, **size)
    write_peer_rates(out)
