"""Amazon SES: event publishing and feedback notifications, raw or inside an SNS envelope.

Source: Amazon SES Developer Guide, the pages on the contents of event data and of notifications; and for
what counts as a bounce, AWS's own statement on suppression lists ("Do bounces from the suppression list
affect my quota"). SES promises no order and may add fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from deliverlab.events.bounces import bounce_reason
from deliverlab.events.entries import Entry, Provider, Tags, Unusable, moment, section, text
from deliverlab.events.records import embedded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


class Kind(NamedTuple):
    """What a record of some `eventType` is, where its time stands, and where those concerned are listed.

    Without a list of its own it concerns every recipient of the message: SES cannot say who opened.
    """

    event_type: str
    part: str = "mail"
    recipients: str | None = None


KINDS = {
    "Send": Kind("sent"),
    "Delivery": Kind("delivered", "delivery", "recipients"),
    "DeliveryDelay": Kind("deferred", "deliveryDelay", "delayedRecipients"),
    "Bounce": Kind("soft_bounce", "bounce", "bouncedRecipients"),  # see BOUNCES
    "Complaint": Kind("complaint", "complaint", "complainedRecipients"),
    "Reject": Kind("dropped"),  # a virus: SES never tried
    "Rendering Failure": Kind("dropped"),
    "Open": Kind("open", "open"),
    "Click": Kind("click", "click"),
    "Subscription": Kind("unsubscribe", "subscription"),
}


class BounceClass(NamedTuple):
    """What SES means by a bounce type and sub-type; without a reason, status and words tell it."""

    event_type: str
    reason: str | None = None


BOUNCES = {
    ("Permanent", None): BounceClass("hard_bounce"),
    ("Permanent", "NoEmail"): BounceClass("hard_bounce", "invalid_address"),
    # SES tries none of these. It counts its global list in an account's bounce rate, the others not.
    ("Permanent", "Suppressed"): BounceClass("hard_bounce", "invalid_address"),
    ("Permanent", "OnAccountSuppressionList"): BounceClass("dropped"),
    ("Permanent", "OnTenantSuppressionList"): BounceClass("dropped"),
    ("Permanent", "EmailValidationSuppressed"): BounceClass("dropped"),
    ("Permanent", "UnsubscribedRecipient"): BounceClass("dropped"),
    ("Transient", None): BounceClass("soft_bounce"),
    ("Transient", "MailboxFull"): BounceClass("soft_bounce", "mailbox_full"),
    ("Transient", "MessageTooLarge"): BounceClass("soft_bounce", "too_large"),
    ("Transient", "ContentRejected"): BounceClass("soft_bounce", "content"),
    ("Transient", "AttachmentRejected"): BounceClass("soft_bounce", "content"),
    ("Transient", "CustomTimeoutExceeded"): BounceClass("soft_bounce", "expired"),
    ("Undetermined", None): BounceClass("soft_bounce"),
}

OWN_SUPPRESSION_LISTS = ("OnAccountSuppressionList", "OnTenantSuppressionList")


def entries(record: dict[str, Any], tags: Tags) -> Iterator[Entry]:
    """One entry for each recipient whom the record concerns; raises `Unusable` where it is no SES event."""
    event, received_at = _opened(record)
    name = event.get("eventType") or event.get("notificationType")
    if name is None:
        raise Unusable("no eventType or notificationType: not an SES event")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Unusable(f"unknown SES event type {str(name)[:40]!r}")
    mail, part = section(event, "mail"), section(event, kind.part)
    concerned = part.get(kind.recipients) if kind.recipients else mail.get("destination")
    if not isinstance(concerned, list) or not concerned:
        raise Unusable("no recipient")
    mail_tags = mail.get("tags")
    if not isinstance(mail_tags, dict):
        mail_tags = {}
    feedback_id = text(part.get("feedbackId"))
    common = Entry(
        event_type=kind.event_type,
        raw_type=name,
        recipient=None,
        occurred_at=moment(part.get("timestamp"), what=f"{kind.part}.timestamp"),
        sent_at=moment(mail["timestamp"], what="mail.timestamp") if mail.get("timestamp") else None,
        received_at=received_at,
        account_id=text(mail_tags.get(tags.account)),
        provider_account=text(mail.get("sendingAccountId")),
        campaign_id=text(mail_tags.get(tags.campaign)),
        message_id=text(mail.get("messageId")),
        provider_event_id=feedback_id,
        detail=feedback_id or text(part.get("link")) or "",
    )
    for recipient in concerned:
        facts = recipient if isinstance(recipient, dict) else {"emailAddress": recipient}
        yield _refined(common._replace(recipient=facts.get("emailAddress")), part, facts)


def _opened(record: dict[str, Any]) -> tuple[dict[str, Any], datetime | None]:
    """The event itself, and when SNS handed it over if it came in an SNS envelope."""
    if "Message" not in record:
        return record, None
    envelope_type = record.get("Type", "Notification")
    if envelope_type != "Notification":
        raise Unusable(f"SNS control message {str(envelope_type)[:40]!r}: not an event")
    handed_over = record.get("Timestamp")
    received_at = moment(handed_over, what="Timestamp of the envelope") if handed_over else None
    return embedded(record["Message"]), received_at


def _refined(entry: Entry, part: dict[str, Any], facts: dict[str, Any]) -> Entry:
    """The entry with what the record's own object says beyond its kind."""
    if entry.raw_type == "Bounce":
        return _bounce(entry, part, facts)
    if entry.raw_type == "DeliveryDelay":
        return entry._replace(bounce_reason=_reason(facts))
    if entry.raw_type == "Complaint":
        if part.get("complaintSubType") in OWN_SUPPRESSION_LISTS:
            return entry._replace(event_type="dropped", raw_type=f"Complaint/{part['complaintSubType']}")
        if part.get("complaintFeedbackType") == "not-spam":
            return entry._replace(event_type="other", raw_type="Complaint/not-spam")
    if entry.raw_type == "Subscription" and not _opts_out(part):
        return entry._replace(event_type="other")
    return entry


