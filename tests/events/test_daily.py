"""Events to daily counts, on tables drawn as text."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deliverlab.errors import DataError
from deliverlab.events.daily import daily_counts, days_without_sent
from deliverlab.schemas import BOUNCE_REASONS, COUNTS, EVENT_TYPES, Daily
from tests.tables import table

MOMENT = pl.Datetime("us", "UTC")


def drawn_events(text: str) -> pl.DataFrame:
    """Settled events with the rest filled in; times are days of May 2026, or days and hours."""
    drawn = table(text)
    rest = {
        "account_id": "a", "sent_at": "4", "received_at": None, "recipient_domain": "mail.test",
        "bounce_reason": None, "is_machine": False, "is_repeat": False,
    }  # fmt: skip
    filled = drawn.with_columns(
        pl.lit(value).alias(name) for name, value in rest.items() if name not in drawn.columns
    )
    if "occurred_at" not in drawn.columns:
        filled = filled.with_columns(occurred_at="sent_at")
    return filled.with_columns(
        *(
            pl.when(pl.col(name).is_not_null())
            .then(
                pl.lit("2026-05-")
                + pl.col(name).cast(pl.String).str.extract(r"^(\d+)").str.zfill(2)
                + " "
                + pl.col(name).cast(pl.String).str.extract(r" (\d+)$").fill_null("12").str.zfill(2)
                + ":30"
            )
            .str.to_datetime("%Y-%m-%d %H:%M", time_zone="UTC", time_unit="us")
            .alias(name)
            for name in ("occurred_at", "sent_at", "received_at")
        ),
        pl.col("event_type").cast(pl.Enum(EVENT_TYPES)),
        pl.col("bounce_reason").cast(pl.Enum(BOUNCE_REASONS)),
    )


def _counts(daily: pl.DataFrame) -> dict[tuple[str, int], dict[str, int]]:
    """By account and day of May what is not zero."""
    return {
        (row["account_id"], row["day"].day): {name: row[name] for name in COUNTS if row[name]}
        for row in daily.iter_rows(named=True)
    }


def test_each_type_has_its_column() -> None:
    """Every type of outcome is counted once; deferred, dropped and other mail is no outcome."""
    events = drawn_events("""
        event_type
        sent
        sent
        sent
        sent
        delivered
        delivered
        delivered
        deferred
        hard_bounce
        soft_bounce
        dropped
        complaint
        unsubscribe
        open
        click
        other
    """)
    assert _counts(daily_counts(events).collect()) == {
        ("a", 4): {
            "sent": 4, "delivered": 3, "hard_bounces": 1, "soft_bounces": 1, "complaints": 1,
            "unsubscribes": 1, "opens": 1, "clicks": 1,
        }
    }  # fmt: skip


def test_outcomes_count_on_the_day_of_the_sending() -> None:
    """A bounce of the sixth of May belongs to the mail of the fourth, and to its account."""
    events = drawn_events("""
        account_id | event_type  | sent_at | occurred_at
        a          | sent        | 4       | 4
        a          | hard_bounce | 4       | 6
        b          | sent        | 5       | 5
        a          | sent        | 6       | 6
    """)
    assert _counts(daily_counts(events).collect()) == {
        ("a", 4): {"sent": 1, "hard_bounces": 1},
        ("a", 6): {"sent": 1},
        ("b", 5): {"sent": 1},
    }


@pytest.mark.parametrize(
    ("occurred_at", "received_at", "days", "is_late"),
    [
        ("6 23", None, 2, False),
        ("7 0", None, 2, True),
        ("5 1", "6 23", 2, False),
        ("5 1", "7 0", 2, True),
        ("4 23", None, 0, False),
        ("5 0", None, 0, True),
        ("4 1", None, 0, False),
    ],
)
def test_known_in_time_is_a_matter_of_calendar_days(
    occurred_at: str, received_at: str | None, days: int, is_late: bool
) -> None:
    """An outcome is in time to the end of the last day; receipt decides where it is known, not the event."""
    events = drawn_events(f"""
        event_type  | sent_at | occurred_at     | received_at
        hard_bounce | 4 23    | {occurred_at}   | {received_at or "-"}
        complaint   | 4 23    | {occurred_at}   | {received_at or "-"}
        open        | 4 23    | {occurred_at}   | {received_at or "-"}
    """)
    in_time = {"hard_bounces": 1, "complaints": 1, "opens": 1}
    late = {"late_hard_bounces": 1, "late_complaints": 1}
    counts = _counts(daily_counts(events, known_within_days=days).collect())
    assert counts == {("a", 4): late if is_late else in_time}


def test_mail_counts_as_sent_however_late_its_record_came() -> None:
    """The sending is no outcome: its record may be slow, the mail was not."""
    events = drawn_events("""
        event_type | sent_at | occurred_at | received_at
        sent       | 4       | 4           | 20
    """)
    assert _counts(daily_counts(events).collect()) == {("a", 4): {"sent": 1}}


def test_repeats_and_machines_are_no_engagement() -> None:
    """A second open adds nothing, nor does a program that opens all; a machine's bounce is a bounce."""
    events = drawn_events("""
        event_type  | is_machine | is_repeat
        open        | false      | false
        open        | false      | true
        open        | true       | false
        click       | true       | false
        hard_bounce | true       | false
    """)
    assert _counts(daily_counts(events).collect()) == {("a", 4): {"opens": 1, "hard_bounces": 1}}


