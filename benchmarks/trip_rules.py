"""Which rule finds abuse soonest, at one clean account in a hundred tripped in every volume band?

Each rule gets a limit for each band from clean accounts of the calibration seeds. Harm, delay and good mail
are then measured on other seeds, and so is the share of clean accounts that trip there.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.abuse import DAYS, SHAPES, cohort
from benchmarks.trip_statistics import RULES
from deliverlab.schemas import BANDS

if TYPE_CHECKING:
    from benchmarks.abuse import Cohort, Counts, Flags, Floats

CLEAN_TRIPS = 0.01
WORLDS = {"benign": False, "heavy-tailed": True}
TIMES = (2.0, 3.0, 6.0)
QUICK, FULL = (4_000, 600, (501, 502)), (20_000, 1_500, (501, 502, 503, 504, 505))  # clean, abusive, held-out
CALIBRATION_SEEDS = (1, 2)
WARM_UP = 30  # days in which nobody is judged: windows fill
DAILY = 5  # days a week, and more
BY_SEND_DAYS = {"capped CUSUM by send days"}  # rules with a limit for each way of mailing too
LAG = 2  # days until what came of mail is known
BLOCKED_DAYS = 14  # for which a tripped clean account's mail is held, until somebody has looked


def figures(*, quick: bool) -> dict[str, Any]:
    """By world, abuse and rule: harm averted, its interval over held-out seeds, delay, and who is found."""
    clean, abusive, seeds = QUICK if quick else FULL
    found: dict[str, Any] = {
        "clean_accounts": clean, "abusive_accounts": abusive, "calibration_seeds": list(CALIBRATION_SEEDS),
        "held_out_seeds": list(seeds), "clean_trips_wanted_in_every_band": CLEAN_TRIPS,
    }  # fmt: skip
    for world, is_heavy_tailed in WORLDS.items():
        limits = calibrated(is_heavy_tailed=is_heavy_tailed, accounts=clean)
        honest = [cohort(accounts=clean // 2, is_heavy_tailed=is_heavy_tailed, seed=seed) for seed in seeds]
        found[world] = {"clean": {rule: spared(honest, rule, limits[rule]) for rule in RULES}}
        for shape, times in product(SHAPES, TIMES):
            cohorts = [
                cohort(
                    accounts=abusive,
                    is_heavy_tailed=is_heavy_tailed,
                    seed=seed + 1_000,
                    shape=shape,
                    times=times,
                )
                for seed in seeds
            ]
            found[world][f"{shape} x{times:g}"] = {
                rule: _judged([judge(rule, each, limits[rule]) for each in cohorts]) for rule in RULES
            }
    return found


def spared(honest: list[Cohort], rule: str, limits: Floats) -> dict[str, Any]:
    """What a rule does to clean accounts that it was not calibrated on: trips by band, and mail held."""
    tripped = [first_trips(rule, each, limits) for each in honest]
    pairs = list(zip(tripped, honest, strict=True))
    return {
        "tripped_by_band": np.mean([by_band(days < DAYS, each) for days, each in pairs], axis=0).tolist(),
        "accounts_by_band": np.sum([np.bincount(each.band) for each in honest], axis=0).tolist(),
        "mail_held": float(np.mean([blocked(days, each) for days, each in pairs])),
    }


@cache
def calibrated(*, is_heavy_tailed: bool, accounts: int) -> dict[str, Floats]:
    """The limit of each rule in each cell: what one clean account in a hundred exceeds on some day."""
    parts = [
        cohort(accounts=accounts, is_heavy_tailed=is_heavy_tailed, seed=seed) for seed in CALIBRATION_SEEDS
    ]
    limits = {}
    for rule, statistic in RULES.items():
        worst = np.concatenate([statistic(part)[:, WARM_UP:].max(axis=1) for part in parts])
        cells = np.concatenate([cells_of(rule, part) for part in parts])
        limits[rule] = np.array([_limit(worst[cells == cell]) for cell in range(cells.max() + 1)])
    return limits


def cells_of(rule: str, accounts: Cohort) -> Counts:
    """The cell whose limit holds for each account: its band, and for some rules how often it mails."""
    how_often = np.where(accounts.mails == 1, 0, np.where(accounts.mails < DAILY, 1, 2))
    return accounts.band + len(BANDS) * how_often if rule in BY_SEND_DAYS else accounts.band


def _limit(worst: Floats) -> float:
    """The least limit that no more than the wanted share exceeds."""
    return float(np.quantile(worst, 1 - CLEAN_TRIPS, method="higher"))


def first_trips(rule: str, accounts: Cohort, limits: Floats) -> Counts:
    """The day on which each account's mail is stopped, once what trips it is known; `DAYS` for never."""
    exceeds = RULES[rule](accounts) > limits[cells_of(rule, accounts)][:, None]
    exceeds[:, :WARM_UP] = False
    first = np.where(exceeds.any(axis=1), exceeds.argmax(axis=1) + LAG + 1, DAYS)
    return np.minimum(first, DAYS)


def judge(rule: str, accounts: Cohort, limits: Floats) -> dict[str, Any]:
    """What a rule averts of the excess complaints of abusive accounts, whom it finds, and how late."""
    stopped = first_trips(rule, accounts, limits)
    day, onset = np.arange(DAYS), accounts.onset
    excess = np.where(day >= onset[:, None], accounts.complaints - accounts.clean, 0.0)
    averted = np.where(day >= stopped[:, None], excess, 0.0).sum(axis=1)
    delay = np.where(stopped < DAYS, np.maximum(stopped - onset, 0), np.inf)
    daily, weekly = accounts.mails >= DAILY, accounts.mails == 1
    return {
        "harm_averted": averted.sum() / excess.sum(),
        "of_daily": averted[daily].sum() / excess[daily].sum(),
        "of_weekly": averted[weekly].sum() / excess[weekly].sum(),
        "found_within_30_days_by_band": by_band(delay <= 30, accounts),
        "median_delay_days": float(np.median(delay)),
    }


def _judged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over held-out seeds, and 95% about it by how they differ."""
    harm = np.array([part["harm_averted"] for part in parts])
    reach = 1.96 * harm.std(ddof=1) / len(harm) ** 0.5
    return {
        "harm_averted": float(harm.mean()),
        "low": float(harm.mean() - reach),
        "high": float(harm.mean() + reach),
        "of_daily": float(np.mean([part["of_daily"] for part in parts])),
        "of_weekly": float(np.mean([part["of_weekly"] for part in parts])),
        "found_within_30_days_by_band": np.mean(
            [part["found_within_30_days_by_band"] for part in parts], axis=0
        ).tolist(),
        "median_delay_days": float(np.median([part["median_delay_days"] for part in parts])),
    }


def blocked(stopped: Counts, accounts: Cohort) -> float:
    """The share of clean accounts' mail that is held because they tripped, until somebody has looked."""
    day = np.arange(DAYS)
    held = (day >= stopped[:, None]) & (day < stopped[:, None] + BLOCKED_DAYS)
    return float(accounts.sent[held].sum() / accounts.sent.sum())


def by_band(flags: Flags, accounts: Cohort) -> list[float]:
    """The share of the accounts of each band."""
    return [float(flags[accounts.band == band].mean()) for band in range(len(BANDS))]
