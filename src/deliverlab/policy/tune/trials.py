"""Trials: policies at some numbers, and what each comes to, a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import polars as pl

from deliverlab.errors import PolicyError
from deliverlab.policy.model import Policy
from deliverlab.policy.tune.points import policy_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deliverlab.policy.tune.search import Search

    Numbers: TypeAlias = tuple[float, ...]

BESIDE = ("noticed_share", "identified_share")  # what is told of every policy, asked for or not


class Figured(Protocol):
    """Policies, and what each comes to."""

    def figures(self, names: Iterable[str]) -> pl.DataFrame:
        """A row a policy and a column a measure, by name; null where it cannot be said."""


class Sweeper(Protocol):
    """Days of a history on which policies can be tried, here or on a cluster."""

    @property
    def days(self) -> str:
        """The days in words."""

    def sweep(self, policies: Sequence[Policy], /) -> Figured:
        """What each of these policies comes to."""


def measures_of(search: Search, /) -> tuple[str, ...]:
    """All measures that are told of every policy: those asked for, and how much is noticed and observed."""
    return tuple(dict.fromkeys((*search.measures, *BESIDE)))


def trials(numbers: Sequence[Numbers], search: Search, /, *, policy: Policy, bench: Sweeper) -> pl.DataFrame:
    """A row for each of the numbers: they, every measure, and why it was `refused` where it is no policy.

    Raises `PolicyError` where none of them is one.
    """
    found = [_policy_or_refusal(each, search, policy) for each in numbers]
    policies = [each for each in found if isinstance(each, Policy)]
    refusals = [each for each in found if isinstance(each, PolicyError)]
    if refusals and not policies:
        raise refusals[0]
    figures = bench.sweep(policies or [policy]).figures(measures_of(search)).head(len(policies))
    told, nothing = iter(figures.rows(named=True)), dict.fromkeys(figures.columns)
    names = [vary.name for vary in search.vary]
    rows: list[dict[str, Any]] = [
        dict(zip(names, each, strict=True))
        | (next(told) if isinstance(result, Policy) else nothing)
        | {"refused": None if isinstance(result, Policy) else str(result)}
        for each, result in zip(numbers, found, strict=True)
    ]
    kinds = dict.fromkeys(names, pl.Float64()) | figures.schema | {"refused": pl.String()}
    return pl.DataFrame(rows, schema=kinds)


def _policy_or_refusal(numbers: Numbers, search: Search, policy: Policy) -> Policy | PolicyError:
    try:
        return policy_at(numbers, search, policy)
    except PolicyError as refusal:
        return refusal
