"""Accounts that were alike and not reviewed: what would have become of reviewed ones, as far as one can tell.

An account gets a notice on its worst days. It would have come back a good part of the way by itself, so what
it was before says little of what it would have been. Accounts that looked the same on their own day and were
not reviewed say more: they come back just as far (risk-set matching: Li, Propert and Rosenbaum 2001).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.metrics import METRICS
from deliverlab.schemas import BANDS, METRIC_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

ENFORCED = [metric.name for metric in METRICS.values() if metric.is_enforced]
PROFILED = [*ENFORCED, "open_rate"]  # opens do not trip, but tell what kind of list it is
MATCHES = 5  # accounts that stand in for one
FARTHEST = 3.0  # distance of a match
TIMES = 1.5  # by which a match's ratio may differ in the metric that tripped
# What counts as one unit of distance.
UNITS = {"now": 0.4, "lately": 0.6, "before": 0.6}  # of the logarithm of a ratio
STRICTNESS = {"open_rate": 1.5}  # accounts differ less in it
BAND_STEP, OTHER_INDUSTRY, NOT_NOTICED, DAYS_APART = 0.5, 0.5, 2.0, 90.0


class Profiles(Table):
    """What an account looked like on a day: its shrunken ratio in each of `PROFILED`.

    `now` is over the window that was known then, `lately` over its last third (is the account getting worse,
    or mending?), `before` over the window before it. `may_end_on` is the last day on which a match's outcome
    may end: before its next review.
    """

    account_id = dy.String(primary_key=True)
    day = dy.Date(primary_key=True)
    industry = dy.String()
    band = dy.Enum(BANDS)
    now = dy.Array(dy.Float64(), len(PROFILED))
    lately = dy.Array(dy.Float64(), len(PROFILED))
    before = dy.Array(dy.Float64(), len(PROFILED))
    was_noticed = dy.Bool()
    may_end_on = dy.Date()


class Matches(Table):
    """One row a reviewed account and an account that stands in for it, the nearest first."""

    account_id = dy.String(primary_key=True)
    reviewed_on = dy.Date(primary_key=True)
    match_id = dy.String(primary_key=True)
    noticed_on = dy.Date()
    match_day = dy.Date()
    tripped_by = dy.Enum(METRIC_NAMES)
    distance = dy.Float64(min=0.0)


def tripped_by() -> pl.Expr:
    """The metric that lies farthest above the peers' on the day of a profile, opens aside."""
    names = dict(enumerate(ENFORCED))
    return _enforced().list.arg_max().replace_strict(names, return_dtype=pl.Enum(METRIC_NAMES))


def top() -> pl.Expr:
    """How far it lies above them."""
    return _enforced().list.max()


def _enforced() -> pl.Expr:
    return pl.col("now").arr.to_list().list.head(len(ENFORCED))


def closeness() -> pl.Expr:
    """How much a match counts beside one without any distance: a bell curve, so the farthest hardly do."""
    return (-pl.col("distance").pow(2) / 2).exp()


def matches(
    reviewed: pl.DataFrame, candidates: dy.DataFrame[Profiles], /, *, window_days: int
) -> dy.DataFrame[Matches]:
    """Up to `MATCHES` accounts for each reviewed one, each once, on the day on which it was most alike.

    `reviewed` is `Profiles` with `reviewed_on`. Alike are accounts at most one volume band apart whose ratio
    in the metric that tripped is the same within `TIMES`; of these the nearest within `FARTHEST`, by all
    ratios, band, industry and time. Only what was known on the day counts: no look is chosen for what came
    after. As many days after its own day as the review took, a match's outcome begins; it must end by
    `may_end_on`.
    """
    import numpy as np

    accounts = candidates["account_id"].to_numpy()
    theirs = _features(candidates)
    ends = candidates["may_end_on"].cast(pl.Int64).to_numpy()
    rows = []
    ours = _features(reviewed)
    for place, one in enumerate(reviewed.with_columns(tripped_by=tripped_by()).iter_rows(named=True)):
        delay = (one["reviewed_on"] - one["day"]).days
        worst = ENFORCED.index(one["tripped_by"])
        apart = np.abs(theirs["ratios"][:, worst] - ours["ratios"][place, worst]) * UNITS["now"]
        bands = np.abs(theirs["band"] - ours["band"][place])
        may = (
            (apart <= math.log(TIMES)) & (bands <= 1) & (accounts != one["account_id"])
            & (theirs["day"] + delay + window_days <= ends)
        )  # fmt: skip
        (near,) = np.nonzero(may)
        distance = np.sqrt(
            ((theirs["ratios"][near] - ours["ratios"][place]) ** 2).sum(axis=1)
            + (bands[near] * BAND_STEP) ** 2
            + (theirs["industry"][near] != ours["industry"][place]) * OTHER_INDUSTRY**2
            + (theirs["was_noticed"][near] != ours["was_noticed"][place]) * NOT_NOTICED**2
            + ((theirs["day"][near] - ours["day"][place]) / DAYS_APART) ** 2
        )
        for row, how_far in _nearest(near, distance, accounts):
            rows.append((
                one["account_id"], one["reviewed_on"], accounts[row], one["day"],
                candidates["day"][int(row)], one["tripped_by"], float(how_far),
            ))  # fmt: skip
    found = pl.DataFrame(rows, schema=Matches.column_names(), orient="row") if rows else None
    return Matches.create_empty() if found is None else Matches.cast(found)


def _features(profiles: pl.DataFrame) -> dict[str, NDArray[np.float64]]:
    """The columns that distances are taken of, as arrays; logarithms of ratios in units of distance."""
    import numpy as np

    strictness = np.array([STRICTNESS.get(name, 1.0) for name in PROFILED])
    ratios = [
        strictness * np.log(profiles[name].to_numpy().reshape(-1, len(PROFILED))) / unit
        for name, unit in UNITS.items()
    ]
    return {
        "ratios": np.hstack(ratios),
        "band": profiles["band"].to_physical().cast(pl.Int64).to_numpy(),
        "industry": profiles["industry"].to_numpy(),
        "was_noticed": profiles["was_noticed"].to_numpy(),
        "day": profiles["day"].cast(pl.Int64).to_numpy(),
    }


def _nearest(
    near: NDArray[np.int64], distance: NDArray[np.float64], accounts: NDArray[np.str_]
) -> Iterator[tuple[int, float]]:
    """The nearest rows, no account twice; ties in the order of the rows."""
    taken: set[str] = set()
    for place in distance.argsort(kind="stable"):
        if len(taken) == MATCHES or distance[place] > FARTHEST:
            return
        row = int(near[place])
        if accounts[row] not in taken:
            taken.add(accounts[row])
            yield row, distance[place]
