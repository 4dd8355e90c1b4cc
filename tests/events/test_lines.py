"""The quick way and the careful way read the same: fields, lines, and what is damaged."""

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.events import lines, runs
from deliverlab.events.fields import TEXT, Fields, conform, dtype_of
from deliverlab.events.lines import read_records
from deliverlab.events.objects import Decoder
from tests.events.exports import (
    Json,
    brevo,
    hubspot,
    mailgun,
    mandrill,
    ndjson,
    postmark,
    read,
    sendgrid,
    ses,
    ses_bounce,
    sns,
    sparkpost,
)

FIELDS: Fields = {"n": TEXT, "words": [TEXT], "part": {"n": TEXT, "deep": {"n": TEXT}}, "each": [{"n": TEXT}]}

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6),
    st.sampled_from(["\ud83d", "\ud83d\ude00", "\x00", "[", "{", "deliverlab:row"]),
    st.sampled_from([7.0, -0.0, 1e22, 5e-324, 2**200]),
)  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["n", "words", "part", "deep", "each", "x"]), inner, max_size=4)
    ),
    max_leaves=10,
)
WELL_FORMED = st.fixed_dictionaries(
    {},
    optional={
        "n": LEAVES,
        "words": st.lists(LEAVES, max_size=3) | LEAVES,
        "part": st.none()
        | st.fixed_dictionaries({"n": LEAVES}, optional={"deep": st.fixed_dictionaries({"n": LEAVES})}),
        "each": st.none() | st.lists(st.none() | st.fixed_dictionaries({"n": LEAVES}), max_size=3),
        "other": JSON,
    },
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        WELL_FORMED | st.dictionaries(st.sampled_from(list(FIELDS)), JSON, max_size=3), min_size=1, max_size=4
    ),
    st.booleans(),
)
def test_what_is_parsed_quickly_is_what_is_read_carefully(objects: list[Json], is_ascii: bool) -> None:
    """Wherever texts are decoded at all, each row is what Python's JSON says of it, digit by digit."""
    texts = [json.dumps(each, ensure_ascii=is_ascii) for each in objects]
    if any(not text.isascii() and "\ud83d" in text for text in texts):
        return  # no file holds half a character
    quick = Decoder(FIELDS).rows(texts)
    if quick is not None:
        told = [json.loads(text) for text in texts]
        assert quick.to_list() == [conform(each, FIELDS) for each in told]


@pytest.mark.parametrize(
    "texts",
    [
        ['{"n":"1}', '{2"}'],
        ['{"n":{"n":1}', '{"n":2}}', '{"n":3},{"n":4}'],
        ['{"each":[{"n":1}', '{"n":2}]}', '{"n":3},{"n":4}'],
        ['{"n":1},{"n":2}'],
        ['{"n":1}{"n":2}'],
        ['{"n":"\\ud83d"}'],
        ['{"n":' + "[" * 5_000 + "]" * 5_000 + "}"],
        ['{"other":' + '{"n":' * 5_000 + "1" + "}" * 5_000 + "}"],
        ['{"other":NaN}'],
        ['{"n":1e400}'],
        ['{"other":01}'],
        ['{"other":"\t"}'],
        ['{"other":"\\x"}'],
        ["", '{"n":1}'],
        ["7"],
    ],
)
def test_whatever_is_odd_is_left_to_the_careful_way(texts: list[str]) -> None:
    """Two broken texts that together were a whole one, half characters, deep nesting: no guess is made."""
    assert Decoder(FIELDS).rows(texts) is None


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"part":[],"each":"x","words":{"a":1}}',
        '{"part":"x","each":{"n":1},"words":"x"}',
        '{"part":{"n":[7,8],"deep":7},"each":[1,null,{"n":2.0},[],{"n":{"n":1}}],"words":[["a"],null]}',
        '{"n":{"a":1},"words":[],"each":[]}',
        '{"n":1,"n":2,"part":{"n":1},"part":{"deep":{"n":3}}}',
        '{"n":' + "[" * 600 + "]" * 600 + "}",
        '{"n":123456789012345678901234567890}',
    ],
)
def test_strange_values_do_not_slow_the_bulk(text: str) -> None:
    """Whatever stands in a field of a whole object, alone or among others: read quickly, as carefully."""
    texts = ['{"n":"a"}', text, '{"part":{"deep":{"n":true}},"each":[{"n":1},{"n":2}]}']
    for some in (texts, [text]):
        quick = Decoder(FIELDS).rows(some)
        assert quick is not None
        assert quick.to_list() == [conform(json.loads(each), FIELDS) for each in some]


def test_a_quick_row_is_typed_like_a_careful_one() -> None:
    """Both give the same columns, so that their frames are one table."""
    assert Decoder(FIELDS).rows(['{"n":1}']).dtype == dtype_of(FIELDS)  # type: ignore[union-attr]


