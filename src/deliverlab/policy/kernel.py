"""The ladder, walked: each account on its own, day after day, in the order of the page on how a policy decides.

Everything here is compiled, so tables have become arrays, names numbers (stage 0 is good standing, days count from
1970-01-01), and what is not there is `NONE` or not a number. `arrays` and `replay` translate both ways.

Records (rows of structured arrays) hold what belongs together, because a compiled function is handed a record by
reference. All compiled functions share this file: numba looks at no other file to see whether its cache is stale.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

import numba
import numpy as np

from deliverlab.metrics import BAND_DAYS, BAND_STARTS
from deliverlab.schemas import COUNTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

F = TypeVar("F", bound="Callable[..., Any]")
Record: TypeAlias = (
    Any  # numba reads and writes the fields of a record as attributes, which numpy's types do not know
)
Records: TypeAlias = "NDArray[np.void]"
Cell: TypeAlias = "tuple[int, int, int]"  # group, band and period: where a day's peer rates are

NONE = -(2**31)
GOOD = 0
SENT, HARD_BOUNCES = COUNTS.index("sent"), COUNTS.index("hard_bounces")
KINDS = ("rate", "peer", "evidence")
RATE, PEER, EVIDENCE = range(3)
MODES = ("never", "after", "chance", "historical")
NEVER, AFTER, CHANCE, HISTORICAL = range(4)
BREACH, UNREVIEWED, REVIEW, RECOVERY, EXPIRED = range(5)
FACTOR, AVOIDED = range(2)
NUMBERS = ("events", "trials", "rate", "limit", "evidence", "peer_rate", "sent")


def _record(integers: str, floats: str = "", flags: str = "") -> np.dtype[np.void]:
    return np.dtype(
        [(name, np.int64) for name in integers.split()]
        + [(name, np.float64) for name in floats.split()]
        + [(name, np.bool_) for name in flags.split()]
    )


ACCOUNT = _record(
    "number first origin days industry group row rows_end block blocks_end run runs_end due dues_end"
)
STATE = _record(
    "stage entered cleared last_left fresh clean_streak notices effect_from runs dues "
    "new_notices first_notice reviews sending_days identified_days"
)
LADDER = _record(
    "lag_days days sends recovery_days remembers_days",
    flags="is_fresh_after_notice is_fresh_after_clear escalates_unreviewed clears_on_review clears_on_recovery "
    "reviews_lift_last",
)
RULE = _record(
    "kind numerator denominator days sends enters peer",
    "min_sent min_events z tolerate detect log_ratio cap",
    "is_high_bad climbs",
)
STAGE = _record("grace_days lasts_days", "send_share")
REVIEWS = _record("mode after_days")
RUN = _record("account from_day", "send_share", "has_effect")
DUE = _record("account day")
FINDING = _record("", " ".join(NUMBERS), "is_breached")
TRANSITION = _record("account day from_stage to_stage cause rule", " ".join(NUMBERS))


class Past(NamedTuple):
    """What happened, and what each account begins with."""

    accounts: Records
    days: NDArray[np.int64]
    counts: NDArray[np.int64]  # [row, column]
    block_from: NDArray[np.int64]
    block_to: NDArray[np.int64]
    runs: Records
    dues: NDArray[np.int64]  # days on which reviews complete: those of history, or those awaited since before
    states: Records
    evidence: NDArray[np.float64]  # [account, rule]


class Book(NamedTuple):
    """The policy."""

    ladder: Record
    rules: Records
    limits: NDArray[np.float64]  # [rule, industry, band]
    stages: Records  # good standing first


class Assumed(NamedTuple):
    """The scenario."""

    reviews: Record
    chance: NDArray[np.float64]  # by stage entered, good standing first
    draws: NDArray[np.float64]  # [account walked, notice of this simulation]


class Peers(NamedTuple):
    """Peer rates without gaps: not a number where there is none; a shape that is not a number is Poisson."""

    first_day: int
    period: NDArray[np.int64]  # by day: the place of the rates that are valid, -1 before the first
    rate: NDArray[np.float64]  # [metric, group, band, period]
    shape: NDArray[np.float64]


class Walked(NamedTuple):
    """What comes of it: arrays with a row an account, and lists with room enough."""

    states: Records
    evidence: NDArray[np.float64]  # [account, rule]
    days_in_stage: NDArray[np.int64]
    sent: NDArray[np.float64]
    held: NDArray[np.float64]
    transitions: Records
    runs: Records
    dues: Records


class Mail(NamedTuple):
    """The mail of the account that is being walked."""

    account: Record
    state: Record
    totals: NDArray[np.int64]  # totals[i]: all counts before day origin + i
    runs: Records  # the days that share one send share and one effect, oldest first
    effects: NDArray[
        np.float64
    ]  # [before or after a review, factor or share of hard bounces avoided, column]


class Notes(NamedTuple):
    """What else is known about the account that is being walked."""

    state: Record
    evidence: NDArray[np.float64]  # by rule
    findings: Records  # what each rule sees today
    dues: NDArray[np.int64]  # the days on which its reviews will complete


def compiled(function: F) -> F:
    """The function, compiled when it is first called, and cached on disk."""
    return numba.njit(cache=True, error_model="numpy", forceinline=True)(function)  # type: ignore[no-any-return]


# Mail -------------------------------------------------------------------------------------------------------------


@compiled
def fill_totals(mail: Mail, past: Past) -> None:
    """Running totals by day, so that the count of any days is one subtraction."""
    row = mail.account.row
    for column in range(len(COUNTS)):
        mail.totals[0, column] = 0
    for i in range(mail.account.days):
        for column in range(len(COUNTS)):
            mail.totals[i + 1, column] = mail.totals[i, column]
        while row < mail.account.rows_end and past.days[row] <= mail.account.origin + i:
            for column in range(len(COUNTS)):
                mail.totals[i + 1, column] += past.counts[row, column]
            row += 1


@compiled
def total(column: int, first: int, last: int, mail: Mail) -> int:
    """The historical count of days first … last."""
    begin = min(max(first - mail.account.origin, 0), mail.account.days)
    end = min(max(last + 1 - mail.account.origin, begin), mail.account.days)
    return mail.totals[end, column] - mail.totals[begin, column]  # type: ignore[no-any-return]


@compiled
def effective(column: int, first: int, last: int, run: Record, mail: Mail) -> float:
    """The count of days of one run as reviews left it: integer sums first, then the effect.

    Hard bounces avoided are not sent. Of every other column nothing is avoided, and before a review every factor is
    1, so that one line says it all.
    """
    effect = mail.effects[int(run.has_effect)]
    avoided = effect[AVOIDED, column] * total(HARD_BOUNCES, first, last, mail)
    return effect[FACTOR, column] * (total(column, first, last, mail) - avoided)  # type: ignore[no-any-return]


@compiled
def last_day_of(i: int, last: int, mail: Mail) -> int:
    """The last day of a run, or `last` if that comes sooner."""
    return min(last, mail.runs[i + 1].from_day - 1) if i + 1 < mail.state.runs else last


@compiled
def let_through(column: int, first: int, last: int, mail: Mail) -> float:
    """The count of days first … last after effect and send share: run by run, the oldest first."""
    i = mail.state.runs - 1
    while i > 0 and mail.runs[i].from_day > first:
        i -= 1
    count = 0.0
    while i < mail.state.runs and mail.runs[i].from_day <= last:
        run = mail.runs[i]
        count += (
            effective(column, max(first, run.from_day), last_day_of(i, last, mail), run, mail)
            * run.send_share
        )
        i += 1
    return count


@compiled
def window_start(days: int, sends: int, last: int, mail: Mail) -> int:
    """The first day of the window that ends on `last`: so many days, or the fewest that hold so many mails."""
    fresh = mail.state.fresh
    if sends == NONE:
        return max(fresh, last - days + 1)  # type: ignore[no-any-return]
    for first in range(last, max(fresh, mail.account.origin) - 1, -1):
        is_quiet = total(SENT, first, first, mail) == 0
        if not is_quiet and let_through(SENT, first, last, mail) >= sends:
            return first
    return fresh  # type: ignore[no-any-return]


@compiled
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


# Rules ------------------------------------------------------------------------------------------------------------


@compiled
def cell_on(day: int, mail: Mail, peers: Peers) -> Cell:
    """Where the day's peer rates are; the volume band comes from the mail really sent before the day."""
    sent = total(SENT, day - BAND_DAYS, day - 1, mail)
    band = 0
    while band + 1 < len(BAND_STARTS) and sent >= BAND_STARTS[band + 1]:
        band += 1
    return mail.account.group, band, peers.period[day - peers.first_day]


