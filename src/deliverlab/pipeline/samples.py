"""The sample world as a data directory."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from deliverlab.events import store
from deliverlab.pipeline.directory import note_about, write_table
from deliverlab.pipeline.road import write_peer_rates
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
    world.stories.write_csv(Path(out) / STORIES)
    for name, content in world.raw.items():
        path = Path(out) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    store.write_key(out, hashlib.sha256(f"synthetic {seed}".encode()).digest())
    note_about(out, is_synthetic=True, accounts=accounts, days=days, seed=seed)
    write_peer_rates(out)
