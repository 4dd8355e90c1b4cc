"""The ladder: how accounts climb it, and how they leave it."""

from __future__ import annotations

from deliverlab.policy.kernel.layout import (
    AFTER,
    BREACH,
    CHANCE,
    EXPIRED,
    GOOD,
    HISTORICAL,
    NONE,
    RECOVERY,
    REVIEW,
    UNREVIEWED,
    Assumed,
    Book,
    Notes,
)
from deliverlab.policy.kernel.part import part


@part
def completes_review(notes: Notes) -> bool:
    """Whether a contact review is completed today; it is then awaited no more."""
    for i in range(notes.state.dues):
        if notes.dues[i] == notes.today.day:
            notes.state.dues -= 1
            notes.dues[i] = notes.dues[notes.state.dues]
            return True
    return False


@part
def answers_notices(assumed: Assumed) -> bool:
    """Whether reviews answer notices, and lapse with them, or come on days of their own."""
    return bool(assumed.reviews.mode in (AFTER, CHANCE))


@part
def is_lifted(notes: Notes, book: Book) -> bool:
    """Whether a review clears an account in this stage."""
    return bool(book.stages[notes.state.stage].clears_on_review)


@part
def is_remembered(notes: Notes, book: Book) -> bool:
    """Whether the stage that the account last left still counts."""
    state, ladder = notes.state, book.ladder
    if ladder.forgets_after_clean_days:
        return bool(state.last_left != GOOD and ladder.remembers_days > 0)
    return bool(state.cleared != NONE and notes.today.day - state.cleared <= ladder.remembers_days)


@part
def forget(notes: Notes, book: Book) -> None:
    """Enough clean days in good standing end the memory, where those are what it lasts."""
    state, ladder = notes.state, book.ladder
    if (
        ladder.forgets_after_clean_days
        and state.stage == GOOD
        and state.clean_streak >= ladder.remembers_days
    ):
        state.last_left = GOOD


@part
def remembered(notes: Notes, book: Book) -> int:
    """The stage into which memory lifts an account that breaches soon after clearing, if it does."""
    state = notes.state
    if not is_remembered(notes, book):
        return GOOD
    for r in range(len(book.rules)):
        if notes.findings[r].is_breached and book.rules[r].climbs:
            return int(min(state.last_left + 1, len(book.stages) - 1))
    return GOOD


@part
def move_up(top: int, notes: Notes, book: Book) -> tuple[int, int]:
    """From a stage before the last: the one above it, or its own, and why."""
    state, stage = notes.state, book.stages[notes.state.stage]
    if top > state.stage:
        return (max(top, remembered(notes, book)) if book.ladder.remembers_highest else top), BREACH
    if stage.grace_days != NONE and notes.today.day - state.entered >= stage.grace_days:
        if book.ladder.escalates_unreviewed:
            return state.stage + 1, UNREVIEWED
        if top > GOOD:
            return state.stage + 1, BREACH
    return state.stage, BREACH


@part
def move(top: int, notes: Notes, book: Book) -> tuple[int, int]:
    """Where the account stands from tomorrow, and why; its own stage if it stays."""
    state = notes.state
    stage = book.stages[state.stage]
    if state.stage == GOOD:
        return (max(top, remembered(notes, book)) if top > GOOD else GOOD), BREACH
    if stage.lasts_days != NONE and notes.today.day - state.entered >= stage.lasts_days:
        return GOOD, EXPIRED
    if state.stage < len(book.stages) - 1:
        above, cause = move_up(top, notes, book)
        if above != state.stage:
            return above, cause
    if stage.clears_on_recovery and state.clean_streak >= book.ladder.recovery_days:
        return GOOD, RECOVERY
    return state.stage, BREACH


@part
def restart_window(notes: Notes) -> None:
    """Only mail from tomorrow on counts."""
    notes.state.fresh = notes.today.day + 1
    for r in range(len(notes.evidence)):
        notes.evidence[r] = 0.0


@part
def give_notice(stage: int, cause: int, notes: Notes, book: Book, assumed: Assumed) -> None:
    """Into a stage; the account may answer with a review."""
    state, mode = notes.state, assumed.reviews.mode
    state.stage = stage
    state.entered = notes.today.day
    state.clean_streak = 0
    if state.first_notice == NONE:
        state.first_notice = notes.today.day
    i = state.new_notices
    is_lucky = i < len(notes.draws) and notes.draws[i] < assumed.chance[stage]
    if mode == AFTER or (mode == CHANCE and is_lucky):
        notes.dues[state.dues] = notes.today.day + assumed.reviews.after_days
        state.dues += 1
    state.notices += 1
    state.new_notices += 1
    if book.restarts[cause]:
        restart_window(notes)


@part
def take_effect(notes: Notes, assumed: Assumed) -> None:
    """The first review that counts changes mail from tomorrow on; in history the data hold that already."""
    if assumed.reviews.mode != HISTORICAL and notes.state.effect_from == NONE:
        notes.state.effect_from = notes.today.day + 1


@part
def accept_review(notes: Notes, assumed: Assumed) -> None:
    """The account stays where it stands, and only its mail from tomorrow on counts."""
    notes.state.clean_streak = 0
    take_effect(notes, assumed)
    restart_window(notes)


@part
def clear(cause: int, notes: Notes, book: Book, assumed: Assumed) -> None:
    """Back to good standing; the reviews that answered its notices lapse."""
    state = notes.state
    is_outdone = book.ladder.remembers_highest and is_remembered(notes, book)
    state.last_left = max(state.last_left, state.stage) if is_outdone else state.stage
    state.cleared = notes.today.day
    state.stage = GOOD
    state.clean_streak = 0
    if answers_notices(assumed):
        state.dues = 0
    if cause == REVIEW:
        take_effect(notes, assumed)
    if book.restarts[cause]:
        restart_window(notes)
