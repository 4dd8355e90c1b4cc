"""Formulas: how a figure is made of the sums over a group of accounts, and over all of them.

Each takes both sums and gives the figure in every sample, by what it is about: a stage, a metric, a grouping,
or None where it is about nothing in particular.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from deliverlab.metrics import HARM, METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from deliverlab.policy.sums import Floats, Sums, Tally

    Figures: TypeAlias = Mapping[str | None, Floats]
    Formula: TypeAlias = Callable[[Sums, Sums], Figures]

ENOUGH_CLEAN = 200  # accounts of a group, before its false-trip rate stands by itself


def sum_of(column: str) -> Formula:
    """The sum of a column over the group."""
    return lambda sums, _: {None: sums[column]}


def share(column: str, of: str) -> Formula:
    """The sum of a column, of that of another; none of nothing, nor of less."""
    return lambda sums, _: {None: _ratio(sums[column], sums[of])}


def share_of_whole(column: str) -> Formula:
    """The sum of a column over the group, of that over all."""
    return lambda sums, whole: {None: _ratio(sums[column], whole[column])}


def _ratio(part: Floats, of: Floats) -> Floats:
    """No share of nothing, nor of less."""
    ratio: Floats = np.divide(part, of, out=np.full(part.shape, np.nan), where=of > 0)
    return ratio


def excess_held(sums: Sums, _: Sums) -> Figures:
    """The excess of each metric in the mail held."""
    return {name: sums[f"excess_{METRICS[name].numerator}_held"] for name in HARM}


def reached(sums: Sums, _: Sums) -> Figures:
    """The accounts that reached each stage."""
    tally = sums.tallies["reached"]
    return dict(zip(tally.keys["stage"], tally.sums, strict=True))


def days_to_clear(part: float) -> Formula:
    """The days from each stage to good standing, of so large a part of the entries into it."""

    def figures(sums: Sums, _: Sums) -> Figures:
        tally = sums.tallies["stays"]
        stages = tally.keys["stage"].unique().sort()
        return {stage: wait(tally, part, where=tally.keys["stage"] == stage) for stage in stages}

    return figures


def delay(sums: Sums, _: Sums) -> Figures:
    """The days from the label to the first notice, of half of the abusive accounts."""
    return {None: wait(sums.tallies["delays"], 0.5)}


def wait(tally: Tally, part: float, *, where: pl.Series | None = None) -> Floats:
    """The days after which so large a part is over (Kaplan and Meier 1958); nan where it never gets so far.

    What was not over when history ended counts for as long as it was seen.
    """
    rows = np.full(len(tally.keys), fill_value=True) if where is None else where.to_numpy()
    days, is_over = tally.keys["days"].to_numpy()[rows], tally.keys["is_over"].to_numpy()[rows]
    times, place = np.unique(days, return_inverse=True)
    over, seen = np.zeros((2, len(times), tally.sums.shape[1]))
    np.add.at(over, place[is_over], tally.sums[rows][is_over])
    np.add.at(seen, place, tally.sums[rows])
    at_risk = np.cumsum(seen[::-1], axis=0)[::-1]
    lasting = np.cumprod(1 - np.divide(over, at_risk, out=np.zeros_like(over), where=at_risk > 0), axis=0)
    is_over_for = lasting <= 1 - part + 1e-12
    first = np.argmax(is_over_for, axis=0) if len(times) else np.zeros(over.shape[1], np.int64)
    return np.where(is_over_for.any(axis=0), np.append(times, 0)[first], np.nan)


def reviews_a_day(of: Callable[[Floats], Floats]) -> Formula:
    """What a function makes of the reviews of each day (an array by day and sample)."""

    def figures(sums: Sums, whole: Sums) -> Figures:
        reviews = sums.tallies["reviews"].sums
        daily = np.zeros((whole.days, reviews.shape[1]))  # days without a review count too
        daily[: len(reviews)] = reviews
        return {None: of(daily)}

    return figures


def false_trips(sums: Sums, whole: Sums) -> Figures:
    """The share of clean accounts noticed; small groups borrow from all."""
    overall = _ratio(whole["clean_noticed"], whole["clean"])
    return {None: _borrowed(sums["clean_noticed"], sums["clean"], overall)}


def _borrowed(noticed: Floats, clean: Floats, overall: Floats) -> Floats:
    """The share, as if a group had `ENOUGH_CLEAN` accounts, those it lacks noticed as often as all are."""
    lacking = np.maximum(ENOUGH_CLEAN - clean, 0)
    return _ratio(noticed + lacking * overall, clean + lacking)


def worst_group(sums: Sums, _: Sums) -> Figures:
    """The highest false-trip rate of any industry or band, in multiples of that of all."""
    overall = _ratio(sums["clean_noticed"], sums["clean"])
    found: dict[str | None, Floats] = {}
    for name in ("industry", "band"):
        tally = sums.tallies[f"clean_by_{name}"]
        groups, place = np.unique(tally.keys["group"].to_numpy(), return_inverse=True)
        clean, noticed = np.zeros((2, len(groups), tally.sums.shape[1]))
        is_noticed = tally.keys["is_noticed"].to_numpy()
        np.add.at(clean, place, tally.sums)
        np.add.at(noticed, place[is_noticed], tally.sums[is_noticed])
        found[name] = _ratio(_borrowed(noticed, clean, overall).max(axis=0, initial=0.0), overall)
    return found
