"""Rules: a limit on a metric over a window, and the stage that breaching it leads to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

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

if TYPE_CHECKING:
    from collections.abc import Mapping


Limits: TypeAlias = "Mapping[tuple[str | None, str | None], float]"


class Span(Entry):
    """How far back a rule looks: so many calendar days, or so many mails."""

    days: Annotated[int | None, OneDayOrMore] = Field(
        default=None, title="So many calendar days. Exactly one of `days` and `sends` must be given."
    )
    sends: Annotated[
        int | None, Field(ge=1, le=MOST_MAIL, description="a whole number of mails, 1 or more")
    ] = Field(default=None, title="As few of the newest days as hold so many mails.")

    @model_validator(mode="after")
    def _one_of_days_and_sends(self) -> Self:
        if (self.days is None) == (self.sends is None):
            given = "neither" if self.days is None else f"days = {self.days} and sends = {self.sends}"
            raise ValueError(f"has {given}, must be exactly one of days and sends")
        return self


class Override(Entry):
    """Another limit for an industry, a volume band, or both."""

    industry: Annotated[str | None, Field(min_length=1, description="an industry in quotes")] = Field(
        default=None,
        title="For accounts of this industry. The most specific override wins: both, industry, band.",
    )
    band: Band = Field(default=None, title="For accounts of this volume band.")
    limit: float = Field(description="a number", title="Their limit, of the rule's kind.")
    basis: Basis = Field(default="inferred", title="Whether this limit stands in a provider's own text.")
    source: Text = Field(default=None, title="Where it stands, or what it is inferred from.")

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.industry is None and self.band is None:
            raise ValueError("names nobody, must be for an industry, a band or both")
        return self


def most_specific(limits: Limits, industry: str, band: str, otherwise: float) -> float:
    """The limit for both, else for the industry, else for the band, else the rule's own."""
    for who in ((industry, band), (industry, None), (None, band)):
        if who in limits:
            return limits[who]
    return otherwise


class Rule(Entry):
    """A limit on a metric, and the stage that breaching it leads to."""

    name: Name = Field(title="What notices call the rule.")
    metric: Metric = Field(title="The rate it looks at.")
    kind: Literal["rate", "peer", "evidence"] = Field(
        description='"rate", "peer" or "evidence"',
        title="What the rate is held against: a fixed limit, a multiple of the peer rate, or evidence "
        "(a capped CUSUM of events against what peers would have had).",
    )
    limit: float = Field(
        description="a number",
        title="Beyond it the rule breaches: a fraction, a multiple of the peer rate, or a sum of evidence.",
    )
    min_sent: Amount = Field(default=0.0, title="Mails in the window below which the rule is silent.")
    min_events: Amount = Field(default=0.0, title="Events in the window below which the rule is silent.")
    min_ratio: Amount = Field(
        default=0.0, title="Kind evidence: how many times the peers' events the window must hold besides."
    )
    z: Amount = Field(
        default=0.0, title="Kinds rate and peer: how many standard errors beyond the limit the rate must be."
    )
    clean_limit: float | None = Field(
        default=None,
        description="a number",
        title="Kinds rate and peer: beyond it a day is not clean, though the rule is not breached.",
    )
    enters: Annotated[str | None, Field(min_length=1, description="the name of a stage")] = Field(
        default=None, title="The stage a breach leads to. Left out: the first."
    )
    climbs: Yes = Field(default=True, title="Whether memory may lift a breach above that stage.")
    window: Span | None = Field(
        default=None,
        description="a table with days or sends",
        title="How far back this rule looks. Left out: as far as the policy.",
    )
    tolerate: Positive = Field(
        default=2.0, title="Kind evidence: the multiple of the peer rate that is tolerated."
    )
    detect: Positive = Field(default=5.0, title="Kind evidence: the multiple that is looked for.")
    cap: Positive = Field(default=math.log(20), title="Kind evidence: the most that one day can add (ln 20).")
    basis: Basis = Field(default="inferred", title="Whether the limit stands in a provider's own text.")
    source: Text = Field(default=None, title="Where it stands, or what it is inferred from.")
    overrides: tuple[Override, ...] = Field(
        default=(), strict=False, description="a list of tables", title="Other limits for some accounts."
    )

    def limit_for(self, *, industry: str, band: str) -> float:
        """The limit for an account of this industry in this band: the most specific override wins.

        >>> rule = Rule(name="r", metric="complaint_rate", kind="rate", limit=0.001,
        ...     overrides=[Override(band="<1k", limit=0.003), Override(industry="Retail", limit=0.002)])
        >>> rule.limit_for(industry="Retail", band="<1k"), rule.limit_for(industry="Media", band="<1k")
        (0.002, 0.003)
        """
        return most_specific(self.override_limits, industry, band, self.limit)

    @property
    def override_limits(self) -> Limits:
        """The limits of all overrides, by industry and band."""
        return {(override.industry, override.band): override.limit for override in self.overrides}

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
