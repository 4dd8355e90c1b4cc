"""What an account means to send day by day, and what is likely to become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deliverlab.sample.industries import OUTCOMES
from deliverlab.sample.stories import REFUSAL_AGO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deliverlab.sample.accounts import Account
    from deliverlab.sample.stories import Change

# Stand-ins for mailbox providers, all on domains reserved for examples, and their shares of all mailboxes.
MAILBOX_PROVIDERS = {
    "mail.example.com": 0.42, "inbox.example.net": 0.26, "post.example.org": 0.20, "corp.example.com": 0.12,
}  # fmt: skip
REFUSING_PROVIDER = "inbox.example.net"
REFUSED_SHARE = 0.97
TALLEST_RATE = 0.6

# Days resemble the day before, and the worst are worse than a bell curve has them: autoregressive log shocks
# with Student-t tails.
SHOCK_CV = {
    "hard_bounces": 0.5, "soft_bounces": 0.5, "complaints": 0.5,
    "unsubscribes": 0.4, "opens": 0.12, "clicks": 0.2,
}  # fmt: skip
SHOCK_MEMORY = 0.5
SHOCK_DEGREES = 5
TALLEST_SHOCK = 4.0  # standard deviations
VOLUME_CV = 0.15

WEEKDAYS = np.array([1.15, 1.25, 1.2, 1.2, 1.0, 0.65, 0.55])  # Monday first
SEASON = 0.15  # how far volume swings around its mean over a year
CAMPAIGN_EVERY = 10  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Streams of mail by day: the account's own first, then each extra of its story.

    `campaigns`, `volume` and each of `rates` (by outcome) are (streams, days), `refusals` (providers, days):
    the share of its mail that each provider wrongly refuses.
    """

    days: list[date]
    import_ids: list[str | None]
    campaigns: NDArray[np.str_]
    volume: NDArray[np.int64]
    rates: dict[str, NDArray[np.float64]]
    provider_shares: NDArray[np.float64]
    refusals: NDArray[np.float64]


def make_plan(account: Account, /, *, rng: np.random.Generator, days: list[date]) -> Plan:
    """The account's plan for these days; nothing before it was created, nothing while it was suspended."""
    ago = np.arange(len(days))[::-1] - account.shift
    extras = account.story.extras
    shocks = _shocks(len(days), rng=rng)
    typical = _typical_volume(account, days, rng=rng)
    may_send = _calendar(tuple(days)).ordinals >= account.created_on.toordinal()
    own = typical.copy()
    for change in account.story.changes:
        own[change.covers(ago)] *= change.volume
    for step in account.steps:
        may_send &= ~step.covers(ago) | (step.send_share > 0)
    on_top = [
        (account.monthly_mail / 30 if extra.campaign else typical) * extra.times * extra.covers(ago)
        for extra in extras
    ]
    wanted = np.stack([own, *on_top])
    rates = {
        outcome: np.stack(
            [
                _own_rate(account, outcome, ago),
                *(np.full(len(days), extra.rates[outcome]) for extra in extras),
            ]
        )
        * shocks[outcome]
        for outcome in OUTCOMES
    }
    usual = _calendar(tuple(days)).campaigns[account.rhythm]
    return Plan(
        days=days,
        import_ids=[None, *(extra.import_id for extra in extras)],
        campaigns=np.array([usual, *([extra.campaign or word for word in usual] for extra in extras)]),
        volume=rng.poisson(wanted * may_send),
        rates={outcome: rate.clip(0, TALLEST_RATE) for outcome, rate in rates.items()},
        provider_shares=_provider_shares(account, rng=rng),
        refusals=_refusals(len(days)),
    )


