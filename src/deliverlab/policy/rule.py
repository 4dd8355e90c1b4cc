"""Rules: a limit on a metric over a window, and the stage that breaching it leads to."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from deliverlab.metrics import METRICS
from deliverlab.policy.fields import (
    FRACTION,
    MOST_MAIL,
    Amount,
    Band,
    Basis,
    Metric,
    Name,
    OneDayOrMore,
    Positive,
    Text,
    Yes,
    first_twice,
)
from deliverlab.policy.toml import Entry, shown


class Span(Entry):
    """How far back a rule looks: so many calendar days, or so many mails."""

    days: Annotated[int | None, OneDayOrMore] = None
    sends: Annotated[
        int | None, Field(ge=1, le=MOST_MAIL, description="a whole number of mails, 1 or more")
    ] = None

    @model_validator(mode="after")
    def _one_of_days_and_sends(self) -> Self:
        if (self.days is None) == (self.sends is None):
            given = "neither" if self.days is None else f"days = {self.days} and sends = {self.sends}"
            raise ValueError(f"has {given}, must be exactly one of days and sends")
        return self


class Override(Entry):
    """Another limit for an industry, a volume band, or both."""

    industry: Annotated[str | None, Field(min_length=1, description="an industry in quotes")] = None
    band: Band = None
    limit: float = Field(description="a number")
    basis: Basis = "inferred"
    source: Text = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.industry is None and self.band is None:
            raise ValueError("names nobody, must be for an industry, a band or both")
        return self


class Rule(Entry):
    """A limit on a metric, and the stage that breaching it leads to."""

    name: Name
    metric: Metric
    kind: Literal["rate", "peer", "evidence"] = Field(description='"rate", "peer" or "evidence"')
    limit: float = Field(description="a number")
    min_sent: Amount = 0.0
    min_events: Amount = 0.0
    min_ratio: Amount = 0.0
    z: Amount = 0.0
    clean_limit: float | None = Field(default=None, description="a number")
    enters: Annotated[str | None, Field(min_length=1, description="the name of a stage")] = None
    climbs: Yes = True
    window: Span | None = Field(default=None, description="a table with days or sends")
    tolerate: Positive = 2.0
    detect: Positive = 5.0
    cap: Positive = math.log(20)
    basis: Basis = "inferred"
    source: Text = None
    overrides: tuple[Override, ...] = Field(default=(), strict=False, description="a list of tables")

    def limit_for(self, *, industry: str, band: str) -> float:
        """The limit for an account of this industry in this band: the most specific override wins.

        >>> rule = Rule(name="r", metric="complaint_rate", kind="rate", limit=0.001,
        ...     overrides=[Override(band="<1k", limit=0.003), Override(industry="Retail", limit=0.002)])
        >>> rule.limit_for(industry="Retail", band="<1k"), rule.limit_for(industry="Media", band="<1k")
        (0.002, 0.003)
        """
        limits = {(override.industry, override.band): override.limit for override in self.overrides}
        for who in ((industry, band), (industry, None), (None, band)):
            if who in limits:
                return limits[who]
        return self.limit

    @model_validator(mode="after")
    def _limits_fit_the_kind(self) -> Self:
        limits = [("limit", self.limit)]
        limits += [(f"overrides[{i}] limit", o.limit) for i, o in enumerate(self.overrides, start=1)]
        limits += [("clean_limit", self.clean_limit)] if self.clean_limit is not None else []
        for place, limit in limits:
            if self.kind == "rate" and not 0 <= limit <= 1:
                raise ValueError(f"{place} = {shown(limit)}, must be {FRACTION}")
            if self.kind != "rate" and limit <= 0:
                raise ValueError(f"{place} = {shown(limit)}, must be above 0 in a rule of kind {self.kind}")
        return self

    @model_validator(mode="after")
    def _clean_is_on_the_good_side(self) -> Self:
        if self.clean_limit is None or self.clean_limit == self.limit:
            return self
        if (self.clean_limit > self.limit) == METRICS[self.metric].is_high_bad:
            side = "at most" if METRICS[self.metric].is_high_bad else "at least"
            raise ValueError(
                f"clean_limit = {shown(self.clean_limit)}, must be {side} limit = {shown(self.limit)}"
            )
        return self

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        if self.kind == "evidence" and self.z > 0:
            raise ValueError(f"z = {shown(self.z)}, must be left out: only rate and peer rules take it")
        if self.kind == "evidence" and self.clean_limit is not None:
            raise ValueError(
                f"clean_limit = {shown(self.clean_limit)}, must be left out: only rate and peer rules take it"
            )
        for key in ("tolerate", "detect", "cap", "min_ratio"):
            if self.kind != "evidence" and key in self.model_fields_set:
                value = shown(getattr(self, key))
                raise ValueError(f"{key} = {value}, must be left out: only evidence rules take it")
        if self.tolerate >= self.detect:
            raise ValueError(
                f"tolerate = {shown(self.tolerate)}, must be below detect = {shown(self.detect)}"
            )
        return self

    @model_validator(mode="after")
    def _low_is_bad_has_no_events_to_count(self) -> Self:
        if METRICS[self.metric].is_high_bad:
            return self
        if self.kind == "evidence":
            raise ValueError(f'kind = "evidence", must be rate or peer: {self.metric} is bad when it is low')
        if self.min_events > 0:
            events = shown(self.min_events)
            raise ValueError(f"min_events = {events}, must be left out: {self.metric} is bad when it is low")
        return self

    @model_validator(mode="after")
    def _overrides_differ(self) -> Self:
        twin = first_twice((override.industry, override.band) for override in self.overrides)
        if twin is not None:
            who = " and ".join(shown(name) for name in twin if name is not None)
            raise ValueError(f"overrides for {who} are equally specific, must be at most one")
        return self
