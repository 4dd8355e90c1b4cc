"""The steps of a contact review in the order in which an account takes them, as text for any page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deliverlab.review.reasons import Section

ATTESTATION = "I have reviewed my marketing email contacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step: title, short paragraphs, points to be numbered, sections of the list that go with it."""

    title: str
    paragraphs: tuple[str, ...]
    points: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    is_attestation: bool = False
    is_outlook: bool = False


STEPS: tuple[Step, ...] = (
    Step(
        title="Know what permission is",
        paragraphs=(
            (
                "Permission is explicit when a person asked for your marketing email by doing something: "
                "they filled in a form, ticked an empty box or answered a confirmation mail."
            ),
            (
                "It is verifiable when you can show where it was given, by what means and when. The time "
                "must not be later than your first mail."
            ),
            (
                "It is given by the person, to your brand, for marketing. A purchase or a business card "
                "only implies it. Silence is no permission, and nobody else can give it or sell it to "
                "you."
            ),
        ),
    ),
    Step(
        title="Stop mailing contacts without verifiable consent",
        paragraphs=("There are three ways to do so. Use all of them.",),
        points=(
            (
                "Import no lists that others made. Bought, rented, scraped and shared lists carry no "
                "permission for you, whatever their seller says."
            ),
            (
                "Leave out those who do not read you: who never opened or clicked, who stopped doing so, "
                "and who has had no mail from you for a year."
            ),
            (
                "Collect proof, and mail only those who gave it. Use a form with a confirmation mail. Set "
                "everybody else to receive no marketing, or ask them once to confirm."
            ),
        ),
    ),
    Step(
        title="Remove contacts without permission",
        paragraphs=(
            (
                "Remove the contacts marked remove. Ask those marked reconfirm once, and remove who does "
                "not answer."
            ),
            "Do the same in the system they came from. Otherwise the next import brings them back.",
            (
                "Contacts who bounced, complained or unsubscribed get no mail already. Removing only "
                "these is no remedy: it changes none of your rates."
            ),
        ),
        sections=("permission", "engagement"),
    ),
    Step(
        title="Remove contacts without a valid address",
        paragraphs=(
            "Every mail to an address that does not exist is a hard bounce.",
            "An address of a role is for whoever has the post. Keep it only where it was signed up by form.",
            "Do not correct a typing slip by guessing. Ask the person, or remove the contact.",
        ),
        sections=("address",),
    ),
    Step(
        title="Confirm your review",
        paragraphs=(
            (
                "Confirm when every group of the list is done. Your name, the time and the number of this "
                "checklist are kept as proof."
            ),
        ),
        is_attestation=True,
    ),
    Step(
        title="What happens next",
        paragraphs=(
            (
                "We look at your list again before we record your review. A list that only lost contacts who "
                "get no mail already is not a review: it changes none of your rates."
            ),
            (
                "Once your review is recorded as completed, your account is back in good standing and you "
                "can send. Your hard bounce rate should then start to fall."
            ),
            "Look at your health page regularly. Review your contacts again before it asks you to.",
        ),
        is_outlook=True,
    ),
)
