"""What each account adds, worked by hand on drawn worlds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from deliverlab.errors import PolicyError
from deliverlab.history import History
from deliverlab.policy.contributions import contributions
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from tests.policy.drawn import history, policy

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy

PEERS = """
    industry | band | metric           | effective_from | rate
    Retail   | <1k  | hard_bounce_rate | 2026-04-01     | 0.02
"""
HOLDING = policy(('name = "probation"', 'name = "probation"\nsend_share = 0.0'))
NOTICED = """
    day        | sent | hard_bounces | complaints
    2026-05-01 | 100  | 20           | 0
    2026-05-02 | 100  | 5            | 1
    2026-05-03 | 50   | 1            | 0
"""


def added(past: History, rules: Policy = HOLDING, scenario: Scenario | None = None) -> dict[str, Any]:
    """The contributions of the only account."""
    result = simulate(past, policy=rules, scenario=scenario or Scenario.never())
    return contributions(result).row(0, named=True)


def test_harm_averted_is_what_the_held_mail_really_did_beyond_peers() -> None:
    """Noticed on the first day: of the 150 mails held 6 bounced, 3 would have at the peers' 2%."""
    account = added(history(NOTICED, peer_rates=PEERS))

    assert account["mail_held"] == 150
    assert account["excess_hard_bounces_held"] == pytest.approx(6 - 3)
    assert account["harm_held"] == pytest.approx(0.02 * 3)
    assert account["harm"] == pytest.approx(0.02 * (26 - 5))


def test_the_naive_figure_takes_the_rate_of_the_notice_for_all_later_mail() -> None:
    """20% of 150 would be 30 bounces, 27 beyond the peers' 3; really it were 3 beyond."""
    account = added(history(NOTICED, peer_rates=PEERS))

    assert account["naive_harm_held"] == pytest.approx(0.02 * 27)
    assert account["noticed_harm_held"] == pytest.approx(0.02 * 3)


def test_good_mail_is_delivered_and_not_complained_of() -> None:
    """Of 150 held, 6 bounced and one drew a complaint."""
    assert added(history(NOTICED, peer_rates=PEERS))["good_mail_held"] == 143


def test_late_events_count_and_are_expected_of_peers_too() -> None:
    """One late bounce for each four in time: 2 held in time and 1 late, where peers have 2 and half a one."""
    past = history(
        """
        day        | sent | hard_bounces | late_hard_bounces
        2026-05-01 | 100  | 18           | 4
        2026-05-02 | 100  | 2            | 1
        """,
        peer_rates=PEERS,
    )

    assert added(past)["excess_hard_bounces_held"] == pytest.approx(3 - 2 * 1.25)


def test_an_account_with_peers_of_its_own_is_compared_with_these() -> None:
    """The row with its name goes before that of its group."""
    peers = """
        industry | band | metric           | effective_from | rate | account_id
        Retail   | <1k  | hard_bounce_rate | 2026-04-01     | 0.02 | -
        Retail   | <1k  | hard_bounce_rate | 2026-04-01     | 0.01 | a
    """

    assert added(history(NOTICED, peer_rates=peers))["excess_hard_bounces_held"] == pytest.approx(6 - 1.5)


def test_each_day_has_the_peers_of_its_month_and_band() -> None:
    """Peers of 2% until the second day, of 4% from the third; before there are any, nothing is compared."""
    peers = """
        industry | band | metric           | effective_from | rate
        Retail   | <1k  | hard_bounce_rate | 2026-05-02     | 0.02
        Retail   | <1k  | hard_bounce_rate | 2026-05-03     | 0.04
    """
    account = added(history(NOTICED, peer_rates=peers))

    assert account["excess_hard_bounces_held"] == pytest.approx((5 - 2) + (1 - 2))
    assert account["harm"] == account["harm_held"]
    assert account["compared_mail"] == 150


def test_the_effect_of_a_review_is_counted_apart_from_what_is_held() -> None:
    """Reviewed a day after the notice: the bounces of the last day are gone, and nothing of it is held."""
    effect = {"hard_bounces": 0.0}
    account = added(history(NOTICED, peer_rates=PEERS), HOLDING, Scenario.after(days=1, effect=effect))

    assert account["mail_held"] == 100
    assert account["harm_held"] == pytest.approx(0.02 * (5 - 2))
    assert account["harm_reviewed"] == pytest.approx(0.02 * ((1 - 50 * 0.02) - (0 - 49 * 0.02)))


