"""Every step explained: its numbers, what would have avoided it, what follows, and the sentence."""

from __future__ import annotations

from datetime import date
from random import Random

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.policy.steps import Steps, explain_steps
from tests.policy.answers import history_of, result_of
from tests.policy.drawn import history, policy
from tests.policy.worlds import random_world

NEVER = Scenario.never()
ONE_BAD_DAY = """
    day        | sent | hard_bounces
    2026-05-10 | 508  | 31
    2026-05-28 | 0    | 0
"""
WITH_PEERS = """
    industry | band | metric           | effective_from | rate | shape
    Retail   | <1k  | hard_bounce_rate | 2026-01-01     | 0.02 | -
"""
HUBSPOT = Policy.preset("hubspot-like").model_copy(
    update={"rules": policy(("limit = 0.1", "limit = 0.05")).rules}
)
STRICT = ("limit = 0.1", "limit = 0.05")
KIND, LADDER = 'kind = "rate"', "send_share = 0.0"


def sentences(text: str = ONE_BAD_DAY, *changes: tuple[str, str], scenario: Scenario = NEVER) -> list[str]:
    """What is said of the steps under the drawn policy with some lines replaced, peers at 2%."""
    result = simulate(history(text, peer_rates=WITH_PEERS), policy=policy(*changes), scenario=scenario)
    return explain_steps(result)["sentence"].to_list()


def test_a_breach_and_what_follows_without_a_review() -> None:
    """The numbers, the limit, the step, how few bounces would have avoided it, and what follows."""
    result = simulate(history(ONE_BAD_DAY), policy=HUBSPOT, scenario=NEVER)
    steps = explain_steps(result)
    said = steps["sentence"].to_list()
    assert said[0] == (
        "On 12 May 2026 your hard bounce rate of 10 May was 6.1% (31 of 508 mails sent), "
        "above the limit of 5%; that put you on probation. Six hard bounces fewer would have avoided it. "
        "If your contacts are not reviewed by 19 May, the first warning follows."
    )
    assert said[1] == (
        "On 19 May 2026 your contacts had not been reviewed for 7 days; that brought you the first warning. "
        "A review completed by then would have avoided it. "
        "If your contacts are not reviewed by 26 May, the second warning follows."
    )
    assert said[2].endswith("If your contacts are not reviewed by 2 June, your sending is suspended.")
    first, second = steps.select(
        "window_from", "window_to", "fewer_events", "more_mails", "review_by", "next_stage", "next_on"
    ).rows()[:2]
    day = date(2026, 5, 10)
    assert first == (day, day, 6, 112, None, "first warning", date(2026, 5, 19))
    assert second == (None, None, None, None, date(2026, 5, 19), "second warning", date(2026, 5, 26))
    Steps.validate(steps)


def test_a_review_recovery_and_the_end_of_a_stage_are_said() -> None:
    """The ways back, each with the sentence that led into the stage."""
    reviewed = sentences(ONE_BAD_DAY, STRICT, scenario=Scenario.after(days=2))
    assert reviewed[0].endswith("A review of your contacts would bring you back.")
    assert reviewed[1] == (
        "On 12 May 2026 the review of your contacts was completed; you are in good standing again."
    )
    mail = ONE_BAD_DAY.replace("2026-05-28", "2026-05-11")
    mail += "".join(f"    2026-05-{day} | 100 | 0\n" for day in (12, 13, 14))
    healed = sentences(
        mail, STRICT, (LADDER, f'{LADDER}\n[ladder]\nclears_on = ["recovery"]\nrecovery_days = 2')
    )
    assert healed[0].endswith("2 clean days would bring you back.")
    assert healed[1] == "On 13 May 2026 your mail had been clean for 2 days; you are in good standing again."
    over = sentences(ONE_BAD_DAY, STRICT, ('name = "probation"', 'name = "probation"\nlasts_days = 1'))
    assert over[0].endswith("It ends by itself after 1 day.")
    assert over[1] == (
        "On 11 May 2026 the stage “probation” was over after 1 day; you are in good standing again."
    )


def test_a_rule_of_peers_quotes_them() -> None:
    """The limit is said beside the peers' rate that it is made of."""
    (said,) = sentences(ONE_BAD_DAY, (KIND, 'kind = "peer"'), ("limit = 0.1", "limit = 2"))
    assert "was 6.1% (31 of 508 mails sent), above the limit of 4% (your peers have 2%);" in said


def test_a_rule_of_evidence_says_how_few_events_can_trip_it() -> None:
    """31 bounces and 10.16 expected at a limit of 1: the sum is capped at ln 20, two events are the least."""
    changes = ((KIND, 'kind = "evidence"\ntolerate = 1.0'), ("limit = 0.1", "limit = 2.5"))
    result = simulate(history(ONE_BAD_DAY, peer_rates=WITH_PEERS), policy=policy(*changes), scenario=NEVER)
    row = explain_steps(result).row(0, named=True)
    assert row["least_events"] == 2  # 2 · ln 5 = 3.2 is above 2.5, ln 5 = 1.6 is not
    assert row["sentence"].startswith(
        "On 10 May 2026 your hard bounce rate of 10 May was 6.1% (31 of 508 mails sent), "
        "where your peers have 2%; the evidence came to 3.0, past the limit of 2.5, "
        "which takes at least 2 hard bounces; that put you on probation. "
        "Five hard bounces fewer on 10 May would have avoided it."
    )
    # 27 · ln 5 − 4 · 10.16 = 2.8; 26 · ln 5 − 4 · 10.16 = 1.2 is below 2.5, and that is 31 − 5


