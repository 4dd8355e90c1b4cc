"""The bytes of an export as UTF-8, unpacked where it is packed, and never more of them than is sane."""

from __future__ import annotations

import codecs
import gzip
import importlib
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote_to_bytes

from deliverlab.events.entries import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHUNK = 1 << 20
LARGEST_EXPANSION = 256  # JSON logs shrink to a twentieth or so, a zip bomb to a thousandth
FREE_EXPANSION = 64 << 20  # bytes that a packed file may always expand to

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_ZSTD_MODULES = ("compression.zstd", "backports.zstd")  # of Python 3.14 on, and the same for older ones
_FORM = b"mandrill_events="  # what Mandrill posts is a form, with JSON in it
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes, unpacked (gzip and zstd are known by their first bytes) and as UTF-8.

    UTF-16 is known by its byte order mark; any other encoding is left for the reader to stumble over. A
    packed file may expand to 256 times its size, or to 64 MiB.

    Raises `Unusable` where the packing is damaged or expands too far; the bytes before that came out.
    """
    with path.open("rb") as file:
        yield from _without_form(_as_utf8(_unpacked(file, size=path.stat().st_size)))


def _unpacked(file: BinaryIO, *, size: int) -> Iterator[bytes]:
    begin = file.read(4)
    file.seek(0)
    if begin[:2] == GZIP:
        unpacked: Any = gzip.GzipFile(fileobj=file)
    elif begin == ZSTD:
        unpacked = _zstd().ZstdFile(file)
    else:
        while chunk := file.read(CHUNK):
            yield chunk
        return
    allowance = max(FREE_EXPANSION, LARGEST_EXPANSION * size)
    try:
        while chunk := unpacked.read1(CHUNK):
            allowance -= len(chunk)
            if allowance < 0:
                raise Unusable(f"it expands to more than {LARGEST_EXPANSION} times its size")
            yield chunk
    except Unusable as problem:
        raise Unusable(f"the rest of the packed file cannot be read: {problem}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise Unusable(f"the rest of the packed file cannot be read: {error}") from None
    except Exception as error:
        if type(error).__name__ != "ZstdError":
            raise
        raise Unusable(f"the rest of the packed file cannot be read: {error}") from None


def _zstd() -> Any:  # noqa: ANN401 - one of two modules with the same names
    for name in _ZSTD_MODULES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise Unusable(f"packed with zstd, which needs Python 3.14 or the package {_ZSTD_MODULES[1]}")


def _as_utf8(packed: Iterable[bytes]) -> Iterator[bytes]:
    """The same text as UTF-8 without a byte order mark; what is no UTF-16 becomes a replacement character."""
    pieces = iter(packed)
    first = next(pieces, b"")
    encoding = _MARKS.get(first[:2])
    if encoding is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first[2:]).encode("utf-8", "replace")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _without_form(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same, or where the lines are posted forms the JSON in each."""
    first = next(pieces, b"")
    if not first.startswith(_FORM):
        yield from chain([first], pieces)
        return
    rest = b""
    for piece in chain([first], pieces):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield _inside(line) + b"\n"
    yield _inside(rest)


def _inside(form: bytes) -> bytes:
    value = form.partition(_FORM)[2].partition(b"&")[0] if form.startswith(_FORM) else form
    return unquote_to_bytes(value.replace(b"+", b" "))
