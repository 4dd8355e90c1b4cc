"""Why mail came back: from status code, provider's class and receiver's words to a reason and a type.

A 5xx reply is not a hard bounce: of the persistent failures in sisimai's published corpus only about a
third name an address that cannot get mail; the others are full mailboxes, blocklists, policy and content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

# Subject and detail of an enhanced status code that alone tells the reason.
# Sources: RFC 3463 (x.1 to x.4), RFC 7505 and 7372 (x.7.20 to x.7.27), the IANA registry of these codes.
_TELLING = {
    "1.1": "invalid_address",
    "1.2": "invalid_address",
    "1.3": "invalid_address",
    "1.6": "invalid_address",  # moved, and no longer there
    "1.10": "invalid_address",  # a domain that says it takes no mail
    "7.17": "invalid_address",  # the mailbox has another owner now
    "7.18": "invalid_address",  # the domain has another owner now
    "2.1": "mailbox_disabled",
    "7.13": "mailbox_disabled",
    "2.2": "mailbox_full",
    "2.3": "too_large",
    "3.4": "too_large",
    "4.7": "expired",
} | {f"7.{detail}": "policy" for detail in range(20, 28)}  # DKIM, SPF, reverse DNS, DMARC

# The receiver's words, first match wins: the more telling come first. Sources: phrases of the large
# receivers' public postmaster pages; the classes are those of KumoMTA's iana.toml.
_MAILBOX = r"(user|recipient|mailbox|address|account)"
_WORDS = (
    (r"quota|mailbox (is )?full|full mailbox|insufficient (system )?storage|over ?limit", "mailbox_full"),
    (_MAILBOX + r".{0,40}(disabled|inactive|suspended|deactivated|locked)", "mailbox_disabled"),
    (_MAILBOX + r".{0,40}(unknown|not found|not exist|doesn.t exist)", "invalid_address"),
    (r"(unknown|no such|invalid|bad|non-?existent).{0,20}(domain|" + _MAILBOX + ")", "invalid_address"),
    (r"(host|domain).{0,20}(unknown|not found|not exist)", "invalid_address"),
    (r"\b(spf|dkim|dmarc)\b|unauthenticated|not authenticated|reverse dns|\bptr\b", "policy"),
    (r"(block|black) ?list|\b(rbl|dnsbl)\b|spamhaus|reputation|banned|listed (at|in|on|by)\b", "blocked"),
    (r"too (large|big)|size limit|maximum .{0,20}size|exceeds .{0,20}size", "too_large"),
    (r"spam|virus|malware|phish|content|attachment|unsolicited", "content"),
    (r"block(ed)?\b|access denied", "blocked"),
    (r"expired|delivery time|retry time|too long in queue|message timeout", "expired"),
    (r"out of (the )?office|auto(matic)?[- ]?(reply|response)|vacation", "autoreply"),
    (r"gr[ae]y ?list|try again|temporar|rate limit|throttl|too many", "transient"),
    (r"timed? ?out|connect|dns", "transient"),
)

# What the subject of a status code says when neither its detail nor the words do.
_SUBJECTS = {"1": "invalid_address", "6": "content", "4": "transient", "3": "transient"}

_STATUS = r"(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|$)"
_REPLY = r"(?:^|[^\d.])([45])\d\d(?:[^\d.]|$)"
_LONGEST = 1_000  # characters of the receiver's words

HARD_REASONS = ("invalid_address", "mailbox_disabled")


def bounce_reason(status: pl.Expr, words: pl.Expr, stated: pl.Expr) -> pl.Expr:
    """Why mail came back or waits: one of `schemas.BOUNCE_REASONS`, "unknown" where nothing tells.

    Who was there knows best: a class that the provider `stated` and that means one reason is taken as it
    is. Then a status code whose detail tells it, from `status` or else from the receiver's `words`; then
    the words; then the code's subject. x.7.1 is taken as blocked, and only after the words: receivers use
    it for everything.

    >>> def reason(status, words):
    ...     texts = [pl.lit(text, pl.String) for text in (status, words, None)]
    ...     return pl.select(bounce_reason(*texts)).item()
    >>> reason("5.1.1", "smtp; 550 5.1.1 user unknown")
    'invalid_address'
    >>> reason(None, "550 5.7.1 Service unavailable; client host listed at a blocklist")
    'blocked'
    >>> reason("5.0.0", "552 mailbox is full")
    'mailbox_full'
    """
    words = words.str.slice(0, _LONGEST)
    details = [text.str.extract(_STATUS).str.slice(2) for text in (status, words)]
    said = _first(
        pl.when(words.str.contains(f"(?i){pattern}")).then(pl.lit(reason)) for pattern, reason in _WORDS
    )
    return pl.coalesce(
        stated,
        *(_looked_up(_TELLING, detail) for detail in details),
        said,
        *(_by_subject(detail) for detail in details),
        pl.when(_is_temporary(status, words)).then(pl.lit("transient")),
        pl.lit("unknown"),
    )


def bounce_type(reason: pl.Expr, status: pl.Expr, words: pl.Expr) -> pl.Expr:
    """Hard or soft, where the provider does not say: "hard_bounce" only for an address that cannot get mail.

    A disabled mailbox is hard: it comes back as rarely as a deleted one. A bounce that nobody explains is
    hard unless its code is temporary, since the provider gave up on it.
    """
    unexplained = (reason == "unknown") & ~_is_temporary(status, words)
    is_hard = reason.is_in(HARD_REASONS) | unexplained
    return pl.when(is_hard).then(pl.lit("hard_bounce")).otherwise(pl.lit("soft_bounce"))


def _by_subject(detail: pl.Expr) -> pl.Expr:
    subject, number = detail.str.extract(r"^(\d+)"), detail.str.extract(r"(\d+)$")
    blocked = pl.when(number == "1").then(pl.lit("blocked")).otherwise(pl.lit("policy"))
    return pl.when(subject == "7").then(blocked).when(number != "0").then(_looked_up(_SUBJECTS, subject))


def _is_temporary(status: pl.Expr, words: pl.Expr) -> pl.Expr:
    """Whether the first code that anybody names begins with 4."""
    codes = [
        text.str.extract(pattern).str.slice(0, 1) for text in (status, words) for pattern in (_STATUS, _REPLY)
    ]
    return (pl.coalesce(codes) == "4").fill_null(value=False)


def _looked_up(table: dict[str, str], key: pl.Expr) -> pl.Expr:
    return key.replace_strict(list(table), list(table.values()), default=None, return_dtype=pl.String)


def _first(choices: Iterable[pl.Expr]) -> pl.Expr:
    return pl.coalesce(list(choices))
