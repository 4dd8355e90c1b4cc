"""Points: the policies of a search, as numbers and as policies."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import numpy as np

from deliverlab.errors import PolicyError
from deliverlab.policy.model import Ladder, Policy, Stage, Window
from deliverlab.policy.rule import Rule
from deliverlab.policy.toml import one_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from deliverlab.policy.tune.search import Search, Vary

    Floats: TypeAlias = NDArray[np.float64]
    Table: TypeAlias = dict[str, Any]

EACH = "*"
NEAR = 0.125  # of each range: how far around the best is looked again


def first_points(search: Search, /) -> Floats:
    """The points to try at first, a row each and a column a number that varies, each from 0 to 1.

    All of the grid where there are only values and no more of them than points; else scrambled Sobol points
    (Owen 1998), which fill the space more evenly than chance.
    """
    from scipy.stats import qmc

    if all(vary.values for vary in search.vary):
        sizes = [len(vary.values or ()) for vary in search.vary]
        if math.prod(sizes) <= search.points:
            middles = [(np.arange(size) + 0.5) / size for size in sizes]
            return np.array([*itertools.product(*middles)], np.float64)
    sobol = qmc.Sobol(len(search.vary), rng=np.random.default_rng(search.seed))
    return np.asarray(sobol.random_base2(math.ceil(math.log2(search.points)))[: search.points])


def points_near(best: Floats, search: Search, /, *, round_: int) -> Floats:
    """Half as many points as at first, near the best ones: the further the round, the nearer."""
    from scipy.stats import qmc

    count = max(search.points // 2, 1)
    sobol = qmc.Sobol(len(search.vary), rng=np.random.default_rng((search.seed, round_)))
    spread = (sobol.random_base2(math.ceil(math.log2(count)))[:count] * 2 - 1) * NEAR / round_
    around = best[np.arange(count) % len(best)]
    return np.clip(around + spread, 0.0, np.nextafter(1.0, 0.0))


def numbers_at(point: Floats, search: Search, /) -> tuple[float, ...]:
    """The numbers of the policy file at a point."""
    return tuple(number_of(float(place), vary) for place, vary in zip(point, search.vary, strict=True))


def number_of(place: float, vary: Vary, /) -> float:
    """The number at a place of its range, from 0 to 1."""
    if vary.values is not None:
        return vary.values[min(int(place * len(vary.values)), len(vary.values) - 1)]
    low, high = vary.least or 0.0, vary.most or 0.0
    between = low * (high / low) ** place if vary.scale == "log" else low + (high - low) * place
    return float(round(between)) if is_whole(vary) else _rounded(between)


def _rounded(number: float) -> float:
    """Four digits: a threshold that nobody can say is none."""
    return float(f"{number:.4g}")


def is_whole(vary: Vary) -> bool:
    """Whether the number is a whole one, such as days."""
    fields = [model.model_fields.get(vary.key[-1]) for model in (Window, Rule, Stage, Ladder)]
    kinds = [field.annotation for field in fields if field is not None]
    return any(kind is int or int in get_args(kind) for kind in kinds)


def neighbours(
    numbers: Sequence[float], search: Search, /, *, by: float = 0.1
) -> Iterator[tuple[float, ...]]:
    """The numbers with each threshold in turn a tenth more and less, where that is another number.

    Whole numbers change where a tenth of them rounds to one at least; of a list of values none does. One that
    would leave its range stays at its end.
    """
    for i, vary in enumerate(search.vary):
        if vary.values is not None:
            continue
        for sign in (-1, 1):
            step = float(round(numbers[i] * by)) if is_whole(vary) else numbers[i] * by
            moved = min(max(numbers[i] + sign * step, vary.least or 0.0), vary.most or 0.0)
            number = moved if is_whole(vary) else _rounded(moved)
            if number != numbers[i]:
                yield (*numbers[:i], number, *numbers[i + 1 :])


def numbers_in(policy: Policy, vary: Vary, /) -> list[float | None]:
    """What a policy says in the places of a number; none where it leaves it out."""
    holders = _holders(policy.model_dump(exclude_unset=True), vary)
    return [holder.get(vary.key[-1]) for holder in holders if EACH not in vary.key or vary.key[-1] in holder]


def policy_at(numbers: Sequence[float], search: Search, policy: Policy, /) -> Policy:
    """The policy with these numbers in their places.

    Raises `PolicyError` where there is no such place, or the policy with them would be none.
    """
    data = policy.model_dump(exclude_unset=True)
    for number, vary in zip(numbers, search.vary, strict=True):
        value = int(number) if is_whole(vary) else number
        for holder in _holders(data, vary):
            if EACH not in vary.key or vary.key[-1] in holder:  # each that says it, not each that could
                _set(holder, vary.key[-1], value)
    where = ", ".join(f"{vary.name} = {number:g}" for number, vary in zip(numbers, search.vary, strict=True))
    return Policy.from_data(data, where=f"policy {shown(policy.name)} with {where}")


def _set(holder: Table, key: str, value: float) -> None:
    """The number in its place; where it is another one, nobody published it."""
    if holder.get(key) != value and "basis" in holder:
        holder["basis"] = "inferred"
        holder.pop("source", None)
    holder[key] = value


def _holders(data: Table, vary: Vary) -> list[Table]:
    """The tables in which the number stands."""
    holders: list[Any] = [data]
    for key in vary.key[:-1]:
        holders = [inside for holder in holders for inside in _inside(holder, key, vary)]
    return holders


def _inside(holder: Table | Sequence[Table], key: str, vary: Vary) -> list[Any]:
    """What stands under a key: a table, all entries of a list, or the one that goes by the name."""
    if isinstance(holder, dict):
        if key == "ladder":  # may be left out of a file altogether
            return [holder.setdefault(key, {})]
        named: Table = holder
    else:
        named = {_name_of(entry): entry for entry in holder}
        if key == EACH:
            return [*named.values()]
    if key not in named:
        raise PolicyError(f"vary {shown(vary.name)}: {shown(key)} must be {one_of(named, given=key)}")
    return [named[key]]


def _name_of(entry: Table) -> str:
    """A rule's or stage's name; whom an override is for."""
    if "name" in entry:
        return str(entry["name"])
    return " ".join(str(entry[key]) for key in ("industry", "band") if entry.get(key) is not None)
