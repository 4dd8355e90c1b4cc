"""What accounts are if nobody touches them, and the running sums from which what a policy holds is taken."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from deliverlab.metrics import BAND_DAYS
from deliverlab.policy.kernel.layout import ABUSIVE as LABELLED_ABUSIVE
from deliverlab.policy.kernel.layout import (
    AVOIDED,
    COLUMNS,
    FACTOR,
    HARD_BOUNCES,
    NONE,
    SENT,
    Mail,
    Past,
    Peers,
    Records,
)
from deliverlab.policy.kernel.layout import CLEAN as LABELLED_CLEAN
from deliverlab.policy.kernel.many import UNTOUCHED, Sums, Surveyed, Yardsticks
from deliverlab.policy.kernel.part import part, sources, whole
from deliverlab.policy.kernel.windows import fill_totals, total
from deliverlab.schemas import COUNTS

if TYPE_CHECKING:
    from collections.abc import Callable

(
    ACCOUNTS, SENDING_DAYS, IDENTIFIED_DAYS, MAIL, GOOD_MAIL, COMPARED_MAIL, CLEAN, ABUSIVE,
    MAIL_BEFORE_NOTICE, COMPLAINTS_BEFORE_NOTICE, HARM,
) = range(UNTOUCHED.index("harm") + 1)  # fmt: skip
DELIVERED, COMPLAINTS = COUNTS.index("delivered"), COUNTS.index("complaints")
LATE_COMPLAINTS = COUNTS.index("late_complaints")


@part
def note_bands(sums: Sums, mail: Mail, peers: Peers) -> None:
    """The volume band on each day, as at its dawn."""
    for i in range(mail.account.days):
        day = mail.account.origin + i
        sent = total(SENT, day - BAND_DAYS, day - 1, mail)
        sums.band[i] = 0
        while sums.band[i] + 1 < len(peers.band_starts) and sent >= peers.band_starts[sums.band[i] + 1]:
            sums.band[i] += 1


@part
def add_up(sums: Sums, mail: Mail, past: Past, yardsticks: Yardsticks) -> None:
    """Days of mail, and excess, by day: nothing before the first day that is walked."""
    account, peers, blocked_until, block = mail.account, yardsticks.peers, NONE, mail.account.block
    metrics = len(yardsticks.weight)
    for i in range(account.days):
        day = account.origin + i
        while block < account.blocks_end and past.block_from[block] <= day:
            blocked_until = max(blocked_until, past.block_to[block])
            block += 1
        has_mail, is_blocked = mail.totals[i + 1, SENT] > mail.totals[i, SENT], day <= blocked_until
        is_walked = day >= account.first
        sums.sending[i + 1] = sums.sending[i] + int(is_walked and (has_mail or is_blocked))
        sums.identified[i + 1] = sums.identified[i] + int(is_walked and has_mail and not is_blocked)
        for when in range(2):
            for m in range(1 + metrics):
                sums.excess[i + 1, when, m] = sums.excess[i, when, m]
        if not is_walked or is_empty(i, mail):
            continue
        period = peers.period[day - peers.first_day]
        if period < 0:
            continue
        for m in range(metrics):
            rate = peers.rate[m, yardsticks.groups[account.number], sums.band[i], period]
            if math.isnan(rate):
                continue
            for when in range(2):
                expected = counted(yardsticks.denominator[m], when, i, mail) * rate * yardsticks.lateness[m]
                events = counted(yardsticks.numerator[m], when, i, mail)
                if yardsticks.late[m] >= 0:
                    events += counted(yardsticks.late[m], when, i, mail)
                sums.excess[i + 1, when, 1 + m] += events - expected
                sums.excess[i + 1, when, 0] += (events - expected) * yardsticks.weight[m]


@part
def is_empty(i: int, mail: Mail) -> bool:
    """Whether nothing at all was counted on the day at a place; events may come without mail."""
    for column in range(COLUMNS):  # noqa: SIM110  the compiler knows no `all`
        if mail.totals[i + 1, column] != mail.totals[i, column]:
            return False
    return True


@part
def counted(column: int, when: int, i: int, mail: Mail) -> float:
    """The count of the day at a place, before or after a review."""
    bounces = mail.totals[i + 1, HARD_BOUNCES] - mail.totals[i, HARD_BOUNCES]
    count = mail.totals[i + 1, column] - mail.totals[i, column]
    return float(mail.effects[when, FACTOR, column] * (count - mail.effects[when, AVOIDED, column] * bounces))


@part
def usual_band(mail: Mail, peers: Peers) -> int:
    """The volume band of an account's mean month."""
    account = mail.account
    until = account.origin + account.days - 1
    monthly, band = total(SENT, account.first, until, mail) * BAND_DAYS / (until - account.first + 1), 0
    while band + 1 < len(peers.band_starts) and monthly >= peers.band_starts[band + 1]:
        band += 1
    return band


