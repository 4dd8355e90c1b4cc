"""The presets say what was published, and mark the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from deliverlab.policy.model import Policy, Stage
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.policy.thresholds import published_thresholds
from tests.policy.drawn import history, lines
from tests.tables import table

if TYPE_CHECKING:
    from deliverlab.policy.rule import Override, Rule

# What each provider has published, written down a second time.
PUBLISHED = table("""
    preset                  | metric           | limit  | min_sent | min_events | enters
    hubspot-like            | unsubscribe_rate | 0.05   | 400      | 0          | probation
    hubspot-like-held       | unsubscribe_rate | 0.05   | 400      | 0          | probation
    hubspot-2025-like       | unsubscribe_rate | 0.05   | 400      | 0          | probation
    hubspot-suspension-like | hard_bounce_rate | 0.05   | 0        | 0          | suspended
    hubspot-suspension-like | complaint_rate   | 0.001  | 0        | 0          | suspended
    amazon-ses-like         | hard_bounce_rate | 0.05   | 1000     | 0          | under review
    amazon-ses-like         | hard_bounce_rate | 0.1    | 1000     | 0          | sending paused
    amazon-ses-like         | complaint_rate   | 0.001  | 1000     | 2          | under review
    amazon-ses-like         | complaint_rate   | 0.005  | 1000     | 0          | sending paused
    highlevel-like          | hard_bounce_rate | 0.03   | 100      | 0          | warning
    highlevel-like          | hard_bounce_rate | 0.05   | 100      | 0          | first block
    coss-like               | hard_bounce_rate | 0.04   | 200      | 0          | warning
    coss-like               | hard_bounce_rate | 0.08   | 200      | 0          | suspended
    coss-like               | complaint_rate   | 0.0008 | 200      | 0          | warning
    coss-like               | complaint_rate   | 0.003  | 200      | 0          | suspended
    gmail-like              | complaint_rate   | 0.003  | 5000     | 0          | ineligible for mitigation
    posthog-like            | complaint_rate   | 0.0015 | 1000     | 10         | warned
    posthog-like            | complaint_rate   | 0.003  | 1000     | 10         | paused
    posthog-like            | hard_bounce_rate | 0.025  | 1000     | 50         | warned
    posthog-like            | hard_bounce_rate | 0.05   | 1000     | 50         | paused
    posthog-like            | complaint_rate   | 0.005  | 200      | 5          | warned
    posthog-like            | complaint_rate   | 0.01   | 200      | 5          | paused
    posthog-like            | hard_bounce_rate | 0.05   | 200      | 20         | warned
    posthog-like            | hard_bounce_rate | 0.1    | 200      | 20         | paused
