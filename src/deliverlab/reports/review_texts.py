"""What the checklist of a contact review tells an account, in the language that is spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.language import say, say_many
from deliverlab.metrics import METRICS
from deliverlab.reports.numbers import count, day, percent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

NO_CONTACTS = "There is no contact list of yours with us. Go through your own list with these steps."
IN_CLEAR = "Addresses on this page are in clear. Keep it where only those who may read them can."
MASKED = "No address stands on this page: contacts show a first letter and a domain."
SUPPRESSED = "gets no mail already"
NOBODY = "No contact of yours needs this."
NO_REMEDY = (
    "All of them get no mail already. Removing only these is no remedy: it changes none of your rates. "
    "Look for what brought them in."
)
FORESEEN = "named before the window"  # how the review calls groups that are no reason of their own
REMOVED_WORDS: Mapping[str, str] = {
    "everybody named": "All of these contacts",
    FORESEEN: "All that could be known before this mail went out",
}
NO_WINDOW = "There are no events of these contacts to say what removing them would have changed."
NO_SEGMENTS = "No import, form or campaign stands out."
AS_IT_WAS = "As it was"
WITHOUT = "Without"
CONTACTS = "Contacts"
SEGMENT = "Where they came from"
SHARE_OF_EXCESS = "Share of the excess"
ASSUMES = (
    "This assumes that without these contacts the rest of the mail would have gone out and fared as it did. "
    "It is hindsight: some contacts are on the list because of this very mail, and would not have been "
    "known before it. The last line does without that: it leaves out whom the rules would have named on "
    "the day before, and whom nobody needs mail to find out about. Contacts that get no mail already "
    "change no rate to come."
)
SEGMENT_WORDS: Mapping[str, str] = {"import": "Import", "form": "Source", "campaign": "Campaign"}
NAME = "Name"
DATE = "Date"
CHECKLIST_NUMBER = "Number of this checklist:"
DECISION_WORDS: Mapping[str, str] = {"remove": "Remove", "reconfirm": "Reconfirm", "keep": "Keep"}


def contacts_words(contacts: int) -> str:
    """So many contacts."""
    return say_many("{n} contact", "{n} contacts", contacts)


def to_fix(contacts: int, of_all: int) -> str:
    """How much work the review is."""
    listed = contacts_words(of_all)
    if not contacts:
        return say("None of your {contacts} needs a change", contacts=listed)
    return say_many(
        "{n} of your {contacts} needs a change",
        "{n} of your {contacts} need a change",
        contacts,
        contacts=listed,
    )


def window_words(first: date, last: date) -> str:
    """Which mail a table is about."""
    return say("Your mail of {first} to {last}", first=day(first), last=day(last))


def excess_sentence(words: str) -> str:
    """What shares of segments are shares of."""
    return say(
        "Shares are of what your {metric} has above that of your peers. A contact of an import also got "
        "campaigns, so the lines overlap.",
        metric=say(words),
    )


def recovery(*, metric: str, rate: float, rate_without: float) -> str:
    """What an account can hope for once a window of new mail has passed."""
    return say(
        "None of the mail before this review counts any more. Had your list been reviewed before the last "
        "30 days, your {metric} would have been {without} instead of {rate}: expect it to come near that, if "
        "your other contacts go on as they did.",
        metric=say(METRICS[metric].words),
        without=percent(rate_without),
        rate=percent(rate),
    )


def unlisted(contacts: int) -> str:
    """What a page leaves out."""
    return say("{n} more of this kind are not listed here; ask for the file.", n=count(contacts))
