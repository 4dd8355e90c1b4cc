"""The sums of a sweep: those of `sums`, with a policy where there is a resample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.policy.kernel.layout import ABUSIVE
from deliverlab.policy.kernel.many import ADDED, UNTOUCHED
from deliverlab.policy.sums import Sums, Tally
from deliverlab.schemas import BANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from deliverlab.policy.kernel.layout import Floats
    from deliverlab.policy.kernel.many import Tallies
    from deliverlab.policy.sweep.ground import Ground

CLEAN, CLEAN_NOTICED = UNTOUCHED.index("clean"), ADDED.index("clean_noticed")


def swept_sums(tallies: Tallies, untouched: Floats, *, ground: Ground, stages: Sequence[str]) -> Sums:
    """What every policy's accounts add up to: columns by policy, and tallies by key and policy."""
    added = tallies.sums.sum(axis=(1, 2))
    base = dict(zip(UNTOUCHED, untouched.sum(axis=(0, 1)).tolist(), strict=True))
    columns = {name: np.full(len(added), value) for name, value in base.items()} | {
        name: base.get(name, 0.0) + more for name, more in zip(ADDED, added.T, strict=True)
    }
    columns["is_in_scope"] = columns["accounts"]
    return Sums(
        columns,
        {
            "reached": Tally(pl.DataFrame({"stage": stages}), _floats(tallies.reached[:, 1:].T)),
            "stays": _stays(tallies, stages),
            "reviews": _reviews(tallies, ground),
            "delays": _delays(tallies, ground),
            "clean_by_industry": _clean(ground.industries, tallies.sums.sum(axis=2), untouched.sum(axis=1)),
            "clean_by_band": _clean(BANDS, tallies.sums.sum(axis=1), untouched.sum(axis=0)),
        },
        tallies.reviews.shape[1],
    )


def _stays(tallies: Tallies, stages: Sequence[str]) -> Tally:
    """How long entries into a stage lasted, until good standing or the end."""
    counts = tallies.stays[:, 1:].transpose(1, 2, 3, 0)
    stage, days, is_over = np.nonzero(counts.any(axis=3))
    names = pl.Series(stages, dtype=pl.String).gather(stage)
    keys = pl.DataFrame({"stage": names, "days": days, "is_over": is_over == 1})
    return Tally(keys, _floats(counts[stage, days, is_over]))


def _reviews(tallies: Tallies, ground: Ground) -> Tally:
    """How many reviews were completed on each day, from the first of any account on."""
    days = pl.int_range(ground.told.first_day, ground.until + 1, dtype=pl.Int32, eager=True).cast(pl.Date)
    return Tally(pl.DataFrame({"day": days}), _floats(tallies.reviews.T))


def _delays(tallies: Tallies, ground: Ground) -> Tally:
    """How long abusive accounts went on until their first notice, or the end where there was none."""
    counts = tallies.delays.transpose(1, 2, 0).astype(np.int64)
    abusive = ground.told.judged_from[ground.told.label == ABUSIVE]
    undetected = np.bincount(ground.until - abusive - ground.told.least_delay, minlength=len(counts))
    counts[:, 0] += undetected[:, None]
    days, is_over = np.nonzero(counts.any(axis=2))
    keys = pl.DataFrame({"days": days + ground.told.least_delay, "is_over": is_over == 1})
    return Tally(keys, _floats(counts[days, is_over]))


def _clean(groups: Sequence[str], added: Floats, untouched: Floats) -> Tally:
    """The clean accounts of each group, noticed and not."""
    noticed = added[..., CLEAN_NOTICED].T
    keys = pl.DataFrame(
        {"group": [*groups, *groups], "is_noticed": [True] * len(groups) + [False] * len(groups)},
        schema={"group": pl.String, "is_noticed": pl.Boolean},
    )
    return Tally(keys, np.vstack([noticed, untouched[:, CLEAN, None] - noticed]))


def _floats(counts: NDArray[np.integer]) -> Floats:
    return counts.astype(np.float64)
