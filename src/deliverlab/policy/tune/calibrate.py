"""Calibration: the limits of one rule, band by band, at which as many good accounts get a notice in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import dataframely as dy
import numpy as np
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import PolicyError
from deliverlab.intervals import wilson
from deliverlab.metrics import METRICS
from deliverlab.policy.kernel.many import ADDED, UNTOUCHED
from deliverlab.policy.model import Policy
from deliverlab.policy.sweep.bench import Bench
from deliverlab.policy.toml import one_of, shown
from deliverlab.schemas import BANDS

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from deliverlab.history import History
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.sweep.bench import Sweep

    Floats: TypeAlias = NDArray[np.float64]
    Flags: TypeAlias = NDArray[np.bool_]
    Integers: TypeAlias = NDArray[np.int64]

STEPS = 64  # limits tried at once in each band
ROUNDS = 3  # the second and third between those on both sides of the wanted rate
NUDGE = 1.02  # accounts change bands, so limits that each keep the rate may exceed it together
MOST_NUDGES = 100


class Calibrated(Table):
    """One row a band with accounts: its limit, and how many of its good accounts get a notice there."""

    band = dy.Enum(BANDS, primary_key=True)
    limit = dy.Float64()
    accounts = dy.Int64(min=1)
    noticed = dy.Int64(min=0)
    rate = dy.Float64(min=0.0, max=1.0)
    low = dy.Float64(min=0.0, max=1.0)
    high = dy.Float64(min=0.0, max=1.0)


class Calibration(NamedTuple):
    """The policy with a limit for each band, and how it came out; `of` says who counts as good."""

    policy: Policy
    bands: dy.DataFrame[Calibrated]
    of: str


def calibrate(
    history: History,
    /,
    *,
    policy: Policy,
    rule: str,
    rate: float,
    between: tuple[float, float],
    scenario: Scenario,
    until: date | None = None,
) -> Calibration:
    """The limits of a rule at which at most this share of each band's good accounts ever gets a notice of it.

    Of each band the mildest of the limits tried is taken that does not exceed the rate, so that a rule pays
    nobody's volume with false trips: one limit for all notices small accounts by chance, or large ones never.
    Limits are tried `between` two numbers, evenly on a log scale, and then closer.

    What someone could dispute: good are the accounts labelled clean. Where none is labelled everybody counts,
    abusive ones too, and `of` says so: the rate is then that of all notices, no false-trip rate. An account
    belongs to the band of its mean month, as in `evaluate`, while the rule's limit is that of its band on the
    day. Overrides by industry are dropped. The intervals are Wilson's, of chance in who is in the history.

    Raises `PolicyError` for a rule that is not there, a rate outside 0 to 1, or limits in no order.
    """
    rules = {each.name: each for each in policy.rules}
    if rule not in rules:
        raise PolicyError(f"rule = {shown(rule)}, must be {one_of(rules, given=rule)}")
    if not 0 < rate < 1:
        raise PolicyError(f"rate = {shown(rate)}, must be between 0 and 1")
    if not 0 < between[0] < between[1]:
        raise PolicyError(f"between = {shown(between)}, must be two limits above 0, the lower one first")
    alone = _with_limits(policy, rule, None, is_alone=True)
    bench = Bench(history, alone, scenario, until or history.until or history.daily["day"].max())  # type: ignore[arg-type]
    is_high_bad = METRICS[rules[rule].metric].is_high_bad
    grid = np.tile(np.geomspace(*between, STEPS), (len(BANDS), 1))
    for _ in range(ROUNDS):
        swept = bench.sweep([_with_limits(policy, rule, limits, is_alone=True) for limits in grid.T.tolist()])
        good, noticed = _good_and_noticed(swept)
        grid, chosen = _closer(grid, noticed <= rate * good[:, None], is_high_bad=is_high_bad)
    for _ in range(MOST_NUDGES):
        swept = bench.sweep([_with_limits(policy, rule, chosen.tolist(), is_alone=True)])
        good, noticed = _good_and_noticed(swept)
        exceeds = noticed[:, 0] > rate * good
        if not exceeds.any():
            break
        chosen = np.where(exceeds, chosen * (NUDGE if is_high_bad else 1 / NUDGE), chosen)
    return Calibration(
        _with_limits(policy, rule, chosen.tolist()),
        _bands(chosen, good.astype(np.int64), noticed[:, 0].astype(np.int64)),
        of="accounts labelled clean" if _has_labels(swept) else "all accounts: none is labelled",
    )


def _with_limits(policy: Policy, rule: str, limits: list[float] | None, *, is_alone: bool = False) -> Policy:
    """The policy with an override of the rule for each band; or with that rule alone."""
    data = policy.model_dump(exclude_unset=True)
    if is_alone:
        data["rules"] = [entry for entry in data["rules"] if entry["name"] == rule]
    for entry in data["rules"]:
        if entry["name"] == rule and limits is not None:
            entry["overrides"] = [
                {"band": band, "limit": limit} for band, limit in zip(BANDS, limits, strict=True)
            ]
    return Policy.from_data(data, where=f"policy {shown(policy.name)}, rule {shown(rule)}")


def _has_labels(swept: Sweep) -> bool:
    return bool(swept.bench.untouched[..., UNTOUCHED.index("clean")].any())


def _good_and_noticed(swept: Sweep) -> tuple[Floats, Floats]:
    """How many good accounts each band has, and how many of them each policy notices: [band, policy]."""
    has_labels = _has_labels(swept)
    of, noticed = ("clean", "clean_noticed") if has_labels else ("accounts", "noticed")
    good = swept.bench.untouched[..., UNTOUCHED.index(of)].sum(axis=0)
    return good, swept.tallies.sums[..., ADDED.index(noticed)].sum(axis=1).T


def _closer(grid: Floats, kept: Flags, *, is_high_bad: bool) -> tuple[Floats, Floats]:
    """Limits closer to where each band begins to exceed the rate, and the mildest that does not.

    Where none keeps the rate, the strictest limit stands: what came of it is told beside it.
    """
    if not is_high_bad:
        closer, chosen = _closer(grid[:, ::-1], kept[:, ::-1], is_high_bad=True)
        return closer[:, ::-1], chosen
    last = grid.shape[1] - 1
    holds = kept[:, ::-1].cumprod(axis=1)[:, ::-1].astype(bool)  # also at every milder limit
    first = np.where(holds.any(axis=1), holds.argmax(axis=1), last)
    rows = np.arange(len(grid))
    ends = grid[rows, np.maximum(first - 1, 0)], grid[rows, first]
    return np.geomspace(*ends, grid.shape[1], axis=1), ends[1]


def _bands(limits: Floats, good: Integers, noticed: Integers) -> dy.DataFrame[Calibrated]:
    rows = pl.DataFrame({"band": list(BANDS), "limit": limits, "accounts": good, "noticed": noticed})
    known = rows.filter(pl.col("accounts") > 0)
    bounds = wilson(pl.col("noticed"), pl.col("accounts"))
    return Calibrated.cast(
        known.with_columns(rate=pl.col("noticed") / pl.col("accounts"), bounds=bounds).unnest("bounds")
    )