@compiled
def peer_rate_in(cell: Cell, rule: Record, rates: NDArray[np.float64]) -> float:
    """The peer rate, or the shape, of a rule's metric; not a number if there is none."""
    group, band, period = cell
    if rule.kind == RATE or period < 0:
        return math.nan
    return rates[rule.peer, group, band, period]  # type: ignore[no-any-return]


@compiled
def add_evidence(day: int, r: int, cell: Cell, notes: Notes, mail: Mail, book: Book, peers: Peers) -> None:
    """The capped negative-binomial CUSUM of an evidence rule takes in its newest send day."""
    rule = book.rules[r]
    newest = day - book.ladder.lag_days
    peer_rate = peer_rate_in(cell, rule, peers.rate)
    if rule.kind != EVIDENCE or newest < notes.state.fresh or math.isnan(peer_rate):
        return
    events = let_through(rule.numerator, newest, newest, mail)
    expected = let_through(rule.denominator, newest, newest, mail) * peer_rate
    k = peer_rate_in(cell, rule, peers.shape)
    if math.isnan(k):
        gained = events * rule.log_ratio - expected * (rule.detect - rule.tolerate)
    else:
        odds = (k + rule.tolerate * expected) / (k + rule.detect * expected)
        gained = events * rule.log_ratio + (events + k) * math.log(odds)
    notes.evidence[r] = max(0.0, notes.evidence[r] + min(gained, rule.cap))


