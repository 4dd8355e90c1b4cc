"""Amazon SES: event publishing and feedback notifications, bare or handed on by SNS, SQS or EventBridge.

Source: Amazon SES Developer Guide, the pages on the contents of event data and of notifications; and for
what counts as a bounce, AWS's own statement on suppression lists ("Do bounces from the suppression list
affect my quota"). SES promises no order and may add fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.entries import NAME, Mapping, Provider, Tags, at, first, is_true, one_of, second, word
from deliverlab.events.fields import TEXT

if TYPE_CHECKING:
    from deliverlab.events.fields import Fields

# What a record of some type is, the object that says more, and the list in it of those concerned. Without a
# list it concerns every recipient of the message: SES cannot say who opened.
KINDS = {
    "Send": ("sent", "mail", None),
    "Delivery": ("delivered", "delivery", "recipients"),
    "DeliveryDelay": ("deferred", "deliveryDelay", "delayedRecipients"),
    "Bounce": (None, "bounce", "bouncedRecipients"),  # see BOUNCES
    "Complaint": ("complaint", "complaint", "complainedRecipients"),
    "Reject": ("dropped", "mail", None),  # a virus: SES never tried
    "Rendering Failure": ("dropped", "mail", None),
    "RenderingFailure": ("dropped", "mail", None),
    "Open": ("open", "open", None),
    "Click": ("click", "click", None),
    "Subscription": ("unsubscribe", "subscription", None),
}

# By bounce type, and by type and sub-type where that says more: what it is, and why where SES tells.
TYPES = {"Permanent": "hard_bounce", "Transient": "soft_bounce", "Undetermined": "soft_bounce"}
BOUNCES = {
    "Permanent/NoEmail": ("hard_bounce", "invalid_address"),
    # SES tries none of these. It counts its global list in an account's bounce rate, the others not.
    "Permanent/Suppressed": ("hard_bounce", "invalid_address"),
    "Permanent/OnAccountSuppressionList": ("dropped", None),
    "Permanent/OnTenantSuppressionList": ("dropped", None),
    "Permanent/EmailValidationSuppressed": ("dropped", None),
    "Permanent/UnsubscribedRecipient": ("dropped", None),
    "Transient/MailboxFull": ("soft_bounce", "mailbox_full"),
    "Transient/MessageTooLarge": ("soft_bounce", "too_large"),
    "Transient/ContentRejected": ("soft_bounce", "content"),
    "Transient/AttachmentRejected": ("soft_bounce", "content"),
    "Transient/CustomTimeoutExceeded": ("soft_bounce", "expired"),
}
OWN_SUPPRESSION_LISTS = ("OnAccountSuppressionList", "OnTenantSuppressionList")

CONCERNED = [{"emailAddress": TEXT, "status": TEXT, "action": TEXT, "diagnosticCode": TEXT}]
TIMED_BY_MAIL = [kind for kind, (_, part, _) in KINDS.items() if part == "mail"]
TO_ALL = [kind for kind, (_, _, those) in KINDS.items() if those is None]
PARTS = sorted({part for _, part, _ in KINDS.values()} - {"mail"})
IDS = {"Bounce": "bounce.feedbackId", "Complaint": "complaint.feedbackId"}
PREFERENCES = {
    "unsubscribeAll": TEXT, "topicSubscriptionStatus": [{"topicName": TEXT, "subscriptionStatus": TEXT}],
}  # fmt: skip


def fields(tags: Tags) -> Fields:
    """What is read of a record."""
    return {
        "eventType": TEXT, "notificationType": TEXT, "Type": TEXT, "Message": TEXT, "Timestamp": TEXT,
        "mail": {
            "timestamp": TEXT, "messageId": TEXT, "sendingAccountId": TEXT, "destination": [TEXT],
            "tags": {tags.account: [TEXT], tags.campaign: [TEXT]},
        },
        "delivery": {"timestamp": TEXT, "recipients": [TEXT]},
        "deliveryDelay": {"timestamp": TEXT, "delayedRecipients": CONCERNED},
        "bounce": {
            "timestamp": TEXT, "feedbackId": TEXT, "bounceType": TEXT, "bounceSubType": TEXT,
            "bouncedRecipients": CONCERNED,
        },
        "complaint": {
            "timestamp": TEXT, "feedbackId": TEXT, "complaintSubType": TEXT, "complaintFeedbackType": TEXT,
            "complainedRecipients": CONCERNED,
        },
        "open": {"timestamp": TEXT}, "click": {"timestamp": TEXT, "link": TEXT},
        "subscription": {
            "timestamp": TEXT, "newTopicPreferences": PREFERENCES, "oldTopicPreferences": PREFERENCES,
        },
    }  # fmt: skip


def mapping(tags: Tags) -> Mapping:
    """Where in a record what stands."""
    bounce = pl.concat_str(at("bounce.bounceType"), at("bounce.bounceSubType"), separator="/")
    is_reply = (bounce == "Transient/General") & pl.all_horizontal(
        at(f"each.{fact}").is_null() for fact in ("action", "status", "diagnosticCode")
    )
    return Mapping(
        name=word(pl.coalesce("eventType", "notificationType")),
        each=_concerned(),
        event_type=pl.when(NAME == "Bounce").then(
            pl.when(is_reply).then(pl.lit("other"))  # somebody is out of the office
            .otherwise(pl.coalesce(one_of(first(BOUNCES), bounce), one_of(TYPES, at("bounce.bounceType"))))
        ).when((NAME == "Complaint") & at("complaint.complaintSubType").is_in(OWN_SUPPRESSION_LISTS)).then(
            pl.lit("dropped")
        ).when((NAME == "Complaint") & (at("complaint.complaintFeedbackType") == "not-spam")).then(
            pl.lit("other")
        ).when((NAME == "Subscription") & ~_opts_out()).then(pl.lit("other"))
        .otherwise(one_of({kind: event_type for kind, (event_type, _, _) in KINDS.items()}, NAME)),
        raw_type=pl.concat_str(
            NAME, pl.when(NAME == "Bounce").then(bounce).when(NAME == "Complaint").then(
                at("complaint.complaintSubType")
            ), separator="/", ignore_nulls=True,
        ),
        recipient=at("each.emailAddress"),
        occurred_at=pl.when(NAME.is_in(TIMED_BY_MAIL)).then(
            at("mail.timestamp")
        ).otherwise(pl.coalesce(at(f"{part}.timestamp") for part in PARTS)),
        sent_at=at("mail.timestamp"),
        status=at("each.status"),
        words=at("each.diagnosticCode"),
        stated=pl.when(NAME == "Bounce").then(
            pl.when(is_reply).then(pl.lit("autoreply")).otherwise(one_of(second(BOUNCES), bounce))
        ),
        account_id=at(f"mail.tags.{tags.account}").list.first(),
        provider_account=at("mail.sendingAccountId"),
        campaign_id=at(f"mail.tags.{tags.campaign}").list.first(),
        message_id=at("mail.messageId"),
        provider_event_id=_chosen(IDS),
        detail=_chosen(IDS | {"Click": "click.link"}),
        complaint=pl.when(pl.col("Message").is_not_null() & (pl.col("Type") != "Notification")).then(
            pl.format("SNS control message '{}': not an event", pl.col("Type").str.slice(0, 40))
        ),
    )  # fmt: skip


def _chosen(paths: dict[str, str]) -> pl.Expr:
    """The field that belongs to the record's kind."""
    return pl.coalesce(pl.when(kind == NAME).then(at(path)) for kind, path in paths.items())


