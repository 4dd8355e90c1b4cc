"""What a policy is: rules that lead into stages, and a ladder that says how accounts climb and leave it."""

from __future__ import annotations

import math
from datetime import date  # noqa: TC003  # pydantic reads the annotation
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from deliverlab.errors import PolicyError
from deliverlab.metrics import METRICS
from deliverlab.policy.toml import Document, Entry, one_of, shown
from deliverlab.schemas import BANDS, GOOD, KNOWN_COUNTS, METRIC_NAMES

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


class Window(Span):
    """What counts today."""

    lag_days: Annotated[int, NoDayOrMore] = 2
    fresh_after: Annotated[
        tuple[Literal["notice", "clear"], ...],
        Field(strict=False, description='a list of "notice", "clear" or both'),
    ] = ("notice", "clear")


class Override(Entry):
    """Another limit for an industry, a volume band, or both."""

    industry: Annotated[str | None, Field(min_length=1, description="an industry in quotes")] = None
    band: Annotated[str | None, AfterValidator(_known_band), Field(description=one_of(BANDS))] = None
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
    metric: Annotated[str, AfterValidator(_known_metric), Field(description=one_of(METRIC_NAMES))]
    kind: Literal["rate", "peer", "evidence"] = Field(description='"rate", "peer" or "evidence"')
    limit: float = Field(description="a number")
    min_sent: Amount = 0.0
    min_events: Amount = 0.0
    z: Amount = 0.0
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
        for place, limit in limits:
            if self.kind == "rate" and not 0 <= limit <= 1:
                raise ValueError(f"{place} = {shown(limit)}, must be {FRACTION}")
            if self.kind != "rate" and limit <= 0:
                raise ValueError(f"{place} = {shown(limit)}, must be above 0 in a rule of kind {self.kind}")
        return self

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        if self.kind == "evidence" and self.z > 0:
            raise ValueError(f"z = {shown(self.z)}, must be left out: only rate and peer rules take it")
        for key in ("tolerate", "detect", "cap"):
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
        twin = _first_twice((override.industry, override.band) for override in self.overrides)
        if twin is not None:
            who = " and ".join(shown(name) for name in twin if name is not None)
            raise ValueError(f"overrides for {who} are equally specific, must be at most one")
        return self


class Stage(Entry):
    """A step of the ladder."""

    name: Name
    send_share: Share = 1.0
    grace_days: Annotated[int | None, NoDayOrMore] = None
    lasts_days: Annotated[int | None, OneDayOrMore] = None
    basis: Basis = "inferred"
    source: Text = None


class Ladder(Entry):
    """How accounts climb it, and how they leave it."""

    escalates_when: Literal["unreviewed", "breaching"] = Field(
        default="unreviewed", description='"unreviewed" or "breaching"'
    )
    clears_on: Annotated[
        tuple[Literal["review", "recovery"], ...],
        Field(strict=False, description='a list of "review", "recovery" or both'),
    ] = ("review",)
    recovery_days: Annotated[int, OneDayOrMore] = 7
    remembers_days: Annotated[int, NoDayOrMore] = 0
    reviews_lift_last: Yes = True


class Policy(Document):
    """What the provider decides; attributes are the keys of the file.

    >>> Policy.preset("hubspot-like").stage_names
    ('probation', 'first warning', 'second warning', 'suspended')
    """

    name: Name
    version: Text = None
    effective_from: date | None = Field(default=None, description="a date (2023-10-05, without quotes)")
    source: Text = None
    tiers: Names = ()
    denominators: Annotated[dict[str, str], AfterValidator(_known_denominators)] = Field(
        default={}, description="a table of metric = column"
    )
    window: Window = Field(description="a table with days or sends")
    rules: tuple[Rule, ...] = Field(default=(), strict=False, description="a list of tables")
    stages: tuple[Stage, ...] = Field(strict=False, min_length=1, description="a list of at least one stage")
    ladder: Ladder = Field(default=Ladder(), description="a table")

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """The names of the policies that come with the package."""
        files = resources.files("deliverlab.policy").joinpath("presets").iterdir()
        return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))

    @classmethod
    def preset(cls, name: str) -> Self:
        """A policy that comes with the package, by name."""
        if name not in cls.presets():
            raise PolicyError(f"preset = {shown(name)}, must be {one_of(cls.presets(), given=name)}")
        file = resources.files("deliverlab.policy").joinpath("presets", f"{name}.toml")
        return cls.from_text(file.read_text("utf-8"), where=f"preset {name}")

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The stages in order, mildest first, without good standing."""
        return tuple(stage.name for stage in self.stages)

    @property
    def title(self) -> str:
        """The name, and how many of its numbers nobody published.

        A number is a limit (a rule's or an override's) or what a stage says of its mail or its days.
        A file that marks no basis at all claims nobody's numbers, and goes by its name alone.
        """
        numbers: list[Rule | Override | Stage] = [*self.rules]
        numbers += [override for rule in self.rules for override in rule.overrides]
        spoken = {"send_share", "grace_days", "lasts_days"}
        numbers += [stage for stage in self.stages if stage.model_fields_set & spoken]
        inferred = sum(number.basis == "inferred" for number in numbers)
        if not inferred or not any("basis" in number.model_fields_set for number in numbers):
            return self.name
        return f"{self.name} ({inferred} of {len(numbers)} numbers inferred)"

    def span_of(self, rule: Rule) -> Span:
        """How far back a rule looks: its own window, or the policy's."""
        return rule.window or self.window

    def stage_entered_by(self, rule: Rule) -> str:
        """The stage a rule leads to: the first where it names none."""
        return rule.enters or self.stages[0].name

    def denominator_of(self, metric: str) -> str:
        """The column a metric is divided by under this policy."""
        return self.denominators.get(metric, METRICS[metric].denominator)

    @property
    def peer_metrics(self) -> tuple[str, ...]:
        """The metrics on which accounts are compared with their peers."""
        return tuple(sorted({rule.metric for rule in self.rules if rule.kind != "rate"}))

    @model_validator(mode="after")
    def _names_are_one_each(self) -> Self:
        if GOOD in self.stage_names:
            raise ValueError(f'stages[{self.stage_names.index(GOOD) + 1}] name = "{GOOD}", must be another: '
                             f"good standing is implicit")  # fmt: skip
        for what, names in (("stages", self.stage_names), ("rules", tuple(rule.name for rule in self.rules))):
            twin = _first_twice(names)
            if twin is not None:
                raise ValueError(f"{what} name = {shown(twin)} is used twice, must be unique")
        return self

    @model_validator(mode="after")
    def _rules_enter_stages(self) -> Self:
        for i, rule in enumerate(self.rules, start=1):
            entered = self.stage_entered_by(rule)
            if entered not in self.stage_names:
                raise ValueError(
                    f"rules[{i}] {shown(rule.name)} enters = {shown(entered)}, "
                    f"must be {one_of(self.stage_names, given=entered)}"
                )
        return self


def _first_twice(items: Iterable[T]) -> T | None:
    """The first item that was there before."""
    seen: set[T] = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None
