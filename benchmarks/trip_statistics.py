"""Statistics that rules trip on: by account and day, from what was known on that day, the higher the worse.

Each rule trips an account when its statistic exceeds the limit of the account's band. So all are calibrated
in the same way, and none is helped by a limit that happens to suit it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.abuse import Cohort, Counts, Floats

WINDOW = 30
MIN_SENT = 2_000  # mails in the window below which a published rule is silent
SPREAD = 0.25  # the variance of accounts' own ratios: what `health.fits` finds in these worlds
DAY_SHAPE = 0.6**-2  # of a day's rate about the account's own
TOLERATE, DETECT, CAP = 2.0, 5.0, math.log(20)  # as the preset `evidence` has them
GATE_RATIO, GATE_EVENTS = 1.5, 3
EB_TAIL = 0.05
SILENT = -np.inf


def published(cohort: Cohort) -> Floats:
    """The plain rate of thirty days, silent below a minimum of mail: what providers publish."""
    events, sent = _window(cohort.complaints), _window(cohort.sent)
    return np.where(sent >= MIN_SENT, events / np.maximum(sent, 1), SILENT)


def ratio_to_peers(cohort: Cohort) -> Floats:
    """The same rate beside that of peers."""
    return np.where(np.isfinite(rate := published(cohort)), rate / cohort.usual[:, None], SILENT)


def funnel(cohort: Cohort) -> Floats:
    """Standard errors beyond peers in a funnel whose width knows how accounts and days differ."""
    events, expected = _window(cohort.complaints), _expected(cohort)
    days = np.maximum(_window((cohort.sent > 0).astype(np.int64)), 1)
    variance = expected + expected**2 * (SPREAD + 1 / (DAY_SHAPE * days))
    return np.where(expected > 0, (events - expected) / np.sqrt(np.maximum(variance, 1e-12)), SILENT)


def shrunken(cohort: Cohort) -> Floats:
    """The lower end of the account's ratio to its peers, by empirical Bayes."""
    events, expected, prior = _window(cohort.complaints), _expected(cohort), 1 / SPREAD
    return np.asarray(stats.gamma.ppf(EB_TAIL, prior + events) / (prior + expected))


def cusum(cohort: Cohort, *, cap: float = CAP, detect: float = DETECT) -> Floats:
    """The negative-binomial CUSUM of complaints against peers, a day adding no more than a cap."""
    gained = np.minimum(_log_ratio(cohort, detect), cap)
    total, sums = np.zeros(len(gained)), np.empty(gained.shape)
    for day in range(gained.shape[1]):
        total = np.maximum(total + gained[:, day], 0.0)
        sums[:, day] = total
    return sums


def uncapped_cusum(cohort: Cohort) -> Floats:
    """The same without a cap."""
    return cusum(cohort, cap=np.inf)


def evidence(cohort: Cohort) -> Floats:
    """The whole rule of the preset: the capped CUSUM, where the window also holds enough to matter."""
    events, expected = _window(cohort.complaints), _expected(cohort)
    matters = (events >= GATE_EVENTS) & (events >= GATE_RATIO * expected)
    return np.where(matters, cusum(cohort), SILENT)


def two_cusums(cohort: Cohort) -> Floats:
    """The higher of two capped CUSUMs: one looks for three times the peers, one for eight."""
    return np.maximum(cusum(cohort, detect=3.0), cusum(cohort, detect=8.0))


def shiryaev_roberts(cohort: Cohort) -> Floats:
    """The logarithm of the Shiryaev-Roberts sum, each day capped alike: it forgets nothing at zero."""
    gained = np.exp(np.minimum(_log_ratio(cohort, DETECT), CAP))
    total, sums = np.zeros(len(gained)), np.empty(gained.shape)
    for day in range(gained.shape[1]):
        total = np.minimum((1 + total) * gained[:, day], 1e300)
        sums[:, day] = np.log(np.maximum(total, 1e-300))
    return sums


def best_window(cohort: Cohort, *, windows: tuple[int, ...] = (2, 4, 8, 16, 32)) -> Floats:
    """The generalised likelihood ratio: over windows and all multiples above the tolerated, days capped."""
    detects = (3.0, 5.0, 8.0, 12.0)
    found = np.full(cohort.sent.shape, SILENT)
    for detect in detects:
        running = np.cumsum(np.minimum(_log_ratio(cohort, detect), CAP), axis=1)
        for width in windows:
            before = np.pad(running, ((0, 0), (width, 0)))[:, : running.shape[1]]
            found = np.maximum(found, running - before)
    return found


RULES: dict[str, Callable[[Cohort], Floats]] = {
    "published rate": published,
    "ratio to peers": ratio_to_peers,
    "overdispersed funnel": funnel,
    "empirical Bayes": shrunken,
    "CUSUM without a cap": uncapped_cusum,
    "capped CUSUM": cusum,
    "evidence": evidence,
    "capped CUSUM by send days": cusum,  # with limits by band and by how often an account mails
    "two capped CUSUMs": two_cusums,
    "Shiryaev-Roberts": shiryaev_roberts,
    "likelihood ratio of windows": best_window,
}


def _log_ratio(cohort: Cohort, detect: float) -> Floats:
    """What each day says for `detect` times the peers against the tolerated: a negative binomial's."""
    events, expected = cohort.complaints, cohort.sent * cohort.usual[:, None]
    odds = (DAY_SHAPE + TOLERATE * expected) / (DAY_SHAPE + detect * expected)
    return np.asarray(events * math.log(detect / TOLERATE) + (events + DAY_SHAPE) * np.log(odds))


def _expected(cohort: Cohort) -> Floats:
    return np.asarray(_window(cohort.sent) * cohort.usual[:, None])


def _window(counts: Counts) -> Floats:
    """The sum of the trailing window, fewer days at the beginning."""
    running = np.cumsum(counts, axis=1, dtype=np.float64)
    before = np.pad(running, ((0, 0), (WINDOW, 0)))[:, : counts.shape[1]]
    return np.asarray(running - before)
