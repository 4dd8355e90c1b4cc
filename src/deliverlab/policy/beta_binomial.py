"""Events among mails that are still to come, when their rate is not known: beta-binomial."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from deliverlab.errors import PolicyError
from deliverlab.policy.toml import shown

AT_ONCE = 1_000_000  # numbers of events whose chances are summed at a time


class Prior(NamedTuple):
    """What is known of a send's rate before its mail: a beta distribution, by its two parameters."""

    events: float
    others: float


JEFFREYS = Prior(0.5, 0.5)  # knows nothing


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
    is_rare = than >= of * prior.events / sum(prior)  # what is summed up is small, and keeps its digits
    begin, end = (than + 1, of + 1) if is_rare else (0, than + 1)
    pieces = range(begin, end, AT_ONCE)
    chance = math.fsum(_chances(at, min(at + AT_ONCE, end), of=of, prior=prior) for at in pieces)
    return min(max(chance if is_rare else 1 - chance, 0.0), 1.0)


def _chances(begin: int, end: int, *, of: int, prior: Prior) -> float:
    """The beta-binomial probability of `begin` to before `end` events."""
    from scipy.special import betaln, gammaln

    events = np.arange(begin, end, dtype=np.float64)
    ways = gammaln(of + 1) - gammaln(events + 1) - gammaln(of - events + 1)
    each = ways + betaln(prior.events + events, prior.others + of - events) - betaln(*prior)
    return float(np.exp(each).sum())
