"""Fields as providers write them: moments, words, objects."""

import json
from datetime import UTC, datetime

import pytest

from deliverlab.events.entries import Unusable, moment, section, text

NOON = datetime(2026, 5, 4, 12, 0, 7, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-04T12:00:07.250Z",
        "2026-05-04T12:00:07.250000+00:00",
        "2026-05-04T12:00:07.2500000Z",
        "2026-05-04T05:00:07.250-07:00",
        "2026-05-04T12:00:07.250 +0000",
        "2026-05-04 12:00:07.250",
        " 2026-05-04T12:00:07.250Z ",
        1_777_896_007.25,
        1_777_896_007_250,
        "1777896007.25",
        "1777896007250",
    ],
)
def test_one_moment_has_many_spellings(written: object) -> None:
    """ISO text with any offset, seconds and milliseconds, as number or text, are the same point in time."""
    assert moment(written, what="timestamp") == NOON


def test_a_small_number_of_seconds_is_an_early_moment() -> None:
    """Seconds stay seconds down to 1971, however few digits they have."""
    assert moment("40000000", what="timestamp") == datetime(1971, 4, 8, 23, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize("written", [None, ""])
def test_a_missing_moment_is_named(written: object) -> None:
    """The complaint says which field is missing."""
    with pytest.raises(Unusable, match=r"^open.timestamp is missing$"):
        moment(written, what="open.timestamp")


@pytest.mark.parametrize("written", ["yesterday", True, [], {}, "2026-13-01T00:00:00Z", "12:00", "9" * 5_000])
def test_an_unreadable_moment_is_refused(written: object) -> None:
    """What is no point in time is refused with its value."""
    with pytest.raises(Unusable, match="must be a point in time"):
        moment(written, what="timestamp")


@pytest.mark.parametrize(
    "written",
    [
        0, -1, 12, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
        "1970-12-31T23:59:59Z", "2100-01-01T00:00:00Z", 1e300, -1e300, 5_000_000_000, 10**200,
    ],
)  # fmt: skip
def test_an_absurd_moment_is_refused(written: object) -> None:
    """Before 1971 and from 2100 on nobody sent the mail that is meant."""
    with pytest.raises(Unusable, match="must lie in the years 1971 to 2099"):
        moment(written, what="timestamp")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_refused(word: str) -> None:
    """JSON as Python reads it knows numbers that are no moment."""
    with pytest.raises(Unusable, match="must be a point in time"):
        moment(json.loads(word), what="timestamp")


def test_text_takes_words_and_numbers_only() -> None:
    """A tag may be a word, a number or a list of them; anything else is no tag."""
    assert [text(value) for value in (" a ", 7, ["b", "c"], "", [], None, True, {"a": 1}, [[1]])] == [
        "a", "7", "b", None, None, None, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize("record", [{}, {"mail": None}, {"mail": "x"}, {"mail": []}])
def test_a_section_must_be_an_object(record: dict[str, object]) -> None:
    """A record that lacks the object, or has something else in its place, is refused."""
    with pytest.raises(Unusable, match="mail is missing or no object"):
        section(record, "mail")
