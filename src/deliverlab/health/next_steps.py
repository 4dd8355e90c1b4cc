"""What an account can do about a rate, in plain words: by metric, and by what carries the excess."""

from __future__ import annotations

# Where a metric has no words for a cut, those for the metric as a whole (None) hold.
NEXT_STEPS: dict[tuple[str, str | None], str] = {
    ("hard_bounce_rate", None): (
        "Stop mailing contacts without verifiable consent, and remove addresses that bounced or "
        "were never mailed before."
    ),
    ("hard_bounce_rate", "campaign"): (
        "Look up which contacts only this campaign went to, and where their addresses came from; "
        "do not send to them again."
    ),
    ("hard_bounce_rate", "recipient_domain"): (
        "Check the addresses at this domain: a misspelt or closed domain bounces for every "
        "contact. Correct or remove them."
    ),
    ("hard_bounce_rate", "bounce_reason"): (
        "Remove the contacts that bounced for this reason, and find the form or file that brought "
        "them in."
    ),
    ("hard_bounce_rate", "import"): (
        "Stop mailing the contacts of this import until you can show where each of them gave "
        "consent; remove the others."
    ),
    ("hard_bounce_rate", "contact_age"): (
        "Check how addresses of this age came on the list: new ones want a confirmed sign-up, old ones "
        "a question whether they still want your mail."
    ),
    ("soft_bounce_rate", None): (
        "Send smaller batches to contacts who engaged lately, and remove those that soft bounce "
        "again and again."
    ),
    ("soft_bounce_rate", "campaign"): (
        "Compare this campaign's size, content and links with the others; large or odd mail is put "
        "off first."
    ),
    ("soft_bounce_rate", "recipient_domain"): (
        "Slow down mail to this domain, and check that your sending domain is authenticated; it "
        "puts your mail off."
    ),
    ("soft_bounce_rate", "bounce_reason"): (
        "Read the receivers' replies with this reason and settle what they ask for before the next "
        "large send."
    ),
    ("complaint_rate", None): (
        "Mail only people who asked for it and engaged lately, and make unsubscribing easier than "
        "complaining."
    ),
    ("complaint_rate", "campaign"): (
        "Do not repeat this campaign: compare whom it went to and what it promised with what those "
        "people signed up for."
    ),
    ("complaint_rate", "recipient_domain"): (
        "Mail only contacts at this domain who opened or clicked lately, until its users stop "
        "complaining."
    ),
    ("complaint_rate", "import"): (
        "Stop mailing the contacts of this import: those who complain do not remember giving consent."
    ),
    ("complaint_rate", "contact_age"): (
        "Ask contacts of this age whether they still want your mail before you send them more: they do "
        "not remember, or never knew."
    ),
    ("unsubscribe_rate", None): (
        "Mail less often, and let people choose what they get; those who leave did not expect what "
        "they were sent."
    ),
    ("unsubscribe_rate", "campaign"): (
        "Compare this campaign's audience and topic with what those people signed up for, and "
        "narrow it next time."
    ),
    ("unsubscribe_rate", "import"): (
        "Check that the contacts of this import expect your mail, and ask those who never engaged "
        "to confirm."
    ),
}  # fmt: skip

# Why mail bounced, as an account reads it: what follows "because".
BOUNCE_WORDS = {
    "invalid_address": "the address does not exist",
    "mailbox_disabled": "the mailbox is closed",
    "mailbox_full": "the mailbox is full",
    "blocked": "the receiver blocks the mail",
    "policy": "the receiver cannot tell that the mail is yours",
    "content": "of what the mail says or carries",
    "too_large": "the mail is too large",
    "transient": "the receiver could not take it just then",
    "expired": "the receiver never took it in time",
    "autoreply": "of an automatic reply",
    "unknown": "of a reason the receiver did not give",
}
