"""The bytes of a file: unpacked within a bound, and as UTF-8."""

import codecs
import gzip
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.events import unpack
from deliverlab.events.entries import Unusable
from deliverlab.events.unpack import chunks
from tests.events.exports import ndjson, read, refusals, ses

TEXT = '{"n":"é"}\n'.encode() * 3
try:
    ZSTD = unpack._zstd()
except Unusable:
    ZSTD = None
needs_zstd = pytest.mark.skipif(ZSTD is None, reason="needs Python 3.14 or backports.zstd")


def _chunks(tmp_path: Path, content: bytes) -> bytes:
    (tmp_path / "export").write_bytes(content)
    return b"".join(chunks(tmp_path / "export"))


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        codecs.BOM_UTF8 + TEXT,
        codecs.BOM_UTF16_LE + TEXT.decode().encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.decode().encode("utf-16-be"),
        gzip.compress(TEXT),
        gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]),
        gzip.compress(codecs.BOM_UTF8 + TEXT),
    ],
)
@pytest.mark.parametrize("chunk", [1, 5, 1 << 20])
def test_every_packing_holds_the_same_text(
    tmp_path: Path, content: bytes, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packed or not, with any mark of an encoding, wherever the reading of bytes pauses."""
    if chunk > 1 or not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8)):
        monkeypatch.setattr(unpack, "CHUNK", chunk)
    if content.startswith(gzip.compress(codecs.BOM_UTF8)[:3]) and chunk < 5:
        monkeypatch.setattr(unpack, "CHUNK", 8)
    assert _chunks(tmp_path, content) == TEXT


@needs_zstd
def test_zstd_is_unpacked(tmp_path: Path) -> None:
    """The other common packing, in one frame or several; a cut one gives what was whole."""
    assert _chunks(tmp_path, ZSTD.compress(TEXT) + ZSTD.compress(TEXT)) == TEXT * 2
    reading = read(ZSTD.compress(ndjson(*[ses("Send", message=f"m-{n}") for n in range(999)]))[:-9])
    assert reading.accepted > 500
    assert "the rest of the packed file cannot be read" in reading.quarantine["reason"][-1]


def test_zstd_that_cannot_be_unpacked_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a module for it the file is one refusal, which names what is needed."""
    monkeypatch.setattr(unpack, "_ZSTD_MODULES", ("nowhere.zstd", "backports.nothing"))
    ((place, reason),) = refusals(read(unpack.ZSTD + b"rest"))
    assert place == "line 1"
    assert "needs Python 3.14 or the package" in reason


def test_a_cut_packed_file_gives_what_was_whole() -> None:
    """Records before the damage are read; the damage itself is a complaint."""
    lines = ndjson(*[ses("Send", message=f"m-{number}") for number in range(500)])
    reading = read(gzip.compress(lines)[:-20])
    assert reading.accepted > 300
    assert "the rest of the packed file cannot be read" in reading.quarantine["reason"][-1]
    assert reading.read == reading.accepted + reading.quarantined


def test_bytes_that_only_look_packed_are_refused() -> None:
    """Two magic bytes do not make a packed file."""
    ((place, reason),) = refusals(read(b"\x1f\x8bnot packed at all"))
    assert place == "line 1"
    assert "cannot be read" in reason


@pytest.mark.parametrize("packing", ["gzip", pytest.param("zstd", marks=needs_zstd)])
def test_a_bomb_is_stopped(packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A packed file may not expand without bound; what came before the bound is read."""
    monkeypatch.setattr(unpack, "FREE_EXPANSION", 1 << 20)
    content = ndjson(ses("Send")) + b" " * (40 << 20)
    reading = read(gzip.compress(content) if packing == "gzip" else ZSTD.compress(content))
    assert (reading.accepted, reading.quarantined) == (1, 1)
    assert reading.quarantine["reason"][0].endswith("it expands to more than 256 times its size")


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", unpack.GZIP, unpack.ZSTD, b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"mandrill_events="]
    ),
)
def test_no_bytes_break_the_unpacking(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, mark: bytes
) -> None:
    """Whatever the bytes behind a mark: text, or a reason why there is none."""
    with suppress(Unusable):
        assert isinstance(_chunks(tmp_path_factory.mktemp("bytes"), mark + content), bytes)