def _concerned() -> pl.Expr:
    """Those whom a record concerns, each with what is known of the delivery."""
    addresses = pl.coalesce(
        pl.when(NAME == "Delivery").then(at("delivery.recipients")),
        pl.when(NAME.is_in(TO_ALL)).then(at("mail.destination")),
    )
    nobody = [pl.lit(None, TEXT).alias(fact) for fact in ("status", "action", "diagnosticCode")]
    return pl.coalesce(
        addresses.list.eval(pl.struct(pl.element().alias("emailAddress"), *nobody)),
        *(
            pl.when(kind == NAME).then(at(f"{part}.{those}"))
            for kind, (_, part, those) in KINDS.items()
            if those and kind != "Delivery"
        ),
    )


def _opts_out() -> pl.Expr:
    """Whether everything, or a topic that was not opted out before, is opted out now."""
    before, after = (_topics_out(f"subscription.{which}TopicPreferences") for which in ("old", "new"))
    is_out_of_all = is_true(at("subscription.newTopicPreferences.unsubscribeAll"))
    return is_out_of_all | (after.list.set_difference(before.fill_null([])).list.len() > 0).fill_null(
        value=False
    )


def _topics_out(path: str) -> pl.Expr:
    topic = pl.element().struct
    is_out = topic.field("subscriptionStatus").str.to_lowercase() == "optout"
    return at(f"{path}.topicSubscriptionStatus").list.eval(topic.field("topicName").filter(is_out))


PROVIDER = Provider(
    name="ses",
    title="SES",
    fields=fields,
    mapping=mapping,
    knows=lambda record: "mail" in record and bool({"eventType", "notificationType"} & record.keys()),
    envelopes=("Message*", "Records[].Sns", "Records[].body*", "Messages[].Body*", "detail"),
    stamp="Timestamp",
    sealed=pl.col("record").struct.field("Type") != "Notification",
)