def _bounce(entry: Entry, bounce: dict[str, Any], facts: dict[str, Any]) -> Entry:
    major, minor = text(bounce.get("bounceType")), text(bounce.get("bounceSubType"))
    bounce_class = BOUNCES.get((major or "", minor)) or BOUNCES.get((major or "", None))
    if bounce_class is None:
        raise Unusable(f"unknown SES bounce type {str(major)[:40]!r}")
    raw_type = f"Bounce/{major}/{minor}"
    has_report = any(facts.get(name) for name in ("action", "status", "diagnosticCode"))
    if raw_type == "Bounce/Transient/General" and not has_report:  # somebody is out of the office
        return entry._replace(event_type="other", raw_type=raw_type, bounce_reason="autoreply")
    is_bounce = bounce_class.event_type != "dropped"
    reason = _reason(facts, stated=bounce_class.reason) if is_bounce else None
    return entry._replace(event_type=bounce_class.event_type, raw_type=raw_type, bounce_reason=reason)


def _reason(facts: dict[str, Any], *, stated: str | None = None) -> str:
    return bounce_reason(text(facts.get("status")), text(facts.get("diagnosticCode")), stated=stated)


def _opts_out(subscription: dict[str, Any]) -> bool:
    """Whether everything, or a topic that was not opted out before, is opted out now."""
    after = subscription.get("newTopicPreferences")
    is_out_of_all = isinstance(after, dict) and after.get("unsubscribeAll") is True
    return is_out_of_all or bool(_topics_out(after) - _topics_out(subscription.get("oldTopicPreferences")))


def _topics_out(preferences: object) -> set[str]:
    topics = preferences.get("topicSubscriptionStatus") if isinstance(preferences, dict) else None
    return {
        str(topic.get("topicName"))
        for topic in (topics if isinstance(topics, list) else [])
        if isinstance(topic, dict) and str(topic.get("subscriptionStatus")).lower() == "optout"
    }


PROVIDER = Provider(name="ses", entries=entries, states_sent_at=True)
