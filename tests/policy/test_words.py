"""A policy in words: every key is said, and what means the same sounds the same."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from deliverlab.policy.describe import describe
from deliverlab.policy.diff import IMPORTANCE, policy_diff
from deliverlab.policy.model import Ladder, Policy, Stage, Window
from deliverlab.policy.rule import Override, Rule
from deliverlab.policy.words import sayings
from tests.policy.drawn import policy

if TYPE_CHECKING:
    from pydantic import BaseModel

EVERYTHING = """
name = "everything"
version = "1"
effective_from = 2026-01-01
source = "a page"
tiers = ["free"]
denominators = { complaint_rate = "sent" }

[window]
days = 30
lag_days = 3
fresh_after = ["notice"]

[[rules]]
name = "complaints"
metric = "complaint_rate"
kind = "rate"
limit = 0.003
min_sent = 400
min_events = 3
z = 2
clean_limit = 0.001
enters = "suspended"
climbs = false
window = { days = 7 }
basis = "published"
source = "a rule's page"
overrides = [{ industry = "Retail", band = "<1k", limit = 0.004, basis = "published", source = "a row" }]

[[rules]]
name = "bounces"
metric = "hard_bounce_rate"
kind = "evidence"
limit = 13
min_ratio = 1.5
tolerate = 2.5
detect = 6
cap = 4

[[stages]]
name = "probation"
send_share = 0.5
grace_days = 7
lasts_days = 20
clears_on = ["review", "recovery"]
basis = "published"
source = "a stage's page"

[[stages]]
name = "warned"

[[stages]]
name = "suspended"
send_share = 0

