"""The twin itself, against a few histories small enough to work out by hand."""

import math
import tomllib
from datetime import date

import pytest

from deliverlab.schemas import COUNTS
from tests.policy.reference import (
    Answer,
    Row,
    Tables,
    limit_of,
    log_likelihood_ratio,
    simulate,
    with_defaults,
)
from tests.tables import table

ONE_RULE = """
window = { days = 1, lag_days = 0 }
rules = [{ name = "bounces", metric = "hard_bounce_rate", kind = "rate", limit = 0.05 }]
stages = [
    { name = "probation" }, { name = "warned", send_share = 0.5 }, { name = "suspended", send_share = 0 },
]
"""
NEVER = 'review = { mode = "never" }'
TWO_GROUPS: list[Row] = [
    {"account_id": "a", "industry": "Retail", "tier": "free"},
    {"account_id": "b", "industry": None, "tier": "pro"},
]


def run(policy: str, scenario: str, daily: str, **tables: list[Row]) -> Answer:
    rows: list[Row] = [{**dict.fromkeys(COUNTS, 0), **row} for row in table(daily).to_dicts()]
    return simulate(tomllib.loads(policy), tomllib.loads(scenario), Tables(rows, TWO_GROUPS, **tables))


def steps(answer: Answer) -> list[str]:
    return [
        f"{step['account_id']} {step['day']:%d}: {step['from_stage']} > {step['to_stage']}, {step['cause']}"
        for step in answer.transitions
    ]


def test_a_breach_is_seen_after_the_lag_and_in_the_window_only() -> None:
    """The bounces of the 1st are judged on the 3rd; a rate at the limit is no breach."""
    policy = ONE_RULE.replace("{ days = 1, lag_days = 0 }", "{ days = 2 }")
    answer = run(policy, NEVER, """
        account_id | day        | sent | hard_bounces
        a          | 2026-05-01 | 100  | 6
        a          | 2026-05-06 | 100  | 0
        b          | 2026-05-01 | 100  | 5
        """)  # fmt: skip
    assert answer.transitions == [
        {
            "account_id": "a", "day": date(2026, 5, 3), "from_stage": "good", "to_stage": "probation",
            "cause": "breach", "rule": "bounces", "events": 6.0, "trials": 100.0, "rate": 0.06, "limit": 0.05,
            "evidence": None, "peer_rate": None, "sent": 100.0,
        }
    ]  # fmt: skip


def test_a_window_of_mail_goes_back_as_far_as_it_needs_and_no_further() -> None:
    """Of 10 + 50 + 50 mails the window of 100 takes two days, the bounces of the oldest stay outside."""
    policy = ONE_RULE.replace("days = 1", "sends = 100").replace(
        "limit = 0.05", "limit = 0.05, min_sent = 80"
    )
    answer = run(policy, NEVER, """
        account_id | day        | sent | hard_bounces
        a          | 2026-05-01 | 10   | 10
        a          | 2026-05-03 | 50   | 0
        a          | 2026-05-05 | 50   | 2
        a          | 2026-05-06 | 10   | 9
        """)  # fmt: skip
    (step,) = answer.transitions
    assert (step["day"], step["events"], step["trials"]) == (date(2026, 5, 6), 11.0, 110.0)


