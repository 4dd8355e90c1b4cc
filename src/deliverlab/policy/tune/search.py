"""A search: which numbers of a policy may vary, what is wanted, what is not allowed, and on which days."""

from __future__ import annotations

from datetime import date  # noqa: TC003  # pydantic reads the annotation
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from deliverlab.errors import PolicyError
from deliverlab.policy.fields import Name, NoDayOrMore
from deliverlab.policy.toml import Document, Entry, one_of, shown

MOST_OBJECTIVES = 3
MOST_POINTS = 100_000


class Vary(Entry):
    """A number of the policy file, and what it may be: some values, or all from `least` to `most`."""

    key: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(strict=False, min_length=2, description='a list of keys such as ["rules", "bounces", "limit"]'),
    ] = Field(
        title="Where the number stands. Rules and stages go by their names, overrides by whom they are for "
        '("Retail", "<1k" or "Retail <1k"); "*" is each that says it already.'
    )
    values: Annotated[
        tuple[float, ...] | None, Field(strict=False, min_length=1, description="a list of numbers")
    ] = Field(default=None, title="The numbers to try. Either these or `least` and `most`.")
    least: float | None = Field(default=None, description="a number", title="The least it may be.")
    most: float | None = Field(default=None, description="a number", title="The most it may be.")
    scale: Literal["linear", "log"] = Field(
        default="linear",
        description='"linear" or "log"',
        title="How numbers lie between them: evenly, or evenly by what they are multiplied with.",
    )

    @property
    def name(self) -> str:
        """The key in one word, as columns are called: `rules.bounces.limit`."""
        return ".".join(self.key)

    @property
    def words(self) -> str:
        """The key in words: `bounces limit`."""
        said = [key for key in self.key if key not in {"rules", "stages", "overrides", "*"}]
        return " ".join(said).replace("_", " ")

    @model_validator(mode="after")
    def _has_values_or_a_range(self) -> Self:
        has_range = self.least is not None and self.most is not None
        if (self.values is None) == (not has_range) or (self.values and (self.least or self.most)):
            raise ValueError("must have either values, or both least and most")
        if self.least is not None and self.most is not None:
            if self.least >= self.most:
                raise ValueError(f"least = {self.least:g}, must be below most = {self.most:g}")
            if self.scale == "log" and self.least <= 0:
                raise ValueError(f"least = {self.least:g}, must be above 0 on a log scale")
        return self


class Objective(Entry):
    """A measure, and which way is better."""

    measure: Name = Field(title="The measure, by its name in `evaluate`; `reached.suspended` is of a stage.")
    aim: Literal["most", "least"] = Field(
        description='"most" or "least"', title="Whether more of it is better, or less."
    )


class Constraint(Entry):
    """A measure, and how far it may go."""

    measure: Name = Field(title="The measure, by its name in `evaluate`.")
    at_most: float | None = Field(default=None, description="a number", title="It must not be above this.")
    at_least: float | None = Field(default=None, description="a number", title="It must not be below this.")

    @model_validator(mode="after")
    def _says_how_far(self) -> Self:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("must have either at_most or at_least")
        return self

    @property
    def words(self) -> str:
        """The constraint in words."""
        if self.at_most is not None:
            return f"{self.measure} at most {self.at_most:g}"
        return f"{self.measure} at least {self.at_least:g}"


class Split(Entry):
    """The calendar: what the search sees, what it is judged by, and what nobody looks at until the end.

    Mail of the embargo before each of the later parts is judged by nobody, so that no window of one part
    reaches into another and no abuse lies half in each.
    """

    validate_from: date = Field(
        description="a date (2026-03-01, without quotes)", title="The first day that judges what was chosen."
    )
    test_from: date | None = Field(
        default=None,
        description="a date",
        title="The first day of the part that stays closed until the end. Left out: there is none.",
    )
    embargo_days: Annotated[int, NoDayOrMore] = Field(
        default=30, title="Days before each of these that belong to no part."
    )

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.test_from is not None and self.test_from <= self.validate_from:
            raise ValueError(f"test_from = {self.test_from}, must be after {self.validate_from}")
        return self


class Search(Document):
    """What to look for."""

    name: Name = Field(title="What the search is called.")
    seed: Annotated[int, Field(ge=0, description="a whole number, 0 or more")] = Field(
        default=0, title="The luck of the points that are tried, and of resampling."
    )
    points: Annotated[
        int, Field(ge=1, le=MOST_POINTS, description=f"a whole number from 1 to {MOST_POINTS}")
    ] = Field(
        default=256, title="How many policies to try at first: Sobol points, or all of a grid if fewer."
    )
    refinements: Annotated[int, Field(ge=0, le=5, description="a whole number from 0 to 5")] = Field(
        default=1, title="How often to look again, with half as many policies, near the best."
    )
    vary: tuple[Vary, ...] = Field(
        strict=False, min_length=1, description="a list of tables", title="What may vary."
    )
    objectives: Annotated[
        tuple[Objective, ...],
        Field(strict=False, min_length=1, max_length=MOST_OBJECTIVES, description="a list of 1 to 3 tables"),
    ] = Field(title="What is wanted. The first decides; the others say what it costs.")
    constraints: tuple[Constraint, ...] = Field(
        default=(), strict=False, description="a list of tables", title="What is not allowed."
    )
    split: Split | None = Field(
        default=None,
        description="a table",
        title="Which days judge what was chosen on which. Left out: all days do both, and the page says so.",
    )

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """The names of the searches that come with the package."""
        files = resources.files("deliverlab.policy.tune").joinpath("searches").iterdir()
        return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))

    @classmethod
    def preset(cls, name: str) -> Self:
        """A search that comes with the package, by name.

        >>> Search.preset("hubspot-limits").measures
        ('harm_averted_share', 'good_mail_blocked_share', 'worst_false_trip_ratio.band')
        """
        if name not in cls.presets():
            raise PolicyError(f"search = {shown(name)}, must be {one_of(cls.presets(), given=name)}")
        file = resources.files("deliverlab.policy.tune").joinpath("searches", f"{name}.toml")
        return cls.from_text(file.read_text("utf-8"), where=f"search {name}")

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures of objectives and constraints, each once."""
        wanted = [objective.measure for objective in self.objectives]
        return tuple(dict.fromkeys([*wanted, *(constraint.measure for constraint in self.constraints)]))