[ladder]
escalates_when = "breaching"
clears_on = ["review", "recovery"]
recovery_days = 9
quiet_days = "skip"
remembers_days = 60
remembers = "highest"
forgets_after = "clean days"
reviews_lift_last = false
"""
OTHERS: dict[tuple[str | int, ...], dict[str, object]] = {  # another value of each key
    (): {
        "name": "another", "version": "2", "effective_from": date(2026, 1, 2), "source": "a book",
        "tiers": ["free", "pro"], "denominators": {"complaint_rate": "opens"},
    },
    ("window",): {"days": 29, "lag_days": 4, "fresh_after": ["clear"]},
    ("rules", 0): {
        "name": "spam", "metric": "unsubscribe_rate", "kind": "peer", "limit": 0.002, "min_sent": 401,
        "min_events": 4, "z": 2.5, "clean_limit": 0.002, "enters": "probation", "climbs": True,
        "window": {"sends": 7}, "basis": "inferred", "source": "hearsay", "overrides": [],
    },
    ("rules", 0, "overrides", 0): {
        "industry": "Media", "band": "1M+", "limit": 0.005, "basis": "inferred", "source": "a column",
    },
    ("rules", 1): {"min_ratio": 2, "tolerate": 3, "detect": 5, "cap": 3},
    ("stages", 0): {
        "name": "trial", "send_share": 0.4, "grace_days": 8, "lasts_days": 21, "clears_on": ["recovery"],
        "basis": "inferred", "source": "none",
    },
    ("ladder",): {
        "escalates_when": "unreviewed", "clears_on": ["recovery"], "recovery_days": 8, "quiet_days": "break",
        "remembers_days": 59, "remembers": "last", "forgets_after": "days", "reviews_lift_last": True,
    },
}  # fmt: skip


@pytest.mark.parametrize(("place", "key"), [(place, key) for place, keys in OTHERS.items() for key in keys])
def test_every_key_is_put_in_words(place: tuple[str | int, ...], key: str) -> None:
    """Another value of any key sounds different, in what is shown and in what changed."""
    content = tomllib.loads(EVERYTHING)
    entry: Any = content
    for step in place:
        entry = entry[step]
    entry[key] = OTHERS[place][key]
    old, new = Policy.from_text(EVERYTHING), Policy.from_data(content)
    assert describe(old) != describe(new)
    assert policy_diff(old, new)
    assert policy_diff(old, old) == []


def test_no_key_of_the_language_is_left_out_above() -> None:
    """A new key needs another value here, and so words; what only holds keys has none of its own."""
    tried: dict[type[BaseModel], set[str]] = {}
    models: tuple[type[BaseModel], ...] = (Policy, Window, Rule, Override, Rule, Stage, Ladder)
    for model, keys in zip(models, OTHERS.values(), strict=True):
        tried[model] = tried.get(model, set()) | set(keys)
    tried[Policy] |= {"window", "rules", "stages", "ladder"}
    tried[Window] |= {"sends"}
    assert {model: set(model.model_fields) for model in tried} == tried


SAME = [
    ("days = 3", "days = 3\nfresh_after = ['clear', 'notice']"),
    ("limit = 0.1", "limit = 0.1\nenters = 'probation'\nmin_sent = 0\nz = 0.0\nwindow = { days = 3 }"),
    ("limit = 0.1", "limit = 0.1\nclimbs = false"),  # nothing is remembered
    ("limit = 0.1", "limit = 0.1\noverrides = [{ band = '<1k', limit = 0.1 }]"),
    ("[[rules]]", "[ladder]\nrecovery_days = 3\nquiet_days = 'skip'\n[[rules]]"),  # nobody recovers
    ("[[rules]]", "[ladder]\nremembers = 'highest'\nforgets_after = 'clean days'\n[[rules]]"),
    ("[[rules]]", "[ladder]\nescalates_when = 'breaching'\n[[rules]]"),  # nothing escalates by time
    ('name = "suspended"', "name = 'suspended'\nclears_on = ['review']\ngrace_days = 3"),
    ("[window]", "denominators = { hard_bounce_rate = 'sent', open_rate = 'sent' }\n[window]"),
]


@pytest.mark.parametrize(("line", "instead"), SAME)
def test_what_means_the_same_is_no_difference(line: str, instead: str) -> None:
    """Defaults spelt out, and keys that cannot matter."""
    assert policy_diff(policy(), policy((line, instead))) == []


def test_a_grace_of_no_days_is_one_of_a_day() -> None:
    """A notice takes effect tomorrow, so the next cannot come before."""
    none, one = (policy(('name = "probation"', f'name = "probation"\ngrace_days = {n}')) for n in (0, 1))
    assert policy_diff(none, one) == []


def test_the_most_important_comes_first() -> None:
    """Whom it is about and what trips, before what the file says of itself."""
    other = EVERYTHING
    for old, new in (
        ("limit = 0.003", "limit = 0.0025"), ('["free"]', '["pro"]'), ("days = 30", "days = 10"),
        ('name = "everything"', 'name = "more"'), ("grace_days = 7", "grace_days = 14"),
        ('name = "bounces"', 'name = "softly"'),
    ):  # fmt: skip
        other = other.replace(old, new)
    bounces = (
        "hard bounce rate (hard bounces / mails sent); above 13 of evidence; for 6 times the peers' events "
        "and against 2.5 times, at most 4 a day; silent under 1.5 times the peers' events; "
        "leads to probation; inferred"
    )
    assert policy_diff(Policy.from_text(EVERYTHING), Policy.from_text(other)) == [
        "policy: scope: for tiers free → for tiers pro",
        f"new: rule softly: {bounces}",
        f"gone: rule bounces: {bounces}",
        "rule complaints: limit: above 0.3% → above 0.25%",
        "stage probation: grace: may escalate after 7 days → may escalate after 14 days",
        "window: window: looks at 30 days → looks at 10 days",
        "policy: name: everything (2 of 5 numbers inferred) → more (2 of 5 numbers inferred)",
    ]


def test_everything_that_is_said_has_its_importance() -> None:
    """No key of any preset, nor of a policy with all keys, is left without a place among the others."""
    policies = [Policy.from_text(EVERYTHING), *map(Policy.preset, Policy.presets())]
    assert {saying.key for each in policies for saying in sayings(each)} <= set(IMPORTANCE)


def test_a_hostile_name_cannot_break_the_line() -> None:
    """What would move the cursor is spelt out."""
    hostile = policy(('name = "bounces"', 'name = "a\\u001b[2J\\nb"'))
    assert all(line.isprintable() for line in describe(hostile))
    assert all(line.isprintable() for line in policy_diff(policy(), hostile))


def test_presets_are_described_to_the_last_override() -> None:
    """A line for the policy, the window, the ladder, each rule, override and stage; sources included."""
    preset = Policy.preset("hubspot-like")
    lines = describe(preset)
    overrides = sum(len(rule.overrides) for rule in preset.rules)
    assert len(lines) == 3 + len(preset.rules) + overrides + len(preset.stages)
    assert "  hard bounces for Construction in <1k: above 4.5%; inferred; source: both." in lines