def test_the_ladder_is_climbed_by_time_and_remembered_after_an_answer() -> None:
    """Grace ends on the 3rd, the review of the 1st's notice comes on the 6th, the 8th re-enters one above."""
    policy = ONE_RULE.replace('name = "probation"', 'name = "probation", grace_days = 2')
    policy += "ladder = { remembers_days = 2 }"
    scenario = 'review = { mode = "after", after_days = 5 }\neffect = { volume = 0.5, hard_bounces = 0.25 }'
    answer = run(policy, scenario, """
        account_id | day        | sent | hard_bounces
        a          | 2026-05-01 | 100  | 6
        a          | 2026-05-04 | 80   | 8
        a          | 2026-05-08 | 100  | 40
        """)  # fmt: skip
    assert steps(answer) == [
        "a 01: good > probation, breach",
        "a 03: probation > warned, unreviewed",
        "a 06: warned > good, review",
        "a 08: good > suspended, breach",
    ]
    assert (answer.transitions[-1]["events"], answer.transitions[-1]["trials"]) == (5.0, 35.0)
    (outcome,) = answer.outcomes
    assert (outcome["sent_sent"], outcome["sent_held"]) == (100 + 40 + 35, 40)
    assert (outcome["hard_bounces_sent"], outcome["hard_bounces_held"]) == (6 + 4 + 5, 4)
    assert (outcome["notices"], outcome["reviews"], outcome["first_notice_on"]) == (3, 1, date(2026, 5, 1))
    assert outcome["days_in_stage"] == [
        {"stage": "good", "days": 3}, {"stage": "probation", "days": 2}, {"stage": "warned", "days": 3},
        {"stage": "suspended", "days": 0},
    ]  # fmt: skip
    (standing,) = answer.standing
    assert (standing["stage"], standing["last_left"], standing["effect_from"]) == (
        "suspended", "warned", date(2026, 5, 7)
    )  # fmt: skip
    assert standing["reviews_due"] == [date(2026, 5, 13)]
    assert standing["runs"] == [{"from_day": date(2026, 5, 9), "send_share": 0.0, "has_effect": True}]


def test_clean_days_recover_and_a_block_ends_by_itself() -> None:
    """A day without mail in the window is not clean; the last stage ends after a day, without a review."""
    policy = """
        window = { days = 1, lag_days = 0 }
        rules = [
            { name = "some", metric = "hard_bounce_rate", kind = "rate", limit = 0.05 },
            { name = "many", metric = "hard_bounce_rate", kind = "rate", limit = 0.2, enters = "blocked" },
        ]
        stages = [{ name = "probation" }, { name = "blocked", lasts_days = 1 }]
        ladder = { clears_on = ["recovery"], recovery_days = 2 }
        """
    answer = run(policy, NEVER, """
        account_id | day        | sent | hard_bounces
        a          | 2026-05-01 | 100  | 6
        a          | 2026-05-02 | 100  | 0
        a          | 2026-05-04 | 100  | 0
        a          | 2026-05-05 | 100  | 0
        a          | 2026-05-06 | 100  | 30
        a          | 2026-05-07 | 100  | 30
        """)  # fmt: skip
    assert steps(answer) == [
        "a 01: good > probation, breach",
        "a 05: probation > good, recovery",
        "a 06: good > blocked, breach",
        "a 07: blocked > good, expired",
    ]
    assert answer.transitions[2]["rule"] == "many"


def test_really_blocked_days_are_counted_but_not_identified() -> None:
    """Of five sending days two were really blocked; the one without mail or block is no sending day."""
    blocked = [
        {"account_id": "a", "from_day": date(2026, 5, 5), "to_day": None, "send_share": 0.0},
        {"account_id": "a", "from_day": date(2026, 5, 1), "to_day": date(2026, 5, 2), "send_share": 0.5},
    ]
    answer = run(ONE_RULE, NEVER, """
        account_id | day        | sent
        a          | 2026-05-01 | 10
        a          | 2026-05-02 | 10
        a          | 2026-05-04 | 10
        a          | 2026-05-06 | 0
        """, enforcement=blocked)  # fmt: skip
    (outcome,) = answer.outcomes
    assert (outcome["sending_days"], outcome["identified_days"]) == (5, 3)


def test_peers_are_of_the_own_group_first_and_of_the_band_of_the_days_before() -> None:
    """On its first day `a` is small; then its own row holds; nobody knows the group of `b`."""
    policy = ONE_RULE.replace('kind = "rate", limit = 0.05', 'kind = "peer", limit = 2')
    peers = [
        {"industry": "Retail", "metric": "hard_bounce_rate", "effective_from": date(2026, 4, 1)} | group
        for group in (
            {"band": "<1k", "account_id": None, "rate": 0.04},
            {"band": "1k-10k", "account_id": None, "rate": 0.01},
            {"band": "1k-10k", "account_id": "a", "rate": 0.02},
        )
    ]
    answer = run(policy, NEVER, """
        account_id | day        | sent | hard_bounces
        a          | 2026-05-01 | 1000 | 70
        a          | 2026-05-02 | 1000 | 35
        a          | 2026-05-03 | 1000 | 45
        b          | 2026-05-01 | 1000 | 900
        """, peer_rates=peers)  # fmt: skip
    (step,) = answer.transitions
    assert (step["day"], step["peer_rate"], step["limit"]) == (date(2026, 5, 3), 0.02, 0.04)


