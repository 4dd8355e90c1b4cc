"""How a policy decides, a paragraph of its specification a test, worked by hand."""

from __future__ import annotations

import math
from datetime import date
from hashlib import blake2b
from typing import TYPE_CHECKING

import polars as pl
import pytest

from deliverlab.errors import DataError, PolicyError
from deliverlab.history import History
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.schemas import Outcomes, Standing, Transitions
from tests.policy.drawn import history, lines, policy, steps

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy

NEVER = Scenario.never()
ALL_BAD = """
    day        | sent | hard_bounces
    2026-05-01 | 100  | 20
    2026-05-02 | 100  | 20
    2026-05-03 | 100  | 20
    2026-05-04 | 100  | 20
    2026-05-05 | 100  | 20
    2026-05-06 | 100  | 20
"""
BAD_THEN_GOOD = """
    day        | sent | hard_bounces
    2026-05-01 | 100  | 20
    2026-05-02 | 100  | 0
    2026-05-03 | 100  | 0
    2026-05-04 | 100  | 0
    2026-05-05 | 100  | 0
    2026-05-06 | 100  | 0
"""


# 2 The scenario


def test_a_review_is_completed_so_many_days_after_the_notice() -> None:
    """A notice on day 1 is answered on day 3; the window restarts, and its next day breaches again."""
    assert steps(history(ALL_BAD), policy(), Scenario.after(days=2)) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-03 probation → good: review",
        "2026-05-04 good → probation: breach of bounces",
        "2026-05-06 probation → good: review",
    ]


def test_a_review_changes_mail_from_the_day_after_it() -> None:
    """From 3 May on 20 bounces of 100 become 5, the 15 avoided are not sent, and volume halves it all."""
    scenario = Scenario.after(days=1, effect={"hard_bounces": 0.25, "volume": 0.5})
    result = simulate(history(ALL_BAD), policy=policy(("limit = 0.1", "limit = 0.15")), scenario=scenario)
    assert lines(result) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-02 probation → good: review",
    ]
    outcome = result.outcomes.row(0, named=True)
    assert outcome["hard_bounces_sent"] == 2 * 20 + 4 * 0.5 * 5
    assert outcome["sent_sent"] == 2 * 100 + 4 * 0.5 * 85
    assert outcome["delivered_sent"] == 2 * 80 + 4 * 0.5 * 80


def test_a_second_review_does_not_compound() -> None:
    """The account reviews twice; from 3 May on its bounces are halved, once."""
    result = simulate(
        history(ALL_BAD), policy=policy(), scenario=Scenario.after(days=1, effect={"hard_bounces": 0.6})
    )
    assert [step for step in lines(result) if "review" in step] == [
        "2026-05-02 probation → good: review",
        "2026-05-04 probation → good: review",
        "2026-05-06 probation → good: review",
    ]
    assert result.outcomes["hard_bounces_sent"].item() == pytest.approx(2 * 20 + 4 * 12)


def test_history_reviews_on_the_days_it_did() -> None:
    """Only completed reviews count, and only on their day, whatever notice there was."""
    past = history(
        ALL_BAD,
        reviews="""
            account_id | reviewed_on | outcome
            a          | 2026-05-02  | rejected
            a          | 2026-05-03  | completed
        """,
    )
    result = simulate(past, policy=policy(), scenario=Scenario.historical())
    assert lines(result) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-03 probation → good: review",
        "2026-05-04 good → probation: breach of bounces",
    ]
    assert result.outcomes["reviews"].item() == 1
    assert result.standing["effect_from"].item() is None
    assert result.standing["reviews_due"].item().to_list() == []


def test_chance_is_common_to_all_policies() -> None:
    """The luck of a's first notice under seed 7 is 0.8223: a chance above it answers, one below does not."""
    luck = int.from_bytes(blake2b(b"7\x1fa\x1f1", digest_size=8).digest(), "big") / 2**64
    assert luck == pytest.approx(0.8223, abs=1e-4)
    for chance, answered in ((luck + 0.001, True), (luck - 0.001, False)):
        scenario = Scenario.from_text(
            f'name = "c"\nseed = 7\n[review]\nmode = "chance"\nafter_days = 1\nchance = [{chance}, 0]'
        )
        assert len(steps(history(BAD_THEN_GOOD), policy(), scenario)) == 1 + answered