@compiled
def is_beyond(limit: float, events: float, trials: float, rule: Record) -> bool:
    """Whether a rate is on the bad side of its limit by as many standard errors as the rule demands."""
    if rule.z == 0.0:
        return events / trials > limit if rule.is_high_bad else events / trials < limit
    margin = rule.z * math.sqrt(trials * limit * (1.0 - limit))
    if rule.is_high_bad:
        return events - trials * limit > margin  # type: ignore[no-any-return]
    return trials * limit - events > margin  # type: ignore[no-any-return]


@compiled
def examine(day: int, r: int, cell: Cell, notes: Notes, mail: Mail, book: Book, peers: Peers) -> None:
    """What a rule sees today, and whether that breaches it."""
    rule, found = book.rules[r], notes.findings[r]
    found.is_breached = False
    found.peer_rate = peer_rate_in(cell, rule, peers.rate)
    newest = day - book.ladder.lag_days
    if newest < notes.state.fresh or (rule.kind != RATE and math.isnan(found.peer_rate)):
        return
    first = window_start(rule.days, rule.sends, newest, mail)
    found.sent = let_through(SENT, first, newest, mail)
    found.events = let_through(rule.numerator, first, newest, mail)
    found.trials = let_through(rule.denominator, first, newest, mail)
    found.rate = found.events / found.trials if found.trials > 0 else math.nan
    found.limit = book.limits[r, mail.account.industry, cell[1]]
    if rule.kind == PEER:
        found.limit = min(found.limit * found.peer_rate, 1.0)
    found.evidence = notes.evidence[r] if rule.kind == EVIDENCE else math.nan
    if found.sent < rule.min_sent or found.events < rule.min_events:
        return
    if rule.kind == EVIDENCE:
        found.is_breached = found.evidence > found.limit
    elif found.trials > 0:
        found.is_breached = is_beyond(found.limit, found.events, found.trials, rule)


@compiled
def evaluate(day: int, cell: Cell, notes: Notes, mail: Mail, book: Book, peers: Peers) -> int:
    """The highest stage that a breached rule enters, good standing if none is breached; keeps the clean streak."""
    top = GOOD
    for r in range(len(book.rules)):
        examine(day, r, cell, notes, mail, book, peers)
        if notes.findings[r].is_breached:
            top = max(top, book.rules[r].enters)
    newest = day - book.ladder.lag_days
    is_clean = False
    if top == GOOD and newest >= notes.state.fresh:
        first = window_start(book.ladder.days, book.ladder.sends, newest, mail)
        is_clean = let_through(SENT, first, newest, mail) > 0
    notes.state.clean_streak = notes.state.clean_streak + 1 if is_clean else 0
    return top


# The ladder -------------------------------------------------------------------------------------------------------


@compiled
def completes_review(day: int, notes: Notes) -> bool:
    """Whether a contact review is completed today; it is then awaited no more."""
    for i in range(notes.state.dues):
        if notes.dues[i] == day:
            notes.state.dues -= 1
            notes.dues[i] = notes.dues[notes.state.dues]
            return True
    return False


@compiled
def is_lifted(state: Record, book: Book) -> bool:
    """Whether a review clears an account in this stage."""
    is_last = state.stage == len(book.stages) - 1
    return (
        state.stage != GOOD
        and book.ladder.clears_on_review
        and (book.ladder.reviews_lift_last or not is_last)
    )


@compiled
def remembered(day: int, notes: Notes, book: Book) -> int:
    """The stage into which memory lifts an account that breaches soon after it cleared; good standing if none."""
    state = notes.state
    if state.cleared == NONE or day - state.cleared > book.ladder.remembers_days:
        return GOOD
    for r in range(len(book.rules)):
        if notes.findings[r].is_breached and book.rules[r].climbs:
            return min(state.last_left + 1, len(book.stages) - 1)
    return GOOD


