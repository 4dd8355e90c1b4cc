"""The ladder, walked: each account on its own, day after day, in the order of the page on how a policy decides.

Everything here is compiled, so tables have become arrays, names numbers (stage 0 is good standing, days count from
1970-01-01) and what is not there `NONE` or not a number. `simulate` translates both ways.
All compiled functions share this file: numba looks at no other file when it decides whether its cache is stale.
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
Record: TypeAlias = Any  # a row of a structured array: numba reads and writes its fields as attributes
Records: TypeAlias = "NDArray[np.void]"

NONE = -(2**31)
GOOD = 0
SENT, HARD_BOUNCES = COUNTS.index("sent"), COUNTS.index("hard_bounces")
RATE, PEER, EVIDENCE = range(3)
NEVER, AFTER, CHANCE, HISTORICAL = range(4)
BREACH, UNREVIEWED, REVIEW, RECOVERY, EXPIRED = range(5)
MODES = ("never", "after", "chance", "historical")
KINDS = ("rate", "peer", "evidence")

ACCOUNT = np.dtype(
    [(name, np.int64) for name in (
        "first",                        # the first day to simulate
        "origin",                       # the first day of which anything is known
        "industry", "group",            # the row of the limits, the row of the peer rates
        "row", "rows_end",              # where its days are, and its reviews, blocks, former runs and awaited reviews
        "review", "reviews_end",
        "block", "blocks_end",
        "run", "runs_end",
        "due", "dues_end",
    )]
)  # fmt: skip
STATE = np.dtype(
    [(name, np.int64) for name in (
        "stage", "entered", "cleared", "last_left", "fresh", "clean_streak", "notices", "effect_from",
        "new_notices", "first_notice", "reviews", "sending_days", "identified_days",
    )]
)  # fmt: skip
RULE = np.dtype([
    ("kind", np.int64), ("numerator", np.int64), ("denominator", np.int64), ("is_high_bad", np.bool_),
    ("min_sent", np.float64), ("min_events", np.float64), ("z", np.float64),
    ("enters", np.int64), ("climbs", np.bool_), ("days", np.int64), ("sends", np.int64),
    ("peer", np.int64), ("tolerate", np.float64), ("detect", np.float64), ("log_ratio", np.float64),
    ("cap", np.float64),
])  # fmt: skip
STAGE = np.dtype([("send_share", np.float64), ("grace_days", np.int64), ("lasts_days", np.int64)])
RUN = np.dtype([("account", np.int64), ("from_day", np.int64), ("send_share", np.float64), ("has_effect", np.bool_)])
DUE = np.dtype([("account", np.int64), ("day", np.int64)])
FINDING = np.dtype(
    [("is_breached", np.bool_)] + [(name, np.float64) for name in (
        "events", "trials", "rate", "limit", "evidence", "peer_rate", "sent",
    )]
)  # fmt: skip
TRANSITION = np.dtype(
    [(name, np.int64) for name in ("account", "day", "from_stage", "to_stage", "cause", "rule")]
    + [(name, FINDING[name]) for name in FINDING.names or () if name != "is_breached"]
)


class Past(NamedTuple):
    """What happened, and the state in which each account begins."""

    accounts: Records
    days: NDArray[np.int64]
    counts: NDArray[np.int64]
    review_days: NDArray[np.int64]
    block_from: NDArray[np.int64]
    block_to: NDArray[np.int64]
    runs: Records
    due: NDArray[np.int64]
    states: Records
    evidence: NDArray[np.float64]


class Book(NamedTuple):
    """The policy."""

    lag_days: int
    days: int
    sends: int
    is_fresh_after_notice: bool
    is_fresh_after_clear: bool
    rules: Records
    limits: NDArray[np.float64]  # [rule, industry, band]
    stages: Records  # good standing first
    escalates_unreviewed: bool
    clears_on_review: bool
    clears_on_recovery: bool
    recovery_days: int
    remembers_days: int
    reviews_lift_last: bool


class Assumed(NamedTuple):
    """The scenario."""

    mode: int
    after_days: int
    chance: NDArray[np.float64]  # by stage entered, good standing first
    draws: NDArray[np.float64]  # [account, notice of this simulation]
    volume: float
    avoided: float  # the share of hard bounces that are not sent any more
    factors: NDArray[np.float64]  # by column, volume included


class Peers(NamedTuple):
    """Peer rates, without gaps: not a number where there is none; a shape that is none is Poisson."""

    starts: NDArray[np.int64]  # the first day of each period
    rate: NDArray[np.float64]  # [metric, group, band, period]
    shape: NDArray[np.float64]


class Walked(NamedTuple):
    """What came of it. `states` and `evidence` hold how each account ended."""

    states: Records
    evidence: NDArray[np.float64]
    days_in_stage: NDArray[np.int64]
    sent: NDArray[np.float64]
    held: NDArray[np.float64]
    transitions: Records
    runs: Records
    due: Records


class Notes(NamedTuple):
    """All about the account that is being walked."""

    account: Record
    state: Record
    evidence: NDArray[np.float64]  # by rule
    totals: NDArray[np.int64]  # totals[i]: all counts before day origin + i
    runs: Records
    due: NDArray[np.int64]  # the days on which answered notices will complete
    size: NDArray[np.int64]  # how many runs and how many due days there are
    findings: Records  # what each rule saw today


RUNS, DUES = 0, 1  # places in Notes.size


def compiled(function: F) -> F:
    """The function, compiled when it is first called and cached on disk."""
    return numba.njit(cache=True, error_model='numpy')(function)  # type: ignore[no-any-return]


# Mail and windows -------------------------------------------------------------------------------------------------


@compiled
def total(column: int, first: int, last: int, notes: Notes) -> int:
    """The historical count of days first … last."""
    most = len(notes.totals) - 1
    begin = min(max(first - notes.account.origin, 0), most)
    end = min(max(last + 1 - notes.account.origin, begin), most)
    return notes.totals[end, column] - notes.totals[begin, column]


@compiled
def effective(column: int, first: int, last: int, run: Record, notes: Notes, assumed: Assumed) -> float:
    """The count of days of one run, as the review left it: integer sums first, then the effect from left to right."""
    count = total(column, first, last, notes)
    if not run.has_effect:
        return float(count)
    if column == SENT:
        return assumed.volume * (count - assumed.avoided * total(HARD_BOUNCES, first, last, notes))
    return assumed.factors[column] * count


@compiled
def last_day_of(i: int, last: int, notes: Notes) -> int:
    """The last day of a run, or `last` if that comes sooner."""
    return min(last, notes.runs[i + 1].from_day - 1) if i + 1 < notes.size[RUNS] else last


@compiled
def let_through(column: int, first: int, last: int, notes: Notes, assumed: Assumed) -> float:
    """The mail of days first … last that counts: run by run, the oldest first."""
    i = notes.size[RUNS] - 1
    while i > 0 and notes.runs[i].from_day > first:
        i -= 1
    mail = 0.0
    while i < notes.size[RUNS] and notes.runs[i].from_day <= last:
        run = notes.runs[i]
        begin, end = max(first, run.from_day), last_day_of(i, last, notes)
        mail += effective(column, begin, end, run, notes, assumed) * run.send_share
        i += 1
    return mail


@compiled
def window_start(days: int, sends: int, last: int, notes: Notes, assumed: Assumed) -> int:
    """The first day of the window that ends on `last`: so many days, or the fewest that hold so many mails."""
    fresh = notes.state.fresh
    if sends == NONE:
        return max(fresh, last - days + 1)
    for first in range(last, max(fresh, notes.account.origin) - 1, -1):
        is_quiet = total(SENT, first, first, notes) == 0
        if not is_quiet and let_through(SENT, first, last, notes, assumed) >= sends:
            return first
    return fresh


@compiled
def note_run(day: int, notes: Notes, book: Book) -> None:
    """A new run begins where the share or the effect is not that of the day before."""
    state = notes.state
    share = book.stages[state.stage].send_share
    has_effect = state.effect_from != NONE and day >= state.effect_from
    n = notes.size[RUNS]
    if n > 0 and notes.runs[n - 1].send_share == share and notes.runs[n - 1].has_effect == has_effect:
        return
    run = notes.runs[n]
    run.from_day = day
    run.send_share = share
    run.has_effect = has_effect
    notes.size[RUNS] += 1


# Rules ------------------------------------------------------------------------------------------------------------


@compiled
def band_on(day: int, notes: Notes) -> int:
    """The volume band of a day, from the mail sent before it."""
    sent = total(SENT, day - BAND_DAYS, day - 1, notes)
    band = 0
    while band + 1 < len(BAND_STARTS) and sent >= BAND_STARTS[band + 1]:
        band += 1
    return band


@compiled
def add_evidence(day: int, r: int, cell: tuple[int, int, int], notes: Notes, book: Book, assumed: Assumed, peers: Peers) -> None:
    """The capped negative-binomial CUSUM takes in one send day."""
    rule = book.rules[r]
    group, band, period = cell
    newest = day - book.lag_days
    if newest < notes.state.fresh or period < 0:
        return
    peer_rate = peers.rate[rule.peer, group, band, period]
    if math.isnan(peer_rate):
        return
    events = let_through(rule.numerator, newest, newest, notes, assumed)
    expected = let_through(rule.denominator, newest, newest, notes, assumed) * peer_rate
    k = peers.shape[rule.peer, group, band, period]
    if math.isnan(k):
        step = events * rule.log_ratio - expected * (rule.detect - rule.tolerate)
    else:
        odds = (k + rule.tolerate * expected) / (k + rule.detect * expected)
        step = events * rule.log_ratio + (events + k) * math.log(odds)
    notes.evidence[r] = max(0.0, notes.evidence[r] + min(step, rule.cap))


@compiled
def exceeds(rule: Record, events: float, trials: float, limit: float) -> bool:
    """Whether a rate is on the bad side of its limit, by as many standard errors as the rule demands."""
    if rule.z == 0.0:
        return events / trials > limit if rule.is_high_bad else events / trials < limit
    margin = rule.z * math.sqrt(trials * limit * (1.0 - limit))
    if rule.is_high_bad:
        return events - trials * limit > margin
    return trials * limit - events > margin


@compiled
def examine(day: int, r: int, cell: tuple[int, int, int], notes: Notes, book: Book, assumed: Assumed, peers: Peers) -> None:
    """What a rule sees today."""
    rule = book.rules[r]
    found = notes.findings[r]
    found.is_breached = False
    group, band, period = cell
    newest = day - book.lag_days
    found.peer_rate = math.nan
    if rule.kind != RATE and period >= 0:
        found.peer_rate = peers.rate[rule.peer, group, band, period]
    if newest < notes.state.fresh or (rule.kind != RATE and math.isnan(found.peer_rate)):
        return
    first = window_start(rule.days, rule.sends, newest, notes, assumed)
    found.events = let_through(rule.numerator, first, newest, notes, assumed)
    found.trials = let_through(rule.denominator, first, newest, notes, assumed)
    found.sent = let_through(SENT, first, newest, notes, assumed)
    found.rate = found.events / found.trials if found.trials > 0 else math.nan
    found.limit = book.limits[r, notes.account.industry, band]
    if rule.kind == PEER:
        found.limit = min(found.limit * found.peer_rate, 1.0)
    found.evidence = notes.evidence[r] if rule.kind == EVIDENCE else math.nan
    if found.sent < rule.min_sent or found.events < rule.min_events:
        return
    if rule.kind == EVIDENCE:
        found.is_breached = notes.evidence[r] > found.limit
    elif found.trials > 0:
        found.is_breached = exceeds(rule, found.events, found.trials, found.limit)


# The ladder -------------------------------------------------------------------------------------------------------


@compiled
def completes_review(day: int, notes: Notes, past: Past, assumed: Assumed) -> bool:
    """Whether a contact review is completed today."""
    if assumed.mode == HISTORICAL:
        days = past.review_days[notes.account.review : notes.account.reviews_end]
        place = np.searchsorted(days, day)
        return place < len(days) and days[place] == day
    if assumed.mode == NEVER:
        return False
    for i in range(notes.size[DUES]):
        if notes.due[i] == day:
            notes.size[DUES] -= 1
            notes.due[i] = notes.due[notes.size[DUES]]
            return True
    return False


@compiled
def lifts(state: Record, book: Book) -> bool:
    """Whether a review would clear the account."""
    is_last = state.stage == len(book.stages) - 1
    return state.stage != GOOD and book.clears_on_review and (not is_last or book.reviews_lift_last)


@compiled
def evaluate(day: int, cell: tuple[int, int, int], notes: Notes, book: Book, assumed: Assumed, peers: Peers) -> int:
    """The highest stage that a breached rule enters, good standing if none does; keeps the clean streak."""
    top = GOOD
    for r in range(len(book.rules)):
        examine(day, r, cell, notes, book, assumed, peers)
        if notes.findings[r].is_breached:
            top = max(top, book.rules[r].enters)
    newest = day - book.lag_days
    is_clean = False
    if top == GOOD and newest >= notes.state.fresh:
        first = window_start(book.days, book.sends, newest, notes, assumed)
        is_clean = let_through(SENT, first, newest, notes, assumed) > 0
    notes.state.clean_streak = notes.state.clean_streak + 1 if is_clean else 0
    return top


@compiled
def remembered(day: int, notes: Notes, book: Book) -> int:
    """The stage into which memory lifts an account that breaches soon after it cleared; good standing if none."""
    state = notes.state
    if state.cleared == NONE or day - state.cleared > book.remembers_days:
        return GOOD
    for r in range(len(book.rules)):
        if notes.findings[r].is_breached and book.rules[r].climbs:
            return min(state.last_left + 1, len(book.stages) - 1)
    return GOOD


@compiled
def move(day: int, top: int, notes: Notes, book: Book) -> tuple[int, int]:
    """Where the account goes after today, and why; where it stays, its own stage."""
    state = notes.state
    stage = book.stages[state.stage]
    days_in_stage = day - state.entered
    if state.stage == GOOD:
        return (max(top, remembered(day, notes, book)) if top > GOOD else GOOD), BREACH
    if stage.lasts_days != NONE and days_in_stage >= stage.lasts_days:
        return GOOD, EXPIRED
    if state.stage == len(book.stages) - 1:
        return state.stage, BREACH
    if top > state.stage:
        return top, BREACH
    is_breaching = top > GOOD
    if stage.grace_days != NONE and days_in_stage >= stage.grace_days and (book.escalates_unreviewed or is_breaching):
        return state.stage + 1, UNREVIEWED if book.escalates_unreviewed else BREACH
    if book.clears_on_recovery and state.clean_streak >= book.recovery_days:
        return GOOD, RECOVERY
    return state.stage, BREACH


@compiled
def restart_window(day: int, notes: Notes) -> None:
    """Only mail from tomorrow on counts."""
    notes.state.fresh = day + 1
    notes.evidence[:] = 0.0


@compiled
def clear(day: int, notes: Notes, book: Book) -> None:
    """Back to good standing."""
    state = notes.state
    state.cleared = day
    state.last_left = state.stage
    state.stage = GOOD
    state.clean_streak = 0
    notes.size[DUES] = 0
    if book.is_fresh_after_clear:
        restart_window(day, notes)


@compiled
def notice(day: int, stage: int, draws: NDArray[np.float64], notes: Notes, book: Book, assumed: Assumed) -> None:
    """A notice into a stage, which the account may answer with a review."""
    state = notes.state
    state.stage = stage
    state.entered = day
    state.clean_streak = 0
    if state.first_notice == NONE:
        state.first_notice = day
    is_answered = assumed.mode == AFTER
    if assumed.mode == CHANCE and state.new_notices < len(draws):
        is_answered = draws[state.new_notices] < assumed.chance[stage]
    if is_answered:
        notes.due[notes.size[DUES]] = day + assumed.after_days
        notes.size[DUES] += 1
    state.notices += 1
    state.new_notices += 1
    if book.is_fresh_after_notice:
        restart_window(day, notes)


@compiled
def rule_behind(stage: int, notes: Notes, book: Book) -> int:
    """The rule that a breach is put down to: the first that enters the stage, else that climbs, else at all."""
    for is_wanted in range(3):
        for r in range(len(book.rules)):
            rule = book.rules[r]
            fits = (rule.enters == stage, rule.climbs, True)[is_wanted]
            if notes.findings[r].is_breached and fits:
                return r
    return NONE


# One account, all accounts ----------------------------------------------------------------------------------------


@compiled
def record(line: Record, day: int, before: int, after: int, cause: int, notes: Notes, book: Book) -> None:
    """A transition, with the numbers of the rule behind it."""
    line.day = day
    line.from_stage = before
    line.to_stage = after
    line.cause = cause
    line.rule = NONE
    line.events = line.trials = line.rate = line.limit = line.evidence = line.peer_rate = line.sent = math.nan
    if cause == BREACH:
        line.rule = rule_behind(after, notes, book)
        found = notes.findings[line.rule]
        line.events = found.events
        line.trials = found.trials
        line.rate = found.rate
        line.limit = found.limit
        line.evidence = found.evidence
        line.peer_rate = found.peer_rate
        line.sent = found.sent


@compiled
def decide(day: int, notes: Notes, past: Past, book: Book, assumed: Assumed, peers: Peers) -> tuple[int, int]:
    """One day in the order of the page: mail, review, evaluation, move. Where the account goes, and why."""
    note_run(day, notes, book)
    cell = (notes.account.group, band_on(day, notes), np.searchsorted(peers.starts, day, "right") - 1)
    for r in range(len(book.rules)):
        if book.rules[r].kind == EVIDENCE:
            add_evidence(day, r, cell, notes, book, assumed, peers)
    if completes_review(day, notes, past, assumed):
        notes.state.reviews += 1
        if lifts(notes.state, book):
            return GOOD, REVIEW
    top = evaluate(day, cell, notes, book, assumed, peers)
    return move(day, top, notes, book)


@compiled
def note_sending(day: int, blocked_until: int, notes: Notes, book: Book) -> None:
    """Whether the account would be sending today, and whether what came of it is known."""
    state = notes.state
    is_blocked = day <= blocked_until
    if book.stages[state.stage].send_share > 0 and (is_blocked or total(SENT, day, day, notes) > 0):
        state.sending_days += 1
        state.identified_days += not is_blocked


@compiled
def walk_account(a: int, until: int, lines: Records, n: int, walked: Walked, notes: Notes, past: Past, book: Book, assumed: Assumed, peers: Peers) -> int:
    """All days of one account; how many transitions there are now."""
    account, state = notes.account, notes.state
    block, blocked_until = account.block, NONE
    for day in range(account.first, until + 1):
        while block < account.blocks_end and past.block_from[block] <= day:
            blocked_until = max(blocked_until, past.block_to[block])
            block += 1
        note_sending(day, blocked_until, notes, book)
        walked.days_in_stage[a, state.stage] += 1
        before = state.stage
        after, cause = decide(day, notes, past, book, assumed, peers)
        if after == before:
            continue
        record(lines[n], day, before, after, cause, notes, book)
        lines[n].account = a
        n += 1
        if after != GOOD:
            notice(day, after, assumed.draws[a], notes, book, assumed)
            continue
        clear(day, notes, book)
        if cause == REVIEW and assumed.mode != HISTORICAL and state.effect_from == NONE:
            state.effect_from = day + 1
    note_run(until + 1, notes, book)
    return n


@compiled
def settle(a: int, until: int, walked: Walked, notes: Notes, assumed: Assumed) -> None:
    """What was let through and what was held, over all days simulated."""
    for i in range(notes.size[RUNS]):
        run = notes.runs[i]
        first, last = max(run.from_day, notes.account.first), last_day_of(i, until, notes)
        if first > last:
            continue
        for column in range(len(COUNTS)):
            mail = effective(column, first, last, run, notes, assumed)
            walked.sent[a, column] += mail * run.send_share
            walked.held[a, column] += mail - mail * run.send_share


@compiled
def earliest_needed(until: int, notes: Notes, book: Book) -> int:
    """The first day on which tomorrow's windows can still look."""
    fresh = notes.state.fresh
    newest = until + 1 - book.lag_days
    first = fresh if book.sends != NONE else max(fresh, newest - book.days + 1)
    for r in range(len(book.rules)):
        rule = book.rules[r]
        first = min(first, fresh if rule.sends != NONE else max(fresh, newest - rule.days + 1))
    return first