def test_an_account_with_many_notices_gets_luck_for_each() -> None:
    """Certain chance answers every notice, however many: as many as when all are answered."""
    rows = "\n".join(f"2026-05-{day:02} | 100 | 20" for day in range(1, 31))
    past = history(f"day | sent | hard_bounces\n{rows}")
    certain = Scenario.from_text(
        'name = "c"\nseed = 7\n[review]\nmode = "chance"\nafter_days = 1\nchance = [1, 1]'
    )
    found = steps(past, policy(), certain)
    assert len(found) == 30
    assert found == steps(past, policy(), Scenario.after(days=1))


# 3 Days


def test_a_transition_takes_effect_tomorrow() -> None:
    """The mail of the notice's day goes out; from the next day on half of it does, and half is held."""
    half = policy(('name = "probation"', 'name = "probation"\nsend_share = 0.5'))
    outcome = simulate(history(ALL_BAD), policy=half, scenario=NEVER).outcomes.row(0, named=True)
    assert outcome["days_in_stage"] == [
        {"stage": "good", "days": 1}, {"stage": "probation", "days": 5}, {"stage": "suspended", "days": 0},
    ]  # fmt: skip
    assert (outcome["sent_sent"], outcome["sent_held"]) == (100 + 250, 250)
    assert (outcome["hard_bounces_sent"], outcome["hard_bounces_held"]) == (20 + 50, 50)


def test_a_review_lifts_the_last_stage_only_where_the_policy_says_so() -> None:
    """Suspended on 1 May, reviewed on 3 May: lifted, or stays; the review is counted either way."""
    straight = (("limit = 0.1", 'limit = 0.1\nenters = "suspended"'),)
    result = simulate(history(ALL_BAD), policy=policy(*straight), scenario=Scenario.after(days=2))
    assert lines(result)[1] == "2026-05-03 suspended → good: review"
    firm = policy(*straight, ("send_share = 0.0", "send_share = 0.0\n[ladder]\nreviews_lift_last = false"))
    result = simulate(history(ALL_BAD), policy=firm, scenario=Scenario.after(days=2))
    assert lines(result) == ["2026-05-01 good → suspended: breach of bounces"]
    assert result.outcomes["reviews"].item() == 1


def test_a_review_changes_nothing_where_only_recovery_clears() -> None:
    """The review of 3 May completes, and the account stays on probation until the third clean day."""
    recovering = policy(
        ("send_share = 0.0", 'send_share = 0.0\n[ladder]\nclears_on = ["recovery"]\nrecovery_days = 3')
    )
    result = simulate(history(BAD_THEN_GOOD), policy=recovering, scenario=Scenario.after(days=2))
    assert lines(result) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-04 probation → good: recovery",
    ]
    assert result.outcomes["reviews"].item() == 1


def test_a_review_is_awaited_until_the_account_clears() -> None:
    """Notices on 1 and 2 May; the review of 4 May clears, and the other, due on 5 May, is awaited no more."""
    quick = policy(('name = "probation"', 'name = "probation"\ngrace_days = 1'))
    result = simulate(
        history(BAD_THEN_GOOD), policy=quick, scenario=Scenario.after(days=3), until=date(2026, 5, 3)
    )
    assert result.standing["reviews_due"].item().to_list() == [date(2026, 5, 4), date(2026, 5, 5)]
    whole = simulate(history(BAD_THEN_GOOD), policy=quick, scenario=Scenario.after(days=3))
    assert lines(whole)[-1] == "2026-05-04 suspended → good: review"
    assert whole.outcomes["reviews"].item() == 1
    assert whole.standing["reviews_due"].item().to_list() == []


def test_a_day_without_mail_in_the_window_is_not_clean() -> None:
    """After 2 May there is a gap: a window of one day is not clean twice in a row, one of two days is."""
    past = history("""
        day        | sent | hard_bounces
        2026-05-01 | 100  | 20
        2026-05-02 | 100  | 0
        2026-05-08 | 100  | 0
        2026-05-12 | 100  | 0
    """)
    recovering = 'send_share = 0.0\n[ladder]\nclears_on = ["recovery"]\nrecovery_days = 2'
    narrow = policy(("days = 3", "days = 1"), ("send_share = 0.0", recovering))
    assert steps(past, narrow, NEVER) == ["2026-05-01 good → probation: breach of bounces"]
    wide = policy(("days = 3", "days = 2"), ("send_share = 0.0", recovering))
    assert steps(past, wide, NEVER)[1:] == ["2026-05-03 probation → good: recovery"]


