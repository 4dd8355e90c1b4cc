"""The screen: the days on which any of many policies could be breached, found once for all of them.

Until a first notice an account's mail is history's own, whatever the policy. So a rule needs to be looked at
only on days on which the loosest rule that looks at mail in the same way breaches. After a notice the same
days serve wherever the window lies within mail that one review and one send share made: a share, being in
numerator and denominator alike, changes no rate, and can only make a rule silent for want of mail.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from deliverlab.metrics import BAND_DAYS
from deliverlab.policy.kernel.layout import (
    AVOIDED,
    EVIDENCE,
    FACTOR,
    HARD_BOUNCES,
    NONE,
    PEER,
    SENT,
    UNTOUCHED,
    Candidates,
    Floats,
    Integers,
    Keys,
    Mail,
    Notes,
    Past,
    Peers,
    Record,
    Records,
    Sums,
    Told,
    Yardsticks,
)
from deliverlab.policy.kernel.layout import ABUSIVE as LABELLED_ABUSIVE
from deliverlab.policy.kernel.layout import CLEAN as LABELLED_CLEAN
from deliverlab.policy.kernel.part import part, sources, whole
from deliverlab.policy.kernel.rules import add_evidence, examine, peer_value
from deliverlab.policy.kernel.windows import effective, fill_totals, total
from deliverlab.schemas import COUNTS

if TYPE_CHECKING:
    from collections.abc import Callable

(
    ACCOUNTS, SENDING_DAYS, IDENTIFIED_DAYS, MAIL, GOOD_MAIL, COMPARED_MAIL, CLEAN, ABUSIVE, MAIL_BEFORE_NOTICE,
    COMPLAINTS_BEFORE_NOTICE, HARM,
) = range(UNTOUCHED.index("harm") + 1)  # fmt: skip
DELIVERED, COMPLAINTS = COUNTS.index("delivered"), COUNTS.index("complaints")
LATE_COMPLAINTS = COUNTS.index("late_complaints")


@part
def begin_in(run: Record, has_effect: bool, mail: Mail) -> None:
    """All of an account's mail in one run."""
    run.account, run.from_day = mail.account.number, mail.account.origin
    run.send_share, run.has_effect = 1.0, has_effect
    mail.state.runs = 1


@part
def could_breach(k: int, notes: Notes, mail: Mail, keys: Keys, peers: Peers) -> bool:
    """Whether it is worth to examine a key today: a quick look at the rate alone."""
    rule, newest = keys.book.rules[k], notes.today.newest
    if newest < notes.state.fresh:
        return False
    limit = keys.book.limits[k, mail.account.industry, notes.today.band]
    if rule.kind == EVIDENCE:
        return bool(notes.evidence[k] > limit)
    if rule.sends != NONE:
        return True
    first, run = max(notes.state.fresh, newest - rule.days + 1), mail.runs[0]
    if rule.kind == PEER:
        limit = min(limit * peer_value(rule, peers.rate, mail), 1.0)
    events = effective(rule.numerator, first, newest, run, mail)
    most = effective(rule.denominator, first, newest, run, mail) * limit
    return bool(events > most if rule.is_high_bad else events < most)


@part
def score_of(found: Record, rule: Record) -> float:
    """What a limit is held against: the higher, the worse."""
    if rule.kind == EVIDENCE:
        return float(found.evidence)
    score = found.rate / found.peer_rate if rule.kind == PEER else found.rate
    if not rule.is_high_bad:
        return float(-score)
    return float(score) if found.rate <= 1.0 else math.inf  # no multiple of a peer rate is a limit above 1


@part
def screen_key(
    k: int, at: int, sums: Sums, notes: Notes, mail: Mail, keys: Keys, peers: Peers, candidates: Candidates
) -> int:
    """Notes the candidate days of a key from place `at`; gives the place after them."""
    today, account, rule, lag = notes.today, mail.account, keys.book.rules[k], keys.lags[k]
    notes.evidence[k] = 0.0
    for i in range(account.days):
        today.day = account.origin + i
        today.newest = today.day - lag
        today.band = sums.band[i]
        today.period = peers.period[today.day - peers.first_day]
        add_evidence(k, notes, mail, keys.book, peers)
        if not could_breach(k, notes, mail, keys, peers):
            continue
        examine(k, notes, mail, keys.book, peers)
        if notes.findings[k].is_breached:
            candidates.day[at], candidates.band[at] = today.day, today.band
            candidates.score[at] = score_of(notes.findings[k], rule)
            at += 1
    return at


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
    """Days of mail, and excess, by day."""
    account, peers, blocked_until, block = mail.account, yardsticks.peers, NONE, mail.account.block
    metrics = len(yardsticks.weight)
    for i in range(account.days):
        day = account.origin + i
        while block < account.blocks_end and past.block_from[block] <= day:
            blocked_until = max(blocked_until, past.block_to[block])
            block += 1
        has_mail, is_blocked = mail.totals[i + 1, SENT] > mail.totals[i, SENT], day <= blocked_until
        sums.sending[i + 1] = sums.sending[i] + int(has_mail or is_blocked)
        sums.identified[i + 1] = sums.identified[i] + int(has_mail and not is_blocked)
        for when in range(2):
            for m in range(1 + metrics):
                sums.excess[i + 1, when, m] = sums.excess[i, when, m]
        period = peers.period[day - peers.first_day]
        if not has_mail or period < 0:
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
def counted(column: int, when: int, i: int, mail: Mail) -> float:
    """The count of the day at a place, before or after a review."""
    bounces = mail.totals[i + 1, HARD_BOUNCES] - mail.totals[i, HARD_BOUNCES]
    count = mail.totals[i + 1, column] - mail.totals[i, column]
    return float(mail.effects[when, FACTOR, column] * (count - mail.effects[when, AVOIDED, column] * bounces))


