"""The walk: one account after another over all its days."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from deliverlab.metrics import BAND_DAYS
from deliverlab.policy.kernel.diary import note_day
from deliverlab.policy.kernel.ladder import (
    accept_review,
    answers_notices,
    clear,
    completes_review,
    forget,
    give_notice,
    is_lifted,
    move,
)
from deliverlab.policy.kernel.layout import (
    BREACH,
    COLUMNS,
    GOOD,
    NONE,
    REVIEW,
    SENT,
    Assumed,
    Book,
    Floats,
    Here,
    Mail,
    Notes,
    Peers,
    Record,
    Records,
    Walked,
)
from deliverlab.policy.kernel.part import part, sources, whole
from deliverlab.policy.kernel.rules import add_evidence, evaluate, rule_behind
from deliverlab.policy.kernel.windows import (
    earliest_needed,
    fill_totals,
    last_day_of,
    note_run,
    settle,
    total,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@part
def dawn(day: int, mail: Mail, book: Book, peers: Peers) -> None:
    """What is known of a day before anything happens on it.

    The volume band comes from the mail really sent before, so that no policy decides with whom it compares.
    """
    today = mail.today
    today.day = day
    today.newest = day - book.ladder.lag_days
    today.period = peers.period[day - peers.first_day]
    sent = total(SENT, day - BAND_DAYS, day - 1, mail)
    today.band = 0
    while today.band + 1 < len(peers.band_starts) and sent >= peers.band_starts[today.band + 1]:
        today.band += 1
    note_run(day, mail, book)


@part
def note_sending(mail: Mail, book: Book) -> None:
    """Whether the account would be sending today, and whether what came of it is known."""
    state, day, is_blocked = mail.state, mail.today.day, mail.today.day <= mail.today.blocked_until
    if book.stages[state.stage].send_share > 0 and (is_blocked or total(SENT, day, day, mail) > 0):
        state.sending_days += 1
        if not is_blocked:
            state.identified_days += 1


@part
def decide(notes: Notes, mail: Mail, book: Book, assumed: Assumed, peers: Peers) -> tuple[int, int]:
    """Review, evaluation, move: where the account stands from tomorrow, and why."""
    for r in range(len(book.rules)):
        add_evidence(r, notes, mail, book, peers)
    if completes_review(notes):
        notes.state.reviews += 1
        if is_lifted(notes, book):
            return GOOD, REVIEW
        if book.ladder.accepts_reviews and notes.state.stage != GOOD:
            accept_review(notes, assumed)
            return notes.state.stage, REVIEW
    top = evaluate(notes, mail, book, peers)
    forget(notes, book)
    return move(top, notes, book)


@part
def record(line: Record, after: int, cause: int, notes: Notes, book: Book) -> None:
    """A transition, with the numbers of the rule behind it."""
    line.day = notes.today.day
    line.from_stage = notes.state.stage
    line.to_stage = after
    line.cause = cause
    line.rule = rule_behind(after, notes, book) if cause == BREACH else NONE
    line.events = line.trials = line.rate = line.limit = line.evidence = line.peer_rate = line.sent = math.nan
    if cause == BREACH:
        found = notes.findings[line.rule]
        line.events = found.events
        line.trials = found.trials
        line.rate = found.rate
        line.limit = found.limit
        line.evidence = found.evidence
        line.peer_rate = found.peer_rate
        line.sent = found.sent


@part
def begin(walked: Walked, here: Here) -> None:
    """As the account begins, with nothing counted yet."""
    mail, notes, past = here.mail, here.notes, here.past
    account, state, a = mail.account, mail.state, mail.account.number
    for r in range(len(notes.evidence)):
        notes.evidence[r] = past.evidence[a, r]
    for stage in range(len(here.book.stages)):
        walked.days_in_stage[a, stage] = 0
    for column in range(COLUMNS):
        walked.sent[a, column] = walked.held[a, column] = 0.0
    state.runs = account.runs_end - account.run
    for i in range(state.runs):
        mail.runs[i] = past.runs[account.run + i]
    state.dues = account.dues_end - account.due
    for i in range(state.dues):
        notes.dues[i] = past.dues[account.due + i]
    mail.today.blocked_until = NONE
    fill_totals(mail, past)


@part
def walk_account(until: int, walked: Walked, here: Here) -> None:
    """All days of an account."""
    mail, notes, past, book = here.mail, here.notes, here.past, here.book
    account, state, today = mail.account, mail.state, mail.today
    block = account.block
    for day in range(account.first, until + 1):
        dawn(day, mail, book, here.peers)
        while block < account.blocks_end and past.block_from[block] <= day:
            today.blocked_until = max(today.blocked_until, past.block_to[block])
            block += 1
        note_sending(mail, book)
        walked.days_in_stage[account.number, state.stage] += 1
        reviews = state.reviews
        after, cause = decide(notes, mail, book, here.assumed, here.peers)
        is_step = after != state.stage
        if day >= account.days_noted_from or (is_step and day >= account.steps_noted_from):
            note_day(state.reviews - reviews, walked, here)
        if not is_step:
            continue
        line = walked.transitions[walked.sizes.transitions]
        line.account = account.number
        record(line, after, cause, notes, book)
        walked.sizes.transitions += 1
        if after == GOOD:
            clear(cause, notes, book, here.assumed)
        else:
            give_notice(after, cause, notes, book, here.assumed)
    note_run(until + 1, mail, book)


@part
def leave(until: int, walked: Walked, here: Here) -> None:
    """What windows and reviews still need after `until`."""
    mail, state, sizes = here.mail, here.mail.state, walked.sizes
    needed = earliest_needed(until, mail, here.book)
    for i in range(state.runs):
        if last_day_of(i, until + 1, mail) >= needed:
            walked.runs[sizes.runs] = mail.runs[i]
            walked.runs[sizes.runs].from_day = max(mail.runs[i].from_day, state.fresh)
            sizes.runs += 1
    if answers_notices(here.assumed):
        for i in range(state.dues):
            walked.dues[sizes.dues].account = mail.account.number
            walked.dues[sizes.dues].day = here.notes.dues[i]
            sizes.dues += 1


def _walk_of(sources: str) -> Callable[[Records, Floats, Walked, Here, int], None]:
    """The walk, which numba's cache knows by what it closes over: all sources that are compiled into it."""

    @whole
    def walk(accounts: Records, draws: Floats, walked: Walked, room: Here, until: int) -> None:
        assert sources
        for i in range(len(accounts)):
            a, today = accounts[i].number, room.mail.today
            walked.states[a] = room.past.states[a]
            state, evidence = walked.states[a], walked.evidence[a]
            mail = Mail(accounts[i], state, today, room.mail.totals, room.mail.runs, room.mail.effects)
            notes = Notes(state, today, evidence, room.notes.findings, room.notes.dues, draws[i])
            here = Here(mail, notes, room.past, room.book, room.assumed, room.peers)
            begin(walked, here)
            walk_account(until, walked, here)
            settle(until, walked, mail)
            leave(until, walked, here)

    return walk


walk = _walk_of(sources())
"""Walks each of these accounts from its first day to `until`, in `room` that is used again for the next.

`walked` takes what comes of it: arrays with a row an account, and lists filled as far as `sizes` say.
"""
