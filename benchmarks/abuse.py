"""Cohorts of accounts whose truth is known: clean ones, and such as begin to abuse in one of some ways.

The worlds are those of `worlds`: eight industries and five volume bands, accounts and days that differ by
gammas, or, in the heavy-tailed one, by log-normals and autocorrelated log-Student shocks. Only complaints are
drawn: one metric is enough to tell rules apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from benchmarks import worlds
from deliverlab.metrics import BAND_STARTS
from deliverlab.policy.good import mail, monthly_volumes, sending_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Counts: TypeAlias = NDArray[np.int64]
    Flags: TypeAlias = NDArray[np.bool_]

DAYS = 180
ONSETS = (40, 120)  # abuse begins between these days, and is seen for sixty at least
HALF_LIFE = 14  # days in which slowly decaying abuse loses half of its excess
RATE = worlds.USUAL["complaints"]
SHAPES = ("sudden", "decaying", "one day")


@dataclass(frozen=True, slots=True)
class Cohort:
    """Accounts by row: mail and complaints by day, what peers would have, and the truth."""

    band: Counts
    industry: Counts
    mails: Counts  # days in a week on which it mails: five and more, one, or now and then
    sent: Counts  # [account, day]
    complaints: Counts
    usual: Floats  # by account: the rate of its peers, which rules may know
    clean: Floats  # [account, day]: complaints that there would be without abuse, in the mean
    onset: Counts  # the first day of abuse; `DAYS` where there is none


def cohort(
    *, accounts: int, is_heavy_tailed: bool, seed: int, shape: str | None = None, times: float = 1.0
) -> Cohort:
    """So many accounts evenly over bands and industries; all of one kind of abuse, or of none."""
    rng = np.random.default_rng(seed)
    band = rng.integers(0, len(BAND_STARTS), accounts)
    industry = rng.integers(0, len(worlds.INDUSTRIES), accounts)
    sends = sending_days(rng, accounts, first=worlds.FIRST_DAY, days=DAYS)
    sent = mail(rng, monthly_volumes(rng, band), sends)
    usual = RATE * _industry_rates()[industry] * 0.85 ** (band - 2)
    ratio = worlds.ratios(rng, accounts, is_heavy_tailed=is_heavy_tailed)
    shocks = worlds.shocks(rng, sent.shape, is_heavy_tailed=is_heavy_tailed)
    onset = rng.integers(*ONSETS, accounts) if shape else np.full(accounts, DAYS)
    mean = sent * (usual * ratio)[:, None]
    factor = _factors(onset, sends > 0, shape=shape, times=times)
    complaints = np.minimum(rng.poisson(mean * shocks * factor), sent // 2)
    mails = np.rint(7 * (sends > 0).mean(axis=1)).astype(np.int64)
    return Cohort(band, industry, mails, sent, complaints, usual, mean, onset)


def _industry_rates() -> Floats:
    """How industries differ: the same in every cohort, for it is one provider's world."""
    return np.random.default_rng(1).lognormal(0, 0.7, len(worlds.INDUSTRIES))


def _factors(onset: Counts, sends: Flags, *, shape: str | None, times: float) -> Floats:
    """By what the rate of each account and day is multiplied."""
    since = np.arange(DAYS) - onset[:, None]
    match shape:
        case "sudden":
            excess = np.ones(since.shape)
        case "decaying":
            excess = 0.5 ** (np.maximum(since, 0) / HALF_LIFE)
        case "one day":
            first = (sends & (since >= 0)).argmax(axis=1)
            excess = (np.arange(DAYS) == first[:, None]).astype(np.float64)
        case _:
            excess = np.zeros(since.shape)
    return np.where(since >= 0, 1 + (times - 1) * excess, 1.0)
