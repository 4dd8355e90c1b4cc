"""Texts as short, stable hashes: a column at a time.

SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): no two of a billion texts meet, and whoever lacks
the key can neither find a text by trying nor make two meet on purpose.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import polars as pl

HEX = 32  # characters of a hash
OPEN_KEY = bytes(16)  # where nothing is to be hidden


def hashed(texts: pl.Series, *, key: bytes = OPEN_KEY) -> pl.Series:
    """The hash of each text, in hexadecimal; a null is hashed like an empty text.

    >>> hashed(pl.Series(["a", "b", "a"])).n_unique()
    2
    """
    texts = texts.fill_null("")
    ends = texts.str.len_bytes().to_numpy().astype(np.int64).cumsum()
    joined = np.frombuffer(texts.str.join("").item().encode(), np.uint8)
    first, second = np.frombuffer(key[:16], np.uint64)
    digests = np.empty((texts.len(), 2), np.uint64)
    _siphash(joined, ends, first, second, digests)
    return _in_hex(digests).alias(texts.name)


def _in_hex(digests: np.ndarray[Any, np.dtype[np.uint64]]) -> pl.Series:
    starts = np.arange(len(digests)) * (HEX // 2)
    whole = pl.Series([digests.tobytes()])[np.zeros_like(starts)]  # one text, seen many times
    digits = pl.col("whole").bin.slice(pl.col("start"), HEX // 2).bin.encode("hex")
    return pl.DataFrame({"whole": whole, "start": starts}).select(digits).to_series()


@numba.njit(cache=True, nogil=True)
def _round(a, b, c, d):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - types come from the call
    a += b
    b = ((b << np.uint64(13)) | (b >> np.uint64(51))) ^ a
    a = (a << np.uint64(32)) | (a >> np.uint64(32))
    c += d
    d = ((d << np.uint64(16)) | (d >> np.uint64(48))) ^ c
    a += d
    d = ((d << np.uint64(21)) | (d >> np.uint64(43))) ^ a
    c += b
    b = ((b << np.uint64(17)) | (b >> np.uint64(47))) ^ c
    c = (c << np.uint64(32)) | (c >> np.uint64(32))
    return a, b, c, d


@numba.njit(cache=True, nogil=True)
def _siphash(joined, ends, first, second, digests):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    start = 0
    for row in range(len(ends)):
        end = ends[row]
        a = first ^ np.uint64(0x736F6D6570736575)
        b = second ^ np.uint64(0x646F72616E646F6D) ^ np.uint64(0xEE)
        c = first ^ np.uint64(0x6C7967656E657261)
        d = second ^ np.uint64(0x7465646279746573)
        last = np.uint64(end - start) << np.uint64(56)
        at = start
        while at + 8 <= end:
            word = np.uint64(0)
            for byte in range(8):
                word |= np.uint64(joined[at + byte]) << np.uint64(8 * byte)
            d ^= word
            a, b, c, d = _round(a, b, c, d)
            a, b, c, d = _round(a, b, c, d)
            a ^= word
            at += 8
        for byte in range(end - at):
            last |= np.uint64(joined[at + byte]) << np.uint64(8 * byte)
        d ^= last
        a, b, c, d = _round(a, b, c, d)
        a, b, c, d = _round(a, b, c, d)
        a ^= last
        c ^= np.uint64(0xEE)
        for _ in range(4):
            a, b, c, d = _round(a, b, c, d)
        digests[row, 0] = a ^ b ^ c ^ d
        b ^= np.uint64(0xDD)
        for _ in range(4):
            a, b, c, d = _round(a, b, c, d)
        digests[row, 1] = a ^ b ^ c ^ d
        start = end