def with_suspension_above(limit: float) -> Policy:
    """The policy with a second rule, which suspends."""
    rule = f"""[[rules]]
name = "many bounces"
metric = "hard_bounce_rate"
kind = "rate"
limit = {limit}
enters = "suspended"
"""
    return policy(('[[stages]]\nname = "probation"', f'{rule}[[stages]]\nname = "probation"'))


def test_the_highest_stage_that_is_entered_wins() -> None:
    """Both rules breach on the first day: the notice is into the higher stage, by the rule that enters it."""
    found = steps(history(ALL_BAD), with_suspension_above(0.15), NEVER)
    assert found == ["2026-05-01 good → suspended: breach of many bounces"]


def test_a_higher_stage_can_be_entered_from_a_stage() -> None:
    """On probation since 1 May, the account breaches the rule that suspends on 3 May."""
    past = history("""
        day        | sent | hard_bounces
        2026-05-01 | 100  | 20
        2026-05-02 | 100  | 20
        2026-05-03 | 100  | 40
    """)
    assert steps(past, with_suspension_above(0.25), NEVER) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-03 probation → suspended: breach of many bounces",
    ]


def test_unreviewed_probation_escalates_when_its_days_of_grace_are_over() -> None:
    """Two days after the notice, though nothing breaches any more; no grace days, no escalation."""
    patient = policy(('name = "probation"', 'name = "probation"\ngrace_days = 2'))
    assert steps(history(BAD_THEN_GOOD), patient, NEVER) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-03 probation → suspended: unreviewed",
    ]
    assert len(steps(history(BAD_THEN_GOOD), policy(), NEVER)) == 1


def test_a_policy_can_escalate_only_those_who_breach() -> None:
    """Escalating when breaching: the bad account on 3 May, by its rule; the good one never."""
    breaching = policy(
        ('name = "probation"', 'name = "probation"\ngrace_days = 2'),
        ("send_share = 0.0", 'send_share = 0.0\n[ladder]\nescalates_when = "breaching"'),
    )
    assert steps(history(ALL_BAD), breaching, NEVER) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-03 probation → suspended: breach of bounces",
    ]
    assert len(steps(history(BAD_THEN_GOOD), breaching, NEVER)) == 1


def test_a_stage_can_end_by_itself() -> None:
    """A block of one day: entered on 1 May, held on 2 May, and good again from 3 May."""
    block = policy(
        ("limit = 0.1", 'limit = 0.1\nenters = "suspended"'),
        ("send_share = 0.0", "send_share = 0.0\nlasts_days = 1"),
    )
    result = simulate(history(BAD_THEN_GOOD), policy=block, scenario=NEVER)
    assert lines(result) == [
        "2026-05-01 good → suspended: breach of bounces",
        "2026-05-02 suspended → good: expired",
    ]
    assert result.outcomes["sent_held"].item() == 100


@pytest.mark.parametrize(
    ("remembers_days", "climbs", "stage"),
    [(1, "true", "suspended"), (0, "true", "probation"), (1, "false", "probation")],
)
def test_a_breach_soon_after_clearing_is_remembered(remembers_days: int, climbs: str, stage: str) -> None:
    """Cleared on 2 May, breaching on 3 May: one stage above the one left, where policy and rule remember."""
    forgetful = policy(
        ("limit = 0.1", f"limit = 0.1\nclimbs = {climbs}"),
        ("send_share = 0.0", f"send_share = 0.0\n[ladder]\nremembers_days = {remembers_days}"),
    )
    assert steps(history(ALL_BAD), forgetful, Scenario.after(days=1))[:3] == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-02 probation → good: review",
        f"2026-05-03 good → {stage}: breach of bounces",
    ]


