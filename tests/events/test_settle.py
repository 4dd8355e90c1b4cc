"""Duplicates, send times and repeats, on tables drawn as text."""

from typing import TYPE_CHECKING

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.events.settle import count_sent_at_from, settle
from tests.tables import table

if TYPE_CHECKING:
    from datetime import datetime

MOMENT = pl.Datetime("us", "UTC")


def _entries(text: str) -> pl.DataFrame:
    """Entries with what the text leaves out filled in; times are hours of 2026-05-04 or whole moments."""
    drawn = table(text)
    rest = {
        "account_id": "a", "message_id": "m", "recipient": "ann", "sent_at": None, "received_at": None,
        "is_machine": False,
    }  # fmt: skip
    times = ("occurred_at", "sent_at", "received_at")
    return drawn.with_columns(
        pl.lit(value).alias(name) for name, value in rest.items() if name not in drawn.columns
    ).with_columns(
        pl.when(pl.col(name).is_not_null())
        .then(pl.lit("2026-05-04 ") + pl.col(name).cast(pl.String).str.zfill(2) + ":00")
        .str.to_datetime("%Y-%m-%d %H:%M", time_zone="UTC", time_unit="us")
        .alias(name)
        for name in times
    )


def _hours(settled: pl.DataFrame, column: str) -> dict[str, int]:
    moments: dict[str, datetime] = dict(settled.select("event_key", column).iter_rows())
    return {key: moment.hour for key, moment in moments.items()}


def test_the_first_known_of_duplicates_stays() -> None:
    """An event without a time of receipt was known when it happened; else the earliest receipt wins."""
    settled = settle(
        _entries("""
            event_key | event_type | occurred_at | received_at | source
            k1        | open       | 10          | 15          | late
            k1        | open       | 10          | 12          | early
            k2        | open       | 10          | 12          | push
            k2        | open       | 10          | -           | log
        """),
        recipient="recipient",
    )
    assert dict(settled.select("event_key", "source").iter_rows()) == {"k1": "early", "k2": "log"}


def test_a_stated_send_time_stands_before_the_message_and_the_event() -> None:
    """The provider's word wins, then the message's sent event to the same recipient, then the event."""
    settled = settle(
        _entries("""
            event_key | event_type | occurred_at | sent_at | message_id | recipient
            sent      | sent       | 9           | -       | m          | ann
            stated    | open       | 12          | 8       | m          | ann
            joined    | open       | 12          | -       | m          | ann
            stranger  | open       | 13          | -       | m          | bob
            other     | open       | 14          | -       | n          | ann
            nameless  | open       | 15          | -       | -          | ann
        """),
        recipient="recipient",
    )
    assert _hours(settled, "sent_at") == {
        "sent": 9, "stated": 8, "joined": 9, "stranger": 13, "other": 14, "nameless": 15,
    }  # fmt: skip
    assert count_sent_at_from(settled) == {"provider": 1, "message": 2, "event": 3}


def test_a_message_sent_twice_was_sent_the_first_time() -> None:
    """Of several sent events of a message the earliest dates its outcomes."""
    settled = settle(
        _entries("""
            event_key | event_type | occurred_at
            again     | sent       | 9
            first     | sent       | 7
            opened    | open       | 12
        """),
        recipient="recipient",
    )
    assert _hours(settled, "sent_at") == {"again": 7, "first": 7, "opened": 7}


def test_repeats_are_all_but_the_first() -> None:
    """A recipient's second open of a message repeats the first; machines, others, other kinds do not."""
    settled = settle(
        _entries("""
            event_key | event_type | occurred_at | is_machine | message_id | recipient
            second    | open       | 12          | false      | m          | ann
            first     | open       | 11          | false      | m          | ann
            machine   | open       | 10          | true       | m          | ann
            machine2  | open       | 11          | true       | m          | ann
            click     | click      | 12          | false      | m          | ann
            bob       | open       | 12          | false      | m          | bob
            other     | open       | 12          | false      | n          | ann
            nameless  | open       | 12          | false      | -          | ann
            nameless2 | open       | 13          | false      | -          | ann
        """),
        recipient="recipient",
    )
    assert set(settled.filter("is_repeat")["event_key"]) == {"second", "machine2"}


def test_accounts_share_no_messages() -> None:
    """One account's message never dates or repeats another's."""
    settled = settle(
        _entries("""
            event_key | account_id | event_type | occurred_at
            sent      | a          | sent       | 9
            sent2     | b          | sent       | 10
            opened    | b          | open       | 12
        """),
        recipient="recipient",
    )
    assert _hours(settled, "sent_at")["opened"] == 10
    assert not settled["is_repeat"].any()


@given(st.permutations(range(8)))
def test_the_order_of_entries_changes_nothing(order: list[int]) -> None:
    """However the entries come, the same events come out, in the same order."""
    entries = _entries("""
        event_key | event_type | occurred_at | received_at | recipient | source
        k1        | sent       | 9           | -           | ann       | x
        k1        | sent       | 9           | -           | ann       | y
        k2        | open       | 11          | 12          | ann       | x
        k2        | open       | 11          | 13          | ann       | x
        k3        | open       | 11          | 12          | ann       | y
        k4        | sent       | 10          | -           | ann       | y
        k5        | open       | 11          | -           | bob       | x
        k6        | open       | 11          | 11          | ann       | x
    """)
    assert_frame_equal(settle(entries[order], recipient="recipient"), settle(entries, recipient="recipient"))
