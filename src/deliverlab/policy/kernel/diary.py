"""The diary: what every rule saw on a day, and what it would have taken to turn its verdict.

It is kept only of the days that somebody asks for, so that the walk of everybody costs no more for it.
"""

from __future__ import annotations

import math

from deliverlab.policy.kernel.ladder import move
from deliverlab.policy.kernel.layout import BREACH, COLUMNS, EVIDENCE, NONE, Book, Here, Notes, Record, Walked
from deliverlab.policy.kernel.part import aside, part
from deliverlab.policy.kernel.rules import breaches, examine, grown, has_window, is_short, peer_value
from deliverlab.policy.kernel.windows import effective, let_through

MOST_MAIL = 2**40  # more than this is not looked for


@aside
def note_day(reviews: int, walked: Walked, here: Here) -> None:
    """A day as it has been decided, before the account moves."""
    mail, notes, rules = here.mail, here.notes, here.book.rules
    day, run = mail.today.day, mail.runs[mail.state.runs - 1]
    line = walked.days[walked.sizes.days]
    line.account, line.day, line.stage = mail.account.number, day, mail.state.stage
    line.is_reviewed = reviews > 0
    for column in range(COLUMNS):
        count = effective(column, day, day, run, mail)
        line.sent[column] = count * run.send_share
        line.held[column] = count - count * run.send_share
    walked.sizes.days += 1
    look_again(here)
    first = walked.sizes.readings
    for r in range(len(rules)):
        reading = walked.readings[first + r]
        reading.account, reading.day, reading.rule = mail.account.number, day, r
        note_reading(reading, r, here)
    for r in range(len(rules)):
        walked.readings[first + r].leads_to = leads_to(r, notes, here.book)
    walked.sizes.readings += len(rules)
    look_again(here)


@part
def look_again(here: Here) -> None:
    """All rules look at the day: on that of a review they have not, and `leads_to` sets them otherwise."""
    for r in range(len(here.book.rules)):
        examine(r, here.notes, here.mail, here.book, here.peers)


@part
def note_reading(line: Record, r: int, here: Here) -> None:
    """What a rule sees; nothing where it has no window or no peers."""
    found, rule = here.notes.findings[r], here.book.rules[r]
    line.peer_rate = found.peer_rate
    line.is_breached, line.is_unclean = found.is_breached, found.is_unclean
    if has_window(found, rule, here.notes):
        line.window_from = found.window_from
        line.events, line.trials, line.rate = found.events, found.trials, found.rate
        line.limit, line.evidence, line.sent = found.limit, found.evidence, found.sent
        line.is_silent = is_short(found, rule) or found.trials <= 0
        line.flip_events, line.flip_mails = events_to_flip(r, here), mails_to_flip(r, here)
    else:
        line.window_from = line.flip_events = line.flip_mails = NONE
        line.events = line.trials = line.rate = line.limit = line.evidence = line.sent = math.nan
        line.is_silent = True


@part
def leads_to(r: int, notes: Notes, book: Book) -> int:
    """The stage to which the rule, were it the only one to be breached today, would lead; none if to none."""
    for other in range(len(book.rules)):
        notes.findings[other].is_breached = other == r
    after, cause = move(book.rules[r].enters, notes, book)
    return int(after) if cause == BREACH and after > notes.state.stage else NONE


@part
def events_to_flip(r: int, here: Here) -> int:
    """The fewest bad events fewer with which a breached rule were none, or more with which it were one.

    Bad events are those of this mail: there are no fewer than none and no more than mails. Those of an
    evidence rule are of the newest day. Of what is good, such as opens, a bad event is one that is missing.
    """
    rule, found, newest = here.book.rules[r], here.notes.findings[r], here.notes.today.newest
    events, trials = found.events, found.trials
    if rule.kind == EVIDENCE:
        events = let_through(rule.numerator, newest, newest, here.mail)
        trials = let_through(rule.denominator, newest, newest, here.mail)
    most = events if rule.is_high_bad == found.is_breached else trials - events
    return fewest(math.floor(max(most, 0.0)), -1 if found.is_breached else 1, 0, r, here)


@part
def mails_to_flip(r: int, here: Here) -> int:
    """The fewest mails more, none of them with a bad event, with which a breached rule were none."""
    if here.notes.findings[r].is_breached and here.book.rules[r].is_high_bad:
        return fewest(MOST_MAIL, 0, 1, r, here)
    return NONE


@part
def fewest(most: int, bad: int, mails: int, r: int, here: Here) -> int:
    """How many times this change, from 1 to `most`, turns the rule's verdict; none if it never does."""
    is_breached = here.notes.findings[r].is_breached
    low, high = 0, min(1, most)
    while low < high and would_breach(high * bad, high * mails, r, here) == is_breached:
        low, high = high, min(2 * high, most)
    if low == high:
        return NONE
    while high - low > 1:
        middle = (low + high) // 2
        if would_breach(middle * bad, middle * mails, r, here) == is_breached:
            low = middle
        else:
            high = middle
    return int(high)


@aside
def would_breach(bad: int, mails: int, r: int, here: Here) -> bool:
    """Whether the rule would be breached, had its newest day so many bad events and so many mails more."""
    mail, notes, rule = here.mail, here.notes, here.book.rules[r]
    newest, more = notes.today.newest, bad if rule.is_high_bad else -bad
    notes.findings[len(here.book.rules)] = notes.findings[r]
    found = notes.findings[len(here.book.rules)]
    found.events += more
    found.trials += mails
    found.sent += mails
    if rule.kind == EVIDENCE:
        events = let_through(rule.numerator, newest, newest, mail) + more
        expected = (let_through(rule.denominator, newest, newest, mail) + mails) * found.peer_rate
        found.evidence = grown(found.before, events, expected, peer_value(rule, here.peers.shape, mail), rule)
    return bool(breaches(found, rule))
