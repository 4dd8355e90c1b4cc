"""Every contact kept, to be reconfirmed or to be removed, with all its reasons."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.review.engagement import engagement_findings
from deliverlab.review.facts import contact_facts
from deliverlab.review.mailings import admitted_events
from deliverlab.review.permission import permission_findings
from deliverlab.review.reasons import REASONS, codes_of
from deliverlab.review.rules import ReviewRules
from deliverlab.review.validity import validity_findings
from deliverlab.schemas import DECISIONS, ContactDecisions, Contacts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import dataframely as dy

    from deliverlab.review.reasons import Decision, Finding

BETWEEN = "\x1f"  # the sign that ASCII has for between units


def contact_decisions(
    contacts: pl.DataFrame | pl.LazyFrame,
    events: pl.DataFrame | pl.LazyFrame | None = None,
    /,
    *,
    as_of: date,
    rules: ReviewRules | None = None,
) -> dy.LazyFrame[ContactDecisions]:
    """One row a contact: its decision, the codes of all its reasons, and a line of evidence for each.

    The decision is the strictest that any reason asks for; without a reason a contact is kept. Only what was
    known at the end of `as_of` (UTC) counts. Where list and events disagree the events win, and the reason
    `records_disagree` shows both. Evidence never holds an address.

    Args:
        contacts: the lists of one account or many (`Contacts`).
        events: what happened to their mail, `recipient` in clear (seven columns of `ClearEvents`).
            None, or no event of an account: the list's own columns count.
        as_of: the last day that is seen.
        rules: numbers and words; default those that ship with deliverlab.

    Raises `DataError` where a table is not what it must be.

    >>> from datetime import UTC, date, datetime
    >>> contacts = pl.DataFrame({
    ...     "account_id": ["a"], "email": ["jane@example.com"], "consent": ["none"], "status": ["active"],
    ... })
    >>> contact_decisions(contacts, as_of=date(2026, 6, 30)).collect().row(0)
    ('a', 'jane@example.com', 'remove', ['no_permission'], ['the list says that there is no permission'])
    """
    rules = ReviewRules.default() if rules is None else rules
    seen_until = datetime.combine(as_of, time(), tzinfo=UTC) + timedelta(days=1)
    facts = contact_facts(
        Contacts.admit(contacts, what="contacts"), admitted_events(events), seen_until=seen_until, rules=rules
    )
    found = (
        *permission_findings(rules, seen_until=seen_until),
        *engagement_findings(rules, seen_until=seen_until),
        *validity_findings(rules),
    )
    return ContactDecisions.cast(facts.pipe(_decided, found).sort("account_id", "email"))


def _decided(facts: pl.LazyFrame, found: Iterable[Finding]) -> pl.LazyFrame:
    """The facts as decisions; reasons stand in the order of `REASONS`."""
    findings = {finding.code: finding for finding in found}
    ordered = [findings[code] for code in REASONS]
    holds = {code: pl.col(f"is {code}") for code in REASONS}
    return facts.with_columns(
        finding.holds.fill_null(value=False).alias(f"is {finding.code}") for finding in ordered
    ).select(
        "account_id",
        "email",
        decision=pl.when(_any_of("remove", holds))
        .then(pl.lit("remove"))
        .when(_any_of("reconfirm", holds))
        .then(pl.lit("reconfirm"))
        .otherwise(pl.lit("keep"))
        .cast(pl.Enum(DECISIONS)),
        reasons=_listed({code: pl.lit(code) for code in REASONS}, holds),
        evidence=_listed({finding.code: finding.evidence for finding in ordered}, holds),
    )


def _any_of(decision: Decision, holds: dict[str, pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(holds[code] for code in codes_of(decision))


def _listed(words: dict[str, pl.Expr], holds: dict[str, pl.Expr]) -> pl.Expr:
    """The words of what holds, as one list.

    They are joined and taken apart again, which is three times as fast as a list of twenty columns; no words
    hold the sign between them, for `wording` leaves no control character in.
    """
    said = [pl.when(holds[code]).then(words[code]) for code in REASONS]
    text = pl.concat_str(said, separator=BETWEEN, ignore_nulls=True)
    is_any = pl.any_horizontal(holds.values())
    return pl.when(is_any).then(text.str.split(BETWEEN)).otherwise(pl.lit([], dtype=pl.List(pl.String)))
