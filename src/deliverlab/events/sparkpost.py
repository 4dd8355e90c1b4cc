"""SparkPost: webhook batches, in which each event stands under its class, and pages of its Events API.

Source: SparkPost's webhook event reference, and its support page on bounce classification codes. Its
category of a class decides, but a request to unsubscribe (90) is no bad address, and class 25 and 26 were
never tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.entries import (
    BOUNCE,
    NAME,
    Mapping,
    Provider,
    Tags,
    at,
    first,
    is_true,
    one_of,
    second,
    word,
)
from deliverlab.events.fields import TEXT

if TYPE_CHECKING:
    from deliverlab.events.fields import Fields

EVENT_TYPES = {
    "injection": "sent",
    "delivery": "delivered",
    "delay": "deferred",
    "bounce": BOUNCE,  # see CLASSES
    "out_of_band": BOUNCE,
    "spam_complaint": "complaint",
    "policy_rejection": "dropped",
    "generation_failure": "dropped",
    "generation_rejection": "dropped",
    "list_unsubscribe": "unsubscribe",
    "link_unsubscribe": "unsubscribe",
    "open": "open",
    "amp_open": "open",
    "initial_open": "other",  # comes beside the open
    "amp_initial_open": "other",
    "click": "click",
    "amp_click": "click",
    "sms_status": "other",
    "relay_injection": "other", "relay_delivery": "other", "relay_rejection": "other",
    "relay_tempfail": "other", "relay_permfail": "other",
    "ab_test_completed": "other", "ab_test_cancelled": "other", "success": "other", "error": "other",
}  # fmt: skip

# What a bounce is by its class, and why where the class says it.
CLASSES = {
    "1": (BOUNCE, None),
    "10": ("hard_bounce", "invalid_address"),
    "20": ("soft_bounce", None),
    "21": ("soft_bounce", "transient"),
    "22": ("soft_bounce", "mailbox_full"),
    "23": ("soft_bounce", "too_large"),
    "24": ("soft_bounce", "expired"),
    "25": ("dropped", None),
    "26": ("dropped", None),
    "30": ("hard_bounce", "invalid_address"),
    "40": ("soft_bounce", None),
    "50": ("soft_bounce", "blocked"),
    "51": ("soft_bounce", "blocked"),
    "52": ("soft_bounce", "content"),
    "53": ("soft_bounce", "content"),
    "54": ("soft_bounce", "blocked"),
    "60": ("other", "autoreply"),
    "70": ("soft_bounce", "transient"),
    "80": ("other", None),
    "90": ("unsubscribe", None),
    "100": ("other", "autoreply"),
}
GROUPS = (
    "message_event", "track_event", "unsubscribe_event", "gen_event", "relay_event", "ab_test_event",
    "ingest_event",
)  # fmt: skip


def fields(tags: Tags) -> Fields:
    """What is read of an event."""
    names = (
        "type", "event_id", "timestamp", "rcpt_to", "raw_rcpt_to", "message_id", "transmission_id",
        "campaign_id", "customer_id", "subaccount_id", "bounce_class", "error_code", "reason", "raw_reason",
        "injection_time", "target_link_url",
    )  # fmt: skip
    return dict.fromkeys(names, TEXT) | {
        "rcpt_meta": {tags.account: TEXT, tags.campaign: TEXT},
        "user_agent_parsed": {"is_prefetched": TEXT},
    }


def mapping(tags: Tags) -> Mapping:
    """Where in an event what stands."""
    is_bounce = NAME.is_in(("bounce", "out_of_band"))
    subaccount = pl.when(pl.col("subaccount_id") != "0").then("subaccount_id")
    return Mapping(
        name=word(pl.col("type")).str.to_lowercase(),
        event_type=pl.when(is_bounce)
        .then(pl.coalesce(one_of(first(CLASSES), pl.col("bounce_class")), pl.lit(BOUNCE)))
        .otherwise(one_of(EVENT_TYPES, NAME)),
        raw_type=pl.concat_str(
            NAME, pl.when(is_bounce).then("bounce_class"), separator="/", ignore_nulls=True
        ),
        recipient=pl.coalesce("rcpt_to", "raw_rcpt_to"),
        occurred_at=pl.col("timestamp"),
        sent_at=pl.when(NAME == "injection").then("timestamp").otherwise("injection_time"),
        status=pl.col("error_code"),
        words=pl.coalesce(word(pl.col("raw_reason")), pl.col("reason")),
        stated=pl.when(is_bounce).then(one_of(second(CLASSES), pl.col("bounce_class"))),
        account_id=at(f"rcpt_meta.{tags.account}"),
        provider_account=pl.coalesce(word(subaccount), "customer_id"),
        campaign_id=pl.coalesce(word(at(f"rcpt_meta.{tags.campaign}")), "campaign_id"),
        message_id=pl.coalesce(word(pl.col("message_id")), "transmission_id"),
        provider_event_id=pl.col("event_id"),
        detail=pl.col("event_id"),
        is_machine=is_true(at("user_agent_parsed.is_prefetched")),
    )  # fmt: skip


PROVIDER = Provider(
    name="sparkpost",
    title="SparkPost",
    fields=fields,
    mapping=mapping,
    knows=lambda record: "msys" in record or {"type", "rcpt_to", "timestamp"} <= record.keys(),
    envelopes=(*(f"msys.{group}" for group in GROUPS), "results[]"),
)
