"""From the first part of a running send: the probability that the whole will breach a policy's limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import dataframely as dy
import numpy as np
import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.metrics import METRICS
from deliverlab.policy.toml import one_of, shown
from deliverlab.schemas import UNKNOWN_INDUSTRY, Table

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy
    from deliverlab.policy.rule import Rule

AT_ONCE = 1_000_000  # numbers of events whose chances are summed at a time


class Prior(NamedTuple):
    """What is known of a send's rate before its mail: a beta distribution, by its two parameters."""

    events: float
    others: float


JEFFREYS = Prior(0.5, 0.5)  # knows nothing


class Counts(NamedTuple):
    """Mails (of the metric's denominator), and what happened to them."""

    trials: int
    events: int


class PilotForecast(Table):
    """A row a rule: how many more events the send may have, and the probability that it has more.

    `trials` and `events` are those of the whole by its end and so far, the rest of the window included.
    `events_left` is negative where the limit is passed already even if nothing more happens, and null, with a
    probability of 0, where the rule will be silent for want of mail. `expected_rate` is of the whole.
    """

    rule = dy.String(primary_key=True)
    enters = dy.String()
    limit = dy.Float64(min=0.0, max=1.0)
    trials = dy.Int64(min=1)
    events = dy.Int64(min=0)
    events_left = dy.Int64(nullable=True)
    expected_rate = dy.Float64(min=0.0)
    probability = dy.Float64(min=0.0, max=1.0)


def pilot_forecast(
    policy: Policy,
    *,
    metric: str,
    so_far: tuple[int, int],
    planned: int,
    prior: Prior = JEFFREYS,
    window: tuple[int, int] = (0, 0),
    industry: str = UNKNOWN_INDUSTRY,
    band: str = "<1k",
    peer_rate: float | None = None,
) -> dy.DataFrame[PilotForecast]:
    """Whether a send of `planned` mails will breach, judged from the (trials, events) of its first part.

    The rate of the send is beta distributed, by `prior` and the first part; what is still to come is then
    beta-binomial, and the probability is that of more events than each rule allows. `window` is what the
    account's window holds besides this send: a limit applies to the whole window. Rules of kind rate are
    shown, and where `peer_rate` is given those of kind peer. `peer_prior` makes a prior of peer rates.

    It holds if the first part is a fair sample of the list, and its outcomes are known. A provider that
    mails the most engaged first sees too little, and so does who looks before bounces and complaints are in.

    Raises `PolicyError` where numbers do not fit one another, or the policy has no such rule.

    >>> from deliverlab.policy.model import Policy
    >>> suspension = Policy.preset("hubspot-suspension-like")
    >>> found = pilot_forecast(suspension, metric="hard_bounce_rate", so_far=(400, 19), planned=10_000)
    >>> found.select("limit", "events_left", pl.col("probability").round(3)).row(0)
    (0.05, 481, 0.418)
    """
    first, rest = Counts(*so_far), Counts(*window)
    _refuse_unfit(metric, first=first, planned=planned, rest=rest)
    rules = [
        rule
        for rule in policy.rules
        if rule.metric == metric and (rule.kind == "rate" or (rule.kind == "peer" and peer_rate is not None))
    ]
    if not rules:
        known = sorted({rule.metric for rule in policy.rules if rule.kind != "evidence"})
        raise PolicyError(
            f"policy {shown(policy.name)}: has no rule on {metric} that can be forecast, "
            f"its metrics are {', '.join(known) or 'none'}"
        )
    to_come, trials, events = planned - first.trials, planned + rest.trials, first.events + rest.events
    posterior = Prior(prior.events + first.events, prior.others + first.trials - first.events)
    expected = events + to_come * posterior.events / sum(posterior)
    rows = []
    for rule in rules:
        limit = rule.limit_for(industry=industry, band=band)
        if rule.kind == "peer" and peer_rate is not None:
            limit = min(limit * peer_rate, 1.0)
        left = None if trials < rule.min_sent else _most_allowed(rule, limit, trials) - events
        rows.append(
            {
                "rule": rule.name,
                "enters": policy.stage_entered_by(rule),
                "limit": limit,
                "trials": trials,
                "events": events,
                "events_left": left,
                "expected_rate": expected / trials,
                "probability": 0.0 if left is None else chance_of_more(left, of=to_come, prior=posterior),
            }
        )
    return PilotForecast.cast(pl.DataFrame(rows, infer_schema_length=None))


