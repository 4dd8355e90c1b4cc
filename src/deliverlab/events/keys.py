"""The data directory's key: kept beside the events, and what it hides in them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events.commit import changing
from deliverlab.events.recipients import add_recipient_key, keyed

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "key"
SHORTEST_KEY = 16  # bytes

_FREE_TEXT = ("campaign_id", "message_id", "provider_event_id", "raw_type")


def hide(entries: pl.DataFrame, /, *, key: bytes) -> pl.DataFrame:
    """The entries as they may be stored: `recipient_key` beside the address, no address in another column.

    The `event_key` is hidden too: it is made of the address, and whoever knows the event's other facts could
    find the address by trying. Of the free texts those with an @ are hidden.
    """
    from deliverlab.events.hashes import hashed  # numba takes its time

    event_keys = hashed(entries["event_key"], key=bytes.fromhex(keyed("event_key", key=key)))
    return add_recipient_key(entries, column="recipient", key=key).with_columns(
        event_keys,
        *(_mapped(name, partial(_hidden_address, key=key)) for name in _FREE_TEXT),
    )


def has_key(data_dir: str | Path, /) -> bool:
    """Whether the directory has its key yet."""
    return (Path(data_dir) / KEY).exists()


def read_key(data_dir: str | Path, /) -> bytes:
    """The key that hides addresses in this directory; raises `DataError` where no whole one is there."""
    path = Path(data_dir) / KEY
    if not path.exists():
        raise DataError(f"{path} is not there, must hold the key that hides addresses")
    try:
        return checked(bytes.fromhex(path.read_text(encoding="ascii")))
    except ValueError:
        raise DataError(f"{path} is damaged, must be a key in hexadecimal") from None


def write_key(data_dir: str | Path, key: bytes, /) -> None:
    """Give the directory its key, readable by its owner only.

    Raises `DataError` where it has another one already: the events stored under that could be joined no more.
    """
    checked(key)
    if kept_key(data_dir, otherwise=key) != key:
        raise DataError(f"{Path(data_dir) / KEY} holds another key, must stay as long as its events do")


def kept_key(data_dir: str | Path, /, *, otherwise: bytes) -> bytes:
    """The directory's key; where it has none yet, it keeps `otherwise` from now on."""
    if not has_key(data_dir):
        with changing(data_dir) as change:
            if not has_key(data_dir):  # nobody was faster
                change.write(KEY, partial(_write, otherwise))
                change.commit()
    return read_key(data_dir)


def _write(key: bytes, path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text(key.hex() + "\n", encoding="ascii")


def checked(key: bytes) -> bytes:
    """The key, if it is long enough to hide anything."""
    if len(key) < SHORTEST_KEY:
        raise DataError(f"the key has {len(key)} bytes, must have at least {SHORTEST_KEY}")
    return key


def _hidden_address(text: str, *, key: bytes) -> str:
    return keyed(text, key=key) if "@" in text else text


def _mapped(column: str, function: Callable[[str], str]) -> pl.Expr:
    """Each text of a column through a function, null staying null."""
    return pl.col(column).map_batches(
        lambda texts: pl.Series(
            [None if text is None else function(text) for text in texts], dtype=pl.String
        ),
        return_dtype=pl.String,
    )
