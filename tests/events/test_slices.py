"""The counts cut by campaign, receiving domain, bounce reason and import."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from deliverlab.errors import DataError
from deliverlab.events.daily import daily_counts
from deliverlab.events.slices import slice_counts
from deliverlab.schemas import COUNTS, Slices
from tests.events.test_daily import drawn_events
from tests.tables import table

EVENTS = drawn_events("""
    event_type  | recipient_key | recipient_domain | campaign_id | bounce_reason
    sent        | k1            | mail.test        | spring      | -
    sent        | k2            | post.test        | spring      | -
    sent        | k3            | post.test        | -           | -
    delivered   | k1            | mail.test        | spring      | -
    hard_bounce | k2            | post.test        | spring      | invalid_address
    soft_bounce | k3            | post.test        | -           | mailbox_full
    deferred    | k3            | post.test        | -           | transient
""")
CONTACTS = table("""
    account_id | recipient_key | import_id
    a          | k1            | fair
    a          | k2            | bought
    a          | k3            | -
    b          | k3            | bought
""")


def _counts(slices: pl.DataFrame, by: str) -> dict[str, dict[str, int]]:
    rows = slices.filter(by=by).iter_rows(named=True)
    return {row["value"]: {name: row[name] for name in COUNTS if row[name]} for row in rows}


def test_each_cut_counts_its_own_mail() -> None:
    """A value's counts are those of the mail that has it; mail without a value is in no slice of that cut."""
    slices = slice_counts(EVENTS, contacts=CONTACTS).collect()
    assert _counts(slices, "campaign") == {"spring": {"sent": 2, "delivered": 1, "hard_bounces": 1}}
    assert _counts(slices, "recipient_domain") == {
        "mail.test": {"sent": 1, "delivered": 1},
        "post.test": {"sent": 2, "hard_bounces": 1, "soft_bounces": 1},
    }
    assert _counts(slices, "bounce_reason") == {
        "invalid_address": {"hard_bounces": 1},
        "mailbox_full": {"soft_bounces": 1},
    }
    assert _counts(slices, "import") == {
        "bought": {"sent": 1, "hard_bounces": 1},
        "fair": {"sent": 1, "delivered": 1},
    }
    Slices.admit(slices, what="slices")


def test_domains_add_up_to_the_day() -> None:
    """Every recipient has a domain, so the slices by domain are the day, cut."""
    by_domain = slice_counts(EVENTS).filter(by="recipient_domain")
    total = by_domain.group_by("account_id", "day").agg(pl.col(COUNTS).sum()).collect()
    assert_frame_equal(total, daily_counts(EVENTS).collect(), check_column_order=False)


def test_without_contacts_there_are_no_imports() -> None:
    """What nobody knows is not cut."""
    assert _counts(slice_counts(EVENTS.lazy()).collect(), "import") == {}


def test_contacts_may_know_recipients_in_clear() -> None:
    """Events in memory are joined by address instead of key."""
    events = EVENTS.rename({"recipient_key": "recipient"})
    contacts = CONTACTS.rename({"recipient_key": "recipient"})
    assert _counts(slice_counts(events, contacts=contacts.lazy()).collect(), "import").keys() == {
        "bought",
        "fair",
    }


def test_contacts_are_told_by_how_long_they_were_known() -> None:
    """The age is that of the send day; who was mailed before they were on the list has none."""
    created = CONTACTS.with_columns(
        created_at=pl.when(import_id="bought")
        .then(pl.datetime(2026, 5, 1, 23, time_zone="UTC"))
        .otherwise(pl.datetime(2026, 6, 1, time_zone="UTC"))
    )
    assert _counts(slice_counts(EVENTS, contacts=created).collect(), "contact_age") == {
        "under a week": {"sent": 1, "hard_bounces": 1}
    }
    assert _counts(slice_counts(EVENTS, contacts=CONTACTS).collect(), "contact_age") == {}


def test_incidents_are_left_out_of_slices_too() -> None:
    """A receiver's mistake is in no slice."""
    incident = table("""
        from_day   | to_day     | recipient_domain | bounce_reason
        2026-05-04 | 2026-05-04 | post.test        | -
    """, bounce_reason=pl.String)  # fmt: skip
    assert _counts(slice_counts(EVENTS, incidents=incident).collect(), "bounce_reason") == {}


@pytest.mark.parametrize(
    ("events", "contacts", "message"),
    [
        (EVENTS.drop("campaign_id"), None, "events: column 'campaign_id' is missing"),
        (EVENTS, CONTACTS.drop("import_id"), "contacts: column 'import_id' is missing"),
        (EVENTS, CONTACTS.drop("recipient_key"), "contacts: column 'recipient_key' is missing"),
    ],
)
def test_a_missing_column_is_an_error(
    events: pl.DataFrame, contacts: pl.DataFrame | None, message: str
) -> None:
    """The table and the column are named."""
    with pytest.raises(DataError, match=message):
        slice_counts(events, contacts=contacts)
