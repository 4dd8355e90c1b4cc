"""Addresses: what is one, how it is hidden, and how it is masked where it stands in raw text."""

from __future__ import annotations

import hmac
import re
from functools import partial
from typing import TypeVar

import polars as pl

KEY_CHARACTERS = 32  # 128 bits of the hash: no two of a billion recipients meet, and half the bytes to store
MASK = "[address]"

_ADDRESS = re.compile(r'(?:[^\s"<>@,;]+|"[^"\r\n]+")@([^\s"<>@,;]*[^\s"<>@,;.])\.?')
_PLAIN = r"^[!#-+\-.-:=?A-~]+@[!#-+\-.-:=?\[-~]*[!#-+\-/-:=?\[-~]$"  # of ASCII, its domain in lower case
_HASH = r"^[A-Za-z0-9+/_=-]{16,}$"
_BRACKETED = re.compile(r"<([^<>]*)>\s*\Z")
_QUOTED_LOCAL_PART = re.compile(r'\\?"[^"@]{1,64}"@')
_WORD = re.compile(r"""[^\s"'<>,;:()\[\]{}\\=]+""")

AnyFrame = TypeVar("AnyFrame", pl.DataFrame, pl.LazyFrame)


def address(value: object) -> str | None:
    """The address in what a provider wrote as recipient, its domain in lower case; null where it is none.

    >>> address("Jane Roe <jane@Example.COM>"), address("jane at example.com")
    ('jane@example.com', None)
    """
    if not isinstance(value, str):
        return None
    bracketed = _BRACKETED.search(value) if ">" in value else None
    found = _ADDRESS.fullmatch((bracketed[1] if bracketed else value).strip())
    if found is None:
        return None
    return found[0][: found.start(1)] + found[1].lower()


def addresses(values: pl.Series, *, or_hashes: bool = False) -> pl.Series:
    """The same for a column; with `or_hashes` a hash, by which some exports hide them, stays as it is."""
    is_fine = values.str.contains(_PLAIN)
    if or_hashes:
        is_fine |= values.str.contains(_HASH)
    if is_fine.all(ignore_nulls=True):
        return values
    left = values.filter(~is_fine).unique(maintain_order=True)
    read = pl.Series([address(each) for each in left], dtype=pl.String)
    mended = values.replace_strict(left, read, default=None, return_dtype=pl.String)
    return values.zip_with(is_fine.fill_null(value=False), mended)


def recipient_key(address: str, *, key: bytes) -> str:
    """What stands for an address in stored tables: the first 128 bits of HMAC-SHA-256, in hexadecimal.

    Jane@example.com and jane@example.com are one person: no receiver that matters tells them apart.

    >>> recipient_key("jane@example.com", key=b"k" * 32) == recipient_key(" Jane@Example.com", key=b"k" * 32)
    True
    """
    return keyed(address.strip().lower(), key=key)


def keyed(text: str, *, key: bytes) -> str:
    """The keyed hash of a text; whoever lacks the key cannot find the text by trying."""
    return hmac.digest(key, text.encode(), "sha256").hex()[:KEY_CHARACTERS]


def add_recipient_key(frame: AnyFrame, /, *, column: str, key: bytes) -> AnyFrame:
    """The frame with `recipient_key`, made of the addresses in `column`; each address is hashed once."""
    keys = pl.col(column).map_batches(partial(_recipient_keys, key=key), return_dtype=pl.String)
    return frame.with_columns(recipient_key=keys)


def _recipient_keys(addresses: pl.Series, *, key: bytes) -> pl.Series:
    distinct = addresses.drop_nulls().unique()
    keys = pl.Series([recipient_key(each, key=key) for each in distinct], dtype=pl.String)
    return addresses.replace_strict(distinct, keys, default=None, return_dtype=pl.String)


def mask_addresses(raw: str) -> str:
    r"""The text with every address in it masked, also one written with `%40` or `\u0040`.

    >>> mask_addresses('{"email":"jane@example.com","n":1}')
    '{"email":"[address]","n":1}'
    """
    with_signs = raw.replace("\\u0040", "@").replace("%40", "@").replace("&#64;", "@")
    return _WORD.sub(_mask, _QUOTED_LOCAL_PART.sub("@", with_signs))


def _mask(word: re.Match[str]) -> str:
    return MASK if "@" in word[0] else word[0]
