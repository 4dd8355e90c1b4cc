"""The running of the leap: accounts in parts on all cores, screened and walked block by block."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from deliverlab.policy.book import draws_of
from deliverlab.policy.kernel import layout, many
from deliverlab.policy.kernel.layout import Mail, Notes
from deliverlab.policy.kernel.leap import leap
from deliverlab.policy.kernel.many import (
    ADDED,
    UNTOUCHED,
    Candidates,
    Course,
    Screened,
    Sums,
    Surveyed,
    Swept,
    Tallies,
)
from deliverlab.policy.kernel.screen import screen
from deliverlab.policy.kernel.untouched import survey
from deliverlab.policy.sweep.rulebook import rulebook_of
from deliverlab.schemas import BANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from deliverlab.policy.kernel.layout import Floats, Records
    from deliverlab.policy.kernel.many import Keys, Rulebook
    from deliverlab.policy.model import Policy
    from deliverlab.policy.sweep.ground import Ground

PARTS = 8  # accounts are walked in so many parts, however many cores there are, so that sums never differ
ROOM = 1_000_000  # candidate days held at a time
DRAWS = 8  # notices an account is expected to get at most
BLOCK = 1024  # accounts screened at a time


class Room:
    """Room in which accounts are looked at one after another."""

    def __init__(self, ground: Ground) -> None:
        days = int(ground.records["days"].max(initial=0))
        self.ground = ground
        self.mail = Mail(
            account=np.zeros(1, layout.ACCOUNT)[0],
            state=np.zeros(1, layout.STATE)[0],
            today=np.zeros(1, layout.TODAY)[0],
            totals=np.zeros((days + 1, layout.COLUMNS), np.int64),
            runs=np.zeros(days + 3, layout.RUN),
            effects=ground.assumed.effects,
        )
        band, sending, identified = np.zeros((3, days + 1), np.int64)
        excess = np.zeros((days + 1, 2, 1 + len(ground.yardsticks.weight)))
        self.sums = Sums(band, sending, identified, excess)

    def notes(self, rules: int) -> Notes:
        """Room for what is kept in mind of so many rules."""
        days = len(self.mail.totals)
        dues = int((self.ground.records["dues_end"] - self.ground.records["due"]).max(initial=0))
        return Notes(
            state=self.mail.state,
            today=self.mail.today,
            evidence=np.zeros(rules),
            findings=np.zeros(rules + 1, layout.FINDING),
            dues=np.zeros(dues + days, np.int64),
            draws=np.zeros(0),
        )


def survey_of(ground: Ground) -> Floats:
    """What accounts are if nobody touches them: [industry, band of the mean month, `UNTOUCHED`]."""

    def run(records: Records) -> tuple[Floats, ...]:
        room, parts = Room(ground), (ground.past, ground.yardsticks, ground.told)
        untouched = np.zeros((len(ground.industries), len(BANDS), len(UNTOUCHED)))
        survey(records, Surveyed(room.mail, room.sums, *parts, untouched))
        return (untouched,)

    return _in_parts(ground, run)[0]


def leap_over(ground: Ground, policies: Sequence[Policy], *, says_who: bool = False) -> Tallies:
    """What each of these policies comes to; they have as many rules and stages, the same peers and tiers.

    Candidate days are forgotten block by block, so that memory does not grow with accounts. A part in which
    an account got more notices than luck was drawn for is walked again with more. Where it `says_who`, the
    first notice of every account under every policy is kept.
    """
    rulebook, keys = rulebook_of(policies, industries=ground.industries, has_effects=ground.has_effects)

    def run(records: Records, draws: int = DRAWS) -> Tallies:
        room, tallies, most = Room(ground), _tallies(ground, rulebook, says_who=says_who), 0
        for accounts, candidates in _blocks(records, room, keys):
            luck = _luck(accounts, candidates, ground, draws=draws)
            swept = _swept(room, candidates, rulebook, tallies)
            most = max(most, leap(accounts, luck, swept, ground.until))
        is_short = most > draws and ground.scenario.review.mode == "chance"
        return run(records, 4 * draws) if is_short else tallies

    return Tallies(*_in_parts(ground, run))


def _blocks(records: Records, room: Room, keys: Keys) -> Iterator[tuple[Records, Candidates]]:
    """Blocks of accounts with their candidate days, which the next block overwrites."""
    ground, count, first = room.ground, len(keys.lags), 0
    places = max(ROOM, 2 * count * len(room.mail.totals))
    notes = room.notes(count)
    day, band, score = np.empty(places, np.int32), np.empty(places, np.int8), np.empty(places)
    while first < len(records):
        block = records[first : first + BLOCK]
        candidates = Candidates(
            day, band, score, int(block["number"][0]),
            starts=np.zeros((len(block), 2, count + 1), np.int64),
            best=np.full((len(block), count, len(BANDS)), -np.inf),
        )  # fmt: skip
        done = screen(
            block, Screened(room.mail, notes, room.sums, ground.past, ground.peers, keys, candidates)
        )
        yield block[:done], candidates
        first += done


def _swept(room: Room, candidates: Candidates, rulebook: Rulebook, tallies: Tallies) -> Swept:
    """All that is within reach while a block is walked."""
    ground, rules = room.ground, rulebook.keys.shape[1]
    course = Course(
        now=np.zeros(1, many.COURSE)[0],
        cursor=np.zeros((2, rules), np.int64),
        entered=np.zeros((len(room.mail.totals), 2), np.int64),
    )
    return Swept(
        room.mail, room.notes(rules), room.sums, course, ground.past, ground.assumed, ground.peers,
        ground.yardsticks, candidates, rulebook, ground.told, tallies,
    )  # fmt: skip


def _luck(accounts: Records, candidates: Candidates, ground: Ground, *, draws: int) -> Floats:
    """The luck of accounts with so many notices; it matters only where they have candidate days."""
    if ground.scenario.review.mode != "chance":
        return np.zeros((len(accounts), 0))
    starts, luck = candidates.starts[: len(accounts), 0], np.zeros((len(accounts), draws))
    (touchable,) = np.nonzero(starts[:, -1] > starts[:, 0])
    names, given = ground.ids.gather(accounts["number"][touchable]), np.zeros(len(touchable), np.int64)
    luck[touchable] = draws_of(ground.scenario, account_ids=names, given=given, draws=draws)
    return luck


def _tallies(ground: Ground, rulebook: Rulebook, *, says_who: bool) -> Tallies:
    """Nothing counted yet."""
    policies, stages = rulebook.stages.shape
    days = ground.until - ground.told.first_day + 1
    delays = int((ground.until - ground.told.judged_from).max(initial=0)) - ground.told.least_delay + 1
    return Tallies(
        sums=np.zeros((policies, len(ground.industries), len(BANDS), len(ADDED))),
        reached=np.zeros((policies, stages), np.int64),
        stays=np.zeros((policies, stages, days + 1, 2), np.int32),
        reviews=np.zeros((policies, days), np.int32),
        delays=np.zeros((policies, delays, 2), np.int32),
        moves=np.zeros((policies, stages, days), np.int32),
        first_notices=np.zeros((policies if says_who else 0, len(ground.records)), np.int64),
    )


def _in_parts(ground: Ground, run: Callable[[Records], Iterable[NDArray[Any]]]) -> list[NDArray[Any]]:
    """The sums of what comes of each part, added in order: the same however many cores there are."""
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:  # as many as Polars was allowed
        parts = pool.map(run, np.array_split(ground.records, PARTS))
        whole = list(next(parts))
        for part in parts:
            for sums, more in zip(whole, part, strict=True):
                sums += more  # noqa: PLW2901  in place
    return whole
