"""Policy files: what is read from them, and every refusal with its line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from deliverlab.errors import PolicyError
from deliverlab.policy.model import Ladder, Policy
from deliverlab.schemas import BANDS, CAUSES, KNOWN_COUNTS, METRIC_NAMES

if TYPE_CHECKING:
    from pathlib import Path

FULL = """
name = "two-warnings"
version = "2026-11-22"
effective_from = 2023-10-05
source = "a page"
tiers = ["free", "starter"]
denominators = { complaint_rate = "sent" }

[window]
days = 30
lag_days = 2
fresh_after = ["notice", "clear"]

[[rules]]
name = "hard bounces"
metric = "hard_bounce_rate"
kind = "rate"
limit = 0.05
min_sent = 400
min_events = 0
z = 0.0
enters = "probation"
climbs = true
window = { sends = 10000 }
basis = "published"
overrides = [
  { industry = "Real Estate", limit = 0.06 },
  { band = "<1k", limit = 0.08, basis = "published" },
]

[[rules]]
name = "complaints"
metric = "complaint_rate"
kind = "evidence"
limit = 4.0
tolerate = 2
detect = 5

[[rules]]
name = "opens"
metric = "open_rate"
kind = "peer"
limit = 0.5

[[stages]]
name = "probation"
send_share = 1.0
grace_days = 7
[[stages]]
name = "suspended"
send_share = 0
lasts_days = 1

[ladder]
escalates_when = "unreviewed"
clears_on = ["review"]
recovery_days = 7
remembers_days = 0
reviews_lift_last = true
"""
SMALLEST = """
name = "smallest"
[window]
sends = 1000
[[rules]]
name = "bounces"
metric = "hard_bounce_rate"
kind = "evidence"
limit = 3
[[stages]]
name = "probation"
"""


def test_attributes_are_the_keys_of_the_file() -> None:
    """All that a file says stands under its own name; a whole number will do where a fraction is meant."""
    policy = Policy.from_text(FULL)
    assert (policy.name, policy.tiers, policy.window.days) == ("two-warnings", ("free", "starter"), 30)
    assert policy.rules[0].window is not None
    assert policy.rules[0].window.sends == 10_000
    assert policy.rules[0].overrides[1].band == "<1k"
    assert policy.stages[1].send_share == 0.0
    assert policy.ladder.clears_on == ("review",)


def test_what_is_left_out_has_its_default() -> None:
    """The defaults are those of the specification."""
    policy = Policy.from_text(SMALLEST)
    window, rule, stage, ladder = policy.window, policy.rules[0], policy.stages[0], policy.ladder
    assert (window.days, window.lag_days, window.fresh_after) == (None, 2, ("notice", "clear"))
    assert (rule.min_sent, rule.min_events, rule.z, rule.climbs, rule.basis) == (0, 0, 0, True, "inferred")
    assert (rule.tolerate, rule.detect, rule.cap) == (2, 5, math.log(20))
    assert (stage.send_share, stage.grace_days, stage.lasts_days) == (1, None, None)
    assert (ladder.escalates_when, ladder.clears_on, ladder.recovery_days) == ("unreviewed", ("review",), 7)
    assert (ladder.remembers_days, ladder.reviews_lift_last) == (0, True)
    assert (policy.tiers, policy.denominators) == ((), {})


def test_a_rule_falls_back_on_the_policy() -> None:
    """It enters the first stage, looks back as far as the policy, and divides by the metric's own column."""
    policy = Policy.from_text(SMALLEST)
    assert policy.stage_entered_by(policy.rules[0]) == "probation"
    assert policy.span_of(policy.rules[0]).sends == 1000
    assert policy.denominator_of("complaint_rate") == "delivered"
    assert Policy.from_text(FULL).denominator_of("complaint_rate") == "sent"


@pytest.mark.parametrize(
    ("industry", "band", "limit"),
    [
        ("Retail", "1M+", 0.05),
        ("Retail", "<1k", 0.08),
        ("Real Estate", "1M+", 0.06),
        ("Real Estate", "<1k", 0.07),
    ],
)
def test_the_most_specific_override_wins(industry: str, band: str, limit: float) -> None:
    """Both keys before the industry, the industry before the band, the band before the rule's own limit."""
    both = '{ industry = "Real Estate", band = "<1k", limit = 0.07 },\n'
    text = FULL.replace("overrides = [\n", f"overrides = [\n{both}")
    assert Policy.from_text(text).rules[0].limit_for(industry=industry, band=band) == limit