def test_accounts_of_other_tiers_are_out_of_scope() -> None:
    """Only the free account is simulated; one without a tier belongs to none."""
    past = history(
        """
            account_id | day        | sent | hard_bounces
            a          | 2026-05-01 | 100  | 20
            b          | 2026-05-01 | 100  | 20
            c          | 2026-05-01 | 100  | 20
        """,
        accounts="account_id | industry | tier\na | Retail | free\nb | Retail | pro\nc | Retail | -",
    )
    result = simulate(
        past, policy=policy(('name = "drawn"', 'name = "drawn"\ntiers = ["free"]')), scenario=NEVER
    )
    assert result.outcomes["account_id"].to_list() == ["a"]


# 4 The window


def test_the_newest_days_do_not_count_yet() -> None:
    """With a lag of two days the bounces of 1 May are seen on 3 May."""
    assert steps(history(BAD_THEN_GOOD), policy(("lag_days = 0", "lag_days = 2")), NEVER) == [
        "2026-05-03 good → probation: breach of bounces"
    ]


def test_a_notice_restarts_the_window_unless_told_otherwise() -> None:
    """The bad day 1 is out of the window once it restarts; without restart it stays for three days."""
    recovering = 'send_share = 0.0\n[ladder]\nclears_on = ["recovery"]\nrecovery_days = 1'
    fresh = policy(("send_share = 0.0", recovering))
    assert steps(history(BAD_THEN_GOOD), fresh, NEVER)[1] == "2026-05-02 probation → good: recovery"
    stale = policy(
        ("send_share = 0.0", recovering), ("lag_days = 0", "lag_days = 0\nfresh_after = []"), ("0.1", "0.05")
    )
    assert steps(history(BAD_THEN_GOOD), stale, NEVER)[1] == "2026-05-04 probation → good: recovery"


def test_a_window_can_be_as_many_days_as_hold_so_many_mails() -> None:
    """150 mails: the two newest days; on 3 May 200 mails with 25 bounces, on 2 May 200 mails with 15."""
    past = history("""
        day        | sent | hard_bounces
        2026-05-01 | 100  | 10
        2026-05-02 | 100  | 5
        2026-05-03 | 100  | 20
    """)
    result = simulate(past, policy=policy(("days = 3", "sends = 150")), scenario=NEVER)
    assert result.transitions.select("day", "events", "trials", "sent").row(0) == (
        date(2026, 5, 3),
        25,
        200,
        200,
    )


def test_a_rule_can_look_back_less_far_than_the_policy() -> None:
    """Its own window of one day sees 20% on 3 May, where three days see 8%."""
    past = history("""
        day        | sent | hard_bounces
        2026-05-01 | 100  | 2
        2026-05-02 | 100  | 2
        2026-05-03 | 100  | 20
    """)
    assert steps(past, policy(), NEVER) == []
    assert len(steps(past, policy(("limit = 0.1", "limit = 0.1\nwindow = { days = 1 }")), NEVER)) == 1


def test_held_mail_is_not_seen() -> None:
    """On half share since 2 May: of 1 to 3 May the window of 3 May sees 100 + 50 + 50 mails."""
    half = policy(
        ('name = "probation"', 'name = "probation"\nsend_share = 0.5\ngrace_days = 2'),
        ("lag_days = 0", "lag_days = 0\nfresh_after = []"),
        ("send_share = 0.0", 'send_share = 0.0\n[ladder]\nescalates_when = "breaching"'),
    )
    result = simulate(history(ALL_BAD), policy=half, scenario=NEVER)
    assert result.transitions.select("day", "events", "trials").rows()[1] == (date(2026, 5, 3), 40, 200)


# 5 Rules


def test_a_tie_at_the_limit_does_not_breach() -> None:
    """10 of 100 is the limit and no breach, 11 of 100 is one; nothing of nothing is neither."""
    for bounces, breaches in ((10, 0), (11, 1)):
        past = history(f"day | sent | hard_bounces\n2026-05-01 | 100 | {bounces}\n2026-05-02 | 0 | 0")
        assert len(steps(past, policy(("days = 3", "days = 1")), NEVER)) == breaches


