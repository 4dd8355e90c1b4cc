"""Many policies walked over one ground at once: what each comes to, and no table of what it did to whom."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deliverlab.policy.book import draws_of
from deliverlab.policy.kernel import layout
from deliverlab.policy.kernel.layout import (
    ADDED,
    UNTOUCHED,
    Candidates,
    Course,
    Mail,
    Notes,
    Sums,
    Swept,
    Tallies,
)
from deliverlab.policy.kernel.leap import leap
from deliverlab.policy.kernel.screen import screen
from deliverlab.policy.rulebook import rulebook_of
from deliverlab.schemas import BANDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deliverlab.policy.ground import Ground
    from deliverlab.policy.kernel.layout import Floats, Keys, Rulebook
    from deliverlab.policy.model import Policy

PARTS = 8  # accounts are walked in so many parts, however many cores there are, so that sums never differ
ROOM = 1_000_000  # candidate days held at a time
BLOCK = 1024  # accounts screened at a time
DRAWS = 8  # notices an account is expected to get at most, under any policy


class Block(NamedTuple):
    """Some accounts and their candidate days."""

    first: int
    end: int
    candidates: Candidates


class Screened(NamedTuple):
    """A part of the accounts: what they are if nobody touches them, and when somebody might."""

    blocks: list[Block]
    untouched: Floats  # [industry, band, `UNTOUCHED`]


class Outcome(NamedTuple):
    """What came of a sweep."""

    tallies: Tallies
    untouched: Floats  # [industry, band, `UNTOUCHED`]


def sweep(ground: Ground, policies: Sequence[Policy]) -> Outcome:
    """What each of these policies comes to; they have as many rules and stages, the same peers and tiers.

    The screen's candidate days are forgotten block by block, so that memory does not grow with accounts.
    """
    rulebook, keys = rulebook_of(policies, industries=ground.industries, has_effects=ground.has_effects)
    return _in_parts(ground, lambda first, end: _sweep_part(ground, rulebook, keys, first, end))


def _sweep_part(ground: Ground, rulebook: Rulebook, keys: Keys, first: int, end: int) -> Outcome:
    """A part of the accounts, screened and walked block by block."""
    room, tallies = _Room(ground, rulebook, keys), _tallies(ground, rulebook)
    untouched = np.zeros((len(ground.industries), len(BANDS), len(UNTOUCHED)))
    for block in room.screened(first, end, untouched):
        room.walk(block, rulebook, tallies)
    return Outcome(tallies, untouched)


class Bench:
    """A ground screened once for a range of policies, on which any of them is then walked at once."""

    def __init__(self, ground: Ground, policies: Sequence[Policy]) -> None:
        self.ground = ground
        rulebook, keys = rulebook_of(policies, industries=ground.industries, has_effects=ground.has_effects)
        ...


class _Room:
    """Room to screen and walk accounts one after another."""

    def __init__(self, ground: Ground, rulebook: Rulebook, keys: Keys) -> None:
        days = int(ground.records["days"].max(initial=0))
        dues = int((ground.records["dues_end"] - ground.records["due"]).max(initial=0))
        rules = max(len(keys.lags), rulebook.keys.shape[1])
        state, today = np.zeros(1, layout.STATE)[0], np.zeros(1, layout.TODAY)[0]
        self.ground, self.keys = ground, keys
        self.mail = Mail(
            account=ground.records[0],
            state=state,
            today=today,
            totals=np.zeros((days + 1, layout.COLUMNS), np.int64),
            runs=np.zeros(days + 3, layout.RUN),
            effects=ground.assumed.effects,
        )
        self.notes = Notes(
            state=state,
            today=today,
            evidence=np.zeros(rules),
            findings=np.zeros(rules + 1, layout.FINDING),
            dues=np.zeros(dues + days + 1, np.int64),
            draws=np.zeros(0),
        )
        self.sums = Sums(
            band=np.zeros(days + 1, np.int64),
            sending=np.zeros(days + 1, np.int64),
            identified=np.zeros(days + 1, np.int64),
            excess=np.zeros((days + 1, 2, 1 + len(ground.yardsticks.weight))),
        )
        self.course = Course(
            now=np.zeros(1, layout.COURSE)[0],
            cursor=np.zeros((2, rulebook.keys.shape[1]), np.int64),
            entered=np.zeros((days + 1, 2), np.int64),
        )

    def screened(self, first: int, end: int, untouched: Floats) -> Iterator[Block]:
        """Blocks of accounts with their candidate days, which the next block overwrites."""
        ground, count = self.ground, len(self.keys.lags)
        room = max(ROOM, 2 * count * len(self.sums.band))
        day, band, score = np.empty(room, np.int32), np.empty(room, np.int8), np.empty(room)
        while first < end:
            ahead = min(first + BLOCK, end)
            candidates = Candidates(
                day, band, score, first,
                starts=np.zeros((ahead - first, 2, count + 1), np.int64),
                best=np.full((ahead - first, count, len(BANDS)), -np.inf),
            )  # fmt: skip
            done = screen(
                ground.records[:ahead], first, (self.mail, self.notes, self.sums), ground.past, ground.peers,
                self.keys, ground.yardsticks, ground.told, candidates, untouched,
            )  # fmt: skip
            yield Block(first, done, candidates)
            first = done

    def walk(self, block: Block, rulebook: Rulebook, tallies: Tallies) -> None:
        """Adds the accounts of a block, under every policy, to the tallies."""
        first, end, candidates = block
        ground = self.ground
        swept = Swept(
            self.mail, self.notes, self.sums, self.course, ground.past, ground.assumed, ground.peers,
            ground.yardsticks, candidates, rulebook, ground.told, tallies,
        )  # fmt: skip
        leap(ground.records, first, end, self._luck(block), swept, ground.until)

    def _luck(self, block: Block) -> Floats:
        first, end, candidates = block
        luck = np.zeros((end - first, DRAWS))
        if self.ground.scenario.review.mode == "chance":
            (touchable,) = np.nonzero(
                candidates.starts[: end - first, 0, -1] > candidates.starts[: end - first, 0, 0]
            )
            names = self.ground.ids.gather(first + touchable)
            given = np.zeros(len(touchable), np.int64)
            luck[touchable] = draws_of(self.ground.scenario, account_ids=names, given=given, draws=DRAWS)
        return luck


def _tallies(ground: Ground, rulebook: Rulebook) -> Tallies:
    policies, stages = rulebook.stages.shape
    days = ground.until - ground.first_day + 1
    judged_from = ground.told.judged_from
    least = min(int((ground.records["first"] - judged_from).min(initial=0)), 0)
    most = int((ground.until - judged_from).max(initial=0))
    return Tallies(
        sums=np.zeros((policies, len(ground.industries), len(BANDS), len(ADDED))),
        reached=np.zeros((policies, stages), np.int64),
        stays=np.zeros((policies, stages, days + 1, 2), np.int32),
        reviews=np.zeros((policies, days), np.int32),
        delays=np.zeros((policies, most - least + 1, 2), np.int32),
        moves=np.zeros((policies, stages, days), np.int32),
        first_day=ground.first_day,
        least_delay=least,
        most_notices=np.zeros(1, np.int64),
    )


def _in_parts(ground: Ground, work) -> Outcome:
    edges = np.linspace(0, len(ground.records), PARTS + 1).astype(np.int64).tolist()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = pool.map(work, edges[:-1], edges[1:])
        whole = next(parts)
        for part in parts:
            whole.untouched[:] += part.untouched
            for mine, its in zip(whole.tallies, part.tallies, strict=True):
                if isinstance(mine, np.ndarray):
                    mine += its
    return whole
