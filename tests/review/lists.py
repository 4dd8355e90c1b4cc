"""Contact lists for tests: one good contact, and what differs from it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.review.decisions import contact_decisions
from tests.tables import table

if TYPE_CHECKING:
    from deliverlab.review.rules import ReviewRules

AS_OF = date(2026, 6, 30)
GOOD = {
    "account_id": "a",
    "email": "jane@example.com",
    "consent": "double_opt_in",
    "consent_source": "newsletter form",
    "consent_means": "confirmed by mail",
    "consent_at": datetime(2026, 2, 1, tzinfo=UTC),
    "brand": None,
    "import_id": None,
    "created_at": datetime(2026, 2, 1, tzinfo=UTC),
    "last_engaged_at": datetime(2026, 6, 1, tzinfo=UTC),
    "sends_since_engagement": 2,
    "status": "active",
}
TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(GOOD, pl.String),
    **dict.fromkeys(("consent_at", "created_at", "last_engaged_at"), pl.Datetime("us", "UTC")),
    "sends_since_engagement": pl.Int64,
}


def contacts_with(*changes: dict[str, Any]) -> pl.DataFrame:
    """A list of good contacts, each with its change; addresses are told apart by their number."""
    rows = [
        GOOD | ({} if place == 0 else {"email": f"jane{place}@example.com"}) | change
        for place, change in enumerate(changes)
    ]
    return pl.DataFrame(rows, schema=TYPES)


def events_of(text: str, /) -> pl.DataFrame:
    """Events drawn as text: recipient, event_type, day; optional is_machine and bounce_reason."""
    drawn = table(text, recipient=pl.String, event_type=pl.String, bounce_reason=pl.String)
    optional = {"account_id": "a", "is_machine": False, "bounce_reason": None}
    given = drawn.with_columns(
        pl.lit(value).alias(name) for name, value in optional.items() if name not in drawn.columns
    )
    moment = pl.Datetime("us", "UTC")
    return given.select(
        "account_id",
        "recipient",
        "event_type",
        occurred_at=pl.col("day").cast(moment),
        sent_at=pl.col("day").cast(moment),
        is_machine=pl.col("is_machine").cast(pl.Boolean).fill_null(value=False),
        bounce_reason=pl.col("bounce_reason").cast(pl.String),
    )


def sends(
    count: int, /, *, recipient: str = "jane@example.com", since: date = date(2026, 3, 1)
) -> pl.DataFrame:
    """So many mails, one a day, and nothing else."""
    days = [since + timedelta(days=place) for place in range(count)]
    rows = "\n".join(f"{recipient} | sent | {day}" for day in days)
    return events_of(f"recipient | event_type | day\n{rows}")


def decided(
    contacts: pl.DataFrame,
    events: pl.DataFrame | None = None,
    *,
    as_of: date = AS_OF,
    rules: ReviewRules | None = None,
) -> list[tuple[str, str]]:
    """Each contact's decision and reasons, joined, in the order of the list."""
    decisions = contact_decisions(contacts, events, as_of=as_of, rules=rules).collect()
    ordered = contacts.select("account_id", "email").join(
        decisions, on=["account_id", "email"], how="left", maintain_order="left"
    )
    return ordered.select(pl.col("decision").cast(pl.String), pl.col("reasons").list.join(" ")).rows()


def evidence_for(
    reason: str, contacts: pl.DataFrame, events: pl.DataFrame | None = None, *, as_of: date = AS_OF
) -> str:
    """The line of evidence for a reason of the first contact."""
    first = (
        contact_decisions(contacts, events, as_of=as_of)
        .filter(pl.col("email") == contacts["email"][0])
        .collect()
    )
    return dict(zip(first["reasons"][0], first["evidence"][0], strict=True))[reason]  # type: ignore[no-any-return]