def test_another_rule_that_leads_as_high_leaves_nothing_to_avoid() -> None:
    """Nothing is said of fewer events where two rules lead as high; it is where the other leads lower."""
    twice = """
[[rules]]
name = "worse"
metric = "hard_bounce_rate"
kind = "rate"
limit = 0.05
enters = "ENTERS"
[[stages]]
name = "probation"
"""
    for enters, avoided in (("suspended", None), ("probation", "Eleven hard bounces fewer would have")):
        more = ('[[stages]]\nname = "probation"', twice.replace("ENTERS", enters))
        rule = ('name = "bounces"', 'name = "bounces"\nenters = "suspended"')
        mail = ONE_BAD_DAY.replace("| 31", "| 61")
        result = simulate(history(mail), policy=policy(more, rule), scenario=NEVER)
        row = explain_steps(result).row(0, named=True)
        assert row["other_rules"] == ["worse"]
        if avoided is None:
            assert "fewer" not in row["sentence"]
        else:
            assert f"{avoided} spared you that stage." in row["sentence"]


def test_what_time_had_brought_anyway_was_not_to_be_avoided() -> None:
    """The grace is over on the day of a graver breach: fewer events spare the gravest stage, or nothing."""
    mail = "day | sent | hard_bounces\n2026-05-01 | 100 | 20\n2026-05-03 | 100 | 60"
    worse = """
[[rules]]
name = "worse"
metric = "hard_bounce_rate"
kind = "rate"
limit = 0.5
enters = "suspended"
[[stages]]
name = "probation"
grace_days = 2
"""
    last = '[[stages]]\nname = "suspended"'
    for stages, said in ((last, None), (f'[[stages]]\nname = "warning"\n{last}', "spared you that stage")):
        changed = policy(('[[stages]]\nname = "probation"', worse), (last, stages))
        row = explain_steps(simulate(history(mail), policy=changed, scenario=NEVER)).row(1, named=True)
        assert (row["to_stage"], row["rule"], row["fewer_events"]) == ("suspended", "worse", 10)
        if said is None:
            assert "fewer" not in row["sentence"]
        else:
            assert f"Ten hard bounces fewer would have {said}." in row["sentence"]


def test_rates_that_round_to_their_limit_are_told_apart() -> None:
    """As many digits as it takes: 1,001 of 10,000 is above 10%."""
    (said,) = sentences("day | sent | hard_bounces\n2026-05-10 | 10000 | 1001")
    assert "was 10.01% (1,001 of 10,000 mails sent), above the limit of 10%" in said
    assert "Two hard bounces fewer" not in said
    assert "One hard bounce fewer would have avoided it." in said


def test_where_low_is_bad_more_would_have_avoided_it() -> None:
    """Three opens more of 100 mails were enough for 10%."""
    text = "day | sent | hard_bounces | opens\n2026-05-10 | 100 | 0 | 7"
    (said,) = sentences(text, ('metric = "hard_bounce_rate"', 'metric = "open_rate"'))
    assert "your open rate of 10 May was 7% (7 of 100 mails delivered), below the limit of 10%" in said
    assert "Three opens more would have avoided it." in said


def test_stages_of_breaching_policies_escalate_only_by_a_breach() -> None:
    """The sentence says so, and who goes on from a standing still knows the day of the notice."""
    changes = (
        ('name = "probation"', 'name = "probation"\ngrace_days = 2'),
        (LADDER, f'{LADDER}\n[ladder]\nescalates_when = "breaching"'),
    )
    mail = "day | sent | hard_bounces\n" + "".join(f"2026-05-0{day} | 100 | 20\n" for day in range(1, 6))
    past = history(mail)
    head = simulate(past, policy=policy(*changes), scenario=NEVER, until=date(2026, 5, 2))
    assert explain_steps(head)["sentence"][0].endswith(
        "If a limit is still passed on 3 May, and your contacts are not reviewed, your sending is suspended."
    )
    tail = simulate(past, policy=policy(*changes), scenario=NEVER, start=head.standing)
    row = explain_steps(tail).row(0, named=True)
    assert (row["to_stage"], row["entered_on"], row["review_by"]) == (
        "suspended", date(2026, 5, 1), date(2026, 5, 3),
    )  # fmt: skip
    assert "So would a review completed by then." in row["sentence"]


@pytest.mark.parametrize("seed", range(30))
def test_every_step_of_any_world_is_explained(seed: int) -> None:
    """A row and a sentence a transition, in their order, with their numbers; and the table checks itself."""
    world = random_world(Random(seed))
    result = result_of(world, history_of(world))
    steps = explain_steps(result)
    same = [
        "account_id",
        "day",
        "from_stage",
        "to_stage",
        "cause",
        "rule",
        "events",
        "trials",
        "rate",
        "limit",
    ]
    assert steps.select(same).equals(result.transitions.select(same))
    assert steps["sentence"].str.ends_with(".").all()
    assert steps.filter(pl.col("rule").is_not_null())["window_from"].null_count() == 0
    Steps.validate(steps)


def test_only_accounts_of_the_result_are_explained() -> None:
    """A stranger names itself."""
    result = simulate(history(ONE_BAD_DAY), policy=policy(), scenario=NEVER)
    with pytest.raises(DataError, match='account_id = "b", must be an account of the simulation'):
        explain_steps(result, "b")