def test_the_title_counts_the_numbers_that_nobody_published() -> None:
    """Three rules, two overrides, two stages with numbers: five of seven are not marked as published."""
    assert Policy.from_text(FULL).title == "two-warnings (5 of 7 numbers inferred)"


def test_a_policy_that_marks_nothing_goes_by_its_name() -> None:
    """It claims nobody's numbers, so there is nothing to tell apart."""
    assert Policy.from_text(SMALLEST).title == "smallest"


def test_a_policy_is_known_by_the_hash_of_its_file(tmp_path: Path) -> None:
    """The same text has the same hash wherever it stands, another text has another."""
    file = tmp_path / "policy.toml"
    file.write_text(SMALLEST, encoding="utf-8")
    assert Policy.from_toml(file).sha256 == Policy.from_text(SMALLEST).sha256
    assert Policy.from_text(SMALLEST + "\n").sha256 != Policy.from_text(SMALLEST).sha256


def test_a_policy_can_be_made_from_changed_content() -> None:
    """What a policy dumps makes the policy again; a change is checked like a file."""
    content = Policy.from_text(FULL).model_dump(exclude_unset=True)
    assert Policy.from_data(content).model_dump() == Policy.from_text(FULL).model_dump()
    content["window"]["days"] = 0
    with pytest.raises(PolicyError, match=r"^trial 3: window days = 0, must be a whole number"):
        Policy.from_data(content, where="trial 3")


RATE, COMPLAINTS, OPENS = 'rules[1] "hard bounces"', 'rules[2] "complaints"', 'rules[3] "opens"'
SUSPENDED = 'stages[2] "suspended"'
FRACTION = "must be between 0 and 1 (a fraction: 0.05, not 5)"
DAYS, SOME_DAYS = "must be a whole number of days, 1 or more", "must be a whole number of days, 0 or more"
AMOUNT, POSITIVE = "must be a number, 0 or more", "must be a number above 0"
ONE_SPAN = "must be exactly one of days and sends"
ONE_OF_METRICS = f"must be one of {', '.join(METRIC_NAMES)}"
ONE_OF_LADDER = f"must be one of {', '.join(Ladder.model_fields)}"
OUT, LOW = "must be left out: only", "open_rate is bad when it is low"

RANGES = [
    ("limit = 0.05", "limit = 5", f"{RATE} limit = 5, {FRACTION}"),
    ("limit = 0.05", "limit = -0.1", f"{RATE} limit = -0.1, {FRACTION}"),
    ("limit = 0.05", 'limit = "5%"', f'{RATE} limit = "5%", must be a number'),
    ("limit = 0.05", "limit = nan", f"{RATE} limit = nan, must be a number"),
    ("limit = 0.08", "limit = 8", f"{RATE} overrides[2] limit = 8, {FRACTION}"),
    ("limit = 4.0", "limit = 0", f"{COMPLAINTS} limit = 0, must be above 0 in a rule of kind evidence"),
    ("limit = 0.5", "limit = 0", f"{OPENS} limit = 0, must be above 0 in a rule of kind peer"),
    ("days = 30", "days = 0", f"window days = 0, {DAYS}"),
    ("days = 30", "days = 30.0", f"window days = 30.0, {DAYS}"),
    ("days = 30", "days = true", f"window days = true, {DAYS}"),
    ("lag_days = 2", "lag_days = -1", f"window lag_days = -1, {SOME_DAYS}"),
    ("sends = 10000", "sends = 0", f"{RATE} window sends = 0, must be a whole number of mails, 1 or more"),
    ("min_sent = 400", "min_sent = -1", f"{RATE} min_sent = -1, {AMOUNT}"),
    ("min_events = 0", "min_events = inf", f"{RATE} min_events = inf, {AMOUNT}"),
    ("z = 0.0", "z = -1", f"{RATE} z = -1, {AMOUNT}"),
    ("climbs = true", "climbs = 1", f"{RATE} climbs = 1, must be true or false"),
    ("detect = 5", "detect = 0", f"{COMPLAINTS} detect = 0, {POSITIVE}"),
    ("detect = 5", "detect = 2", f"{COMPLAINTS} tolerate = 2, must be below detect = 2"),
    ("detect = 5", "detect = 5\ncap = 0", f"{COMPLAINTS} cap = 0, {POSITIVE}"),
    ("send_share = 0", "send_share = 1.5", f"{SUSPENDED} send_share = 1.5, {FRACTION}"),
    ("grace_days = 7", "grace_days = -7", f'stages[1] "probation" grace_days = -7, {SOME_DAYS}'),
    ("lasts_days = 1", "lasts_days = 0", f"{SUSPENDED} lasts_days = 0, {DAYS}"),
    ("recovery_days = 7", "recovery_days = 0", f"ladder recovery_days = 0, {DAYS}"),
    ("remembers_days = 0", "remembers_days = -1", f"ladder remembers_days = -1, {SOME_DAYS}"),
    ("= 2023-10-05", "= 2023", "effective_from = 2023, must be a date (2023-10-05, without quotes)"),
    ('"starter"]', "5]", "tiers[2] = 5, must be a list of names in quotes"),
    ('["free", "starter"]', '"free"', 'tiers = "free", must be a list of names in quotes'),
    ('"a page"', "7", "source = 7, must be text in quotes"),
    ("window = { sends = 10000 }", "window = 7", f"{RATE} window = 7, must be a table with days or sends"),
]

