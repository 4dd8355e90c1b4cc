"""What is assumed of accounts: when they review their contacts, and what a review does to their mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from deliverlab.errors import PolicyError
from deliverlab.policy.answers import answers
from deliverlab.policy.fields import FRACTION, Name, OneDayOrMore
from deliverlab.policy.toml import Document, Entry, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.history import Frame, History
    from deliverlab.policy.model import Policy

Factor = Annotated[float, Field(ge=0, description="a factor, 0 or more")]


class Effect(Entry):
    """What a completed review leaves of all later mail."""

    volume: Factor = Field(default=1.0, title="Of every column.")
    hard_bounces: Factor = Field(default=1.0, title="Of hard bounces; those avoided are not sent.")
    soft_bounces: Factor = Field(default=1.0, title="Of soft bounces alone.")
    complaints: Factor = Field(default=1.0, title="Of complaints alone.")
    unsubscribes: Factor = Field(default=1.0, title="Of unsubscribes alone.")
    opens: Factor = Field(default=1.0, title="Of opens alone.")
    clicks: Factor = Field(default=1.0, title="Of clicks alone.")


class Review(Entry):
    """When contact reviews are completed."""

    mode: Literal["never", "after", "chance", "historical", "given"] = Field(
        description='"never", "after", "chance", "historical" or "given"',
        title="Nobody reviews; all do so many days after a notice; some do, by chance; as in `reviews`; "
        "or on the days of `reviews`, and with an effect.",
    )
    after_days: Annotated[int | None, OneDayOrMore] = Field(
        default=None, title="Modes after and chance: days from a notice to the review that answers it."
    )
    chance: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1)], ...] | None,
        Field(strict=False, description=f"a list of one probability a stage, each {FRACTION}"),
    ] = Field(default=None, title="Mode chance: how probably a notice into each stage is answered.")

    @model_validator(mode="after")
    def _mode_has_its_keys(self) -> Self:
        if self.mode in {"after", "chance"} and self.after_days is None:
            raise ValueError(f'after_days is missing, must be given for mode = "{self.mode}"')
        if self.mode == "chance" and self.chance is None:
            raise ValueError('chance is missing, must be given for mode = "chance"')
        return self


class Scenario(Document):
    """What is assumed of accounts; attributes are the keys of the file. There is no default.

    >>> Scenario.after(days=5).name
    'reviewed 5 days after the notice'
    """

    name: Name = Field(title="What the scenario is called; every result is printed with it.")
    seed: int | None = Field(
        default=None,
        description="a whole number",
        title="Mode chance: the luck, the same under every policy.",
    )
    review: Review = Field(description="a table with a mode", title="When contact reviews are completed.")
    effect: Effect | None = Field(
        default=None,
        description="a table of factors",
        title="Modes after and chance: what a completed review leaves of later mail. Left out: all.",
    )

    @classmethod
    def never(cls) -> Self:
        """Nobody reviews."""
        return cls._named("never reviewed", review={"mode": "never"})

    @classmethod
    def historical(cls) -> Self:
        """Reviews happen on the days they had: for the policy that was in force, not for another."""
        return cls._named("reviewed as in history", review={"mode": "historical"})

    @classmethod
    def given(
        cls, *, name: str = "reviewed on the days given", effect: Effect | Mapping[str, float] | None = None
    ) -> Self:
        """Reviews are completed on the days of the table `reviews`, which are assumed: the effect is ours."""
        return cls._named(name, review={"mode": "given"}, effect=_as_data(effect))

    @classmethod
    def after(cls, *, days: int = 5, effect: Effect | Mapping[str, float] | None = None) -> Self:
        """Every notice is answered so many days later, with this effect on all later mail."""
        noun = "day" if days == 1 else "days"
        return cls._named(
            f"reviewed {days} {noun} after the notice",
            review={"mode": "after", "after_days": days},
            effect=_as_data(effect),
        )

    @classmethod
    def from_history(cls, history: History, *, policy: Policy, seed: int) -> Self:
        """A chance scenario with the shares and the delay that history shows; see `answers`.

        The chance of a stage is the estimated share of its entries that a completed review answers, and
        `after_days` the median delay from the notice, given on the day before the stage begins. A stage that
        was never entered, or is still open wherever it was, gets the share of all entries.

        The effect is left at 1: accounts get notices on their worst days and would have come back a good part
        of the way by themselves, so that a comparison of before with after would be regression to the mean.
        `review_effect` measures it beside accounts that were not reviewed; `with_effect` takes it.

        Raises `PolicyError` where `enforcement` holds none of the policy's stages, or no answered entry.
        """
        *by_stage, overall = answers(history, policy=policy).iter_rows(named=True)
        if not overall["answered"]:
            raise PolicyError(
                f"enforcement: no entry into {', '.join(map(shown, policy.stage_names))} was answered by a "
                f"completed review, must hold at least one to estimate a scenario from"
            )
        return cls._named(
            "reviewed as often and as fast as in history",
            seed=seed,
            review={
                "mode": "chance",
                "after_days": overall["median_days"],
                "chance": [
                    overall["share"] if stage["share"] is None else stage["share"] for stage in by_stage
                ],
            },
        )

    def with_effect(self, multipliers: Frame, *, at: Literal["measured", "low", "high"] = "measured") -> Self:
        """The same scenario with an effect that was measured, or with an end of its interval.

        `multipliers` has column, multiplier, multiplier_low and multiplier_high, as `review_effect` gives
        them. Ends are taken of all columns at once; a column that was not measured stays at its multiplier.
        A conclusion that does not hold at both ends does not hold.

        Raises `PolicyError` where no column was measured, or nobody reviews in this scenario.

        >>> left = {"multiplier": [0.9], "multiplier_low": [0.8], "multiplier_high": [1.0]}
        >>> volume = pl.DataFrame({"column": ["volume"], **left})
        >>> Scenario.after(days=5).with_effect(volume, at="low").effect.volume
        0.8
        """
        known = multipliers.lazy().collect()
        if not known["multiplier_low"].count():
            raise PolicyError(
                f"scenario {shown(self.name)}: the effect was not measured, must have bounds in some column"
            )
        end = pl.col("multiplier") if at == "measured" else pl.coalesce(f"multiplier_{at}", "multiplier")
        words = "as measured" if at == "measured" else f"at the {at} end of what was measured"
        return type(self).from_data(
            self.model_dump(exclude_unset=True)
            | {
                "name": f"{self.name}; effect {words}",
                "effect": dict(known.select("column", end).iter_rows()),
            },
            where=f"scenario {shown(self.name)}",
        )

    @classmethod
    def _named(cls, name: str, **content: object) -> Self:
        given = {key: value for key, value in content.items() if value is not None}
        return cls.from_data({"name": name, **given}, where=f"scenario {shown(name)}")

    @model_validator(mode="after")
    def _mode_has_its_keys(self) -> Self:
        mode = self.review.mode
        if mode == "chance" and self.seed is None:
            raise ValueError('seed is missing, must be a whole number for mode = "chance"')
        if mode in {"never", "historical"} and self.effect is not None:
            why = "no review is completed" if mode == "never" else "the data already hold it"
            raise ValueError(f'effect is given, must be left out for mode = "{mode}": {why}')
        return self


def _as_data(effect: Effect | Mapping[str, float] | None) -> Mapping[str, float] | None:
    return effect.model_dump() if isinstance(effect, Effect) else effect
