"""What a policy is: rules that lead into stages, and a ladder that says how accounts climb and leave it."""

from __future__ import annotations

from datetime import date  # noqa: TC003  # pydantic reads the annotation
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from deliverlab.errors import PolicyError
from deliverlab.language import say
from deliverlab.metrics import METRICS
from deliverlab.policy.fields import (
    Basis,
    Denominators,
    Name,
    Names,
    NoDayOrMore,
    OneDayOrMore,
    Share,
    Text,
    Yes,
    first_twice,
)
from deliverlab.policy.rule import Override, Rule, Span
from deliverlab.policy.toml import Document, Entry, one_of, shown
from deliverlab.schemas import CAUSES, GOOD

if TYPE_CHECKING:
    from deliverlab.display import Bundle

WaysOut: TypeAlias = tuple[Literal["review", "recovery"], ...]
WAYS_OUT = 'a list of "review", "recovery" or both'
ACCEPTED = "accepted"  # a review that lifts nothing, but counts
OCCASIONS = {"notice": ("breach", "unreviewed"), "clear": ("review", "recovery", "expired")}


class Window(Span):
    """What counts today."""

    lag_days: Annotated[int, NoDayOrMore] = Field(
        default=2, title="The newest days that do not count yet, because their outcomes are not all known."
    )
    fresh_after: Annotated[
        tuple[
            Literal["notice", "clear", "breach", "unreviewed", "review", "recovery", "expired", "accepted"],
            ...,
        ],
        Field(strict=False, description=f"a list of {', '.join((*OCCASIONS, *CAUSES, ACCEPTED))}"),
    ] = Field(
        default=("notice", "clear"),
        title="What restarts the window, so that only later mail counts: every notice, every clear, or those "
        "with a cause; `accepted` is a review that clears nothing. An empty list: nothing does.",
    )

    def restarts_on(self, cause: str) -> bool:
        """Whether a step with this cause restarts the window: where it or its occasion is named.

        >>> Window(days=7, fresh_after=["notice", "expired"]).restarts_on("unreviewed")
        True
        """
        return cause in self.fresh_after or any(
            cause in causes for occasion, causes in OCCASIONS.items() if occasion in self.fresh_after
        )


class Stage(Entry):
    """A step of the ladder."""

    name: Name = Field(title="What the stage is called. `good` is implicit and comes before the first.")
    send_share: Share = Field(
        default=1.0, title="How much of the mail is let through in this stage; the rest is held."
    )
    grace_days: Annotated[int | None, NoDayOrMore] = Field(
        default=None,
        title="Days in the stage before it may escalate to the next. Left out: never by time alone.",
    )
    lasts_days: Annotated[int | None, OneDayOrMore] = Field(
        default=None, title="Days after which the stage ends by itself, as a temporary block does."
    )
    clears_on: Annotated[WaysOut | None, Field(strict=False, description=WAYS_OUT)] = Field(
        default=None, title="What clears an account in this stage. Left out: what the ladder says."
    )
    basis: Basis = Field(default="inferred", title="Whether share and days stand in a provider's own text.")
    source: Text = Field(default=None, title="Where they stand, or what they are inferred from.")


class Ladder(Entry):
    """How accounts climb it, and how they leave it."""

    escalates_when: Literal["unreviewed", "breaching"] = Field(
        default="unreviewed",
        description='"unreviewed" or "breaching"',
        title="When a stage escalates after its grace: if no review cleared it, or if a rule is breached.",
    )
    clears_on: Annotated[WaysOut, Field(strict=False, description=WAYS_OUT)] = Field(
        default=("review",),
        title="What clears stages that do not say so themselves; recovery then never clears the last.",
    )
    recovery_days: Annotated[int, OneDayOrMore] = Field(
        default=7, title="Clean days in a row that count as recovery."
    )
    quiet_days: Literal["break", "skip", "count"] = Field(
        default="break",
        description='"break", "skip" or "count"',
        title="What a day without mail is to the clean days in a row: it breaks them, is skipped, or counts.",
    )
    remembers_days: Annotated[int, NoDayOrMore] = Field(
        default=0,
        title="How long a breach after clearing leads into the stage after the one left. 0: not at all.",
    )
    remembers: Literal["last", "highest"] = Field(
        default="last",
        description='"last" or "highest"',
        title="Which stage is remembered: the last that was left, or the highest left within that time.",
    )
    forgets_after: Literal["days", "clean days"] = Field(
        default="days",
        description='"days" or "clean days"',
        title="What `remembers_days` counts: days since the clear, or clean days in a row in good standing.",
    )
    reviews_lift_last: Yes = Field(
        default=True, title="Whether a review clears the last stage too, where that does not say so itself."
    )


class Policy(Document):
    """What the provider decides; attributes are the keys of the file.

    >>> Policy.preset("hubspot-like").stage_names
    ('probation', 'first warning', 'second warning', 'suspended')
    """

    name: Name = Field(title="What the policy is called.")
    version: Text = Field(default=None, title="Which version of it; a run records it with the file's hash.")
    effective_from: date | None = Field(
        default=None,
        description="a date (2023-10-05, without quotes)",
        title="The day from which the provider applies it.",
    )
    source: Text = Field(default=None, title="Where the policy comes from.")
    tiers: Names = Field(default=(), title="The tiers whose accounts it is about. Empty: all accounts.")
    denominators: Denominators = Field(
        default={},
        description="a table of metric = column",
        title="Which column a metric is divided by, where not by its own.",
    )
    window: Window = Field(description="a table with days or sends", title="What counts today.")
    rules: tuple[Rule, ...] = Field(
        default=(),
        strict=False,
        description="a list of tables",
        title="What breaches. Of several, a notice names the first.",
    )
    stages: tuple[Stage, ...] = Field(
        strict=False,
        min_length=1,
        description="a list of at least one stage",
        title="Where a breach leads, mildest first.",
    )
    ladder: Ladder = Field(
        default=Ladder(), description="a table", title="How accounts climb the stages and leave them."
    )

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

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        from deliverlab.policy.display import policy_bundle

        return policy_bundle(self)

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The stages in order, mildest first, without good standing."""
        return tuple(stage.name for stage in self.stages)

    def ways_out(self, stage: Stage) -> WaysOut:
        """What clears an account in a stage: what the stage says, or else the ladder.

        By the ladder nobody leaves the last stage by recovery, nor by a review unless `reviews_lift_last`.
        """
        if stage.clears_on is not None:
            return stage.clears_on
        if stage != self.stages[-1]:
            return self.ladder.clears_on
        return tuple(
            way for way in self.ladder.clears_on if way == "review" and self.ladder.reviews_lift_last
        )

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
        stated = say("{n} of {all} numbers inferred", n=inferred, all=len(numbers))
        return f"{self.name} ({stated})"

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
            twin = first_twice(names)
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
