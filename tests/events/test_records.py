"""Text of any shape becomes JSON records with their places: the careful way."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.events import records
from deliverlab.events.entries import Unusable
from deliverlab.events.records import Record, Scroll, embedded


def _read(content: bytes, *, chunk: int = 1 << 20) -> list[Record]:
    text = content.decode("utf-8", "surrogateescape")
    pieces = [text[at : at + chunk] for at in range(0, len(text), chunk)]
    pieces.reverse()
    scroll = Scroll(lambda: pieces.pop() if pieces else "")
    found: list[Record] = []
    while pieces:
        found.extend(scroll.records())
    return found


def _place(record: Record) -> str:
    return f"line {record.line}" + (f", item {record.item}" if record.item > 1 else "")


def _told(content: bytes, *, chunk: int = 1 << 20) -> list[tuple[str, object]]:
    """Each record's place with its value, or with the reason why it has none."""
    return [(_place(record), record.value or record.reason) for record in _read(content, chunk=chunk)]


SHAPES = {
    "a line each": b'{"n":1}\n{"n":2}\n{"n":3}\n',
    "no last newline": b'{"n":1}\n{"n":2}\n{"n":3}',
    "windows lines": b'{"n":1}\r\n{"n":2}\r\n{"n":3}\r\n',
    "back to back": b'{"n":1}{"n":2}{"n":3}',
    "an array": b'[{"n":1},{"n":2},{"n":3}]',
    "arrays a line": b'[{"n":1},{"n":2}]\n[{"n":3}]\n',
    "a printed array": b'[\n  {\n    "n": 1\n  },\n  {\n    "n": 2\n  },\n  {\n    "n": 3\n  }\n]\n',
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("chunk", [1, 5, 1 << 20])
def test_every_shape_holds_the_same_records(shape: str, chunk: int) -> None:
    """Lines, arrays and single objects are one format, wherever the reading pauses."""
    assert [record.value for record in _read(SHAPES[shape], chunk=chunk)] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_positions_name_line_and_item() -> None:
    """A record's place is its line, and its number where several share the line."""
    content = b'{"n":1}\n\n[{"n":2},{"n":3}]\n{\n"n":4\n}{"n":5}\n'
    assert [_place(record) for record in _read(content)] == [
        "line 1", "line 3", "line 3, item 2", "line 4", "line 6",
    ]  # fmt: skip


def test_empty_files_hold_nothing() -> None:
    """Nothing, white space and an empty array are no records, and no complaint."""
    assert _read(b"") == _read(b" \n\n") == _read(b"[]\n") == []


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_reading_goes_on_after_a_truncated_line(chunk: int) -> None:
    """A cut record is reported where it stands and costs no other record, wherever it was cut."""
    whole = '{"a": {"b": [1, "x"]}, "c": true}'
    for cut in range(1, len(whole)):
        told = _told(f'{{"n":1}}\n{whole[:cut]}\n{{"n":2}}\n{{"n":3}}\n'.encode(), chunk=chunk)
        assert [told[0], *told[2:]] == [("line 1", {"n": 1}), ("line 3", {"n": 2}), ("line 4", {"n": 3})]
        assert told[1][0] == "line 2"
        assert str(told[1][1]).startswith("not JSON: ")


def test_a_cut_array_loses_its_last_record_only() -> None:
    """Of an array that ends in the middle of an item the items before it are read."""
    assert _told(b'[{"n":1},{"n":2},{"n":') == [
        ("line 1", {"n": 1}),
        ("line 1, item 2", {"n": 2}),
        ("line 1, item 3", "not JSON: Expecting value"),
    ]


@pytest.mark.parametrize("chunk", [1, 4, 1 << 20])
def test_a_broken_printed_record_is_one_complaint(chunk: int) -> None:
    """The indented lines of a broken record belong to it; the next record is read."""
    content = b'[\n  {\n    "a": 1\n    "b": 2,\n    "c": 3\n  },\n  {\n    "n": 2\n  }\n]\n'
    assert _told(content, chunk=chunk) == [
        ("line 2", "not JSON: Expecting ',' delimiter"),
        ("line 7", {"n": 2}),
    ]


def test_what_is_no_object_is_reported_line_by_line() -> None:
    """Words, numbers and bare lists are no records; each line is one complaint."""
    told = _told(b'hello\n42\n{"n":1}\n["a", "b"]\n}\n{"n":2} trailing\n')
    assert told == [
        ("line 1", "not a JSON object"),
        ("line 2", "not a JSON object"),
        ("line 3", {"n": 1}),
        ("line 4", "not a JSON object"),
        ("line 5", "not a JSON object"),
        ("line 6", {"n": 2}),
        ("line 6, item 2", "not a JSON object"),
    ]


def test_raw_text_is_kept_to_a_bound() -> None:
    """Of what cannot be read the beginning is kept, however long it is."""
    (record,) = _read(b"x" * 3_000_000)
    assert record.raw == "x" * records.RAW_CHARACTERS


def test_other_encodings_are_refused_by_the_record() -> None:
    """A record with bytes that are no UTF-8 is refused; its neighbours, and other scripts, are read."""
    told = _told('{"n":"é"}\n'.encode() + '{"n":"é"}\n'.encode("latin-1") + b'{"n":"ok"}\n')
    assert told == [("line 1", {"n": "é"}), ("line 2", "not UTF-8"), ("line 3", {"n": "ok"})]


def test_half_a_surrogate_pair_is_mended() -> None:
    """An emoji that a provider cut in half becomes a question mark, a whole one stays."""
    assert _told(b'{"a":"\\ud83d","b":"\\uD83D\\uDE00"}') == [("line 1", {"a": "?", "b": "😀"})]


def test_deep_nesting_and_long_numbers_are_refused() -> None:
    """What would break the parser is a complaint and no crash."""
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    told = _told(deep + b'\n{"a":' + b"9" * 5_000 + b'}\n{"n":1}\n')
    reason = "not JSON: nested too deep or a number too long"
    assert told == [("line 1", reason), ("line 2", reason), ("line 3", {"n": 1})]


def test_a_record_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record longer than any that a provider writes is refused, and reading goes on behind its line."""
    monkeypatch.setattr(records, "LONGEST_RECORD", 1_000)
    told = _told(b'{"a":"' + b"x" * 5_000 + b'"}\n{"n":1}\n', chunk=100)
    assert told == [("line 1", "not JSON: Unterminated string starting at"), ("line 2", {"n": 1})]


@pytest.mark.parametrize("message", ["plain words", '["list"]', "[" * 100_000, "7", None])
def test_only_an_object_can_be_embedded(message: str | None) -> None:
    """Text that is neither a JSON object nor an array of them carries no record."""
    with pytest.raises(Unusable, match="the message inside is no"):
        embedded(message)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_no_bytes_break_the_reading(content: bytes, chunk: int) -> None:
    """Whatever the bytes, each record is an object or has a reason."""
    for record in _read(content, chunk=chunk):
        assert isinstance(record.value, dict) != bool(record.reason)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers(), max_size=3), max_size=8
    ),
    st.sampled_from(["\n", "", ",", "\n\n", " , \n"]),
    st.sampled_from([None, 2]),
)
def test_what_was_written_is_read(objects: list[dict[str, object]], between: str, indent: int | None) -> None:
    """Any objects, however separated or indented, come out as they went in."""
    content = between.join(json.dumps(each, indent=indent) for each in objects).encode()
    assert [record.value for record in _read(content)] == objects


def test_of_two_fields_with_one_name_the_last_counts() -> None:
    """As for the quick way, so that both read the same."""
    assert _told(b'{"n":1,"n":2,"m":{"a":1,"a":2}}') == [("line 1", {"n": 2, "m": {"a": 2}})]
    assert embedded('[{"n":1,"n":2}]') == [{"n": 2}]
