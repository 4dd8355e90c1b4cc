"""Rules: what each sees today, and whether that breaches it."""

from __future__ import annotations

import math

from deliverlab.policy.kernel.layout import (
    EVIDENCE,
    GOOD,
    PEER,
    RATE,
    SENT,
    Book,
    Floats,
    Mail,
    Notes,
    Peers,
    Record,
)
from deliverlab.policy.kernel.part import part
from deliverlab.policy.kernel.windows import let_through, window_start


@part
def peer_value(rule: Record, table: Floats, mail: Mail) -> float:
    """Today's peer rate, or shape, for a rule; not a number if it has none."""
    if rule.kind == RATE or mail.today.period < 0:
        return math.nan
    return float(table[rule.peer, mail.account.group, mail.today.band, mail.today.period])


@part
def add_evidence(r: int, notes: Notes, mail: Mail, book: Book, peers: Peers) -> None:
    """The capped negative-binomial CUSUM of an evidence rule takes in the newest send day."""
    rule, newest = book.rules[r], notes.today.newest
    peer_rate = peer_value(rule, peers.rate, mail)
    if rule.kind != EVIDENCE or newest < notes.state.fresh or math.isnan(peer_rate):
        return
    events = let_through(rule.numerator, newest, newest, mail)
    expected = let_through(rule.denominator, newest, newest, mail) * peer_rate
    k = peer_value(rule, peers.shape, mail)
    if math.isnan(k):
        gained = events * rule.log_ratio - expected * (rule.detect - rule.tolerate)
    else:
        odds = (k + rule.tolerate * expected) / (k + rule.detect * expected)
        gained = events * rule.log_ratio + (events + k) * math.log(odds)
    notes.evidence[r] = max(0.0, notes.evidence[r] + min(gained, rule.cap))


@part
def is_beyond(limit: float, events: float, trials: float, rule: Record) -> bool:
    """Whether a rate is on the bad side of its limit by as many standard errors as the rule demands."""
    if rule.z == 0.0:
        return events / trials > limit if rule.is_high_bad else events / trials < limit
    margin = rule.z * math.sqrt(trials * limit * (1.0 - limit))
    excess = events - trials * limit if rule.is_high_bad else trials * limit - events
    return bool(excess > margin)


@part
def examine(r: int, notes: Notes, mail: Mail, book: Book, peers: Peers) -> None:
    """What a rule sees today, and whether that breaches it."""
    rule, found, newest = book.rules[r], notes.findings[r], notes.today.newest
    found.is_breached = False
    found.peer_rate = peer_value(rule, peers.rate, mail)
    if newest < notes.state.fresh or (rule.kind != RATE and math.isnan(found.peer_rate)):
        return
    first = window_start(rule, mail)
    found.sent = let_through(SENT, first, newest, mail)
    found.events = let_through(rule.numerator, first, newest, mail)
    found.trials = let_through(rule.denominator, first, newest, mail)
    found.rate = found.events / found.trials if found.trials > 0 else math.nan
    found.limit = book.limits[r, mail.account.industry, notes.today.band]
    if rule.kind == PEER:
        found.limit = min(found.limit * found.peer_rate, 1.0)
    found.evidence = notes.evidence[r] if rule.kind == EVIDENCE else math.nan
    if found.sent < rule.min_sent or found.events < rule.min_events:
        return
    if rule.kind == EVIDENCE:
        found.is_breached = found.evidence > found.limit
    elif found.trials > 0:
        found.is_breached = is_beyond(found.limit, found.events, found.trials, rule)


@part
def evaluate(notes: Notes, mail: Mail, book: Book, peers: Peers) -> int:
    """The highest stage that a breached rule enters, good standing if none is; keeps the clean streak."""
    top = GOOD
    for r in range(len(book.rules)):
        examine(r, notes, mail, book, peers)
        if notes.findings[r].is_breached:
            top = max(top, book.rules[r].enters)
    newest = notes.today.newest
    is_clean = False
    if top == GOOD and newest >= notes.state.fresh:
        is_clean = let_through(SENT, window_start(book.ladder, mail), newest, mail) > 0
    notes.state.clean_streak = notes.state.clean_streak + 1 if is_clean else 0
    return top


@part
def rule_behind(stage: int, notes: Notes, book: Book) -> int:
    """The rule a breach is put down to: the first breached that enters the stage, else climbs, else any."""
    climbing = breached = -1
    for r in range(len(book.rules)):
        if notes.findings[r].is_breached:
            rule = book.rules[r]
            if rule.enters == stage:
                return r
            if rule.climbs and climbing < 0:
                climbing = r
            if breached < 0:
                breached = r
    return climbing if climbing >= 0 else breached
