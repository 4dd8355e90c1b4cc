"""Postmark: webhooks, one object each, and pages of its APIs of bounces, opens and clicks.

Source: Postmark's developer pages on the bounce, spam complaint, delivery, open, click and subscription
change webhooks, and on the Bounce API with its types. `Type` is trusted, not `TypeCode`: they contradict each
other in Postmark's own samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.entries import NAME, Mapping, Provider, Tags, at, first, is_true, one_of, second, word
from deliverlab.events.fields import TEXT

if TYPE_CHECKING:
    from deliverlab.events.fields import Fields

RECORD_TYPES = {
    "Delivery": "delivered",
    "Open": "open",
    "Click": "click",
    "SpamComplaint": "complaint",
    "SubscriptionChange": "other",  # an unsubscribe only where the recipient asked: see `mapping`
    "Inbound": "other",
}
# What a bounce is by its `Type`, and why where that says it.
BOUNCES = {
    "HardBounce": ("hard_bounce", None),
    "BadEmailAddress": ("hard_bounce", "invalid_address"),
    "SoftBounce": ("soft_bounce", None),
    "Undeliverable": ("soft_bounce", None),
    "SpamNotification": ("soft_bounce", "content"),  # the receiver took it for spam; nobody complained
    "Blocked": ("soft_bounce", "blocked"),
    "DMARCPolicy": ("soft_bounce", "policy"),
    "Transient": ("deferred", "transient"),
    "DnsError": ("deferred", "transient"),
    "SpamComplaint": ("complaint", None),
    "Unsubscribe": ("unsubscribe", None),
    "Subscribe": ("other", None),
    "AutoResponder": ("other", "autoreply"),
    "AddressChange": ("other", None),
    "ChallengeVerification": ("other", None),
    "OpenRelayTest": ("other", None),
    "VirusNotification": ("other", "content"),
    "Unknown": ("other", None),
    "InboundError": ("other", None),
    "ManuallyDeactivated": ("dropped", None),
    "Unconfirmed": ("dropped", None),
    "SMTPApiError": ("dropped", None),
    "TemplateRenderingFailed": ("dropped", None),
}
# What a record without a type is, by a field that no other has.
FIELDS_OF_ONE_TYPE = (
    ("BouncedAt", "Bounce"), ("DeliveredAt", "Delivery"), ("OriginalLink", "Click"), ("FirstOpen", "Open"),
)  # fmt: skip
STREAMS = {"outbound": True, "broadcast": False, "broadcasts": False}  # the names that Postmark gives them


def fields(tags: Tags) -> Fields:
    """What is read of a record."""
    names = (
        "RecordType", "Type", "TypeCode", "ID", "MessageID", "ServerID", "ServerId", "MessageStream",
        "Recipient", "Email", "DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt", "Details", "Description",
        "OriginalLink", "FirstOpen", "Origin", "SuppressSending", "SuppressionReason", "Tag",
    )  # fmt: skip
    return dict.fromkeys(names, TEXT) | {"Metadata": {tags.account: TEXT, tags.campaign: TEXT}}


def mapping(tags: Tags) -> Mapping:
    """Where in a record what stands."""
    # Objects of the APIs have no record type, nor had the webhooks of before 2018.
    told_by = [pl.when(pl.col(fact).is_not_null()).then(pl.lit(name)) for fact, name in FIELDS_OF_ONE_TYPE]
    is_bounce, is_change = NAME == "Bounce", NAME == "SubscriptionChange"
    asked = (
        is_true(pl.col("SuppressSending"))
        & (pl.col("SuppressionReason") == "ManualSuppression")
        & (pl.col("Origin") == "Recipient")
    )
    return Mapping(
        name=word(pl.coalesce("RecordType", *told_by)),
        event_type=pl.when(is_bounce).then(one_of(first(BOUNCES), pl.col("Type")))
        .when(is_change & asked).then(pl.lit("unsubscribe"))
        .otherwise(one_of(RECORD_TYPES, NAME)),
        raw_type=pl.concat_str(
            NAME, pl.when(is_bounce).then("Type").when(is_change).then("SuppressionReason"),
            separator="/", ignore_nulls=True,
        ),
        recipient=pl.coalesce("Recipient", "Email"),
        occurred_at=pl.coalesce("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt"),
        words=pl.coalesce(word(pl.col("Details")), pl.col("Description")),
        stated=pl.when(is_bounce).then(one_of(second(BOUNCES), pl.col("Type"))),
        account_id=at(f"Metadata.{tags.account}"),
        provider_account=pl.coalesce("ServerID", "ServerId"),
        campaign_id=pl.coalesce(word(at(f"Metadata.{tags.campaign}")), "Tag"),
        message_id=pl.col("MessageID"),
        provider_event_id=pl.col("ID"),
        detail=pl.concat_str(
            "ID", "OriginalLink", "SuppressSending", "SuppressionReason", separator=" ", ignore_nulls=True
        ),
        is_transactional=pl.col("MessageStream").replace_strict(
            list(STREAMS), list(STREAMS.values()), default=None, return_dtype=pl.Boolean
        ),
    )  # fmt: skip


PROVIDER = Provider(
    name="postmark",
    title="Postmark",
    fields=fields,
    mapping=mapping,
    knows=lambda record: (
        "MessageID" in record and bool({"RecordType", *dict(FIELDS_OF_ONE_TYPE)} & record.keys())
    ),
    envelopes=("Bounces[]", "Opens[]", "Clicks[]"),
)