WORDS = [
    ('kind = "rate"', 'kind = "r"', f'{RATE} kind = "r", must be "rate", "peer" or "evidence"'),
    ('= "published"', '= "mine"', f'{RATE} basis = "mine", must be "published" or "inferred"'),
    ('["review"]', '["x"]', 'ladder clears_on[1] = "x", must be a list of "review", "recovery" or both'),
    ('= "unreviewed"', '= "x"', 'ladder escalates_when = "x", must be "unreviewed" or "breaching"'),
    (
        '["notice", "clear"]',
        '["x"]',
        f'window fresh_after[1] = "x", must be a list of notice, clear, {", ".join(CAUSES)}, accepted',
    ),
    (
        '"hard_bounce_rate"',
        '"hard_bouncerate"',
        f'{RATE} metric = "hard_bouncerate", {ONE_OF_METRICS} (did you mean "hard_bounce_rate"?)',
    ),
    (
        '"<1k"',
        '"<2k"',
        f'{RATE} overrides[2] band = "<2k", must be one of {", ".join(BANDS)} (did you mean "<1k"?)',
    ),
    (
        "complaint_rate = ",
        "complaints_rate = ",
        f'denominators unknown key "complaints_rate", {ONE_OF_METRICS} (did you mean "complaint_rate"?)',
    ),
    (
        '{ complaint_rate = "sent"',
        '{ complaint_rate = "mail"',
        f'denominators complaint_rate = "mail", must be one of {", ".join(KNOWN_COUNTS)}',
    ),
]

KEYS = [
    (
        "reviews_lift_last",
        "review_lifts_last",
        f'ladder unknown key "review_lifts_last", {ONE_OF_LADDER} (did you mean "reviews_lift_last"?)',
    ),
    (
        "{ sends = 10000 }",
        "{ sends = 10000, lag_days = 1 }",
        f'{RATE} window unknown key "lag_days", must be one of days, sends (did you mean "days"?)',
    ),
    (
        "[ladder]",
        "[climb]",
        f'unknown key "climb", must be one of {", ".join(Policy.model_fields)}',
    ),
    ("limit = 0.05\n", "", f"{RATE} limit is missing, must be a number"),
    ("days = 30", "", f"window has neither, {ONE_SPAN}"),
    ("days = 30", "days = 30\nsends = 5", f"window has days = 30 and sends = 5, {ONE_SPAN}"),
    ("{ sends = 10000 }", "{ }", f"{RATE} window has neither, {ONE_SPAN}"),
    ("z = 0.0", "z = 0.0\ncap = 3", f"{RATE} cap = 3, {OUT} evidence rules take it"),
    ("z = 0.0", "tolerate = 2", f"{RATE} tolerate = 2, {OUT} evidence rules take it"),
    ("z = 0.0", "detect = 5", f"{RATE} detect = 5, {OUT} evidence rules take it"),
    ("limit = 4.0", "limit = 4.0\nz = 2", f"{COMPLAINTS} z = 2, {OUT} rate and peer rules take it"),
    ("z = 0.0", "min_ratio = 2", f"{RATE} min_ratio = 2, {OUT} evidence rules take it"),
    (
        "limit = 4.0",
        "limit = 4.0\nclean_limit = 2",
        f"{COMPLAINTS} clean_limit = 2, {OUT} rate and peer rules take it",
    ),
    ("z = 0.0", "clean_limit = 0.06", f"{RATE} clean_limit = 0.06, must be at most limit = 0.05"),
    (
        "limit = 0.5\n",
        "limit = 0.5\nclean_limit = 0.4\n",
        f"{OPENS} clean_limit = 0.4, must be at least limit = 0.5",
    ),
    ("z = 0.0", "clean_limit = 6", f"{RATE} clean_limit = 6, {FRACTION}"),
    (
        "lasts_days = 1",
        'clears_on = ["x"]',
        f'{SUSPENDED} clears_on[1] = "x", must be a list of "review", "recovery" or both',
    ),
    (
        "reviews_lift_last",
        'quiet_days = "x"\nreviews_lift_last',
        'ladder quiet_days = "x", must be "break", "skip" or "count"',
    ),
    (
        "reviews_lift_last",
        'remembers = "x"\nreviews_lift_last',
        'ladder remembers = "x", must be "last" or "highest"',
    ),
    (
        "reviews_lift_last",
        'forgets_after = "x"\nreviews_lift_last',
        'ladder forgets_after = "x", must be "days" or "clean days"',
    ),
    ('kind = "peer"', 'kind = "evidence"', f'{OPENS} kind = "evidence", must be rate or peer: {LOW}'),
    ("limit = 0.5\n", "limit = 0.5\nmin_events = 5\n", f"{OPENS} min_events = 5, must be left out: {LOW}"),
]

