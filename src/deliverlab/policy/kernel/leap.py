"""The leap: the same walk for many policies at once, past all days on which nothing can happen.

Every day that could change an account is decided by the parts of the walk themselves; a day is only left out
where no review is due, no time is up, no rule that could lead anywhere can be breached, and nobody counts
clean days. What was left out is added up by differences of running sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.policy.kernel.ladder import clear, give_notice
from deliverlab.policy.kernel.layout import (
    EVIDENCE,
    FOREVER,
    GOOD,
    NONE,
    Book,
    Floats,
    Here,
    Mail,
    Notes,
    Record,
    Records,
)
from deliverlab.policy.kernel.many import Swept
from deliverlab.policy.kernel.part import part, sources, whole
from deliverlab.policy.kernel.rules import add_evidence
from deliverlab.policy.kernel.tally import note_end, note_step
from deliverlab.policy.kernel.untouched import add_up, note_bands
from deliverlab.policy.kernel.walk import dawn, decide
from deliverlab.policy.kernel.windows import fill_totals, note_run

if TYPE_CHECKING:
    from collections.abc import Callable


@part
def may_breach(p: int, swept: Swept) -> bool:
    """Whether an account has any day on which the policy could be breached, before any notice."""
    account, rulebook, best = swept.mail.account, swept.rulebook, swept.candidates.best
    a = account.number - swept.candidates.first
    for r in range(rulebook.keys.shape[1]):
        k = rulebook.keys[p, r]
        for band in range(best.shape[2]):
            if best[a, k, band] > rulebook.bounds[p, r, account.industry, band]:
                return True
    return False


@part
def next_candidate(day: int, since: int, p: int, swept: Swept) -> int:
    """The first day from `since` on, on which the policy could be breached; it is `day`, or later.

    The cursor goes no further than `day`: what is only heeded later may be heeded sooner after a review.
    """
    mail, candidates, rulebook = swept.mail, swept.candidates, swept.rulebook
    a, industry = mail.account.number - candidates.first, mail.account.industry
    when = int(mail.runs[mail.state.runs - 1].has_effect)
    soonest, cursor = FOREVER, swept.course.cursor
    for r in range(rulebook.keys.shape[1]):
        k = rulebook.keys[p, r]
        at, end = max(cursor[when, r], candidates.starts[a, when, k]), candidates.starts[a, when, k + 1]
        while at < end and candidates.day[at] < day:
            at += 1
        cursor[when, r] = at
        while at < end and (
            candidates.day[at] < since
            or candidates.score[at] <= rulebook.bounds[p, r, industry, candidates.band[at]]
        ):
            at += 1
        if at < end:
            soonest = min(soonest, candidates.day[at])
    return int(soonest)


@part
def heeds_breaches_from(day: int, notes: Notes, book: Book) -> int:
    """The first day from this one on, on which a breach would move the account; never in the last stage."""
    state, stage = notes.state, book.stages[notes.state.stage]
    if state.stage == GOOD:
        return day
    if state.stage == len(book.stages) - 1:
        return FOREVER
    for rule in book.rules:
        if rule.enters > state.stage:
            return day
    if stage.grace_days == NONE or book.ladder.escalates_unreviewed:
        return FOREVER
    return int(max(day, state.entered + stage.grace_days))


@part
def counts_clean_days(notes: Notes, book: Book) -> bool:
    """Whether the clean streak of the account can come to anything."""
    state, ladder = notes.state, book.ladder
    if state.stage != GOOD:
        return bool(book.stages[state.stage].clears_on_recovery)
    return bool(ladder.forgets_after_clean_days and state.last_left != GOOD)


@part
def next_day(day: int, p: int, swept: Swept, notes: Notes, book: Book) -> int:
    """The first day from this one on, on which anything could happen."""
    state, stage = notes.state, book.stages[notes.state.stage]
    if counts_clean_days(notes, book):
        return day
    soonest = FOREVER
    for i in range(state.dues):
        if notes.dues[i] >= day:
            soonest = min(soonest, notes.dues[i])
    if state.stage != GOOD and stage.lasts_days != NONE:
        soonest = min(soonest, max(day, state.entered + stage.lasts_days))
    is_last = state.stage == len(book.stages) - 1
    if not is_last and stage.grace_days != NONE and book.ladder.escalates_unreviewed:
        soonest = min(soonest, max(day, state.entered + stage.grace_days))
    heeds_from = heeds_breaches_from(day, notes, book)
    if heeds_from < soonest:
        full_from = swept.course.now.full_from
        is_full = heeds_from >= full_from
        soonest = min(soonest, next_candidate(day, heeds_from, p, swept) if is_full else heeds_from)
    return int(soonest)


@part
def catch_up(first: int, last: int, swept: Swept, here: Here) -> None:
    """The evidence of days that were left out."""
    today, account = here.mail.today, here.mail.account
    for r in range(len(here.book.rules)):
        if here.book.rules[r].kind != EVIDENCE:
            continue
        for day in range(first, last + 1):
            today.day, today.newest = day, day - here.book.ladder.lag_days
            today.band = swept.sums.band[day - account.origin]
            today.period = here.peers.period[day - here.peers.first_day]
            add_evidence(r, here.notes, here.mail, here.book, here.peers)


@part
def begin_state(state: Record, account: Record) -> None:
    """Good standing, with a window that opens on the first day."""
    state.stage = state.last_left = GOOD
    state.entered = state.cleared = state.effect_from = state.first_notice = NONE
    state.fresh = account.first
    state.clean_streak = state.notices = state.new_notices = state.reviews = 0
    state.sending_days = state.identified_days = 0


@part
def begin_course(swept: Swept, mail: Mail, notes: Notes) -> None:
    """An account before its first day."""
    account, now = mail.account, swept.course.now
    now.full_from = account.first
    now.entries = now.is_blocked = now.is_cleared = now.reached = 0
    for r in range(swept.course.cursor.shape[1]):
        swept.course.cursor[0, r] = swept.course.cursor[1, r] = 0
        notes.evidence[r] = 0.0
    mail.state.runs = 0
    mail.state.dues = account.dues_end - account.due
    for i in range(mail.state.dues):
        notes.dues[i] = swept.past.dues[account.due + i]


@part
def leap_account(p: int, until: int, swept: Swept, here: Here) -> None:
    """An account under one policy, from one day that matters to the next."""
    mail, notes, book, now = here.mail, here.notes, here.book, swept.course.now
    begin_course(swept, mail, notes)
    note_run(mail.account.first, mail, book)
    seen, day = mail.account.first - 1, next_day(mail.account.first, p, swept, notes, book)
    while day <= until:
        catch_up(seen + 1, day - 1, swept, here)
        seen = day
        dawn(day, mail, book, here.peers)
        after, cause = decide(notes, mail, book, here.assumed, here.peers)
        if after != mail.state.stage:
            note_step(p, after, cause, swept, here)
            if after == GOOD:
                clear(cause, notes, book, here.assumed)
            else:
                give_notice(after, cause, notes, book, here.assumed)
        note_run(day + 1, mail, book)
        begun = max(mail.state.fresh, mail.runs[mail.state.runs - 1].from_day)
        if begun > mail.account.first:
            now.full_from = begun + swept.rulebook.full_after[p]
        day = next_day(day + 1, p, swept, notes, book)
    if mail.state.new_notices > 0:
        note_end(p, until, swept, mail)


def _leap_of(sources: str) -> Callable[[Records, Floats, Swept, int], int]:
    """The leap, which numba's cache knows by all sources that are compiled into it."""

    @whole
    def leap(accounts: Records, draws: Floats, room: Swept, until: int) -> int:
        assert sources
        most = 0
        books = room.rulebook
        for i in range(len(accounts)):
            account, starts = accounts[i], room.candidates.starts
            a = account.number - room.candidates.first
            if starts[a, 0, 0] == starts[a, 0, starts.shape[2] - 1]:
                continue
            state, today = room.mail.state, room.mail.today
            mail = Mail(account, state, today, room.mail.totals, room.mail.runs, room.mail.effects)
            fill_totals(mail, room.past)
            note_bands(room.sums, mail, room.peers)
            add_up(room.sums, mail, room.past, room.yardsticks)
            notes = Notes(state, today, room.notes.evidence, room.notes.findings, room.notes.dues, draws[i])
            swept = Swept(
                mail, notes, room.sums, room.course, room.past, room.assumed, room.peers, room.yardsticks,
                room.candidates, room.rulebook, room.told, room.tallies,
            )  # fmt: skip
            for p in range(len(room.rulebook.ladders)):
                if may_breach(p, swept):
                    begin_state(state, account)
                    book = Book(
                        books.ladders[p], books.rules[p], books.limits[p], books.stages[p], books.restarts[p]
                    )
                    here = Here(mail, notes, room.past, book, room.assumed, room.peers)
                    leap_account(p, until, swept, here)
                    most = max(most, state.new_notices)
        return most

    return leap


leap = _leap_of(sources())
"""Walks these accounts, each screened before, under every policy, and adds what comes of it to the tallies.

Gives the most notices that any of them got under any policy.
"""