@compiled
def move(day: int, top: int, notes: Notes, book: Book) -> tuple[int, int]:
    """Where the account stands from tomorrow, and why; its own stage if it stays."""
    state, stage = notes.state, book.stages[notes.state.stage]
    if state.stage == GOOD:
        return (max(top, remembered(day, notes, book)) if top > GOOD else GOOD), BREACH
    days_in_stage = day - state.entered
    if stage.lasts_days != NONE and days_in_stage >= stage.lasts_days:
        return GOOD, EXPIRED
    if state.stage == len(book.stages) - 1:
        return state.stage, BREACH
    if top > state.stage:
        return top, BREACH
    if stage.grace_days != NONE and days_in_stage >= stage.grace_days:
        if book.ladder.escalates_unreviewed:
            return state.stage + 1, UNREVIEWED
        if top > GOOD:
            return state.stage + 1, BREACH
    if book.ladder.clears_on_recovery and state.clean_streak >= book.ladder.recovery_days:
        return GOOD, RECOVERY
    return state.stage, BREACH


@compiled
def restart_window(day: int, notes: Notes) -> None:
    """Only mail from tomorrow on counts."""
    notes.state.fresh = day + 1
    for r in range(len(notes.evidence)):
        notes.evidence[r] = 0.0


@compiled
def give_notice(
    day: int, stage: int, draws: NDArray[np.float64], notes: Notes, book: Book, assumed: Assumed
) -> None:
    """Into a stage; the account may answer with a review."""
    state, mode = notes.state, assumed.reviews.mode
    state.stage = stage
    state.entered = day
    state.clean_streak = 0
    if state.first_notice == NONE:
        state.first_notice = day
    is_lucky = state.new_notices < len(draws) and draws[state.new_notices] < assumed.chance[stage]
    if mode == AFTER or (mode == CHANCE and is_lucky):
        notes.dues[state.dues] = day + assumed.reviews.after_days
        state.dues += 1
    state.notices += 1
    state.new_notices += 1
    if book.ladder.is_fresh_after_notice:
        restart_window(day, notes)


@compiled
def clear(day: int, cause: int, notes: Notes, book: Book, assumed: Assumed) -> None:
    """Back to good standing; a review that led here takes effect tomorrow, once."""
    state, is_history = notes.state, assumed.reviews.mode == HISTORICAL
    state.cleared = day
    state.last_left = state.stage
    state.stage = GOOD
    state.clean_streak = 0
    if not is_history:
        state.dues = 0  # no notice before today awaits an answer any more
        if cause == REVIEW and state.effect_from == NONE:
            state.effect_from = day + 1
    if book.ladder.is_fresh_after_clear:
        restart_window(day, notes)


@compiled
def decide(day: int, notes: Notes, mail: Mail, book: Book, peers: Peers) -> tuple[int, int]:
    """A day in the order of the page: mail, review, evaluation, move. Where the account goes, and why."""
    note_run(day, mail, book)
    cell = cell_on(day, mail, peers)
    for r in range(len(book.rules)):
        add_evidence(day, r, cell, notes, mail, book, peers)
    if completes_review(day, notes):
        notes.state.reviews += 1
        if is_lifted(notes.state, book):
            return GOOD, REVIEW
    return move(day, evaluate(day, cell, notes, mail, book, peers), notes, book)


# One account, all accounts ----------------------------------------------------------------------------------------


@compiled
def rule_behind(stage: int, notes: Notes, book: Book) -> int:
    """The rule that a breach is put down to: the first breached one that enters the stage, else climbs, else at all."""
    climbing, any_breached = NONE, NONE
    for r in range(len(book.rules) - 1, -1, -1):
        if notes.findings[r].is_breached:
            any_breached = r
            if book.rules[r].climbs:
                climbing = r
    for r in range(len(book.rules)):
        if notes.findings[r].is_breached and book.rules[r].enters == stage:
            return r
    return climbing if climbing != NONE else any_breached


@compiled
def record(line: Record, day: int, after: int, cause: int, notes: Notes, book: Book) -> None:
    """A transition, with the numbers of the rule behind it."""
    line.day = day
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


@compiled
def note_sending(day: int, blocked_until: int, mail: Mail, book: Book) -> None:
    """Whether the account would be sending today, and whether what came of it is known."""
    state, is_blocked = mail.state, day <= blocked_until
    if book.stages[state.stage].send_share > 0 and (is_blocked or total(SENT, day, day, mail) > 0):
        state.sending_days += 1
        if not is_blocked:
            state.identified_days += 1


