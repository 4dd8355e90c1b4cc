"""Why mail came back: from status code, provider's class and receiver's words to a reason and a type.

A 5xx reply is not a hard bounce: of the persistent failures in sisimai's published corpus only about a
third name an address that cannot get mail; the others are full mailboxes, blocklists, policy and content.
"""

from __future__ import annotations

import re
from functools import lru_cache

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
_WORDS = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
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
)

# What the subject of a status code says when neither its detail nor the words do.
_SUBJECTS = {"1": "invalid_address", "6": "content", "4": "transient", "3": "transient"}

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")

HARD_REASONS = frozenset({"invalid_address", "mailbox_disabled"})


@lru_cache(maxsize=4096)
def bounce_reason(status: str | None = None, words: str | None = None, *, stated: str | None = None) -> str:
    """Why mail came back or waits: one of `schemas.BOUNCE_REASONS`, "unknown" where nothing tells.

    Who was there knows best: a class that the provider `stated` and that means one reason is taken as it
    is. Then a status code whose detail tells it, from `status` or else from the receiver's `words`; then
    the words; then the code's subject. x.7.1 is taken as blocked, and only after the words: receivers use
    it for everything.

    >>> bounce_reason("5.1.1", "smtp; 550 5.1.1 user unknown")
    'invalid_address'
    >>> bounce_reason(None, "550 5.7.1 Service unavailable; client host listed at a blocklist")
    'blocked'
    >>> bounce_reason("5.0.0", "552 mailbox is full")
    'mailbox_full'
    """
    if stated is not None:
        return stated
    words = (words or "")[:1_000]
    codes = [match for text in (status or "", words) if (match := _STATUS.search(text))]
    for code in codes:
        if reason := _TELLING.get(f"{code[2]}.{code[3]}"):
            return reason
    for pattern, reason in _WORDS:
        if pattern.search(words):
            return reason
    for code in codes:
        if code[2] == "7":
            return "blocked" if code[3] == "1" else "policy"
        if code[3] != "0" and code[2] in _SUBJECTS:
            return _SUBJECTS[code[2]]
    return "transient" if _is_temporary(status, words) else "unknown"


def bounce_type(reason: str, status: str | None = None, words: str | None = None) -> str:
    """Hard or soft, where the provider does not say: "hard_bounce" only for an address that cannot get mail.

    A disabled mailbox is hard: it comes back as rarely as a deleted one. A bounce that nobody explains is
    hard unless its code is temporary, since the provider gave up on it.

    >>> bounce_type("mailbox_full", "5.2.2"), bounce_type("unknown", "5.0.0"), bounce_type("unknown", "4.0.0")
    ('soft_bounce', 'hard_bounce', 'soft_bounce')
    """
    unexplained = reason == "unknown" and not _is_temporary(status, words)
    return "hard_bounce" if reason in HARD_REASONS or unexplained else "soft_bounce"


def _is_temporary(status: str | None, words: str | None) -> bool:
    for text in (status or "", words or ""):
        if found := _STATUS.search(text) or _REPLY.search(text):
            return found[1] == "4"
    return False