@part
def usual_band(mail: Mail, peers: Peers) -> int:
    """The volume band of an account's mean month."""
    monthly, band = mail.totals[mail.account.days, SENT] * BAND_DAYS / mail.account.days, 0
    while band + 1 < len(peers.band_starts) and monthly >= peers.band_starts[band + 1]:
        band += 1
    return band


@part
def compared_mail(sums: Sums, mail: Mail, yardsticks: Yardsticks) -> int:
    """The mail that has peers to compare it with."""
    peers, compared = yardsticks.peers, 0
    for i in range(mail.account.days):
        period = peers.period[mail.account.origin + i - peers.first_day]
        for m in range(len(yardsticks.weight)):
            group = yardsticks.groups[mail.account.number]
            if period >= 0 and not math.isnan(peers.rate[m, group, sums.band[i], period]):
                compared += mail.totals[i + 1, SENT] - mail.totals[i, SENT]
                break
    return int(compared)


@part
def note_untouched(untouched: Floats, sums: Sums, mail: Mail, yardsticks: Yardsticks, told: Told) -> None:
    """Adds an account, as it is if nobody touches it."""
    a, days, totals = mail.account.number, mail.account.days, mail.totals
    line = untouched[mail.account.industry, usual_band(mail, yardsticks.peers)]
    line[ACCOUNTS] += 1.0
    line[SENDING_DAYS] += sums.sending[days]
    line[IDENTIFIED_DAYS] += sums.identified[days]
    line[MAIL] += totals[days, SENT]
    line[GOOD_MAIL] += totals[days, DELIVERED] - totals[days, COMPLAINTS] - totals[days, LATE_COMPLAINTS]
    line[COMPARED_MAIL] += compared_mail(sums, mail, yardsticks)
    for m in range(sums.excess.shape[2]):
        line[HARM + m] += sums.excess[days, 0, m]
    if told.label[a] == LABELLED_CLEAN:
        line[CLEAN] += 1.0
    if told.label[a] == LABELLED_ABUSIVE:
        since, until = told.judged_from[a], mail.account.origin + days - 1
        line[ABUSIVE] += 1.0
        line[MAIL_BEFORE_NOTICE] += total(SENT, since, until, mail)
        line[COMPLAINTS_BEFORE_NOTICE] += total(COMPLAINTS, since, until, mail)
        line[COMPLAINTS_BEFORE_NOTICE] += total(LATE_COMPLAINTS, since, until, mail)


@part
def screen_account(
    at: int, sums: Sums, notes: Notes, mail: Mail, keys: Keys, peers: Peers, candidates: Candidates
) -> int:
    """The candidate days of an account; those after a review only if it can ever be asked for one."""
    a, count = mail.account.number - candidates.first, len(keys.lags)
    notes.state.fresh = mail.account.first
    begun = at
    for when in range(2):
        begin_in(mail.runs[0], when == 1, mail)
        for k in range(count + 1):
            candidates.starts[a, when, k] = (
                at if when == 0 or keys.has_effects else candidates.starts[a, 0, k]
            )
            is_wanted = when == 0 or (keys.has_effects and at > begun)
            is_evidence = k < count and keys.book.rules[k].kind == EVIDENCE
            if k < count and is_wanted and not (is_evidence and when == 1):
                at = screen_key(k, at, sums, notes, mail, keys, peers, candidates)
    for k in range(count):
        for place in range(candidates.starts[a, 0, k], candidates.starts[a, 0, k + 1]):
            band = candidates.band[place]
            candidates.best[a, k, band] = max(candidates.best[a, k, band], candidates.score[place])
    return at


def _screen_of(sources: str) -> Callable[..., int]:
    """The screen, which numba's cache knows by all sources that are compiled into it."""

    @whole
    def screen(
        accounts: Records,
        first: int,
        room: tuple[Mail, Notes, Sums],
        past: Past,
        peers: Peers,
        keys: Keys,
        yardsticks: Yardsticks,
        told: Told,
        candidates: Candidates,
        untouched: Floats,
    ) -> int:
        assert sources
        at = 0
        for i in range(first, len(accounts)):
            account, (mail_room, notes, sums) = accounts[i], room
            if at + 2 * len(keys.lags) * account.days > len(candidates.day):
                return i
            mail = Mail(
                account, mail_room.state, mail_room.today, mail_room.totals, mail_room.runs, mail_room.effects
            )
            fill_totals(mail, past)
            note_bands(sums, mail, peers)
            add_up(sums, mail, past, yardsticks)
            at = screen_account(at, sums, notes, mail, keys, peers, candidates)
            note_untouched(untouched, sums, mail, yardsticks, told)
        return len(accounts)

    return screen


screen = _screen_of(sources())
"""Fills in the candidate days of accounts from the one at `first` on, and adds them to the `untouched`.

Gives the place of the first account for which there was no room left; that after the last if there was for all.
"""