@compiled
def walk_account(
    until: int, n: int, walked: Walked, notes: Notes, mail: Mail,
    past: Past, book: Book, assumed: Assumed, draws: NDArray[np.float64], peers: Peers,
) -> int:  # fmt: skip
    """All days of an account; how many transitions there are now."""
    account, state = mail.account, mail.state
    block, blocked_until = account.block, NONE
    for day in range(account.first, until + 1):
        while block < account.blocks_end and past.block_from[block] <= day:
            blocked_until = max(blocked_until, past.block_to[block])
            block += 1
        note_sending(day, blocked_until, mail, book)
        walked.days_in_stage[account.number, state.stage] += 1
        after, cause = decide(day, notes, mail, book, peers)
        if after == state.stage:
            continue
        line = walked.transitions[n]
        line.account = account.number
        record(line, day, after, cause, notes, book)
        n += 1
        if after == GOOD:
            clear(day, cause, notes, book, assumed)
        else:
            give_notice(day, after, draws, notes, book, assumed)
    note_run(until + 1, mail, book)
    return n


@compiled
def begin(a: int, walked: Walked, past: Past) -> None:
    """As the account begins, with nothing counted yet."""
    walked.states[a] = past.states[a]
    for r in range(walked.evidence.shape[1]):
        walked.evidence[a, r] = past.evidence[a, r]
    for stage in range(walked.days_in_stage.shape[1]):
        walked.days_in_stage[a, stage] = 0
    for column in range(len(COUNTS)):
        walked.sent[a, column] = 0.0
        walked.held[a, column] = 0.0


@compiled
def settle(until: int, walked: Walked, mail: Mail) -> None:
    """What was let through and what was held on all days simulated."""
    a = mail.account.number
    for i in range(mail.state.runs):
        run = mail.runs[i]
        first, last = max(run.from_day, mail.account.first), last_day_of(i, until, mail)
        if first > last:
            continue
        for column in range(len(COUNTS)):
            count = effective(column, first, last, run, mail)
            walked.sent[a, column] += count * run.send_share
            walked.held[a, column] += count - count * run.send_share


@compiled
def earliest_needed(until: int, mail: Mail, book: Book) -> int:
    """The first day on which a window of tomorrow can look."""
    fresh, newest = mail.state.fresh, until + 1 - book.ladder.lag_days
    first = fresh if book.ladder.sends != NONE else max(fresh, newest - book.ladder.days + 1)
    for r in range(len(book.rules)):
        if book.rules[r].sends != NONE:
            return fresh  # type: ignore[no-any-return]
        first = min(first, max(fresh, newest - book.rules[r].days + 1))
    return first  # type: ignore[no-any-return]


@compiled
def walk(
    accounts: Records, past: Past, book: Book, assumed: Assumed, peers: Peers, walked: Walked, mail: Mail, notes: Notes,
    until: int,
) -> tuple[int, int, int]:  # fmt: skip
    """Each of these accounts from its first day to `until`; how many transitions, runs and awaited reviews there are.

    `mail` and `notes` are the room in which one account after another is walked.
    """
    n, n_runs, n_dues = 0, 0, 0
    for i in range(len(accounts)):
        account = accounts[i]
        begin(account.number, walked, past)
        state = walked.states[account.number]
        own_mail = Mail(account, state, mail.totals, mail.runs, mail.effects)
        own_notes = Notes(state, walked.evidence[account.number], notes.findings, notes.dues)
        fill_totals(own_mail, past)
        state.runs = account.runs_end - account.run
        for k in range(state.runs):
            mail.runs[k] = past.runs[account.run + k]
        state.dues = account.dues_end - account.due
        for k in range(state.dues):
            notes.dues[k] = past.dues[account.due + k]

        n = walk_account(until, n, walked, own_notes, own_mail, past, book, assumed, assumed.draws[i], peers)
        settle(until, walked, own_mail)

        needed = earliest_needed(until, own_mail, book)
        for k in range(state.runs):
            if last_day_of(k, until + 1, own_mail) >= needed:
                walked.runs[n_runs] = mail.runs[k]
                walked.runs[n_runs].from_day = max(mail.runs[k].from_day, state.fresh)
                n_runs += 1
        n_awaited = (
            0 if assumed.reviews.mode == HISTORICAL else state.dues
        )  # history's reviews answer no notice
        for k in range(n_awaited):
            walked.dues[n_dues].account = account.number
            walked.dues[n_dues].day = notes.dues[k]
            n_dues += 1
    return n, n_runs, n_dues