@part
def compared_mail(sums: Sums, mail: Mail, yardsticks: Yardsticks) -> int:
    """The mail that has peers to compare it with."""
    peers, compared = yardsticks.peers, 0
    for i in range(mail.account.first - mail.account.origin, mail.account.days):
        period = peers.period[mail.account.origin + i - peers.first_day]
        for m in range(len(yardsticks.weight)):
            group = yardsticks.groups[mail.account.number]
            if period >= 0 and not math.isnan(peers.rate[m, group, sums.band[i], period]):
                compared += mail.totals[i + 1, SENT] - mail.totals[i, SENT]
                break
    return int(compared)


@part
def note_untouched(surveyed: Surveyed, mail: Mail) -> None:
    """Adds an account, as it is if nobody touches it."""
    sums, told, a, days = surveyed.sums, surveyed.told, mail.account.number, mail.account.days
    first, until = mail.account.first, mail.account.origin + days - 1
    line = surveyed.untouched[mail.account.industry, usual_band(mail, surveyed.yardsticks.peers)]
    line[ACCOUNTS] += 1.0
    line[SENDING_DAYS] += sums.sending[days]
    line[IDENTIFIED_DAYS] += sums.identified[days]
    line[MAIL] += total(SENT, first, until, mail)
    line[GOOD_MAIL] += total(DELIVERED, first, until, mail)
    line[GOOD_MAIL] -= total(COMPLAINTS, first, until, mail) + total(LATE_COMPLAINTS, first, until, mail)
    line[COMPARED_MAIL] += compared_mail(sums, mail, surveyed.yardsticks)
    for m in range(sums.excess.shape[2]):
        line[HARM + m] += sums.excess[days, 0, m]
    if told.label[a] == LABELLED_CLEAN:
        line[CLEAN] += 1.0
    if told.label[a] == LABELLED_ABUSIVE:
        since = told.judged_from[a]
        line[ABUSIVE] += 1.0
        line[MAIL_BEFORE_NOTICE] += total(SENT, since, until, mail)
        line[COMPLAINTS_BEFORE_NOTICE] += total(COMPLAINTS, since, until, mail)
        line[COMPLAINTS_BEFORE_NOTICE] += total(LATE_COMPLAINTS, since, until, mail)


def _survey_of(sources: str) -> Callable[[Records, Surveyed], None]:
    """The survey, which numba's cache knows by all sources that are compiled into it."""

    @whole
    def survey(accounts: Records, room: Surveyed) -> None:
        assert sources
        for i in range(len(accounts)):
            mine = room.mail
            mail = Mail(accounts[i], mine.state, mine.today, mine.totals, mine.runs, mine.effects)
            fill_totals(mail, room.past)
            note_bands(room.sums, mail, room.yardsticks.peers)
            add_up(room.sums, mail, room.past, room.yardsticks)
            note_untouched(room, mail)

    return survey


survey = _survey_of(sources())
"""Adds these accounts, as they are, to the `untouched`."""
