"""Mail: what was sent, what of it was let through, and the window in which it counts."""

from __future__ import annotations

from deliverlab.policy.kernel.layout import (
    AVOIDED,
    COLUMNS,
    FACTOR,
    HARD_BOUNCES,
    NONE,
    SENT,
    Book,
    Mail,
    Past,
    Record,
    Walked,
)
from deliverlab.policy.kernel.part import part


@part
def fill_totals(mail: Mail, past: Past) -> None:
    """Running totals by day, so that the count of any days is one subtraction."""
    row = mail.account.row
    for column in range(COLUMNS):
        mail.totals[0, column] = 0
    for i in range(mail.account.days):
        for column in range(COLUMNS):
            mail.totals[i + 1, column] = mail.totals[i, column]
        while row < mail.account.rows_end and past.days[row] <= mail.account.origin + i:
            for column in range(COLUMNS):
                mail.totals[i + 1, column] += past.counts[row, column]
            row += 1


@part
def total(column: int, first: int, last: int, mail: Mail) -> int:
    """The historical count of days first … last."""
    begin = min(max(first - mail.account.origin, 0), mail.account.days)
    end = min(max(last + 1 - mail.account.origin, begin), mail.account.days)
    return int(mail.totals[end, column] - mail.totals[begin, column])


@part
def effective(column: int, first: int, last: int, run: Record, mail: Mail) -> float:
    """The count of days of one run as a review left it: integer sums first, then the effect.

    Hard bounces avoided are not sent. Of every other column nothing is avoided, and before a review every
    factor is 1, so that one line says it all.
    """
    when = int(run.has_effect)
    avoided = mail.effects[when, AVOIDED, column] * total(HARD_BOUNCES, first, last, mail)
    return float(mail.effects[when, FACTOR, column] * (total(column, first, last, mail) - avoided))


@part
def last_day_of(i: int, last: int, mail: Mail) -> int:
    """The last day of a run, or `last` if that comes sooner."""
    return min(last, mail.runs[i + 1].from_day - 1) if i + 1 < mail.state.runs else last


@part
def let_through(column: int, first: int, last: int, mail: Mail) -> float:
    """The count of days first … last after effect and send share: run by run, the oldest first."""
    i = mail.state.runs - 1
    while i > 0 and mail.runs[i].from_day > first:
        i -= 1
    count = 0.0
    while i < mail.state.runs and mail.runs[i].from_day <= last:
        run = mail.runs[i]
        begin, end = max(first, run.from_day), last_day_of(i, last, mail)
        count += effective(column, begin, end, run, mail) * run.send_share
        i += 1
    return count


@part
def window_start(span: Record, mail: Mail) -> int:
    """The first day of today's window: so many days, or the fewest that hold so many mails."""
    fresh, last = mail.state.fresh, mail.today.newest
    if span.sends == NONE:
        return int(max(fresh, last - span.days + 1))
    for first in range(last, max(fresh, mail.account.origin) - 1, -1):
        is_quiet = total(SENT, first, first, mail) == 0 == total(HARD_BOUNCES, first, first, mail)
        if not is_quiet and let_through(SENT, first, last, mail) >= span.sends:
            return first
    return int(fresh)


@part
def note_run(day: int, mail: Mail, book: Book) -> None:
    """A new run begins where the send share or the effect is not that of the day before."""
    state = mail.state
    share = book.stages[state.stage].send_share
    has_effect = state.effect_from != NONE and day >= state.effect_from
    if state.runs > 0:
        before = mail.runs[state.runs - 1]
        if before.send_share == share and before.has_effect == has_effect:
            return
    run = mail.runs[state.runs]
    run.account = mail.account.number
    run.from_day = day
    run.send_share = share
    run.has_effect = has_effect
    state.runs += 1


@part
def earliest_needed(until: int, mail: Mail, book: Book) -> int:
    """The first day on which a window of the day after `until` can look."""
    fresh, ladder = mail.state.fresh, book.ladder
    newest = until + 1 - ladder.lag_days
    first = fresh if ladder.sends != NONE else max(fresh, newest - ladder.days + 1)
    for rule in book.rules:
        first = min(first, fresh if rule.sends != NONE else max(fresh, newest - rule.days + 1))
    return int(first)


@part
def settle(until: int, walked: Walked, mail: Mail) -> None:
    """What was let through and what was held on all days simulated."""
    a = mail.account.number
    for i in range(mail.state.runs):
        run = mail.runs[i]
        first, last = max(run.from_day, mail.account.first), last_day_of(i, until, mail)
        if first > last:
            continue
        for column in range(COLUMNS):
            count = effective(column, first, last, run, mail)
            walked.sent[a, column] += count * run.send_share
            walked.held[a, column] += count - count * run.send_share
