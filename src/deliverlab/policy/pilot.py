"""From the first part of a running send: the probability that the whole will breach a policy's limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import PolicyError
from deliverlab.metrics import METRICS
from deliverlab.policy.beta_binomial import JEFFREYS, Prior, chance_of_more
from deliverlab.policy.toml import one_of, shown
from deliverlab.schemas import UNKNOWN_INDUSTRY

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy
    from deliverlab.policy.rule import Rule


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
