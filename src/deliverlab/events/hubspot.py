"""HubSpot email events: pages of its API, events one a line, and the tables that warehouse connectors write.

Source: HubSpot's email events API reference; its knowledge base on bounce types and on the events of an
export; the names of categories and drop reasons in its own client library. An event is known by id and
`created` together. Pages run backwards in time. Connectors may hash recipients: the hash stands for them.
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
    "SENT": "sent",
    "DELIVERED": "delivered",
    "DEFERRED": "deferred",
    "BOUNCE": BOUNCE,  # see CATEGORIES
    "DROPPED": "dropped",
    "SUPPRESSED": "dropped",
    "MTA_DROPPED": "dropped",
    "ERROR": "dropped",
    "SPAMREPORT": "complaint",
    "UNSUBSCRIBED": "unsubscribe",
    "STATUSCHANGE": "other",  # an unsubscribe only where a status says so: see `mapping`
    "OPEN": "open",
    "CLICK": "click",
    "CLICK_ON_IDENTIFIED_LINK": "click",
    "PROCESSED": "other",  # repeats SENT
    "UNBOUNCE": "other", "FORWARD": "other", "PRINT": "other", "REPLY": "other", "SELECTED": "other",
    "OPT_IN_CHANGE": "other",
}  # fmt: skip

# What a bounce is by its category, and why. HubSpot calls content, spam and policy hard.
CATEGORIES = {
    "UNKNOWN_USER": ("hard_bounce", "invalid_address"),
    "HUBSPOT_GLOBAL_BOUNCE": ("hard_bounce", "invalid_address"),
    "CONTENT": ("hard_bounce", "content"),
    "SPAM": ("hard_bounce", "blocked"),
    "POLICY": ("hard_bounce", "policy"),
    "MAILBOX_FULL": ("soft_bounce", "mailbox_full"),
    "THROTTLED": ("soft_bounce", "transient"),
    "GREYLISTING": ("soft_bounce", "transient"),
    "TEMPORARY_PROBLEM": ("soft_bounce", "transient"),
    "DNS_FAILURE": ("soft_bounce", "transient"),
    "TIMEOUT": ("soft_bounce", "expired"),
    "FILTERED": ("soft_bounce", "content"),
    "IP_REPUTATION": ("soft_bounce", "blocked"),
    "DOMAIN_REPUTATION": ("soft_bounce", "blocked"),
    "DMARC": ("soft_bounce", "policy"),
    "MAILBOX_MISCONFIGURATION": ("soft_bounce", None),
    "ISP_MISCONFIGURATION": ("soft_bounce", None),
    "SENDING_DOMAIN_MISCONFIGURATION": ("soft_bounce", None),
    "UNCATEGORIZED": ("soft_bounce", None),
}
DROP_REASONS = {
    "PREVIOUSLY_BOUNCED": "invalid_address",
    "INVALID_TO_ADDRESS": "invalid_address",
    "BLOCKED_DOMAIN": "policy",
}
OUT = "UNSUBSCRIBED"
ENGAGEMENT = ("OPEN", "CLICK", "CLICK_ON_IDENTIFIED_LINK")


def fields(tags: Tags) -> Fields:
    """What is read of a record; its account is the portal, so no tag is read."""
    names = (
        "id", "created", "type", "recipient", "portalId", "emailCampaignId", "filteredEvent", "category",
        "status", "response", "dropReason", "dropMessage", "portalSubscriptionStatus", "url",
    )  # fmt: skip
    return dict.fromkeys((*names, *tags), TEXT) | {
        "sentBy": {"id": TEXT, "created": TEXT},
        "subscriptions": [{"status": TEXT}],
    }


def mapping(tags: Tags) -> Mapping:
    """Where in a record what stands."""
    category = pl.col("category").str.to_uppercase()
    stated = pl.coalesce(
        at("subscriptions").list.eval(pl.element().struct.field("status") == OUT).list.any(), False
    )
    is_out = (pl.col("portalSubscriptionStatus") == OUT).fill_null(value=False) | stated
    is_bounce, is_sent = NAME == "BOUNCE", NAME == "SENT"
    # Without category, code or words a bounce is as soft as an uncategorised one.
    is_silent = pl.all_horizontal(pl.col("category", "status", "response").is_null())
    by_category = one_of(first(CATEGORIES), category)
    return Mapping(
        name=word(pl.col("type")).str.to_uppercase(),
        event_type=pl.when(is_bounce & is_silent).then(pl.lit("soft_bounce"))
        .when(is_bounce).then(pl.coalesce(by_category, pl.lit(BOUNCE)))
        .when((NAME == "STATUSCHANGE") & is_out).then(pl.lit("unsubscribe"))
        .otherwise(one_of(EVENT_TYPES, NAME)),
        raw_type=pl.concat_str(
            NAME, pl.when(is_bounce).then(category).otherwise("dropReason"), separator="/", ignore_nulls=True
        ),
        recipient=pl.col("recipient"),
        occurred_at=pl.col("created"),
        sent_at=pl.when(is_sent).then("created").otherwise(at("sentBy.created")),
        status=pl.when(pl.col("status").str.contains(r"^[245](\.|\d\d)")).then("status"),
        words=pl.coalesce(word(pl.col("response")), pl.col("dropMessage")),
        stated=pl.when(is_bounce).then(one_of(second(CATEGORIES), category))
        .otherwise(one_of(DROP_REASONS, pl.col("dropReason"))),
        account_id=pl.col(tags.account),
        provider_account=pl.col("portalId"),
        campaign_id=pl.coalesce(word(pl.col(tags.campaign)), "emailCampaignId"),
        message_id=pl.coalesce(word(at("sentBy.id")), pl.when(is_sent).then("id")),
        provider_event_id=pl.col("id"),
        detail=pl.col("id"),
        is_machine=is_true(pl.col("filteredEvent")) & NAME.is_in(ENGAGEMENT).fill_null(value=False),
    )  # fmt: skip


PROVIDER = Provider(
    name="hubspot",
    title="HubSpot",
    fields=fields,
    mapping=mapping,
    knows=lambda record: (
        (
            {"id", "created", "type"} <= record.keys()
            and bool({"portalId", "emailCampaignId", "sentBy"} & record.keys())
        )
        or {"events", "hasMore"} <= record.keys()
    ),
    envelopes=("events[]",),
    may_hash_recipients=True,
)