@compiled
def fill_totals(totals: NDArray[np.int64], account: Record, until: int, past: Past) -> None:
    """Running totals by day, so that the count of any days is one subtraction."""
    row = account.row
    for i in range(len(totals) - 1):
        for column in range(len(COUNTS)):
            totals[i + 1, column] = totals[i, column]
        while row < account.rows_end and past.days[row] <= account.origin + i:
            for column in range(len(COUNTS)):
                totals[i + 1, column] += past.counts[row, column]
            row += 1


@compiled
def with_room(lines: Records, room: int) -> Records:
    """The lines in an array that holds at least so many."""
    if room <= len(lines):
        return lines
    roomier = np.empty(2 * room, lines.dtype)
    roomier[: len(lines)] = lines
    return roomier


@compiled
def walk(past: Past, book: Book, assumed: Assumed, peers: Peers, until: int) -> Walked:
    """Every account, from its first day to `until`."""
    n_accounts = len(past.accounts)
    walked = Walked(
        past.states.copy(),
        past.evidence.copy(),
        np.zeros((n_accounts, len(book.stages)), np.int64),
        np.zeros((n_accounts, len(COUNTS)), np.float64),
        np.zeros((n_accounts, len(COUNTS)), np.float64),
        np.empty(0, TRANSITION),
        np.empty(0, RUN),
        np.empty(0, DUE),
    )
    lines, runs, dues = walked.transitions, walked.runs, walked.due
    n, n_runs, n_dues = 0, 0, 0
    findings = np.zeros(len(book.rules), FINDING)
    for a in range(n_accounts):
        account, state = past.accounts[a], walked.states[a]
        days = max(until + 1 - account.first, 0)
        n_former, n_due = account.runs_end - account.run, account.dues_end - account.due
        notes = Notes(
            account,
            state,
            walked.evidence[a],
            np.zeros((max(until + 1 - account.origin, 0) + 1, len(COUNTS)), np.int64),
            np.empty(n_former + days + 1, RUN),
            np.empty(n_due + days, np.int64),
            np.array([n_former, n_due]),
            findings,
        )
        fill_totals(notes.totals, account, until, past)
        notes.runs[:n_former] = past.runs[account.run : account.runs_end]
        notes.due[:n_due] = past.due[account.due : account.dues_end]
        lines = with_room(lines, n + days)
        n = walk_account(a, until, lines, n, walked, notes, past, book, assumed, peers)
        settle(a, until, walked, notes, assumed)

        runs = with_room(runs, n_runs + notes.size[RUNS])
        needed = earliest_needed(until, notes, book)
        for i in range(notes.size[RUNS]):
            if last_day_of(i, until + 1, notes) >= needed or i == notes.size[RUNS] - 1:
                runs[n_runs] = notes.runs[i]
                runs[n_runs].account = a
                runs[n_runs].from_day = max(notes.runs[i].from_day, state.fresh)
                n_runs += 1
        dues = with_room(dues, n_dues + notes.size[DUES])
        for i in range(notes.size[DUES]):
            dues[n_dues].account = a
            dues[n_dues].day = notes.due[i]
            n_dues += 1
    return Walked(
        walked.states, walked.evidence, walked.days_in_stage, walked.sent, walked.held,
        lines[:n].copy(), runs[:n_runs].copy(), dues[:n_dues].copy(),
    )  # fmt: skip
