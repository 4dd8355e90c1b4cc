"""Points in time as providers write them."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.events.entries import Unusable
from deliverlab.events.moments import moment, moments

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
        "2026-05-04 12:00:07.25 UTC",
        "2026-05-04T12:00:07.25+00",
        "1777896007.25",
        "1777896007250",
    ],
)
def test_one_moment_has_many_spellings(written: str) -> None:
    """ISO text with any offset, seconds and milliseconds are one point in time, alone and in a column."""
    assert moment(written, what="timestamp") == NOON
    assert moments(pl.Series([written, None, "x"])).to_list() == [NOON, None, None]


def test_a_small_number_of_seconds_is_an_early_moment() -> None:
    """Seconds stay seconds down to 1971, however few digits they have."""
    assert moment("40000000", what="timestamp") == datetime(1971, 4, 8, 23, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize("written", [None, ""])
def test_a_missing_moment_is_named(written: str | None) -> None:
    """The complaint says which field is missing."""
    with pytest.raises(Unusable, match=r"^open.timestamp is missing$"):
        moment(written, what="open.timestamp")


@pytest.mark.parametrize(
    "written", ["yesterday", "true", "2026-13-01T00:00:00Z", "12:00", "9" * 5_000, "NaN", "Infinity", "-inf"]
)
def test_an_unreadable_moment_is_refused(written: str) -> None:
    """What is no point in time is refused with its value."""
    with pytest.raises(Unusable, match="must be a point in time"):
        moment(written, what="timestamp")


@pytest.mark.parametrize(
    "written",
    [
        "0", "-1", "12", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
        "1970-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "5000000000", "9" * 40,
    ],
)  # fmt: skip
def test_an_absurd_moment_is_refused(written: str) -> None:
    """Before 1971 and from 2100 on nobody sent the mail that is meant."""
    with pytest.raises(Unusable, match="must lie in the years 1971 to 2099"):
        moment(written, what="timestamp")


DIGITS = st.text("0123456789", min_size=1, max_size=14)
WRITTEN = st.one_of(
    DIGITS,
    st.builds("{}.{}".format, DIGITS, DIGITS),
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda at: at.isoformat()),  # noqa: DTZ001
    st.datetimes(datetime(1960, 1, 1), datetime(2110, 1, 1)).map("{:%Y-%m-%dT%H:%M:%S.%fZ}".format),  # noqa: DTZ001
    st.from_regex(
        r"20[0-2]\d-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,7})?(Z|\+02:00|)", fullmatch=True
    ),
    st.text(max_size=8),
    st.none(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(WRITTEN, max_size=6))
def test_a_column_is_read_as_its_texts_are(written: list[str | None]) -> None:
    """Whatever stands beside them, texts in a column are the moments that each is alone, or none."""
    alone: list[datetime | None] = []
    for each in written:
        try:
            alone.append(moment(each, what="x"))
        except Unusable:
            alone.append(None)
    assert moments(pl.Series(written, dtype=pl.String)).to_list() == alone
