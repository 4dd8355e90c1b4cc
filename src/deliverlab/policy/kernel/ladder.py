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
def is_lifted(notes: Notes, book: Book) -> bool:
    """Whether a review clears an account in this stage."""
    stage, ladder = notes.state.stage, book.ladder
    is_last = stage == len(book.stages) - 1
    return bool(stage != GOOD and ladder.clears_on_review and (ladder.reviews_lift_last or not is_last))


@part
def remembered(notes: Notes, book: Book) -> int:
    """The stage into which memory lifts an account that breaches soon after clearing, if it does."""
    state = notes.state
    if state.cleared == NONE or notes.today.day - state.cleared > book.ladder.remembers_days:
        return GOOD
    for r in range(len(book.rules)):
        if notes.findings[r].is_breached and book.rules[r].climbs:
            return int(min(state.last_left + 1, len(book.stages) - 1))
    return GOOD


@part
def move_up(top: int, notes: Notes, book: Book) -> tuple[int, int]:
    """From a stage before the last: where the account stands from tomorrow, and why."""
    state, ladder = notes.state, book.ladder
    stage = book.stages[state.stage]
    if top > state.stage:
        return top, BREACH
    if stage.grace_days != NONE and notes.today.day - state.entered >= stage.grace_days:
        if ladder.escalates_unreviewed:
            return state.stage + 1, UNREVIEWED
        if top > GOOD:
            return state.stage + 1, BREACH
    if ladder.clears_on_recovery and state.clean_streak >= ladder.recovery_days:
        return GOOD, RECOVERY
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
        return move_up(top, notes, book)
    return state.stage, BREACH


@part
def restart_window(notes: Notes) -> None:
    """Only mail from tomorrow on counts."""
    notes.state.fresh = notes.today.day + 1
    for r in range(len(notes.evidence)):
        notes.evidence[r] = 0.0


@part
def give_notice(stage: int, notes: Notes, book: Book, assumed: Assumed) -> None:
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
    if book.ladder.is_fresh_after_notice:
        restart_window(notes)


@part
def clear(cause: int, notes: Notes, book: Book, assumed: Assumed) -> None:
    """Back to good standing; the first review that leads here changes the mail from tomorrow on.

    In history the data hold that change already, and its reviews answer no notice that could lapse.
    """
    state = notes.state
    state.cleared = notes.today.day
    state.last_left = state.stage
    state.stage = GOOD
    state.clean_streak = 0
    if assumed.reviews.mode != HISTORICAL:
        state.dues = 0
        if cause == REVIEW and state.effect_from == NONE:
            state.effect_from = notes.today.day + 1
    if book.ladder.is_fresh_after_clear:
        restart_window(notes)
