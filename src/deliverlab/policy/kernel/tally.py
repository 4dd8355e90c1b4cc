"""The tally: what is counted of an account under one of many policies."""

from __future__ import annotations

from deliverlab.policy.kernel.layout import (
    ABUSIVE,
    CLEAN,
    GOOD,
    REVIEW,
    SENT,
    Floats,
    Here,
    Mail,
)
from deliverlab.policy.kernel.many import ADDED, Swept
from deliverlab.policy.kernel.part import part
from deliverlab.policy.kernel.untouched import usual_band
from deliverlab.policy.kernel.windows import effective, last_day_of, total
from deliverlab.schemas import COUNTS

(
    NOTICED, BLOCKED, CLEARED, HELD, NOTICES, CLEAN_NOTICED, ABUSIVE_NOTICED, SENDING_DAYS, IDENTIFIED_DAYS,
    MAIL_HELD, GOOD_HELD, GOOD_HELD_OF_CLEARED, GOOD_HELD_OF_CLEAN, HARM_REVIEWED, MAIL_BEFORE_NOTICE,
    COMPLAINTS_BEFORE_NOTICE, HARM_HELD,
) = range(ADDED.index("harm_held") + 1)  # fmt: skip
DELIVERED, COMPLAINTS = COUNTS.index("delivered"), COUNTS.index("complaints")
LATE_COMPLAINTS = COUNTS.index("late_complaints")


@part
def note_step(p: int, after: int, cause: int, swept: Swept, here: Here) -> None:
    """Counts a step before it is taken."""
    state, day, course, tallies = here.mail.state, here.mail.today.day, swept.course, swept.tallies
    place = day - swept.told.first_day
    if place + 1 < tallies.moves.shape[2]:
        tallies.moves[p, state.stage, place + 1] -= 1
        tallies.moves[p, after, place + 1] += 1
    if cause == REVIEW:
        tallies.reviews[p, place] += 1
    if after == GOOD:
        course.now.is_cleared = 1
        end_stays(p, day, 1, swept)
    else:
        if here.book.stages[after].send_share == 0.0:
            course.now.is_blocked = 1
        course.now.reached |= 1 << after
        course.entered[course.now.entries, 0] = after
        course.entered[course.now.entries, 1] = day
        course.now.entries += 1


@part
def end_stays(p: int, day: int, is_over: int, swept: Swept) -> None:
    """Counts how long the stays last that began since the account was last in good standing."""
    course = swept.course
    for i in range(course.now.entries):
        swept.tallies.stays[p, course.entered[i, 0], day - course.entered[i, 1], is_over] += 1
    course.now.entries = 0


@part
def held(column: int, first: int, last: int, i: int, mail: Mail) -> float:
    """What a run held back of a column."""
    count = effective(column, first, last, mail.runs[i], mail)
    return float(count - count * mail.runs[i].send_share)


@part
def note_runs(sums: Floats, until: int, swept: Swept, mail: Mail) -> float:
    """Adds what was held, and not sent, and what reviews changed; gives the good mail held."""
    good_held, excess = 0.0, swept.sums.excess
    for i in range(mail.state.runs):
        run, first, last = mail.runs[i], mail.runs[i].from_day, last_day_of(i, until, mail)
        begin, end = first - mail.account.origin, last + 1 - mail.account.origin
        when = int(run.has_effect)
        if run.has_effect:
            left = excess[end, 1, 0] - excess[begin, 1, 0]
            sums[HARM_REVIEWED] += excess[end, 0, 0] - excess[begin, 0, 0] - left
        if run.send_share == 0.0:
            sums[SENDING_DAYS] -= swept.sums.sending[end] - swept.sums.sending[begin]
            sums[IDENTIFIED_DAYS] -= swept.sums.identified[end] - swept.sums.identified[begin]
        if run.send_share < 1.0:
            sums[MAIL_HELD] += held(SENT, first, last, i, mail)
            for m in range(excess.shape[2]):
                part_held = (excess[end, when, m] - excess[begin, when, m]) * (1.0 - run.send_share)
                sums[HARM_HELD + m] += part_held
            good_held += held(DELIVERED, first, last, i, mail)
            good_held -= held(COMPLAINTS, first, last, i, mail)
            good_held -= held(LATE_COMPLAINTS, first, last, i, mail)
    return good_held


@part
def note_end(p: int, until: int, swept: Swept, mail: Mail) -> None:
    """Adds an account that got a notice to the sums of its policy."""
    state, a, told, now = mail.state, mail.account.number, swept.told, swept.course.now
    sums = swept.tallies.sums[p, mail.account.industry, usual_band(mail, swept.peers)]
    is_clean = told.label[a] == CLEAN
    end_stays(p, until, 0, swept)
    before = sums[MAIL_HELD]
    good_held = note_runs(sums, until, swept, mail)
    sums[NOTICED] += 1.0
    sums[NOTICES] += state.new_notices
    sums[BLOCKED] += now.is_blocked
    sums[CLEARED] += now.is_cleared
    if sums[MAIL_HELD] > before:
        sums[HELD] += 1.0
    sums[GOOD_HELD] += good_held
    sums[GOOD_HELD_OF_CLEARED] += good_held * now.is_cleared
    if is_clean:
        sums[CLEAN_NOTICED] += 1.0
        sums[GOOD_HELD_OF_CLEAN] += good_held
    if told.label[a] == ABUSIVE:
        note_delay(p, until, sums, swept, mail)
    if p < len(swept.tallies.first_notices):
        swept.tallies.first_notices[p, a] = state.first_notice
    for stage in range(swept.tallies.reached.shape[1]):
        swept.tallies.reached[p, stage] += int(now.reached >> stage & 1)


@part
def note_delay(p: int, until: int, sums: Floats, swept: Swept, mail: Mail) -> None:
    """An abusive account that got a notice: how late, and what it had sent and drawn by then."""
    a, first_notice, tallies = mail.account.number, mail.state.first_notice, swept.tallies
    judged_from = swept.told.judged_from[a]
    tallies.delays[p, first_notice - judged_from - swept.told.least_delay, 1] += 1
    tallies.delays[p, until - judged_from - swept.told.least_delay, 0] -= 1
    since = max(judged_from, first_notice + 1)
    sums[ABUSIVE_NOTICED] += 1.0
    sums[MAIL_BEFORE_NOTICE] -= total(SENT, since, until, mail)
    sums[COMPLAINTS_BEFORE_NOTICE] -= total(COMPLAINTS, since, until, mail)
    sums[COMPLAINTS_BEFORE_NOTICE] -= total(LATE_COMPLAINTS, since, until, mail)
