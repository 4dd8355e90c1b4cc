"""Events summed up: by send day as what was known in time, and by contact."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from deliverlab.sample.tally import count_events, list_contacts
from deliverlab.schemas import COUNTS, Incidents
from tests.tables import table

NO_INCIDENT = Incidents.create_empty()
REFUSAL = Incidents.validate(
    pl.DataFrame(
        {
            "from_day": [date(2026, 5, 2)],
            "to_day": [date(2026, 5, 2)],
            "recipient_domain": ["inbox.example.net"],
            "bounce_reason": ["invalid_address"],
            "note": [None],
        }
    ),
    cast=True,
)


def _events(text: str) -> pl.DataFrame:
    """Events drawn as message, type, sent, occurred, machine, reason, domain; all else is the same."""
    drawn = table(
        text, bounce_reason=pl.String, is_machine=pl.Boolean, sent_at=pl.String, occurred_at=pl.String
    )
    return drawn.with_columns(
        pl.lit("a").alias("account_id"),
        pl.lit("may").alias("campaign"),
        pl.lit(None, dtype=pl.String).alias("import"),
        pl.lit(None, dtype=pl.String).alias("contact_age"),
        pl.format("{}@{}", pl.lit("jane"), "recipient_domain").alias("email"),
        *(
            pl.format("2026-05-{}", name).str.to_datetime("%Y-%m-%d %H:%M", time_zone="UTC", time_unit="ms")
            for name in ("sent_at", "occurred_at")
        ),
    )


HEADER = "message | event_type | sent_at | occurred_at | is_machine | bounce_reason | recipient_domain\n"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("1 | sent        | 01 23:59 | 01 23:59 | false | - | mail.example.com", "sent"),
        ("1 | delivered   | 01 23:59 | 02 00:04 | false | - | mail.example.com", "delivered"),
        (
            "1 | hard_bounce | 01 10:00 | 03 23:59 | false | invalid_address | mail.example.com",
            "hard_bounces",
        ),
        (
            "1 | hard_bounce | 01 10:00 | 04 00:00 | false | invalid_address | mail.example.com",
            "late_hard_bounces",
        ),
        ("1 | complaint   | 01 10:00 | 09 00:00 | false | - | mail.example.com", "late_complaints"),
        ("1 | click       | 01 10:00 | 03 10:00 | false | - | mail.example.com", "clicks"),
        ("1 | open        | 01 10:00 | 04 10:00 | false | - | mail.example.com", None),
        ("1 | unsubscribe | 01 10:00 | 04 10:00 | false | - | mail.example.com", None),
        ("1 | soft_bounce | 01 10:00 | 04 10:00 | false | mailbox_full | mail.example.com", None),
        ("1 | open        | 01 10:00 | 01 10:01 | true  | - | mail.example.com", None),
        ("1 | deferred    | 01 10:00 | 01 10:09 | false | - | mail.example.com", None),
        ("1 | dropped     | 01 10:00 | 01 10:00 | false | - | mail.example.com", None),
        ("1 | hard_bounce | 02 10:00 | 02 10:00 | false | invalid_address | inbox.example.net", None),
        (
            "1 | hard_bounce | 02 10:00 | 02 10:00 | false | mailbox_disabled | inbox.example.net",
            "hard_bounces",
        ),
        (
            "1 | hard_bounce | 02 10:00 | 02 10:00 | false | invalid_address | mail.example.com",
            "hard_bounces",
        ),
        (
            "1 | hard_bounce | 02 10:00 | 03 10:00 | false | invalid_address | inbox.example.net",
            "hard_bounces",
        ),
    ],
)
def test_an_event_counts_where_and_when_it_should(row: str, column: str | None) -> None:
    """By send day, within two calendar days, not for machines, not in an incident."""
    counts = count_events(_events(HEADER + row), incidents=REFUSAL).mail
    sent_on = date(2026, 5, int(row.split("|")[2][1:3]))
    assert counts.height == (column is not None)
    if column is not None:
        assert counts["day"].item() == sent_on
        assert counts[column].item() == 1
        assert counts.select(COUNTS).sum_horizontal().item() == 1


def test_only_the_first_event_of_a_type_counts() -> None:
    """A second open of the same message is a repeat, however early another message was opened."""
    events = _events(
        HEADER
        + """1 | open | 01 10:00 | 01 12:00 | false | - | mail.example.com
        1 | open | 01 10:00 | 01 11:00 | false | - | mail.example.com
        2 | open | 01 10:00 | 01 11:00 | false | - | mail.example.com
        1 | click | 01 10:00 | 01 11:00 | false | - | mail.example.com"""
    )
    counts = count_events(events, incidents=NO_INCIDENT).mail
    assert counts.select("opens", "clicks").row(0) == (2, 1)


@pytest.mark.parametrize(
    ("rows", "status", "since", "engaged_on"),
    [
        (["1 | sent | 02 10:00 | 02 10:00 | false | -"], "active", 1, None),
        (
            [
                "1 | sent | 01 10:00 | 01 10:00 | false | -",
                "1 | open | 01 10:00 | 03 10:00 | false | -",
                "2 | sent | 02 10:00 | 02 10:00 | false | -",
                "3 | sent | 04 10:00 | 04 10:00 | false | -",
            ],
            "active", 1, 3,
        ),
        (["1 | open | 01 10:00 | 03 10:00 | true | -"], "active", 0, None),
        (["1 | hard_bounce | 02 10:00 | 02 10:00 | false | invalid_address"], "active", 0, None),
        (["1 | hard_bounce | 03 10:00 | 03 10:00 | false | invalid_address"], "hard_bounced", 0, None),
        (
            [
                "1 | complaint | 01 10:00 | 01 10:00 | false | -",
                "1 | unsubscribe | 01 10:00 | 01 10:00 | false | -",
            ],
            "complained", 0, None,
        ),
        (["1 | unsubscribe | 01 10:00 | 01 10:00 | false | -"], "unsubscribed", 0, None),
    ],
)  # fmt: skip
def test_a_list_tells_what_became_of_its_contacts(
    rows: list[str], status: str, since: int, engaged_on: int | None
) -> None:
    """Status, last engagement of a person, and mails since; what an incident explains changes nothing."""
    nothing = pl.lit(None)
    contact = pl.select(
        account_id=pl.lit("a"), email=pl.lit("jane@inbox.example.net"), consent=pl.lit("implied"),
        consent_source=nothing, consent_means=nothing, consent_at=nothing, brand=nothing, import_id=nothing,
        created_at=nothing,
    )  # fmt: skip
    events = _events(HEADER + "\n".join(f"{row} | inbox.example.net" for row in rows))
    listed = list_contacts(contact, events, incidents=REFUSAL, overstates=False).row(0, named=True)
    engaged_at = engaged_on and datetime(2026, 5, engaged_on, 10, tzinfo=UTC)
    assert (listed["status"], listed["sends_since_engagement"]) == (status, since)
    assert listed["last_engaged_at"] == engaged_at