def test_a_rule_is_silent_on_little_mail_and_few_events() -> None:
    """100 mails with 20 bounces: at least 101 mails, or at least 21 bounces, are too much to ask."""
    past = history("day | sent | hard_bounces\n2026-05-01 | 100 | 20")
    for floor, breaches in (
        ("min_sent = 100", 1),
        ("min_sent = 101", 0),
        ("min_events = 20", 1),
        ("min_events = 21", 0),
    ):
        assert len(steps(past, policy(("limit = 0.1", f"limit = 0.1\n{floor}")), NEVER)) == breaches


def test_evidence_is_demanded_in_standard_errors() -> None:
    """At a limit of 10%, 100 mails have a standard error of 3 bounces: 16 are not two above it, 17 are."""
    for bounces, breaches in ((16, 0), (17, 1)):
        past = history(f"day | sent | hard_bounces\n2026-05-01 | 100 | {bounces}")
        assert len(steps(past, policy(("limit = 0.1", "limit = 0.1\nz = 2")), NEVER)) == breaches


def test_where_low_is_bad_a_rate_below_the_limit_breaches() -> None:
    """At 10% of 100 delivered 9 clicks breach and 10 do not; two standard errors below, 3 do and 4 do not."""
    for z, clicks, breaches in ((0, 9, 1), (0, 10, 0), (2, 3, 1), (2, 4, 0)):
        past = history(f"day | sent | hard_bounces | clicks\n2026-05-01 | 100 | 0 | {clicks}")
        low = policy(("hard_bounce_rate", "click_rate"), ("limit = 0.1", f"limit = 0.1\nz = {z}"))
        assert len(steps(past, low, NEVER)) == breaches


def test_a_policy_can_choose_the_denominator() -> None:
    """9 complaints of 100 sent, 80 delivered: above 10% of what was delivered, below 10% of what was sent."""
    past = history("day | sent | hard_bounces | complaints\n2026-05-01 | 100 | 20 | 9")
    complaints = ("hard_bounce_rate", "complaint_rate")
    assert len(steps(past, policy(complaints), NEVER)) == 1
    by_sent = ('name = "drawn"', 'name = "drawn"\ndenominators = { complaint_rate = "sent" }')
    assert steps(past, policy(complaints, by_sent), NEVER) == []


PEERS = """
    industry | band | metric           | effective_from | account_id | rate | shape
    Retail   | <1k  | hard_bounce_rate | 2026-05-02     | -          | 0.02 | -
    Retail   | <1k  | hard_bounce_rate | 2026-05-04     | -          | 0.08 | -
"""


def test_peers_set_the_limit_from_their_first_day_on() -> None:
    """Five times the peers: silent on 1 May, 10% from 2 May, 40% from 4 May."""
    past = history(BAD_THEN_GOOD.replace("100  | 0", "100  | 20"), peer_rates=PEERS)
    result = simulate(past, policy=policy(('"rate"', '"peer"'), ("limit = 0.1", "limit = 5")), scenario=NEVER)
    step = result.transitions.row(0, named=True)
    assert step["day"] == date(2026, 5, 2)
    assert (step["limit"], step["peer_rate"], step["rate"]) == (0.1, 0.02, 0.2)


def test_a_limit_beside_peers_is_at_most_one() -> None:
    """Sixty times 2% is more than all mail: the limit is 1, and not even 100% breaches it."""
    past = history("day | sent | hard_bounces\n2026-05-02 | 100 | 100", peer_rates=PEERS)
    assert steps(past, policy(('"rate"', '"peer"'), ("limit = 0.1", "limit = 60")), NEVER) == []


def test_peers_who_never_bounce_allow_nothing() -> None:
    """A peer rate of zero is a rate: one bounce in 100 mails is above any multiple of it."""
    past = history("day | sent | hard_bounces\n2026-05-02 | 100 | 1", peer_rates=PEERS.replace("0.02", "0.0"))
    result = simulate(
        past, policy=policy(('"rate"', '"peer"'), ("limit = 0.1", "limit = 60")), scenario=NEVER
    )
    assert result.transitions.select("limit", "peer_rate", "rate").row(0) == (0.0, 0.0, 0.01)


EVIDENCE = (('"rate"', '"evidence"'), ("limit = 0.1", "limit = 2\ntolerate = 2\ndetect = 4"))