def test_incidents_leave_out_the_bounces_of_a_receivers_mistake() -> None:
    """Only bounces on its days, at its domain and for its reason go; their mail still counts as sent."""
    events = drawn_events("""
        event_type  | sent_at | occurred_at | recipient_domain | bounce_reason
        sent        | 4       | 4           | mail.test        | -
        hard_bounce | 4       | 5           | mail.test        | blocked
        soft_bounce | 4       | 5           | mail.test        | blocked
        hard_bounce | 4       | 5           | mail.test        | invalid_address
        hard_bounce | 4       | 5           | post.test        | blocked
        hard_bounce | 4       | 6           | mail.test        | blocked
        complaint   | 4       | 5           | mail.test        | -
    """)
    incident = table("""
        from_day   | to_day     | recipient_domain | bounce_reason
        2026-05-05 | 2026-05-05 | mail.test        | blocked
    """)
    daily = daily_counts(events, incidents=incident).collect()
    assert _counts(daily) == {("a", 4): {"sent": 1, "hard_bounces": 3, "complaints": 1}}
    everything = incident.with_columns(recipient_domain=None, bounce_reason=None)
    daily = daily_counts(events, incidents=everything.lazy()).collect()
    assert _counts(daily) == {("a", 4): {"sent": 1, "hard_bounces": 1, "complaints": 1}}


def test_a_wrong_incident_is_an_error() -> None:
    """Incidents are checked at the door."""
    backwards = table("""
        from_day   | to_day
        2026-05-05 | 2026-05-04
    """)
    with pytest.raises(DataError, match=r"^incidents: .*must not be before"):
        daily_counts(drawn_events("event_type\nsent"), incidents=backwards)


def test_excluded_events_do_not_count() -> None:
    """Where the expression is true the event is left out; where it is null it stays."""
    events = drawn_events("""
        event_type  | recipient_domain | bounce_reason
        sent        | mail.test        | -
        hard_bounce | mail.test        | blocked
        hard_bounce | mail.test        | content
        soft_bounce | mail.test        | -
    """)
    daily = daily_counts(events, exclude=pl.col("bounce_reason") == "blocked").collect()
    assert _counts(daily) == {("a", 4): {"sent": 1, "hard_bounces": 1, "soft_bounces": 1}}


def test_missing_sent_events_are_made_up_for_and_told() -> None:
    """Where more was delivered than sent, what came of it was sent; elsewhere `sent` is what was sent."""
    events = drawn_events("""
        account_id | event_type
        notified   | delivered
        notified   | delivered
        notified   | hard_bounce
        complete   | sent
        complete   | delivered
        complete   | soft_bounce
    """)
    assert _counts(daily_counts(events).collect()) == {
        ("complete", 4): {"sent": 1, "delivered": 1, "soft_bounces": 1},
        ("notified", 4): {"sent": 3, "delivered": 2, "hard_bounces": 1},
    }
    assert days_without_sent(events).collect().rows() == [("notified", date(2026, 5, 4), 0, 2)]


def test_events_without_a_column_are_an_error() -> None:
    """The first column that is missing is named."""
    with pytest.raises(DataError, match="events: column 'is_repeat' is missing"):
        daily_counts(drawn_events("event_type\nsent").drop("is_repeat"))


def test_no_events_are_no_days() -> None:
    """An empty table of events gives an empty table of days."""
    daily = daily_counts(drawn_events("event_type\nsent").clear()).collect()
    assert_frame_equal(daily, Daily.create_empty())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.sampled_from(EVENT_TYPES), st.integers(4, 8), st.integers(4, 9),
            st.booleans(), st.booleans(),
        ),
        min_size=1,
        max_size=30,
    )
)  # fmt: skip
def test_the_counts_are_those_of_a_slow_count(
    rows: list[tuple[str, str, int, int, bool, bool]],
) -> None:
    """Counting event by event in plain Python gives the same table, streamed or not, valid as it stands."""
    events = drawn_events(
        "account_id | event_type | sent_at | occurred_at | is_machine | is_repeat\n"
        + "\n".join(" | ".join(str(cell).lower() for cell in row) for row in rows)
    )
    plural = {
        "delivered": "delivered", "hard_bounce": "hard_bounces", "soft_bounce": "soft_bounces",
        "complaint": "complaints", "unsubscribe": "unsubscribes", "open": "opens", "click": "clicks",
    }  # fmt: skip
    slow: dict[tuple[str, int], dict[str, int]] = {}
    for account, event_type, sent_on, occurred_on, is_machine, is_repeat in rows:
        if is_repeat:
            continue
        if event_type != "sent" and event_type not in plural:
            continue
        day = slow.setdefault((account, sent_on), dict.fromkeys(COUNTS, 0))
        if event_type == "sent":
            day["sent"] += 1
        elif is_machine and event_type in ("open", "click"):
            continue
        elif occurred_on <= sent_on + 2:
            day[plural[event_type]] += 1
        elif event_type in ("hard_bounce", "complaint"):
            day[f"late_{plural[event_type]}"] += 1
    for day in slow.values():
        if day["delivered"] > day["sent"]:
            day["sent"] = day["delivered"] + day["hard_bounces"] + day["soft_bounces"]
    lazy = daily_counts(events.lazy())
    daily = lazy.collect()
    assert {
        (row["account_id"], row["day"].day): {name: row[name] for name in COUNTS} for row in daily.to_dicts()
    } == slow
    assert_frame_equal(lazy.collect(engine="streaming"), daily)
    Daily.admit(daily, what="daily")