def test_evidence_adds_up_day_by_day_under_its_cap() -> None:
    """Two bounces where 0.2 were expected say 2 ln 2.5 - 0.6; the third day is cut at the cap."""
    policy = ONE_RULE.replace('kind = "rate", limit = 0.05', 'kind = "evidence", limit = 3.9, cap = 2')
    peers = [
        {
            "industry": "Retail", "band": "<1k", "metric": "hard_bounce_rate", "account_id": None,
            "effective_from": date(2026, 4, 1), "rate": 0.02, "shape": None,
        }
    ]  # fmt: skip
    answer = run(policy, NEVER, """
        account_id | day        | sent | hard_bounces
        a          | 2026-05-01 | 10   | 2
        a          | 2026-05-02 | 10   | 1
        a          | 2026-05-03 | 10   | 5
        a          | 2026-05-04 | 10   | 2
        """, peer_rates=peers)  # fmt: skip
    (step,) = answer.transitions
    day = 2 * math.log(2.5) - 0.6
    assert step["day"] == date(2026, 5, 4)
    assert step["evidence"] == pytest.approx(day + (math.log(2.5) - 0.6) + 2 + day)
    assert (step["limit"], step["peer_rate"], step["trials"]) == (3.9, 0.02, 10.0)


def test_day_shocks_make_the_same_count_say_less() -> None:
    """A small shape is a wide spread from day to day; a very large one is Poisson."""
    rule = {"tolerate": 2.0, "detect": 5.0}
    wide, narrow = (log_likelihood_ratio(rule, 9, 1.0, shape=shape) for shape in (0.5, 1e9))
    assert wide < narrow == pytest.approx(log_likelihood_ratio(rule, 9, 1.0, shape=None))


def test_the_most_specific_limit_wins() -> None:
    """Both keys before the industry, the industry before the band, the band before the rule."""
    policy = ONE_RULE.replace("limit = 0.05", """limit = 0.05, overrides = [
        { band = "<1k", limit = 0.1 }, { industry = "Retail", limit = 0.2 },
        { industry = "Retail", band = "<1k", limit = 0.3 } ]""")  # fmt: skip
    (rule,) = with_defaults(tomllib.loads(policy))["rules"]
    assert limit_of(rule, industry="Retail", band="<1k") == 0.3
    assert limit_of(rule, industry="Retail", band="1M+") == 0.2
    assert limit_of(rule, industry="Mining", band="<1k") == 0.1
    assert limit_of(rule, industry="Mining", band="1M+") == 0.05


def test_only_completed_reviews_on_their_own_days_are_history() -> None:
    """The rejected review and the one in good standing change nothing; the tier `pro` is out of scope."""
    policy = 'tiers = ["free"]' + ONE_RULE
    reviews = [
        {"account_id": "a", "reviewed_on": date(2026, 5, day), "outcome": outcome}
        for day, outcome in ((1, "completed"), (3, "rejected"), (4, "completed"))
    ]
    answer = run(policy, 'review = { mode = "historical" }', """
        account_id | day        | sent | hard_bounces
        a          | 2026-05-01 | 100  | 0
        a          | 2026-05-02 | 100  | 9
        a          | 2026-05-05 | 100  | 0
        b          | 2026-05-02 | 100  | 90
        """, reviews=reviews)  # fmt: skip
    assert steps(answer) == ["a 02: good > probation, breach", "a 04: probation > good, review"]
    assert [outcome["reviews"] for outcome in answer.outcomes] == [2]
