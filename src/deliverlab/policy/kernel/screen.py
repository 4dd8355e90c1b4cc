"""The screen: the days on which any of many policies could be breached, found once for all of them.

Until a first notice an account's mail is history's own, whatever the policy. So a rule needs to be looked at
only on days on which the loosest rule that looks at mail in the same way breaches. After a notice the same
days serve wherever the window lies within mail that one review and one send share made: a share, being in
numerator and denominator alike, changes no rate, and can only make a rule silent for want of mail.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from deliverlab.policy.kernel.layout import EVIDENCE, NONE, PEER, Mail, Record, Records
from deliverlab.policy.kernel.many import Screened
from deliverlab.policy.kernel.part import part, sources, whole
from deliverlab.policy.kernel.rules import add_evidence, examine, peer_value
from deliverlab.policy.kernel.untouched import note_bands
from deliverlab.policy.kernel.windows import effective, fill_totals

if TYPE_CHECKING:
    from collections.abc import Callable


@part
def could_breach(k: int, screened: Screened) -> bool:
    """Whether it is worth to examine a key today: a quick look at the rate alone."""
    mail, notes, keys = screened.mail, screened.notes, screened.keys
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
        limit = min(limit * peer_value(rule, screened.peers.rate, mail), 1.0)
    events = effective(rule.numerator, first, newest, run, mail)
    if rule.is_high_bad and events <= 0.0:
        return False  # most days of most accounts: nothing has happened that could be too much
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
def screen_key(k: int, at: int, screened: Screened) -> int:
    """Notes the candidate days of a key from place `at`; gives the place after them."""
    notes, mail, keys, peers = screened.notes, screened.mail, screened.keys, screened.peers
    today, account, candidates = notes.today, mail.account, screened.candidates
    notes.evidence[k] = 0.0
    for i in range(account.first - account.origin, account.days):
        today.day = account.origin + i
        today.newest = today.day - keys.lags[k]
        today.band = screened.sums.band[i]
        today.period = peers.period[today.day - peers.first_day]
        add_evidence(k, notes, mail, keys.book, peers)
        if not could_breach(k, screened):
            continue
        examine(k, notes, mail, keys.book, peers)
        if notes.findings[k].is_breached:
            candidates.day[at], candidates.band[at] = today.day, today.band
            candidates.score[at] = score_of(notes.findings[k], keys.book.rules[k])
            at += 1
    return at


@part
def begin_with(when: int, mail: Mail) -> None:
    """All of an account's mail in one run, before or after a review."""
    run = mail.runs[0]
    run.account, run.from_day = mail.account.number, mail.account.first
    run.send_share, run.has_effect = 1.0, when == 1
    mail.state.runs = 1
    mail.state.fresh = mail.account.first


@part
def screen_account(at: int, screened: Screened) -> int:
    """The candidate days of an account from place `at`; gives the place after them.

    After a review they are looked for only where one can be asked for, and where it changes anything. Sums of
    evidence are never taken up from there: they are followed day by day after a notice.
    """
    keys, candidates, mail = screened.keys, screened.candidates, screened.mail
    a, count, begun = mail.account.number - candidates.first, len(keys.lags), at
    for when in range(2):
        begin_with(when, mail)
        for k in range(count):
            candidates.starts[a, when, k] = at
            is_evidence = keys.book.rules[k].kind == EVIDENCE
            if when == 0 or (keys.has_effects and at > begun and not is_evidence):
                at = screen_key(k, at, screened)
        candidates.starts[a, when, count] = at
    for k in range(count):
        for place in range(candidates.starts[a, 0, k], candidates.starts[a, 0, k + 1]):
            band = candidates.band[place]
            candidates.best[a, k, band] = max(candidates.best[a, k, band], candidates.score[place])
    if not keys.has_effects:
        for k in range(count + 1):
            candidates.starts[a, 1, k] = candidates.starts[a, 0, k]
    return at


def _screen_of(sources: str) -> Callable[[Records, Screened], int]:
    """The screen, which numba's cache knows by all sources that are compiled into it."""

    @whole
    def screen(accounts: Records, room: Screened) -> int:
        assert sources
        at = 0
        for i in range(len(accounts)):
            mine, keys, candidates = room.mail, room.keys, room.candidates
            if at + 2 * len(keys.lags) * accounts[i].days > len(candidates.day):
                return i
            mail = Mail(accounts[i], mine.state, mine.today, mine.totals, mine.runs, mine.effects)
            fill_totals(mail, room.past)
            note_bands(room.sums, mail, room.peers)
            screened = Screened(mail, room.notes, room.sums, room.past, room.peers, keys, candidates)
            at = screen_account(at, screened)
        return len(accounts)

    return screen


screen = _screen_of(sources())
"""Fills in the candidate days of these accounts; gives how many of them there was room for."""
