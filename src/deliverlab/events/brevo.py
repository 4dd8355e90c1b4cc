"""Brevo: webhooks of transactional and marketing mail, one by one or in batches, and pages of its events API.

Source: Brevo's developer pages on transactional and marketing webhooks, and on the event report of its API.
`ts_epoch` is right where others are hours off; `date` is the time of central Europe, and the last resort.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.entries import BOUNCE, NAME, Mapping, Provider, Tags, one_of, word
from deliverlab.events.fields import TEXT

if TYPE_CHECKING:
    from deliverlab.events.fields import Fields

# The names of webhooks and those of the API, in lower case and without marks between words.
EVENT_TYPES = {
    "request": "sent", "requests": "sent", "sent": "sent",
    "delivered": "delivered",
    "deferred": "deferred",
    "hardbounce": "hard_bounce", "hardbounces": "hard_bounce",
    "softbounce": "soft_bounce", "softbounces": "soft_bounce",
    "bounces": BOUNCE,
    "invalidemail": "hard_bounce", "invalid": "hard_bounce",
    "blocked": "dropped",
    "error": "dropped",
    "spam": "complaint", "complaint": "complaint",
    "unsubscribe": "unsubscribe", "unsubscribed": "unsubscribe",
    "opened": "open", "uniqueopened": "open", "open": "open", "opens": "open",
    "proxyopen": "open", "uniqueproxyopen": "open", "loadedbyproxy": "open",
    "click": "click", "clicks": "click", "clicked": "click",
    "listaddition": "other", "contactdeleted": "other", "contactupdated": "other",
    "inboundemailprocessed": "other",
}  # fmt: skip
STATED = {"invalidemail": "invalid_address", "invalid": "invalid_address"}
BY_PROXY = ("proxyopen", "uniqueproxyopen", "loadedbyproxy")
LOCAL = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"


def fields(tags: Tags) -> Fields:
    """What is read of a record."""
    names = (
        "event", "email", "ts", "ts_event", "ts_epoch", "date", "date_event", "message-id", "messageId",
        "reason", "link", "URL", "camp_id", "tag",
    )  # fmt: skip
    return dict.fromkeys((*names, *tags), TEXT)


def mapping(tags: Tags) -> Mapping:
    """Where in a record what stands."""
    date = word(pl.coalesce("date_event", "date"))
    local = date.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    in_paris = local.dt.replace_time_zone("Europe/Paris", ambiguous="earliest", non_existent="null")
    as_utc = in_paris.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    link = pl.coalesce("link", "URL")
    return Mapping(
        name=word(pl.col("event")).str.to_lowercase().str.replace_all(r"[_\- ]", ""),
        event_type=one_of(EVENT_TYPES, NAME),
        raw_type=word(pl.col("event")),
        recipient=pl.col("email"),
        occurred_at=pl.coalesce(
            word(pl.col("ts_epoch")), word(pl.col("ts_event")), word(pl.col("ts")),
            pl.when(date.str.contains(LOCAL)).then(as_utc).otherwise(date),
        ),
        words=pl.col("reason"),
        stated=one_of(STATED, NAME),
        account_id=pl.col(tags.account),
        campaign_id=pl.coalesce(word(pl.col(tags.campaign)), "camp_id"),
        message_id=pl.coalesce("message-id", "messageId").str.strip_chars(" <>"),
        detail=pl.concat_str(link, pl.col("event"), separator=" ", ignore_nulls=True),
        is_machine=NAME.is_in(BY_PROXY).fill_null(value=False),
        is_transactional=pl.col("camp_id").is_null(),
    )  # fmt: skip


PROVIDER = Provider(
    name="brevo",
    title="Brevo",
    fields=fields,
    mapping=mapping,
    knows=lambda record: (
        {"event", "email"} <= record.keys()
        and bool({"ts_epoch", "ts_event", "ts_sent", "message-id", "messageId", "list_id"} & record.keys())
    ),
    envelopes=("events[]",),
)