def _rows(content: bytes, *, quick: bool, chunk: int = 1 << 20) -> pl.DataFrame:
    """The rows of a file; the careful way alone, if not `quick`."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as directory:
        patch.setattr(runs, "PART", 20)
        patch.setattr(lines, "BLOCK", chunk)
        patch.setattr("deliverlab.events.unpack.CHUNK", max(4, chunk))
        if not quick:
            patch.setattr(Decoder, "objects", lambda *_: None)
        path = Path(directory) / "export"
        path.write_bytes(content)
        frames = list(read_records(path, FIELDS))
    empty = lines.as_frame([], FIELDS)
    return pl.concat([empty, *frames]).with_columns(pl.col("raw").str.slice(0, 1_000))


BROKEN = st.sampled_from([
    b"", b" ", b"words", b"42", b'{"n":1', b'{"n":"x', b"[", b"]", b"]},", b'{"n":NaN}', b'{"n":1}{"n":2}',
    b'[{"n":1},{"n":2}]', b'{\n  "n": 1,\n  "part": {\n    "n": 2\n  }\n}', b'{"n":"\xe9"}',
    '{"n":"é"}'.encode(),
    b'{"n":1},', b"null", b"{}", b'{"n":1}\r', b'{"part":[\n{"n":1}\n]}', b'{"n":"\\ud83d"}',
    b'{"words":{"a":1}}', b'\xef\xbb\xbf{"n":1}', b'{"other":' + b"9" * 5_000 + b"}",
    b'{"part":{"n":1}\n}{"n":2}', b'{"other":"\xff"}',
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(BROKEN, WELL_FORMED.map(lambda each: json.dumps(each).encode())), max_size=30),
    st.sampled_from([8, 40, 300, 1 << 20]),
)
def test_files_are_read_the_same_quickly_and_carefully(pieces: list[bytes], chunk: int) -> None:
    """Whatever stands between whole lines, wherever blocks end: the same rows, places and problems."""
    content = b"\n".join(pieces)
    quick, careful = _rows(content, quick=True, chunk=chunk), _rows(content, quick=False, chunk=chunk)
    assert_frame_equal(quick.drop("raw"), careful.drop("raw"))
    assert_frame_equal(careful, _rows(content, quick=False))


def test_bulk_is_parsed_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of whole lines needs no careful reading, nor does the rest of one with a broken line."""
    whole = [json.dumps({"n": number}).encode() for number in range(100)]
    careful: list[int] = []
    keep = lines.as_frame

    def as_frame(rows: list[Any], fields: Fields) -> pl.DataFrame:
        careful.append(len(rows))
        return keep(rows, fields)

    monkeypatch.setattr(lines, "as_frame", as_frame)
    _rows(b"\n".join(whole), quick=True)
    assert careful == [0]
    _rows(b"\n".join([*whole[:50], b"broken", *whole[50:]]), quick=True)
    assert sum(careful) <= 3


RECORDS: dict[str, list[Json]] = {
    "ses": [
        ses("Send", to=("ann@mail.test", "bob@mail.test")),
        ses_bounce("Permanent", "General"),
        sns(ses("Send")),
    ],
    "sendgrid": [sendgrid("open"), sendgrid("bounce", type="blocked", status="5.7.1", reason="no")],
    "mailgun": [mailgun("opened"), {"items": [mailgun("clicked")], "paging": {}}],
    "postmark": [postmark("Open"), postmark("Bounce", Type="HardBounce")],
    "hubspot": [hubspot("OPEN"), {"events": [hubspot("SENT"), hubspot("BOUNCE", category="SPAM")]}],
    "sparkpost": [sparkpost("open"), sparkpost("bounce", bounce_class="10")],
    "mandrill": [mandrill("open"), mandrill("hard_bounce", msg={"bounce_description": "bad_mailbox"})],
    "brevo": [brevo("opened"), brevo("soft_bounce", reason="mailbox full")],
}


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(RECORDS)), st.data())
def test_damage_is_counted_and_never_a_traceback(provider: str, data: st.DataObject) -> None:
    """Cut, splice, repeat or overwrite bytes anywhere, packed or not, in any encoding: the books balance."""
    records = data.draw(st.lists(st.sampled_from(RECORDS[provider]), min_size=1, max_size=6))
    content = bytearray(
        ndjson(*records) if data.draw(st.booleans()) else json.dumps(records, indent=1).encode()
    )
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 200)))
        content[start:end] = data.draw(st.one_of(
            st.binary(max_size=20), st.just(bytes(content[end : end + 99])),
            st.sampled_from([b"NaN", b"Infinity", b"[" * 3_000,
                             b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59Z"',
                             b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b", b"9" * 5_000]),
        ))  # fmt: skip
    damaged = bytes(content)
    encoding = data.draw(st.sampled_from(["as it is", "utf-16", "latin-1", "gzip", "cut gzip"]))
    if encoding in ("utf-16", "latin-1"):
        damaged = damaged.decode("utf-8", "replace").encode(encoding, "replace")
    elif encoding != "as it is":
        packed = gzip.compress(damaged)
        damaged = packed if encoding == "gzip" else packed[: data.draw(st.integers(0, len(packed)))]
    reading = read(damaged, provider=provider)
    assert reading.read == reading.accepted + reading.duplicate + reading.quarantined
    assert reading.events["event_key"].is_unique().all()
    assert not reading.quarantine["raw"].str.contains("@", literal=True).any()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(RECORDS)), st.data())
def test_hostile_fields_are_refused_or_read(provider: str, data: st.DataObject) -> None:
    """Any JSON in the place of any field of a record is an event or a refusal."""
    record: Any = json.loads(json.dumps(data.draw(st.sampled_from(RECORDS[provider]))))
    place, name = record, data.draw(st.sampled_from(sorted(record)))
    for _ in range(data.draw(st.integers(0, 3))):
        inner = place[name][0] if isinstance(place[name], list) and place[name] else place[name]
        if isinstance(inner, dict) and inner:
            place, name = inner, data.draw(st.sampled_from(sorted(inner)))
    place[name] = data.draw(JSON)
    reading = read([record], provider=provider)
    assert reading.read == reading.accepted + reading.duplicate + reading.quarantined


def test_a_line_of_a_hundred_megabytes_is_one_refusal() -> None:
    """It costs no other record, and its beginning is kept."""
    reading = read(
        ndjson(ses("Send")) + b'{"a":"' + b"x" * 100_000_000 + b'"}\n' + ndjson(ses("Send", message="m-2"))
    )
    assert (reading.accepted, reading.quarantined) == (2, 1)
    assert reading.quarantine["position"].to_list() == ["line 2"]
