"""Reasons of permission: who said yes, how, when, to whom; and who has said no since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.language import say
from deliverlab.review.reasons import Finding
from deliverlab.review.wording import day, listed_status, mentions, quoted, told

if TYPE_CHECKING:
    from datetime import datetime

    from deliverlab.review.rules import ReviewRules

PROOF = {"consent_source": "source", "consent_means": "means", "consent_at": "time"}


def permission_findings(rules: ReviewRules, /, *, seen_until: datetime) -> tuple[Finding, ...]:
    """The findings of permission.

    A permission is verifiable with source, means and time, given not later than the first mail. An import
    claims a permission that was given elsewhere, so its proof must be whole; a contact that the account
    gathered itself may be asked once more where there is some trace. Implied permission was never asked for,
    however well it is proven.
    """
    consent, given_at = pl.col("consent"), pl.col("consent_at")
    has_trace = pl.any_horizontal(pl.col(name).is_not_null() for name in PROOF)
    is_whole = pl.all_horizontal(pl.col(name).is_not_null() for name in PROOF)
    is_late = (given_at > pl.col("first_sent_at")).fill_null(value=False)
    is_ahead = (given_at >= seen_until).fill_null(value=False)
    is_third_party = mentions(rules.third_party_words, "consent_source", "consent_means")
    is_imported = pl.col("import_id").is_not_null()
    is_refused = consent == "none"
    is_blank = (consent == "unknown") & ~has_trace
    is_named = consent.is_in(["double_opt_in", "single_opt_in", "implied"])
    is_verifiable = is_named & is_whole & ~is_late & ~is_ahead & ~is_third_party
    months = (
        pl.when(mentions(rules.inquiry_words, "consent_source", "consent_means"))
        .then(rules.inquiry_lapses_after_months)
        .otherwise(rules.implied_lapses_after_months)
    )
    lapses_at = given_at.dt.offset_by(pl.format("{}mo", months))
    is_lapsed = (consent == "implied") & (lapses_at < seen_until).fill_null(value=False)
    bought = told("source {}, means {}", quoted("consent_source"), quoted("consent_means"))
    late = told("permission of {}, first mail on {}", day("consent_at"), day("first_sent_at"))
    flaw = (
        pl.when(is_refused).then(told("the list says that there is no permission"))
        .when(is_third_party).then(bought)
        .when(is_ahead).then(told("permission is dated {}, after this review", day("consent_at")))
        .when(is_late).then(late)
        .when(~has_trace).then(told("no source, means or time on record"))
        .when(~is_whole).then(told("on record is no {}", _missing()))
        .otherwise(told("it is not on record what was asked for"))
    )  # fmt: skip
    implied = told("implied on {}, for {} months", day("consent_at"), months)
    return (
        Finding("no_permission", is_refused | (is_blank & ~is_imported), flaw),
        Finding(
            "imported_without_proof",
            (is_imported & ~is_verifiable) | is_third_party,
            pl.when(is_imported).then(told("import {}: {}", quoted("import_id"), flaw)).otherwise(flaw),
        ),
        Finding(
            "other_brand",
            _is_other_brand(rules),
            told("permission names {}, not {}", quoted("brand"), quoted("own_brand", missing="the account")),
        ),
        Finding("implied_consent_lapsed", is_lapsed, implied),
        _withdrawn("complained", at="complained_at", event="complaint", listed="list: complained"),
        _withdrawn("unsubscribed", at="unsubscribed_at", event="unsubscribe", listed="list: unsubscribed"),
        Finding(
            "permission_unverifiable",
            ~(is_refused | is_blank | is_imported | is_third_party | is_verifiable),
            flaw,
        ),
        Finding("implied_consent", (consent == "implied") & is_verifiable & ~is_lapsed, implied),
    )


def _withdrawn(code: str, *, at: str, event: str, listed: str) -> Finding:
    """A no that the events or the list have; the evidence says whether the list knew."""
    in_events = pl.col(at).is_not_null()
    both = told("events: {} on {}; list: {}", told(event), day(at), listed_status())
    return Finding(
        code,
        in_events | pl.col(f"is_listed_{code}"),
        pl.when(in_events).then(both).otherwise(told(listed)),
    )


def _is_other_brand(rules: ReviewRules) -> pl.Expr:
    brand = pl.col("brand").str.to_lowercase()
    is_own = (brand == pl.col("own_brand").str.to_lowercase()).fill_null(value=False)
    return brand.is_not_null() & ~is_own & ~brand.is_in(rules.own_brands)


def _missing() -> pl.Expr:
    """The parts of the proof that are not there."""
    parts = [pl.when(pl.col(name).is_null()).then(told(word)) for name, word in PROOF.items()]
    return pl.concat_list(parts).list.drop_nulls().list.join(say(", no "))
