"""Reasons of the address: it is none, not the one meant, nobody's for long, or it is there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.review.reasons import Finding
from deliverlab.review.wording import counted, day, listed_status, mentions, one_line, told

if TYPE_CHECKING:
    from deliverlab.review.rules import ReviewRules


def validity_findings(rules: ReviewRules, /) -> tuple[Finding, ...]:
    """The findings of the address.

    A role's mailbox is no fault: one that was signed up by form, or confirmed, may be mailed.
    """
    is_bounced = pl.col("bounced_at").is_not_null()
    refused = told("events: no such mailbox on {}; list: {}", day("bounced_at"), listed_status())
    hard = counted("hard_bounces", "{} hard bounce", "{} hard bounces")
    is_often_hard = pl.col("hard_bounces") >= rules.repeated_hard_bounces
    is_signed_up = (pl.col("consent") == "double_opt_in") | mentions(
        rules.form_words, "consent_source", "consent_means"
    )
    return (
        Finding("invalid_address", pl.col("fault").is_not_null(), one_line("fault")),
        Finding(
            "typo_domain",
            pl.col("likely_domain").is_not_null(),
            told("{} is most likely {}", one_line("domain"), "likely_domain"),
        ),
        Finding(
            "disposable_domain",
            pl.col("is_disposable"),
            told("{} hands out throw-away mailboxes", one_line("domain")),
        ),
        Finding(
            "hard_bounced",
            is_bounced | pl.col("is_listed_hard_bounced"),
            pl.when(is_bounced).then(refused).otherwise(told("list: hard bounced")),
        ),
        Finding(
            "repeatedly_bounced",
            ~is_bounced & (is_often_hard | (pl.col("mailbox_problems") >= rules.repeated_mailbox_problems)),
            pl.when(is_often_hard)
            .then(told("{}, none of them for what you sent", hard))
            .otherwise(
                told(
                    "{} that the mailbox could not take, none accepted since",
                    counted("mailbox_problems", "{} mail", "{} mails"),
                )
            ),
        ),
        Finding(
            "duplicate",
            pl.col("is_duplicate"),
            told("another entry reaches the same mailbox"),
        ),
        Finding(
            "role_address",
            pl.col("is_role") & ~is_signed_up,
            told("the name before the @ is a role, and no sign-up by form is on record"),
        ),
    )
