"""What a value in a policy or scenario file may be: the types of their keys, each described for a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from deliverlab.metrics import METRICS
from deliverlab.policy.toml import one_of, shown
from deliverlab.schemas import BANDS, KNOWN_COUNTS, METRIC_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

FRACTION = "between 0 and 1 (a fraction: 0.05, not 5)"
MOST_DAYS = 1_000_000
MOST_MAIL = 2**53  # beyond it float64 cannot count


def _known_metric(name: str) -> str:
    if name not in METRICS:
        raise ValueError(f"= {shown(name)}, must be {one_of(METRIC_NAMES, given=name)}")
    return name


def _known_band(name: str | None) -> str | None:
    if name is not None and name not in BANDS:
        raise ValueError(f"= {shown(name)}, must be {one_of(BANDS, given=name)}")
    return name


def _known_denominators(denominators: dict[str, str]) -> dict[str, str]:
    for metric, column in denominators.items():
        if metric not in METRICS:
            raise ValueError(f"unknown key {shown(metric)}, must be {one_of(METRIC_NAMES, given=metric)}")
        if column not in KNOWN_COUNTS:
            raise ValueError(f"{metric} = {shown(column)}, must be {one_of(KNOWN_COUNTS, given=column)}")
    return denominators


Text = Annotated[str | None, Field(min_length=1, description="text in quotes")]
Name = Annotated[str, Field(min_length=1, description="a name in quotes")]
Names = Annotated[tuple[str, ...], Field(strict=False, description="a list of names in quotes")]
Share = Annotated[float, Field(ge=0, le=1, description=FRACTION)]
OneDayOrMore = Field(ge=1, le=MOST_DAYS, description="a whole number of days, 1 or more")
NoDayOrMore = Field(ge=0, le=MOST_DAYS, description="a whole number of days, 0 or more")
Amount = Annotated[float, Field(ge=0, le=MOST_MAIL, description="a number, 0 or more")]
Positive = Annotated[float, Field(gt=0, description="a number above 0")]
Yes = Annotated[bool, Field(description="true or false")]
Basis = Annotated[Literal["published", "inferred"], Field(description='"published" or "inferred"')]
Metric = Annotated[str, AfterValidator(_known_metric), Field(description=one_of(METRIC_NAMES))]
Band = Annotated[str | None, AfterValidator(_known_band), Field(description=one_of(BANDS))]
Denominators = Annotated[dict[str, str], AfterValidator(_known_denominators)]


def first_twice(items: Iterable[T]) -> T | None:
    """The first item that was there before.

    >>> first_twice("abcb")
    'b'
    """
    seen: set[T] = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None