REAL_ESTATE = '{ industry = "Real Estate",'
NAMES = [
    (REAL_ESTATE, "{", f"{RATE} overrides[1] names nobody, must be for an industry, a band or both"),
    (
        REAL_ESTATE,
        '{ band = "<1k",',
        f'{RATE} overrides for "<1k" are equally specific, must be at most one',
    ),
    (
        'enters = "probation"',
        'enters = "probaton"',
        f'{RATE} enters = "probaton", must be one of probation, suspended (did you mean "probation"?)',
    ),
    ('name = "suspended"', 'name = "probation"', 'stages name = "probation" is used twice, must be unique'),
    ('= "suspended"', '= "good"', 'stages[2] name = "good", must be another: good standing is implicit'),
    ('name = "opens"', 'name = "complaints"', 'rules name = "complaints" is used twice, must be unique'),
    ('name = "two-warnings"', 'name = ""', 'name = "", must be a name in quotes'),
]


@pytest.mark.parametrize(("line", "instead", "message"), [*RANGES, *WORDS, *KEYS, *NAMES])
def test_what_a_policy_must_not_say(line: str, instead: str, message: str) -> None:
    """Each refusal is one line: file, place, value, and what it must be."""
    assert line in FULL
    with pytest.raises(PolicyError) as refusal:
        Policy.from_text(FULL.replace(line, instead, 1), where="policy.toml")
    assert str(refusal.value) == f"policy.toml: {message}"


def test_a_policy_has_stages() -> None:
    """None at all, or an empty list of them, leads nowhere."""
    headless = SMALLEST.partition("[[rules]]")[0]
    with pytest.raises(PolicyError, match=r"stages is missing, must be a list of at least one stage$"):
        Policy.from_text(headless)
    with pytest.raises(PolicyError, match=r"stages = \[\], must be a list of at least one stage$"):
        Policy.from_text("stages = []\n" + headless)


def test_a_value_cannot_break_the_line() -> None:
    """Names with line ends and escapes, and endless values, are shown quoted and cut."""
    hostile = SMALLEST.replace('"bounces"', '"a\\n\\u001b[31m\\u202eb"').replace(
        "limit = 3", f'limit = "{"9" * 500}"'
    )
    with pytest.raises(PolicyError) as refusal:
        Policy.from_text(hostile)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name = " + b"[" * 5_000, "no valid TOML: "),
        (b"seed = " + b"9" * 5_000, "no valid TOML: "),
        (b"[window\n", "no valid TOML: .*line 1, column 8"),
        (b'name = "\xff"', "is not UTF-8, must be a TOML file"),
        (None, "cannot be read .No such file or directory., must be a TOML file"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_in_a_line(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """Bad syntax is named with its line, a wrong encoding and a missing file by what they are."""
    file = tmp_path / "policy.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PolicyError, match=f"^{file}: {message}") as refusal:
        Policy.from_toml(file)
    assert "\n" not in str(refusal.value)


def test_an_unknown_preset_is_refused() -> None:
    """With the names to choose from."""
    with pytest.raises(
        PolicyError, match=r'preset = "hubspot", must be one of .*did you mean "hubspot-like"'
    ):
        Policy.preset("hubspot")
