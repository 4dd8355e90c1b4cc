"""Why mail came back: the practice table, and that 5xx is not hard."""

import polars as pl
import pytest

from deliverlab.events.bounces import bounce_reason, bounce_type
from deliverlab.schemas import BOUNCE_REASONS


def _told(status: str | None, words: str | None, stated: str | None = None) -> tuple[str, str]:
    """Reason and type of one bounce."""
    frame = pl.DataFrame({"status": status, "words": words, "stated": stated}).cast(pl.String)
    told = frame.with_columns(reason=bounce_reason(pl.col("status"), pl.col("words"), pl.col("stated")))
    return told.select("reason", bounce_type(pl.col("reason"), pl.col("status"), pl.col("words"))).row(0)


@pytest.mark.parametrize(
    ("status", "words", "reason", "event_type"),
    [
        ("5.1.1", None, "invalid_address", "hard_bounce"),
        ("5.1.2", "host not found", "invalid_address", "hard_bounce"),
        ("5.1.10", None, "invalid_address", "hard_bounce"),
        (None, "550 5.1.1 no such mailbox here", "invalid_address", "hard_bounce"),
        (None, "550 unknown recipient", "invalid_address", "hard_bounce"),
        ("5.0.0", "550 the address does not exist", "invalid_address", "hard_bounce"),
        ("5.2.1", None, "mailbox_disabled", "hard_bounce"),
        (None, "554 this account has been disabled", "mailbox_disabled", "hard_bounce"),
        ("5.2.2", "552 over quota", "mailbox_full", "soft_bounce"),
        ("4.2.2", None, "mailbox_full", "soft_bounce"),
        ("5.0.0", "552 mailbox full", "mailbox_full", "soft_bounce"),
        ("5.2.3", None, "too_large", "soft_bounce"),
        ("5.3.4", "message too big", "too_large", "soft_bounce"),
        (None, "552 size limit exceeded", "too_large", "soft_bounce"),
        ("5.7.1", "550 client host is on a blocklist", "blocked", "soft_bounce"),
        ("5.7.1", None, "blocked", "soft_bounce"),
        ("5.7.1", "550 user unknown", "invalid_address", "hard_bounce"),
        ("5.7.26", "fails DMARC", "policy", "soft_bounce"),
        (None, "550 SPF check failed", "policy", "soft_bounce"),
        ("5.7.5", None, "policy", "soft_bounce"),
        ("5.6.0", None, "unknown", "hard_bounce"),
        ("5.6.1", None, "content", "soft_bounce"),
        (None, "554 message looks like spam", "content", "soft_bounce"),
        ("4.4.7", None, "expired", "soft_bounce"),
        ("4.4.1", "connection refused", "transient", "soft_bounce"),
        ("4.7.0", "421 try again later", "transient", "soft_bounce"),
        ("4.3.9", None, "transient", "soft_bounce"),
        (None, "451", "transient", "soft_bounce"),
        ("4.0.0", None, "transient", "soft_bounce"),
        ("5.0.0", "rejected", "unknown", "hard_bounce"),
        (None, None, "unknown", "hard_bounce"),
        (None, "I am out of the office", "autoreply", "soft_bounce"),
    ],
)
def test_the_practice_table(status: str | None, words: str | None, reason: str, event_type: str) -> None:
    """Status and words give one reason, and only a reason about the address is hard."""
    assert _told(status, words) == (reason, event_type)
    assert reason in BOUNCE_REASONS


def test_who_was_there_is_believed() -> None:
    """A class that the provider states outranks status and words."""
    assert _told("5.1.1", "user unknown", "mailbox_full") == ("mailbox_full", "soft_bounce")


def test_other_numbers_are_no_status() -> None:
    """Addresses and version numbers of servers are not read as a status."""
    assert _told(None, "550 refused by 192.5.1.1, see mx5.1.1.2") == ("unknown", "hard_bounce")