def test_evidence_adds_up_over_send_days() -> None:
    """Peers bounce 2 of 100: 4 bounces count less than nothing, 7 add 7 ln 2 - 4, 4 of 25 add 4 ln 2 - 1."""
    past = history(
        """
            day        | sent | hard_bounces
            2026-05-02 | 100  | 4
            2026-05-03 | 100  | 7
            2026-05-04 | 0    | 0
            2026-05-05 | 25   | 4
        """,
        peer_rates=PEERS.splitlines()[1] + "\n" + PEERS.splitlines()[2],
    )
    result = simulate(past, policy=policy(*EVIDENCE), scenario=NEVER)
    step = result.transitions.row(0, named=True)
    assert step["day"] == date(2026, 5, 5)
    assert step["evidence"] == pytest.approx((7 * math.log(2) - 4) + (4 * math.log(2) - 0.5 * 2))
    assert step["limit"] == 2
    assert (step["events"], step["trials"], step["sent"]) == (11, 125, 125)


def test_evidence_of_a_single_day_is_capped() -> None:
    """30 bounces would add far more than ln 20, which is all that one day can add; with a lower cap, less."""
    past = history("day | sent | hard_bounces\n2026-05-02 | 100 | 30", peer_rates=PEERS)
    result = simulate(past, policy=policy(*EVIDENCE), scenario=NEVER)
    assert result.transitions["evidence"].item() == math.log(20)
    capped = policy(*EVIDENCE, ("detect = 4", "detect = 4\ncap = 1.5"))
    result = simulate(past, policy=capped, scenario=NEVER)
    assert result.transitions.is_empty()
    assert result.standing["evidence"].item().to_list() == [{"rule": "bounces", "sum": 1.5}]


def test_evidence_counts_less_where_days_vary_more() -> None:
    """Negative binomial with shape 1.5: 7 ln 2 + 8.5 ln((1.5 + 2·2) / (1.5 + 4·2))."""
    past = history(
        "day | sent | hard_bounces\n2026-05-02 | 100 | 7", peer_rates=PEERS.replace("0.02 | -", "0.02 | 1.5")
    )
    result = simulate(past, policy=policy(*EVIDENCE), scenario=NEVER)
    (found,) = result.standing["evidence"].item().to_list()
    assert found["sum"] == pytest.approx(7 * math.log(2) + 8.5 * math.log(5.5 / 9.5))


def test_evidence_waits_while_there_are_no_peers() -> None:
    """Before 2 May there is no peer rate: nothing is added, and nothing is forgotten."""
    past = history("day | sent | hard_bounces\n2026-05-01 | 100 | 30", peer_rates=PEERS)
    result = simulate(past, policy=policy(*EVIDENCE), scenario=NEVER)
    assert result.transitions.is_empty()
    assert result.standing["evidence"].item().to_list() == [{"rule": "bounces", "sum": 0.0}]


def test_evidence_starts_over_when_the_window_does() -> None:
    """The notice of 2 May spends the evidence; the 7 bounces of 3 May begin a new sum."""
    past = history("day | sent | hard_bounces\n2026-05-02 | 100 | 30\n2026-05-03 | 100 | 7", peer_rates=PEERS)
    result = simulate(past, policy=policy(*EVIDENCE), scenario=NEVER)
    (found,) = result.standing["evidence"].item().to_list()
    assert found["sum"] == pytest.approx(7 * math.log(2) - 4)


# 6 Peers


def test_the_band_is_that_of_the_days_before() -> None:
    """1,000 mails on 1 May put the account above the lowest band from 2 May on, where its override ends."""
    past = history("day | sent | hard_bounces\n2026-05-01 | 1000 | 150\n2026-05-02 | 1000 | 150")
    lenient = policy(("limit = 0.1", 'limit = 0.1\noverrides = [{ band = "<1k", limit = 0.2 }]'))
    assert steps(past, lenient, NEVER) == ["2026-05-02 good → probation: breach of bounces"]


def test_an_account_with_peers_of_its_own_is_compared_with_them() -> None:
    """Account a has a rate of its own from 3 May: 9 of 100 breach five times 1%, but not five times 2%."""
    past = history(
        """
            account_id | day        | sent | hard_bounces
            a          | 2026-05-02 | 100  | 9
            a          | 2026-05-03 | 100  | 9
            b          | 2026-05-02 | 100  | 9
            b          | 2026-05-03 | 100  | 9
        """,
        accounts="account_id | industry | tier\na | Retail | free\nb | Retail | free",
        peer_rates="\n".join(PEERS.splitlines()[:3])
        + "\n    Retail   | <1k  | hard_bounce_rate | 2026-05-03     | a          | 0.01 | -",
    )
    result = simulate(past, policy=policy(('"rate"', '"peer"'), ("limit = 0.1", "limit = 5")), scenario=NEVER)
    assert lines(result) == ["a 2026-05-03 good → probation: breach of bounces"]


