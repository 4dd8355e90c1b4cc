"""The presets say what was published, and mark the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from deliverlab.policy.model import Policy, Stage
from tests.tables import table

if TYPE_CHECKING:
    from deliverlab.policy.rule import Override, Rule

PUBLISHED = """
    name                  | limit | enters
    unsubscribes          | 0.05  | probation
"""
INDUSTRIES = {
    "Construction", "Real Estate", "Retail", "E-commerce", "Health and Fitness", "Education", "Non-Profit",
    "Software", "Travel", "Media", "Restaurant", "Government",
}  # fmt: skip

presets = pytest.mark.parametrize(
    "policy", [Policy.preset(name) for name in Policy.presets()], ids=Policy.presets()
)


def test_hubspot_comes_in_two_readings() -> None:
    """Mail let through, or held, on probation and warnings; nothing else differs but name and sources."""
    through, held = Policy.preset("hubspot-like"), Policy.preset("hubspot-like-held")
    assert [stage.send_share for stage in through.stages] == [1, 1, 1, 0]
    assert [stage.send_share for stage in held.stages] == [0, 0, 0, 0]
    same = {"send_share": 0.0, "source": None}
    assert [stage.model_copy(update=same) for stage in through.stages] == [
        stage.model_copy(update=same) for stage in held.stages
    ]
    assert through.model_dump(exclude={"name", "stages"}) == held.model_dump(exclude={"name", "stages"})


@presets
def test_published_numbers_are_as_published(policy: Policy) -> None:
    """Unsubscribes warn above 5%: that rule is marked published, and no other."""
    found = pl.DataFrame(
        [
            (rule.name, rule.limit, policy.stage_entered_by(rule))
            for rule in policy.rules
            if rule.basis == "published"
        ],
        schema=["name", "limit", "enters"],
        orient="row",
    )
    assert found.equals(table(PUBLISHED))
    assert [stage.name for stage in policy.stages if stage.basis == "published"] == ["suspended"]
    assert (policy.window.days, policy.window.lag_days) == (30, 2)
    assert {rule.min_sent for rule in policy.rules} == {400}


@presets
def test_two_warnings_stand_between_probation_and_suspension(policy: Policy) -> None:
    """For free and starter accounts; nothing skips a warning, and a review clears every stage."""
    assert policy.stage_names == ("probation", "first warning", "second warning", "suspended")
    assert policy.tiers == ("free", "starter")
    assert policy.ladder.clears_on == ("review",)
    assert policy.ladder.reviews_lift_last
    assert {policy.stage_entered_by(rule) for rule in policy.rules} == {"probation"}


@presets
def test_limits_depend_on_industry_and_volume(policy: Policy) -> None:
    """Every industry of the sample has a hard bounce limit of its own, and little mail has more room."""
    rule = policy.rules[0]
    assert {override.industry for override in rule.overrides} - {None} == INDUSTRIES
    limit = {band: rule.limit_for(industry="Other", band=band) for band in ("<1k", "10k-100k", "1M+")}
    assert limit["<1k"] > limit["10k-100k"] > limit["1M+"]
    assert rule.limit_for(industry="Construction", band="<1k") > rule.limit_for(industry="Media", band="<1k")


@presets
def test_every_number_has_a_basis_and_a_source(policy: Policy) -> None:
    """None is left to the default, and the title counts those that nobody published."""
    overrides = [override for rule in policy.rules for override in rule.overrides]
    numbers: list[Rule | Override | Stage] = [*policy.rules, *overrides, *policy.stages]
    assert all({"basis", "source"} <= number.model_fields_set for number in numbers)
    inferred = [number for number in numbers if number.basis == "inferred"]
    assert policy.title == f"{policy.name} ({len(inferred)} of {len(numbers)} numbers inferred)"
    assert len(inferred) == 26