def _typical_volume(account: Account, days: list[date], *, rng: np.random.Generator) -> NDArray[np.float64]:
    """Mail by day as rhythm, weekday, season and chance have it, before anything befalls the account."""
    calendar = _calendar(tuple(days))
    ordinal, weekday = calendar.ordinals, (calendar.ordinals - 1) % 7
    season = 1 + SEASON * np.cos(2 * np.pi * (calendar.days_of_year - account.industry.peak_day) / 365)
    noise = np.exp(rng.normal(0, VOLUME_CV, len(days)))
    own_day = int(rng.integers(0, 5))
    now_and_then = rng.random(len(days)) < 0.25
    beat = {
        "daily": WEEKDAYS[weekday],
        "weekly": 7.0 * (weekday == own_day),
        "campaign": float(CAMPAIGN_EVERY) * ((ordinal + own_day) % CAMPAIGN_EVERY == 0),
        "now and then": 4.0 * now_and_then,
    }[account.rhythm]
    volume: NDArray[np.float64] = account.monthly_mail / 30 * beat * season * noise
    return volume


def _own_rate(account: Account, outcome: str, ago: NDArray[np.int64]) -> NDArray[np.float64]:
    rate = np.full(len(ago), account.rates[outcome])
    for change in account.story.changes:
        rate += _reached(change, ago) * (
            rate * (change.factors.get(outcome, 1.0) - 1.0) + change.adds.get(outcome, 0.0)
        )
    return rate


def _reached(change: Change, ago: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much of a change is there on each day, from 0 to 1."""
    progress = ((change.since - ago) / change.since).clip(0, 1) if change.is_gradual else 1.0
    return change.covers(ago) * progress


def _shocks(days: int, *, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """A factor with mean 1 for each outcome and day."""
    from scipy.signal import lfilter

    fresh = rng.standard_t(SHOCK_DEGREES, (len(OUTCOMES), days)) * np.sqrt(
        (SHOCK_DEGREES - 2) / SHOCK_DEGREES
    )
    fresh[:, 1:] *= np.sqrt(1 - SHOCK_MEMORY**2)
    shocks = lfilter([1.0], [1.0, -SHOCK_MEMORY], fresh)
    sigmas = {outcome: np.sqrt(np.log1p(cv**2)) for outcome, cv in SHOCK_CV.items()}
    return {
        outcome: np.exp(sigmas[outcome] * shock - sigmas[outcome] ** 2 / 2)
        for outcome, shock in zip(OUTCOMES, shocks.clip(-TALLEST_SHOCK, TALLEST_SHOCK), strict=True)
    }


def _provider_shares(account: Account, *, rng: np.random.Generator) -> NDArray[np.float64]:
    """Where its contacts have their mailboxes."""
    shares = rng.dirichlet(np.array(list(MAILBOX_PROVIDERS.values())) * 25)
    wanted = account.story.refusing_share
    if wanted is not None:
        refusing = list(MAILBOX_PROVIDERS).index(REFUSING_PROVIDER)
        shares *= (1 - wanted) / (1 - shares[refusing])
        shares[refusing] = wanted
    return shares


def _refusals(days: int) -> NDArray[np.float64]:
    refusals = np.zeros((len(MAILBOX_PROVIDERS), days))
    if days > REFUSAL_AGO:
        refusals[list(MAILBOX_PROVIDERS).index(REFUSING_PROVIDER), days - 1 - REFUSAL_AGO] = REFUSED_SHARE
    return refusals


class _Calendar(NamedTuple):
    """What the days alone decide, for all accounts; `campaigns` by rhythm: what a day's mail belongs to."""

    ordinals: NDArray[np.int64]
    days_of_year: NDArray[np.int64]
    campaigns: dict[str, list[str]]


@lru_cache(maxsize=4)
def _calendar(days: tuple[date, ...]) -> _Calendar:
    newsletters, mailings = [f"newsletter-{day:%Y-%m}" for day in days], [f"mailing-{day}" for day in days]
    return _Calendar(
        ordinals=np.array([day.toordinal() for day in days]),
        days_of_year=np.array([day.timetuple().tm_yday for day in days]),
        campaigns={
            "daily": newsletters, "now and then": newsletters, "weekly": mailings, "campaign": mailings
        },
    )  # fmt: skip


def day_range(*, days: int, last_day: date) -> list[date]:
    """So many days, the last of them `last_day`."""
    return [last_day - timedelta(days=ago) for ago in reversed(range(days))]