# 7 What a simulation returns


def test_tables_keep_their_contracts() -> None:
    """Transitions, outcomes and standing pass their own checks."""
    result = simulate(history(ALL_BAD), policy=policy(), scenario=Scenario.after(days=2))
    Transitions.validate(result.transitions)
    Outcomes.validate(result.outcomes)
    Standing.validate(result.standing)


def test_a_simulation_says_under_which_scenario() -> None:
    """No result stands without policy and scenario."""
    result = simulate(history(ALL_BAD), policy=policy(), scenario=NEVER)
    assert repr(result) == "Simulation(drawn, never reviewed, accounts: 1, transitions: 1)"


def test_only_a_breach_has_a_rule_and_numbers() -> None:
    """A review is nobody's breach; the evidence of a rate rule and the peers of neither are null."""
    result = simulate(history(BAD_THEN_GOOD), policy=policy(), scenario=Scenario.after(days=1))
    breach, review = result.transitions.rows(named=True)
    assert breach == {
        "account_id": "a", "day": date(2026, 5, 1), "from_stage": "good", "to_stage": "probation",
        "cause": "breach", "rule": "bounces", "events": 20.0, "trials": 100.0, "rate": 0.2, "limit": 0.1,
        "evidence": None, "peer_rate": None, "sent": 100.0,
    }  # fmt: skip
    assert all(review[name] is None for name in ("rule", "events", "trials", "rate", "limit", "sent"))


def test_standing_is_all_that_the_next_day_needs() -> None:
    """On probation at half share since 2 May, with a window of three days that restarted on that day."""
    half = policy(('name = "probation"', 'name = "probation"\nsend_share = 0.5'))
    standing = simulate(
        history(ALL_BAD), policy=half, scenario=Scenario.after(days=9), until=date(2026, 5, 3)
    ).standing.row(0, named=True)
    assert standing == {
        "account_id": "a", "as_of": date(2026, 5, 3), "stage": "probation", "entered_on": date(2026, 5, 1),
        "cleared_on": None, "last_left": None, "fresh_from": date(2026, 5, 2), "clean_streak": 0,
        "notices": 1, "effect_from": None, "reviews_due": [date(2026, 5, 10)], "evidence": [],
        "runs": [{"from_day": date(2026, 5, 2), "send_share": 0.5, "has_effect": False}],
    }  # fmt: skip


def test_an_account_of_the_start_runs_on_without_mail() -> None:
    """It sends nothing any more, and escalates all the same."""
    patient = policy(('name = "probation"', 'name = "probation"\ngrace_days = 9'))
    past = history(ALL_BAD)
    first = simulate(past, policy=patient, scenario=NEVER)
    quiet = history("day | sent | hard_bounces\n2026-05-06 | 0 | 0")
    later = simulate(quiet, policy=patient, scenario=NEVER, start=first.standing, until=date(2026, 5, 10))
    assert lines(later) == ["2026-05-10 probation → suspended: unreviewed"]


def test_nothing_happens_after_the_last_day() -> None:
    """A start that stands on the last day comes back as it is, with nothing counted."""
    past = history(ALL_BAD)
    first = simulate(past, policy=policy(), scenario=NEVER)
    again = simulate(past, policy=policy(), scenario=NEVER, start=first.standing)
    assert again.standing.equals(first.standing)
    assert again.transitions.is_empty()
    assert again.outcomes["sent_sent"].item() == 0