""")
PROVIDERS = {
    "hubspot": "HubSpot", "amazon": "Amazon SES", "highlevel": "HighLevel", "coss": "coss", "gmail": "Google",
    "posthog": "PostHog",
}  # fmt: skip
INDUSTRIES = {
    "Construction", "Real Estate", "Retail", "E-commerce", "Health and Fitness", "Education", "Non-Profit",
    "Software", "Travel", "Media", "Restaurant", "Government",
}  # fmt: skip
OWN = "evidence"  # nobody's but ours: none of its numbers is published or inferred

probations = pytest.mark.parametrize("name", ["hubspot-like", "hubspot-like-held", "hubspot-2025-like"])
others = pytest.mark.parametrize("name", [name for name in Policy.presets() if name != OWN])


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


@others
def test_published_numbers_are_as_published(name: str) -> None:
    """The rules that are marked published are those of the table above, and no other."""
    policy = Policy.preset(name)
    found = pl.DataFrame(
        [
            (rule.metric, rule.limit, int(rule.min_sent), int(rule.min_events), policy.stage_entered_by(rule))
            for rule in policy.rules
            if rule.basis == "published"
        ],
        schema=["metric", "limit", "min_sent", "min_events", "enters"],
        orient="row",
    )
    assert found.equals(PUBLISHED.filter(preset=name).drop("preset"))


def test_published_numbers_stand_in_the_table_of_thresholds() -> None:
    """Each published limit is one that its provider is listed with, bounces of any kind for hard ones."""
    known = published_thresholds()
    for preset, metric, limit in PUBLISHED.select("preset", "metric", "limit").iter_rows():
        provider = PROVIDERS[preset.partition("-")[0]]
        measure = metric.removesuffix("_rate")
        listed = known.filter(
            pl.col("measure").is_in([measure, measure.removeprefix("hard_")]), provider=provider
        )
        assert limit in listed["value"].to_list(), preset


def test_the_table_of_thresholds_is_of_fractions_and_says_where_from() -> None:
    """Every row has a source, no rate of a complaint is above 1%, and warnings come before limits."""
    known = published_thresholds()
    assert known.filter(pl.col("source").str.len_chars() < 5).is_empty()
    assert known.filter(pl.col("measure").str.starts_with("complaint"))["value"].max() == 0.01
    both = known.filter(level="warning").join(
        known.filter(level="limit"), on=["provider", "measure", "window"], suffix="_of_limit"
    )
    assert both.height > 10
    assert (both["value"] < both["value_of_limit"]).all()
    assert known.filter(measure="bounce")["metric"].null_count() == known.filter(measure="bounce").height


@probations
def test_two_warnings_stand_between_probation_and_suspension(name: str) -> None:
    """For free and starter accounts; nothing skips a warning, and a review clears every stage."""
    policy = Policy.preset(name)
    assert policy.stage_names == ("probation", "first warning", "second warning", "suspended")
    assert policy.tiers == ("free", "starter")
    assert all(policy.ways_out(stage) == ("review",) for stage in policy.stages)
    assert {policy.stage_entered_by(rule) for rule in policy.rules} == {"probation"}
    assert (policy.window.days, policy.window.lag_days) == (30, 2)


@pytest.mark.parametrize("name", ["hubspot-like", "hubspot-like-held"])
def test_limits_depend_on_industry_and_volume(name: str) -> None:
    """Every industry of the sample has a hard bounce limit of its own, and little mail has more room."""
    rule = Policy.preset(name).rules[0]
    assert {override.industry for override in rule.overrides} - {None} == INDUSTRIES
    limit = {band: rule.limit_for(industry="Other", band=band) for band in ("<1k", "10k-100k", "1M+")}
    assert limit["<1k"] > limit["10k-100k"] > limit["1M+"]
    assert rule.limit_for(industry="Construction", band="<1k") > rule.limit_for(industry="Media", band="<1k")


@others
def test_every_number_has_a_basis_and_a_source(name: str) -> None:
    """None is left to the default, and the title counts those that nobody published."""
    policy = Policy.preset(name)
    overrides = [override for rule in policy.rules for override in rule.overrides]
    numbers: list[Rule | Override | Stage] = [*policy.rules, *overrides, *policy.stages]
    assert all({"basis", "source"} <= number.model_fields_set for number in numbers)
    inferred = [number for number in numbers if number.basis == "inferred"]
    counted = f" ({len(inferred)} of {len(numbers)} numbers inferred)" if inferred else ""
    assert policy.title == f"{policy.name}{counted}"
    assert policy.source
    assert policy.name == name


def days(*bounces: int, sent: int = 1_000, complaints: int = 0) -> str:
    """So many mails a day from 1 May on, with so many bounces."""
    rows = [
        f"2026-05-{day:02} | {sent} | {count} | {complaints}" for day, count in enumerate(bounces, start=1)
    ]
    return "\n".join(["day | sent | hard_bounces | complaints", *rows])


def replayed(preset: str, daily: str, scenario: Scenario | None = None) -> list[str]:
    """The steps of one account of Retail in the free tier."""
    policy = Policy.preset(preset)
    past = history(daily, known_within_days=2)
    return lines(simulate(past, policy=policy, scenario=scenario or Scenario.never()))


def test_highlevel_blocks_twice_for_a_day_and_then_for_good() -> None:
    """6% on three days: each block expires, the third stays; seven clean days before make it the first."""
    again = replayed("highlevel-like", days(60, 0, 0, 60, 0, 0, 60, 0, 0, 0, 0))
    assert [step[11:] for step in again if "→ good" not in step] == [
        "good → first block: breach of bounces, block",
        "good → second block: breach of bounces, block",
        "good → permanent block: breach of bounces, block",
    ]
    healed = replayed("highlevel-like", days(60, *[0] * 10, 60, 0, 0, 0))
    assert [step[11:] for step in healed if "block:" in step] == [
        "good → first block: breach of bounces, block"
    ] * 2


def test_highlevel_warnings_hold_nothing_and_forget_nothing() -> None:
    """A warning between two blocks does not make the second one the first again."""
    told = replayed("highlevel-like", days(60, 0, 0, 40, 60, 0, 0, 0))
    assert [step[11:] for step in told if "→ good" not in step] == [
        "good → first block: breach of bounces, block",
        "good → warning: breach of bounces, warning",
        "warning → second block: breach of bounces, block",
    ]


def test_gmail_lets_back_after_seven_good_days() -> None:
    """Ineligible at 0.4% complaints of one day, eligible after seven days below; small senders never."""
    mail = days(*[0] * 12, sent=10_000).replace("2026-05-01 | 10000 | 0 | 0", "2026-05-01 | 10000 | 0 | 40")
    assert replayed("gmail-like", mail) == [
        "2026-05-03 good → ineligible for mitigation: breach of complaints",
        "2026-05-12 ineligible for mitigation → good: recovery",
    ]
    assert replayed("gmail-like", days(*[0] * 12, sent=1_000, complaints=9)) == []


def test_coss_looks_never_behind_the_last_reinstatement() -> None:
    """After the review the bad week before it no longer counts; after a mere warning it does."""
    told = replayed("coss-like", days(*[100] * 3, *[0] * 9), Scenario.after(days=2))
    assert told == [
        "2026-05-03 good → suspended: breach of bounces, suspension",
        "2026-05-05 suspended → good: review",
    ]
    warned = replayed("coss-like", days(50, *[0] * 9))
    assert warned == [
        "2026-05-03 good → warning: breach of bounces, warning",
        "2026-05-04 warning → good: recovery",
    ]


def test_ses_takes_changes_into_account_and_lets_a_metric_heal() -> None:
    """7% is reviewed; after the changes only mail after them counts, and seven clean days heal it."""
    told = replayed("amazon-ses-like", days(*[70] * 20), Scenario.after(days=3, effect={"hard_bounces": 0.1}))
    assert told == [
        "2026-05-03 good → under review: breach of bounces, review",
        "2026-05-15 under review → good: recovery",
    ]
    unmoved = replayed("amazon-ses-like", days(*[70] * 30))
    assert unmoved[1:] == ["2026-05-24 under review → sending paused: breach of bounces, review"]


def test_posthog_wants_events_and_not_only_a_rate() -> None:
    """4 complaints of 300 are 1.3% and too few; 60 bounces of 1,000 pause."""
    assert replayed("posthog-like", days(0, 0, 0, sent=300, complaints=4)) == []
    assert (
        replayed("posthog-like", days(60, 0, 0))[0]
        == "2026-05-03 good → paused: breach of bounces of a day, pause"
    )


def test_hubspot_of_2025_goes_on_where_it_left() -> None:
    """Reviewed and ill again within a month: in 2025 the first warning, before that a probation anew."""
    ill = days(*[50] * 12)
    for preset, again in (("hubspot-like", "probation"), ("hubspot-2025-like", "first warning")):
        told = replayed(preset, ill, Scenario.after(days=2))
        assert f"good → {again}: breach of hard bounces" in told[2], preset
