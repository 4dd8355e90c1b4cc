"""Measures by name, as searches ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.measures import MEASURES
from deliverlab.policy.toml import one_of, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from deliverlab.policy.measures import Measure
    from deliverlab.policy.sums import Floats, Sums

UNSWEPT = {"noticed_harm_averted", "naive_harm_averted"}  # they ask for the rate on the day of the notice
NAMED = {measure.name: measure for measure in MEASURES if measure.name not in UNSWEPT}


def measure_named(name: str, /) -> Measure:
    """The measure of a name such as `harm_averted_share`, or `reached.suspended` for one about a stage.

    Raises `PolicyError` where there is none, or a search cannot ask for it.
    """
    measure = name.partition(".")[0]
    if measure not in NAMED:
        raise PolicyError(f"measure = {shown(name)}, must be {one_of(NAMED, given=measure)}")
    return NAMED[measure]


def refuse_unknown(name: str, /, *, stages: Collection[str]) -> None:
    """A measure must be one that a search can ask for, and the stage it is about one of the policy's."""
    measure, about = measure_named(name), name.partition(".")[2]
    if measure.is_of_stages and about not in stages:
        known = [f"{measure.name}.{stage}" for stage in stages]
        raise PolicyError(f"measure = {shown(name)}, must be {one_of(known, given=name)}")


def figure_named(name: str, sums: Sums, /) -> Floats:
    """What the sums come to by a measure, in every sample; nan where that cannot be said."""
    measure, about = measure_named(name), name.partition(".")[2] or None
    found = measure.figures(sums, sums)
    if measure.is_of_stages and about not in found:  # nobody reached it
        return np.full_like(sums["accounts"], measure.unreached)
    if about not in found:
        known = [f"{measure.name}.{each}" if each else measure.name for each in found]
        raise PolicyError(f"measure = {shown(name)}, must be {one_of(known, given=name)}")
    return np.asarray(found[about], np.float64)


def figures_named(names: Iterable[str], sums: Sums, /) -> pl.DataFrame:
    """A row a sample and a column a measure; null where it cannot be said."""
    return pl.DataFrame({name: figure_named(name, sums) for name in names}).fill_nan(None)