def test_nobody_in_scope_is_no_error() -> None:
    """Of a history without mail, or of tiers that nobody has, the tables are empty."""
    past = history(ALL_BAD)
    nobody = policy(('name = "drawn"', 'name = "drawn"\ntiers = ["gold"]'))
    for result in (
        simulate(past, policy=nobody, scenario=NEVER),
        simulate(past.select([]), policy=policy(), scenario=NEVER),
        simulate(
            History(past.daily.clear(), past.accounts, known_within_days=0), policy=policy(), scenario=NEVER
        ),
        simulate(past, policy=policy(), scenario=NEVER, until=date(2026, 4, 30)),
    ):
        assert result.transitions.is_empty()
        assert result.outcomes.is_empty()
        assert result.standing.is_empty()


# 9 Honest history


def test_days_that_were_really_blocked_are_censored() -> None:
    """Six sending days; on two the account was really blocked, so four have a known outcome."""
    past = history(
        ALL_BAD,
        enforcement="""
            account_id | from_day   | to_day     | stage     | send_share
            a          | 2026-05-02 | 2026-05-03 | suspended | 0.0
            a          | 2026-05-03 | 2026-05-04 | probation | 1.0
        """,
    )
    outcome = simulate(past, policy=policy(), scenario=NEVER).outcomes
    assert outcome.select("sending_days", "identified_days").row(0) == (6, 4)


# At the door


def test_a_policy_must_not_see_the_future() -> None:
    """Counts known within two days cannot be looked at after one."""
    with pytest.raises(PolicyError, match="window lag_days = 0, must be at least 2"):
        simulate(history(ALL_BAD, known_within_days=2), policy=policy(), scenario=NEVER)


def test_peers_must_be_there_where_they_are_asked_for() -> None:
    """A peer rule names itself where the history holds no peer rates."""
    with pytest.raises(
        PolicyError, match='rule "bounces" is of kind peer, so the history must hold peer rates'
    ):
        simulate(history(ALL_BAD), policy=policy(('"rate"', '"peer"')), scenario=NEVER)


def test_peers_must_divide_as_the_policy_does() -> None:
    """By delivered mail under the policy, by sent mail among the peers: refused, unless no rule asks."""
    by_delivered = ('name = "drawn"', 'name = "drawn"\ndenominators = { hard_bounce_rate = "delivered" }')
    past = history(ALL_BAD, peer_rates=PEERS)
    with pytest.raises(
        PolicyError, match='hard_bounce_rate = "delivered", must be "sent" as in the peer rates'
    ):
        simulate(past, policy=policy(('"rate"', '"peer"'), by_delivered), scenario=NEVER)
    assert simulate(past, policy=policy(by_delivered), scenario=NEVER).transitions.height == 1


def test_chance_must_have_a_number_for_each_stage() -> None:
    """Three numbers for two stages fit no policy of two."""
    scenario = Scenario.from_text(
        'name = "c"\nseed = 7\n[review]\nmode = "chance"\nafter_days = 1\nchance = [0, 0, 1]'
    )
    with pytest.raises(PolicyError, match="chance has 3 numbers, must have one for each of the 2 stages"):
        simulate(history(ALL_BAD), policy=policy(), scenario=scenario)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"stage": "limbo"},
            'start: stage = "limbo", must be good or a stage of policy "drawn": probation, suspended',
        ),
        ({"last_left": "limbo"}, 'start: last_left = "limbo", must be good or a stage'),
        ({"account_id": "z"}, 'start: account_id = "z", must be in accounts'),
        ({"as_of": date(2026, 5, 7)}, "start: as_of = 2026-05-07, must be at most 2026-05-06"),
    ],
)
def test_a_start_must_fit_policy_and_history(change: dict[str, object], message: str) -> None:
    """Stages that the policy does not have, strangers, and days after the last are refused."""
    past = history(ALL_BAD)
    start = simulate(past, policy=policy(), scenario=NEVER).standing
    changed = start.with_columns(pl.lit(value).alias(name) for name, value in change.items())
    with pytest.raises((PolicyError, DataError), match=message):
        simulate(past, policy=policy(), scenario=NEVER, start=changed)


def test_a_start_must_speak_of_rules_of_the_policy() -> None:
    """Evidence of a rule that adds up none is refused."""
    past = history(ALL_BAD, peer_rates=PEERS)
    start = simulate(past, policy=policy(*EVIDENCE), scenario=NEVER).standing
    with pytest.raises(PolicyError, match='start: evidence of rule "bounces", must be of an evidence rule'):
        simulate(past, policy=policy(), scenario=NEVER, start=start)
