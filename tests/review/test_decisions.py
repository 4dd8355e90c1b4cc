"""Every contact kept, to be reconfirmed or to be removed, with all its reasons."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deliverlab.errors import DataError
from deliverlab.review.decisions import contact_decisions
from deliverlab.review.reasons import REASONS
from deliverlab.schemas import BOUNCE_REASONS, CONSENTS, CONTACT_STATUSES, DECISIONS, EVENT_TYPES
from tests.review.lists import AS_OF, GOOD, TYPES, contacts_with, decided, events_of, sends
from tests.tables import table

if TYPE_CHECKING:
    from random import Random

MOMENT = pl.Datetime("us", "UTC")
RIGHT_TO_LEFT = "\u202eevil\u202c"
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x.example")',
    "../../etc",
    RIGHT_TO_LEFT,
    "🦊" * 5,
    "x" * 10_000,
)

days = st.datetimes(datetime(2025, 1, 1), datetime(2026, 8, 1), timezones=st.just(UTC))  # noqa: DTZ001
words = st.sampled_from([None, "", "web form", "purchased list", "jane@example.com", *HOSTILE[:5]])
contact_rows = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from(["a", "b"]),
        "email": st.sampled_from(
            [
                "jane@example.com",
                "JANE@example.com",
                "info@gamil.com",
                "bad",
                "ünï@example.com",
                "x@mailinator.com",
            ]
        ),
        "consent": st.sampled_from(CONSENTS),
        "consent_source": words,
        "consent_means": words,
        "consent_at": st.none() | days,
        "brand": words,
        "import_id": words,
        "created_at": st.none() | days,
        "last_engaged_at": st.none() | days,
        "sends_since_engagement": st.none() | st.integers(0, 20),
        "status": st.sampled_from(CONTACT_STATUSES),
    }
)
event_rows = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from(["a", "b"]),
        "recipient": st.sampled_from(["jane@example.com", "Jane@Example.com", "stranger@example.com"]),
        "event_type": st.sampled_from(EVENT_TYPES),
        "occurred_at": days,
        "sent_at": days,
        "is_machine": st.booleans(),
        "bounce_reason": st.sampled_from([None, *BOUNCE_REASONS]),
    }
)
EVENT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(("account_id", "recipient", "event_type"), pl.String),
    **dict.fromkeys(("occurred_at", "sent_at"), MOMENT),
    "is_machine": pl.Boolean,
    "bounce_reason": pl.String,
}
lists = st.lists(contact_rows, max_size=8, unique_by=lambda row: (row["account_id"], row["email"]))
histories = st.lists(event_rows, max_size=30)


def frames(contacts: list[dict[str, Any]], events: list[dict[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    return pl.DataFrame(contacts, schema=TYPES), pl.DataFrame(events, schema=EVENT_SCHEMA)


def test_reasons_add_up_and_the_strictest_decides() -> None:
    """A table of combinations, as the checklist shows it."""
    contacts = contacts_with(
        {"email": "ok@example.com"},
        {"email": "info@gamil.com", "consent": "implied", "consent_source": "order", "consent_means": None},
        {"email": "gone@example.com", "sends_since_engagement": 16, "status": "hard_bounced"},
        {"email": "fair@example.com", "sends_since_engagement": 16, "consent_at": None},
        {"email": "bought@example.com", "consent": "unknown", "consent_source": "broker", "import_id": "i",
         "consent_means": None, "consent_at": None, "last_engaged_at": None, "sends_since_engagement": 12},
    )  # fmt: skip
    expected = table("""
        decision  | reasons
        keep      | -
        remove    | permission_unverifiable typo_domain role_address
        remove    | no_longer_engaged hard_bounced
        reconfirm | permission_unverifiable no_longer_engaged
        remove    | imported_without_proof never_engaged
    """)

    assert decided(contacts) == [(decision, reasons or "") for decision, reasons in expected.rows()]


@given(contacts=lists, events=histories)
@settings(max_examples=30, deadline=None)
def test_every_contact_gets_one_decision_with_its_evidence(
    contacts: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    """No contact is lost or doubled; each reason has evidence, and the strictest one decides."""
    listed, happened = frames(contacts, events)

    decisions = contact_decisions(listed, happened, as_of=AS_OF).collect()

    assert decisions.select("account_id", "email").equals(listed.select("account_id", "email").sort(pl.all()))
    for decision, reasons, evidence in decisions.select("decision", "reasons", "evidence").iter_rows():
        asked = [DECISIONS.index(REASONS[reason].decision) for reason in reasons]
        assert DECISIONS.index(decision) == max(asked, default=0)
        assert len(evidence) == len(reasons)
        assert all(evidence)


@given(contacts=lists, events=histories, shuffle=st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rows_never_matters(
    contacts: list[dict[str, Any]], events: list[dict[str, Any]], shuffle: Random
) -> None:
    """Shuffled lists and events give the same table, to the last byte."""
    straight = contact_decisions(*frames(contacts, events), as_of=AS_OF).collect()
    shuffled = [shuffle.sample(rows, len(rows)) for rows in (contacts, events)]

    assert contact_decisions(*frames(*shuffled), as_of=AS_OF).collect().equals(straight)


@given(contacts=lists, events=histories)
@settings(max_examples=20, deadline=None)
def test_what_comes_after_as_of_is_not_seen(
    contacts: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    """Events of later days change no decision: those of the day itself still count."""
    until = datetime(2026, 7, 1, tzinfo=UTC)
    known = [event for event in events if event["occurred_at"] < until]

    now = contact_decisions(*frames(contacts, events), as_of=AS_OF).collect()

    assert contact_decisions(*frames(contacts, known), as_of=AS_OF).collect().equals(now)


@given(
    contact=contact_rows,
    worse=st.sampled_from(
        [
            {"status": "complained"},
            {"status": "unsubscribed"},
            {"consent": "none"},
            {"consent": "implied"},
            {"consent_means": "rented"},
            {"consent_means": None},
            {"consent_at": None, "import_id": "spring"},
            {"email": "info@gamil.com"},
            {"email": "nobody"},
            {"last_engaged_at": None, "sends_since_engagement": 99},
            {"sends_since_engagement": 99},
        ]
    ),
)
@settings(max_examples=60, deadline=None)
def test_one_more_reason_never_makes_a_decision_milder(
    contact: dict[str, Any], worse: dict[str, Any]
) -> None:
    """Whatever is on record of a contact, a fault that takes no reason away leaves it no better off."""
    before, after = (
        contact_decisions(pl.DataFrame([row], schema=TYPES), as_of=AS_OF).collect().row(0, named=True)
        for row in (contact, contact | worse)
    )
    assume(set(before["reasons"]) <= set(after["reasons"]))

    assert DECISIONS.index(after["decision"]) >= DECISIONS.index(before["decision"])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_stay_words(hostile: str) -> None:
    """Markup, formulas, paths, turned and endless text pass through without breaking a line of evidence."""
    contacts = contacts_with(
        dict.fromkeys(
            ("account_id", "email", "consent_source", "consent_means", "brand", "import_id"), hostile
        )
        | {"consent_at": None},
        {"account_id": hostile, "import_id": f"{hostile}\r\nmore jane@example.com"} | {"consent_at": None},
    )

    decisions = contact_decisions(contacts, as_of=AS_OF).collect()

    assert decisions["decision"].to_list() == ["remove", "remove"]
    assert set(decisions["email"]) == set(contacts["email"])
    for line in decisions["evidence"].explode():
        assert len(line) <= 200
        assert not re.search("[\r\n\u202e]", line)
        assert "jane@example.com" not in line


def test_lazy_frames_and_the_columns_that_are_needed_are_enough() -> None:
    """Lists may lack what may be null, events may be lazy, carry more columns and lack the bounce reason."""
    contacts = pl.LazyFrame(
        {"account_id": ["a"], "email": ["jane@example.com"], "consent": ["none"], "status": ["active"]}
    )
    events = sends(3).drop("bounce_reason").with_columns(event_key=pl.lit("k")).lazy()

    assert contact_decisions(contacts, events, as_of=AS_OF).collect()["decision"].to_list() == ["remove"]


def test_no_events_is_the_same_as_none() -> None:
    """An empty table of events says nothing about anybody."""
    contacts = contacts_with({}, {"status": "complained"}, {"sends_since_engagement": 40})

    assert decided(contacts, sends(0)) == decided(contacts)


def test_as_of_ends_with_its_day() -> None:
    """A complaint of the evening counts on its day, one of the next midnight does not."""
    complaint = events_of("""
        recipient        | event_type | day
        jane@example.com | complaint  | 2026-06-30
    """).with_columns(pl.col("occurred_at") + timedelta(hours=23))
    later = complaint.with_columns(pl.col("occurred_at") + timedelta(hours=1))

    assert decided(contacts_with({}), complaint)[0][1] == "complained"
    assert decided(contacts_with({}), later) == [("keep", "")]


def test_what_the_list_learned_after_as_of_is_not_seen() -> None:
    """An engagement dated later, and the count that goes with it, say nothing about the day."""
    contacts = contacts_with(
        {"last_engaged_at": datetime(2026, 7, 5, tzinfo=UTC), "sends_since_engagement": 40}
    )

    assert decided(contacts) == [("keep", "")]
    assert decided(contacts, as_of=date(2026, 7, 5)) == [("reconfirm", "no_longer_engaged")]


@pytest.mark.parametrize(
    ("contacts", "events", "message"),
    [
        (contacts_with({}).drop("status"), None, "contacts: column 'status' is missing"),
        (contacts_with({}, GOOD), None, "account_id and email must be unique"),
        (
            contacts_with({"consent": "maybe"}),
            None,
            "contacts: consent == 'maybe', must be one of double_opt_in",
        ),
        (contacts_with({}), sends(1).drop("recipient"), "events: column 'recipient' is missing"),
        (
            contacts_with({}),
            sends(1).with_columns(sent_at=pl.lit("day")),
            "events: column 'sent_at' holds String",
        ),
    ],
)
def test_tables_that_are_not_what_they_must_be_are_refused(
    contacts: pl.DataFrame, events: pl.DataFrame | None, message: str
) -> None:
    """One line says what is wrong with a list or its events."""
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        contact_decisions(contacts, events, as_of=AS_OF)

    assert "\n" not in str(caught.value)
