"""Synthetic worlds whose truth is known: what every account's rates really are, and who is ill.

Two kinds. In the benign one accounts differ by a gamma, and days by independent gamma shocks: what the model
of `deliverlab.health` assumes. In the heavy-tailed one accounts differ by a log-normal, and a day's shock is
log-Student-t and half of the day's before: what it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.metrics import BAND_STARTS
from deliverlab.policy.good import mail, monthly_volumes, sending_days
from deliverlab.schemas import COUNTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_DAY = date(2026, 1, 1)
DAYS = 125
INDUSTRIES = ("Agencies", "Clinics", "Games", "Media", "Recruiting", "Retail", "Schools", "Software")
USUAL = {"hard_bounces": 0.003, "soft_bounces": 0.005, "complaints": 0.0004, "unsubscribes": 0.003}
OUT_OF = {
    "hard_bounces": "sent",
    "soft_bounces": "sent",
    "complaints": "delivered",
    "unsubscribes": "delivered",
}
ILL = ("hard_bounces", "complaints")  # what ill accounts have too many of
ILL_SHARE, ILL_TIMES = 0.03, 6.0
ACCOUNT_CV, DAY_CV = 0.5, 0.6
AUTOCORRELATION = 0.5
T_FREEDOM, MOST_DEVIATIONS = 5, 4.0


@dataclass(frozen=True, slots=True)
class World:
    """The tables a history is made of, and the truth: a row an account and numerator."""

    daily: pl.DataFrame
    accounts: pl.DataFrame
    truth: (
        pl.DataFrame
    )  # account_id, numerator, rate (in the last 30 days known), usual_rate, is_ill, is_steady


def make(
    *, accounts: int, is_heavy_tailed: bool, seed: int, window_days: int = 30, days: int = DAYS
) -> World:
    """A world of so many accounts, evenly over five volume bands and eight industries."""
    rng = np.random.default_rng(seed)
    ids = pl.Series("account_id", [f"{number:07}" for number in range(accounts)])
    band = rng.integers(0, len(BAND_STARTS), accounts)
    industry = rng.integers(0, len(INDUSTRIES), accounts)
    monthly = monthly_volumes(rng, band)
    sent = mail(rng, monthly, sending_days(rng, accounts, first=FIRST_DAY, days=days))
    is_ill = rng.random(accounts) < ILL_SHARE
    ill_from = np.where(is_ill, rng.integers(0, days - 5, accounts), days)
    window = slice(days - 2 - window_days, days - 2)
    weights = sent[:, window] / np.maximum(sent[:, window].sum(axis=1), 1)[:, None]
    counts: dict[str, NDArray[np.int64]] = {"sent": sent, "delivered": sent.copy()}
    truth = []
    industry_rates = rng.lognormal(0, 0.7, len(INDUSTRIES))
    for numerator, rate in USUAL.items():
        usual = rate * industry_rates[industry] * 0.85 ** (band - 2)
        ratio = ratios(rng, accounts, is_heavy_tailed=is_heavy_tailed)
        times = np.where(np.arange(days) >= ill_from[:, None], ILL_TIMES, 1.0) if numerator in ILL else 1.0
        true_rate = (usual * ratio)[:, None] * times * np.ones((1, days))
        shock = shocks(rng, sent.shape, is_heavy_tailed=is_heavy_tailed)
        trials = counts[OUT_OF[numerator]]
        counts[numerator] = np.minimum(rng.poisson(trials * true_rate * shock), trials // 2)
        if numerator.endswith("bounces"):
            counts["delivered"] -= counts[numerator]
        truth.append(
            pl.DataFrame({
                "account_id": ids, "numerator": numerator, "usual_rate": usual,
                "rate": (true_rate[:, window] * weights).sum(axis=1),
                "is_ill": is_ill, "is_steady": ~is_ill | (ill_from < window.start),
            })
        )  # fmt: skip
    rows, columns = np.nonzero(sent)
    counts["opens"] = rng.binomial(counts["delivered"], 0.3)
    counts["clicks"] = rng.binomial(counts["opens"], 0.1)
    daily = pl.DataFrame({
        "account_id": ids.gather(pl.Series(rows)),
        "day": pl.Series(np.datetime64(FIRST_DAY) + columns.astype("timedelta64[D]")).cast(pl.Date),
        **{name: counts[name][rows, columns] if name in counts else np.zeros_like(rows) for name in COUNTS},
    })  # fmt: skip
    known = pl.DataFrame({"account_id": ids, "industry": np.array(INDUSTRIES)[industry]})
    return World(daily, known, pl.concat(truth))


def last_day() -> date:
    """The day to judge on: the one after the last of the world."""
    return FIRST_DAY + timedelta(days=DAYS)


def ratios(rng: np.random.Generator, accounts: int, *, is_heavy_tailed: bool) -> NDArray[np.float64]:
    """How accounts differ from their peers: mean 1."""
    if is_heavy_tailed:
        variance = np.log1p(ACCOUNT_CV**2)
        return rng.lognormal(-variance / 2, variance**0.5, accounts)
    return rng.gamma(ACCOUNT_CV**-2, ACCOUNT_CV**2, accounts)


def shocks(rng: np.random.Generator, shape: tuple[int, ...], *, is_heavy_tailed: bool) -> NDArray[np.float64]:
    """How days differ: mean 1 and the same variation in both kinds of world, nearly."""
    if not is_heavy_tailed:
        return rng.gamma(DAY_CV**-2, DAY_CV**2, shape)
    unit = (T_FREEDOM / (T_FREEDOM - 2)) ** 0.5
    steps = rng.standard_t(T_FREEDOM, shape) / unit
    level = steps.copy()
    for day in range(1, shape[1]):
        level[:, day] = AUTOCORRELATION * level[:, day - 1] + (1 - AUTOCORRELATION**2) ** 0.5 * steps[:, day]
    shocks = np.exp(np.log1p(DAY_CV**2) ** 0.5 * level.clip(-MOST_DEVIATIONS, MOST_DEVIATIONS))
    return np.asarray(shocks / shocks.mean())