def test_on_days_of_a_real_block_it_might_have_mailed_as_before_at_its_shrunken_rates() -> None:
    """20 bounces in two days where peers had 4: with tau2 1/4 a ratio of 6 / 2, so 4 a day too many."""
    past = history(
        """
        day        | sent | hard_bounces
        2026-05-01 | 100  | 10
        2026-05-02 | 100  | 10
        2026-05-05 | 100  | 2
        """,
        peer_rates="""
        industry | band | metric           | effective_from | rate | tau2
        Retail   | <1k  | hard_bounce_rate | 2026-04-01     | 0.02 | 0.25
        """,
        enforcement="""
        account_id | from_day   | to_day     | stage     | send_share
        a          | 2026-05-03 | 2026-05-03 | probation | 0.0
        a          | 2026-05-04 | 2026-05-04 | suspended | 0.0
        """,
    )
    lenient, strict = added(past), added(past, policy(("limit = 0.1", "limit = 0.05"), *_HELD))

    assert (lenient["unseen_mail"], lenient["unseen_mail_held"]) == (200, 0)
    assert lenient["unseen_harm"] == pytest.approx(0.02 * 2 * 4)
    assert (lenient["sending_days"], lenient["identified_days"]) == (5, 3)
    assert strict["unseen_mail_held"] == 200
    assert strict["unseen_harm_held"] == pytest.approx(0.02 * 2 * 4)
    assert strict["mail_held"] == 200


_HELD = [('name = "probation"', 'name = "probation"\nsend_share = 0.0')]


def test_a_stay_lasts_until_good_standing_or_until_history_ends() -> None:
    """Cleared two days after the notice; noticed again on the last day."""
    past = history(
        """
        day        | sent | hard_bounces
        2026-05-01 | 100  | 20
        2026-05-04 | 100  | 20
        2026-05-05 | 100  | 0
        """,
        peer_rates=PEERS,
    )
    account = added(past, policy(), Scenario.after(days=2))

    assert account["stays"] == [
        {"stage": "probation", "days": 2, "is_over": True},
        {"stage": "probation", "days": 1, "is_over": False},
    ]
    assert account["reviewed_on"] == [date(2026, 5, 3)]
    assert account["is_cleared"]
    assert not account["is_blocked"]


@pytest.mark.parametrize(
    ("label_on", "mail", "complaints"),
    [("2026-05-02", 150, 3), (None, 250, 4), ("2026-05-03", 0, 0)],
)
def test_mail_before_the_notice_counts_from_the_label(
    label_on: str | None, mail: int, complaints: int
) -> None:
    """From the day of the label where it is known, else from the first; after the notice there is none."""
    past = history(
        """
        day        | sent | hard_bounces | complaints | late_complaints
        2026-05-01 | 100  | 0            | 1          | 0
        2026-05-02 | 150  | 100          | 2          | 1
        2026-05-03 | 100  | 0            | 0          | 0
        """,
        accounts="account_id | industry | tier | label"
        + (" | label_on" if label_on else "")
        + "\na | Retail | free | abusive"
        + (f" | {label_on}" if label_on else ""),
        peer_rates=PEERS,
    )
    account = added(past)

    assert (account["mail_before_notice"], account["complaints_before_notice"]) == (mail, complaints)


def test_an_account_the_policy_does_not_apply_to_is_left_alone() -> None:
    """It is in the table, for comparisons with policies that do apply to it."""
    rules = policy(*_HELD, ('name = "drawn"', 'name = "drawn"\ntiers = ["starter"]'))
    account = added(history(NOTICED, peer_rates=PEERS), rules)

    assert not account["is_in_scope"]
    assert account["mail_held"] == 0
    assert account["harm"] == pytest.approx(0.02 * 21)
    assert account["first_notice_on"] is None


def test_a_simulation_that_goes_on_counts_from_where_it_goes_on() -> None:
    """Standing of the first day carried on: only the two days after it count, all of them held."""
    past = history(NOTICED, peer_rates=PEERS)
    first = simulate(past, policy=HOLDING, scenario=Scenario.never(), until=date(2026, 5, 1))
    rest = simulate(past, policy=HOLDING, scenario=Scenario.never(), start=first.standing)
    account = contributions(rest).row(0, named=True)

    assert account["first_day"] == date(2026, 5, 2)
    assert account["mail"] == account["mail_held"] == 150


def test_without_peers_nothing_is_evaluated() -> None:
    """Nobody has an excess over nobody."""
    result = simulate(history(NOTICED), policy=HOLDING, scenario=Scenario.never())

    with pytest.raises(PolicyError, match="so the history must hold peer rates, and it holds none"):
        contributions(result)


def test_the_order_of_rows_changes_nothing() -> None:
    """Rows and accounts the other way round give the same, to the last bit."""
    drawn = history(
        """
        account_id | day        | sent | hard_bounces | complaints
        a          | 2026-05-01 | 100  | 20           | 0
        a          | 2026-05-02 | 70   | 5            | 1
        b          | 2026-05-01 | 30   | 3            | 0
        b          | 2026-05-02 | 90   | 7            | 2
        """,
        accounts="account_id | industry | tier\na | Retail | free\nb | Retail | free",
        peer_rates=PEERS,
    )
    turned = History(
        drawn.daily.reverse(), drawn.accounts.reverse(), peer_rates=drawn.peer_rates, known_within_days=0
    )
    there, back = (
        contributions(simulate(past, policy=HOLDING, scenario=Scenario.never())) for past in (drawn, turned)
    )

    assert there.equals(back)
    assert there["account_id"].to_list() == ["a", "b"]
