"""Mailgun: events as its webhooks post them, and pages of its Events API.

Source: Mailgun's user manual on events and webhooks. A record's own `timestamp` counts, not that of the
signature. `recipient` is whom the event concerns: the To header and the envelope may name others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.entries import BOUNCE, NAME, Mapping, Provider, Tags, at, is_true, one_of, word
from deliverlab.events.fields import TEXT

if TYPE_CHECKING:
    from deliverlab.events.fields import Fields

EVENT_TYPES = {
    "accepted": "sent",
    "delivered": "delivered",
    "failed": BOUNCE,  # see `mapping`: by severity and reason
    "rejected": "dropped",
    "opened": "open",
    "clicked": "click",
    "unsubscribed": "unsubscribe",
    "complained": "complaint",
    "stored": "other",
    "email_validation": "other",
    "list_member_uploaded": "other",
    "list_member_upload_error": "other",
    "list_uploaded": "other",
}
# The names of webhooks, which some archives keep, and of the forms that were posted before 2018.
WEBHOOKS = {
    "bounced": BOUNCE, "dropped": "dropped", "permanent_fail": BOUNCE, "temporary_fail": "deferred",
    "bounce": BOUNCE,
}  # fmt: skip

# Mailgun did not try: the address stands on one of its own lists. Codes 605 to 607 say the same.
SUPPRESSED = r"^suppress-"
NOT_TRIED = ("605", "606", "607")
REASONS = {"old": "expired", "espblock": "blocked", "greylisted": "transient"}


def fields(tags: Tags) -> Fields:
    """What is read of a record."""
    return {
        "event": TEXT, "id": TEXT, "timestamp": TEXT, "recipient": TEXT, "severity": TEXT, "reason": TEXT,
        "url": TEXT, "code": TEXT, "error": TEXT, "Message-Id": TEXT,
        "delivery-status": {
            "code": TEXT, "enhanced-code": TEXT, "bounce-code": TEXT, "message": TEXT, "description": TEXT,
        },
        "message": {"headers": {"message-id": TEXT, "to": TEXT}}, "member": {"address": TEXT},
        "client-info": {"bot": TEXT, "client-type": TEXT}, "flags": {"is-test-mode": TEXT},
        "user-variables": {tags.account: TEXT, tags.campaign: TEXT}, "account": {"id": TEXT},
        "domain": {"name": TEXT}, "envelope": {"sender": TEXT},
    }  # fmt: skip


def mapping(tags: Tags) -> Mapping:
    """Where in a record what stands."""
    reason, code = pl.col("reason"), pl.coalesce(at("delivery-status.code"), "code")
    is_not_tried = pl.any_horizontal(
        reason.str.contains(SUPPRESSED).fill_null(value=False), code.is_in(NOT_TRIED).fill_null(value=False)
    )
    is_failure = one_of(EVENT_TYPES | WEBHOOKS, NAME) == BOUNCE
    status = pl.coalesce(at("delivery-status.enhanced-code"), at("delivery-status.bounce-code"), code)
    is_engagement = NAME.is_in(("opened", "clicked")).fill_null(value=False)
    sender = pl.coalesce(at("domain.name"), at("envelope.sender").str.extract(r"@([^@>\s]+)$"))
    return Mapping(
        name=word(pl.col("event")).str.to_lowercase(),
        event_type=pl.when(is_failure & is_not_tried).then(pl.lit("dropped"))
        .when(is_failure & (pl.col("severity") == "temporary")).then(pl.lit("deferred"))
        .when(is_failure & (reason == "old")).then(pl.lit("soft_bounce"))
        .otherwise(one_of(EVENT_TYPES | WEBHOOKS, NAME)),
        raw_type=pl.concat_str(
            NAME, *(pl.when(is_failure).then(fact) for fact in ("severity", "reason")),
            separator="/", ignore_nulls=True,
        ),
        recipient=pl.coalesce("recipient", at("member.address"), pl.when(NAME == "rejected").then(
            at("message.headers.to")
        )),
        occurred_at=pl.col("timestamp"),
        status=status,
        words=pl.concat_str(
            at("delivery-status.message"), at("delivery-status.description"), "error",
            separator=" ", ignore_nulls=True,
        ),
        stated=pl.when(is_failure & ~is_not_tried).then(one_of(REASONS, reason)),
        account_id=at(f"user-variables.{tags.account}"),
        provider_account=sender,
        campaign_id=at(f"user-variables.{tags.campaign}"),
        message_id=pl.coalesce(at("message.headers.message-id"), "Message-Id").str.strip_chars(" <>"),
        provider_event_id=pl.col("id"),
        detail=pl.concat_str("id", "url", separator=" ", ignore_nulls=True),  # ids are unique within a day
        is_machine=is_engagement & word(at("client-info.bot")).is_not_null(),
        is_test=is_true(at("flags.is-test-mode")),
    )  # fmt: skip


PROVIDER = Provider(
    name="mailgun",
    title="Mailgun",
    fields=fields,
    mapping=mapping,
    knows=lambda record: (
        (
            {"event", "timestamp"} <= record.keys()
            and (
                bool({"log-level", "message", "delivery-status", "Message-Id"} & record.keys())
                or {"token", "signature"} <= record.keys()  # a form of before 2018
            )
        )
        or {"items", "paging"} <= record.keys()
    ),
    envelopes=("event-data", "items[]"),
)