def peer_prior(rate: float, *, tau2: float, shape: float | None = None) -> Prior:
    """The prior of a send by an account of which nothing is known but its peers: a row of `peer_rates`.

    Accounts differ from the peer rate with the relative variance `tau2`, and an account's days from its own
    rate with 1 / `shape`; a send is one day's. The beta distribution has this mean and variance.

    >>> peer_prior(0.01, tau2=0.25)
    Prior(events=3.95, others=391.05)
    """
    spread = (1 + tau2) * (1 + (0.0 if shape is None else 1 / shape)) - 1
    if not 0 < rate < 1 or not 0 < spread < (1 - rate) / rate:
        raise PolicyError(
            f"rate = {shown(rate)}, tau2 = {shown(tau2)}: no beta distribution has this mean and spread"
        )
    weight = (1 - rate) / (rate * spread) - 1
    return Prior(rate * weight, (1 - rate) * weight)


def chance_of_more(than: int, *, of: int, prior: Prior) -> float:
    """The probability of more than so many events in `of` mails whose rate is beta distributed.

    Laplace's rule of succession: nothing is known, ten mails of ten bounced; does the eleventh?

    >>> round(chance_of_more(0, of=1, prior=Prior(1 + 10, 1)), 4) == round(11 / 12, 4)
    True
    """
    if than < 0:
        return 1.0
    if than >= of:
        return 0.0
    is_upper_shorter = of - than <= than
    begin, end = (than + 1, of + 1) if is_upper_shorter else (0, than + 1)
    pieces = range(begin, end, AT_ONCE)
    chance = math.fsum(_chances(at, min(at + AT_ONCE, end), of=of, prior=prior) for at in pieces)
    return min(max(chance if is_upper_shorter else 1 - chance, 0.0), 1.0)


def _chances(begin: int, end: int, *, of: int, prior: Prior) -> float:
    """The beta-binomial probability of `begin` to before `end` events."""
    from scipy.special import betaln, gammaln

    events = np.arange(begin, end, dtype=np.float64)
    ways = gammaln(of + 1) - gammaln(events + 1) - gammaln(of - events + 1)
    each = ways + betaln(prior.events + events, prior.others + of - events) - betaln(*prior)
    return float(np.exp(each).sum())


def _most_allowed(rule: Rule, limit: float, trials: int) -> int:
    """The most events out of so many trials that do not breach the rule."""
    reach = rule.z * math.sqrt(trials * limit * (1 - limit))
    most = math.floor(trials * limit + reach)
    while _is_beyond(limit, most, trials, reach):
        most -= 1
    while not _is_beyond(limit, most + 1, trials, reach):
        most += 1
    return max(most, math.ceil(rule.min_events) - 1)


def _is_beyond(limit: float, events: int, trials: int, reach: float) -> bool:
    """As a simulation compares: the rate itself, or with `z` what is above the limit."""
    return events / trials > limit if reach == 0 else events - trials * limit > reach


def _refuse_unfit(metric: str, *, first: Counts, planned: int, rest: Counts) -> None:
    if metric not in METRICS or not METRICS[metric].is_high_bad:
        bad = [name for name, known in METRICS.items() if known.is_high_bad]
        raise PolicyError(f"metric = {shown(metric)}, must be {one_of(bad, given=metric)}")
    for what, counts in (("so_far", first), ("window", rest)):
        if not 0 <= counts.events <= counts.trials:
            raise PolicyError(f"{what} = {tuple(counts)}, must be trials and at most as many events")
    if planned < max(first.trials, 1):
        raise PolicyError(f"planned = {planned}, must be at least the {first.trials} mails sent so far")
