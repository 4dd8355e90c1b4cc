"""Reasons of engagement: who never read, who stopped, who was left alone; and whose records disagree."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.language import say
from deliverlab.review.reasons import Finding
from deliverlab.review.wording import counted, day, told

if TYPE_CHECKING:
    from datetime import datetime

    from deliverlab.review.rules import ReviewRules


def engagement_findings(rules: ReviewRules, /, *, seen_until: datetime) -> tuple[Finding, ...]:
    """The findings of engagement.

    Whoever signed up within the quiet days is not stale, mailed or not; and where mail went out on days that
    are not on record, nobody can say that there was none.
    """
    quiet_since, resend_since = (
        seen_until - timedelta(days=days) for days in (rules.quiet_days, rules.resend_quiet_days)
    )
    signed_up = [pl.when(pl.col(name) < seen_until).then(name) for name in ("created_at", "consent_at")]
    touched_at = pl.max_horizontal("engaged_at", "last_sent_at", *signed_up)
    is_quiet, is_quiet_for_resend = (_is_quiet(touched_at, since) for since in (quiet_since, resend_since))
    touched = told("last mail, engagement or sign-up on record: {}", day(touched_at))
    never, stopped = _verdicts("engaged_at", "mails", rules)
    return (
        Finding(
            "never_engaged",
            never,
            told("{}, no open or click by a person", _mails("mails")),
        ),
        Finding(
            "no_longer_engaged",
            stopped,
            told(
                "{} since the last engagement on {}",
                _mails("mails"),
                day("engaged_at"),
            ),
        ),
        Finding("not_mailed_in_a_year", is_quiet, touched),
        Finding("quiet_for_a_resend", is_quiet_for_resend & ~is_quiet, touched),
        _disagreement(rules, never, stopped),
    )


def _is_quiet(touched_at: pl.Expr, since: datetime) -> pl.Expr:
    """Whether nothing went either way since, as far as anybody can tell."""
    is_watched = (pl.col("covered_from") <= since).fill_null(value=False)
    is_mail_undated = (
        (pl.col("mails") > 0).fill_null(value=False) & pl.col("last_sent_at").is_null() & ~is_watched
    )
    return ((touched_at < since) & ~is_mail_undated).fill_null(value=False)


def _disagreement(rules: ReviewRules, never: pl.Expr, stopped: pl.Expr) -> Finding:
    """Where the events deny what the list claims, or lead to another verdict."""
    claimed_at, engaged_at = pl.col("claimed_at"), pl.col("engaged_at")
    claimed_never, claimed_stopped = _verdicts("claimed_at", "claimed_mails", rules)
    has_claim = claimed_at.is_not_null() | pl.col("claimed_mails").is_not_null()
    is_earlier = engaged_at.is_null() | (engaged_at.dt.date() < claimed_at.dt.date())
    is_denied = (claimed_at >= pl.col("covered_from")).fill_null(value=False) & is_earlier
    is_swayed = pl.col("covered_from").is_not_null() & has_claim & (
        (never != claimed_never) | (stopped != claimed_stopped)
    )  # fmt: skip
    outlived = told("list: hard bounced; events: mail accepted on {}, no bounce", day("accepted_at"))
    claimed = (
        day("claimed_at", missing="never"),
        _mails("claimed_mails").fill_null(say("unknown mails")),
    )
    counted_up = (
        day("engaged_at", missing="never"),
        _mails("mails").fill_null(say("unknown mails")),
    )
    both = told("list: last engaged {}, {} since; with the events: {}, {} since", *claimed, *counted_up)
    return Finding(
        "records_disagree",
        pl.col("is_bounce_outlived") | is_denied | is_swayed,
        pl.when("is_bounce_outlived").then(outlived).otherwise(both),
    )


def _verdicts(engaged_at: str, mails: str, rules: ReviewRules) -> tuple[pl.Expr, pl.Expr]:
    """Whether somebody so engaged and so often mailed never engaged, or no longer does."""
    never = pl.col(engaged_at).is_null() & (pl.col(mails) >= rules.never_engaged_sends)
    stopped = pl.col(engaged_at).is_not_null() & (pl.col(mails) >= rules.no_longer_engaged_sends)
    return never.fill_null(value=False), stopped.fill_null(value=False)


def _mails(column: str) -> pl.Expr:
    return counted(column, "{} mail", "{} mails")
