"""The steps of a contact review, and the words of its reasons."""

from deliverlab.review.reasons import REASONS, SECTIONS
from deliverlab.review.steps import STEPS
from deliverlab.schemas import DECISIONS


def test_the_steps_stand_in_order() -> None:
    """Permission, three ways, the two removals, the attestation, what comes next."""
    assert [step.title for step in STEPS] == [
        "Know what permission is",
        "Stop mailing contacts without verifiable consent",
        "Remove contacts without permission",
        "Remove contacts without a valid address",
        "Confirm your review",
        "What happens next",
    ]
    assert [len(step.points) for step in STEPS] == [0, 3, 0, 0, 0, 0]
    assert [step.is_attestation for step in STEPS] == [False, False, False, False, True, False]


def test_every_group_of_the_list_has_its_step() -> None:
    """No section of reasons is left without a step, or has two."""
    assert tuple(section for step in STEPS for section in step.sections) == SECTIONS


def test_the_table_of_reasons_is_sound() -> None:
    """Codes are unique by key and words by sight; what is suppressed is removed; sections stand together."""
    reasons = list(REASONS.values())

    assert [reason.code for reason in reasons] == list(REASONS)
    assert len({reason.words for reason in reasons}) == len(reasons)
    assert {reason.decision for reason in reasons} == set(DECISIONS)
    assert {reason.decision for reason in reasons if reason.is_already_suppressed} == {"remove"}
    assert [reason.section for reason in reasons] == sorted(
        (reason.section for reason in reasons), key=SECTIONS.index
    )
