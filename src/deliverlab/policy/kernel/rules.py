"""Rules: what each sees today, and whether that breaches it."""

from __future__ import annotations

import math

from deliverlab.policy.kernel.layout import (
    BREAK,
    COUNT,
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
    found = notes.findings[r]
    found.before = notes.evidence[r]
    notes.evidence[r] = grown(found.before, events, expected, peer_value(rule, peers.shape, mail), rule)


@part
def grown(evidence: float, events: float, expected: float, shape: float, rule: Record) -> float:
    """The sum of evidence after a day with so many events where peers would have had so many."""
    if math.isnan(shape):
        gained = events * rule.log_ratio - expected * (rule.detect - rule.tolerate)
    else:
        odds = (shape + rule.tolerate * expected) / (shape + rule.detect * expected)
        gained = events * rule.log_ratio + (events + shape) * math.log(odds)
    return float(max(0.0, evidence + min(gained, rule.cap)))


@part
def is_beyond(limit: float, events: float, trials: float, rule: Record) -> bool:
    """Whether a rate is on the bad side of its limit by as many standard errors as the rule demands."""
    if rule.z == 0.0:
        return events / trials > limit if rule.is_high_bad else events / trials < limit
    margin = rule.z * math.sqrt(trials * limit * (1.0 - limit))
    excess = events - trials * limit if rule.is_high_bad else trials * limit - events
    return bool(excess > margin)


@part
def has_window(found: Record, rule: Record, notes: Notes) -> bool:
    """Whether there is anything that a rule could see."""
    has_peers = rule.kind == RATE or not math.isnan(found.peer_rate)
    return bool(has_peers and notes.today.newest >= notes.state.fresh)


@part
def is_short(found: Record, rule: Record) -> bool:
    """Whether a rule is silent for want of mail, or of events."""
    return bool(found.sent < rule.min_sent or found.events < rule.min_events)


@part
def breaches(found: Record, rule: Record) -> bool:
    """Whether what a rule has found breaches it."""
    if is_short(found, rule):
        return False
    if rule.kind == EVIDENCE:
        is_large = found.events >= rule.min_ratio * found.peer_rate * found.trials
        return bool(is_large and found.evidence > found.limit)
    return bool(found.trials > 0 and is_beyond(found.limit, found.events, found.trials, rule))


@part
def examine(r: int, notes: Notes, mail: Mail, book: Book, peers: Peers) -> None:
    """What a rule sees today, and whether that breaches it."""
    rule, found, newest = book.rules[r], notes.findings[r], notes.today.newest
    found.is_breached = found.is_unclean = False
    found.peer_rate = peer_value(rule, peers.rate, mail)
    if not has_window(found, rule, notes):
        return
    first = window_start(rule, mail)
    found.window_from = first
    found.sent = let_through(SENT, first, newest, mail)
    found.events = let_through(rule.numerator, first, newest, mail)
    found.trials = let_through(rule.denominator, first, newest, mail)
    found.rate = found.events / found.trials if found.trials > 0 else math.nan
    found.limit = book.limits[r, mail.account.industry, notes.today.band]
    clean_limit = rule.clean_limit
    if rule.kind == PEER:
        found.limit = min(found.limit * found.peer_rate, 1.0)
        clean_limit = min(clean_limit * found.peer_rate, 1.0)
    found.evidence = notes.evidence[r] if rule.kind == EVIDENCE else math.nan
    found.is_breached = breaches(found, rule)
    if rule.kind != EVIDENCE and found.trials > 0 and not is_short(found, rule):
        has_clean_limit = not math.isnan(rule.clean_limit)
        found.is_unclean = has_clean_limit and is_beyond(clean_limit, found.events, found.trials, rule)


@part
def evaluate(notes: Notes, mail: Mail, book: Book, peers: Peers) -> int:
    """The highest stage that a breached rule enters, good standing if none is; keeps the clean streak."""
    top, is_unclean = GOOD, False
    for r in range(len(book.rules)):
        examine(r, notes, mail, book, peers)
        if notes.findings[r].is_breached:
            top = max(top, book.rules[r].enters)
        is_unclean |= notes.findings[r].is_unclean
    if top > GOOD or is_unclean:
        notes.state.clean_streak = 0
    else:
        note_clean_day(notes, mail, book)
    return top


@part
def note_clean_day(notes: Notes, mail: Mail, book: Book) -> None:
    """A day without a breach lengthens the clean streak; a quiet one as the policy says."""
    state, newest = notes.state, notes.today.newest
    has_mail = newest >= state.fresh and let_through(SENT, window_start(book.ladder, mail), newest, mail) > 0
    if has_mail or book.ladder.quiet_days == COUNT:
        state.clean_streak += 1
    elif book.ladder.quiet_days == BREAK:
        state.clean_streak = 0


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
