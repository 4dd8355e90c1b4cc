"""What a simulation comes to, worked by hand, and its laws on random worlds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from deliverlab.errors import DataError
from deliverlab.history import History
from deliverlab.metrics import HARM
from deliverlab.policy.contributions import contributions
from deliverlab.policy.evaluate import GROUPINGS, evaluate
from deliverlab.policy.formulas import wait
from deliverlab.policy.measures import MEASURES
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import Simulation, simulate
from deliverlab.policy.sums import Tally
from tests.policy.drawn import history, policy
from tests.policy.test_contributions import HOLDING, PEERS
from tests.policy.test_laws import result_of, with_policy
from tests.policy.worlds import World, worlds

law = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
FEW = 40  # resamples: enough to see that they are right in kind
ADDED_UP = (
    "accounts", "noticed", "blocked", "cleared", "notices", "mail_held", "harm_averted", "good_mail_blocked",
)  # fmt: skip
FOUR = """
    account_id | day        | sent | hard_bounces
    a          | 2026-05-01 | 100  | 20
    a          | 2026-05-02 | 100  | 20
    b          | 2026-05-01 | 100  | 0
    b          | 2026-05-02 | 100  | 30
    c          | 2026-05-01 | 100  | 0
    d          | 2026-05-01 | 100  | 0
"""
LABELLED = """
    account_id | industry | tier | label
    a          | Retail   | free | abusive
    b          | Retail   | free | clean
    c          | Retail   | free | clean
    d          | Media    | free | clean
"""


def figures(table: pl.DataFrame, measure: str) -> dict[str | None, float | None]:
    """The figures of a measure, by what it is about."""
    return dict(table.filter(measure=measure).select("about", "figure").iter_rows())


def of_four(scenario: Scenario | None = None, *, accounts: str = LABELLED) -> Simulation:
    """Four accounts; `a` is noticed on the first day, `b` on the second."""
    past = history(FOUR, accounts=accounts, peer_rates=PEERS)
    return simulate(past, policy=HOLDING, scenario=scenario or Scenario.never())


def test_shares_are_ratios_of_sums() -> None:
    """100 of 600 mails held, 80 of 530 good ones, and 18 of 60 bounces beyond the peers' two in a hundred."""
    found = evaluate(of_four(), resamples=FEW)

    assert figures(found, "mail_held_share")[None] == pytest.approx(100 / 600)
    assert figures(found, "good_mail_blocked_share")[None] == pytest.approx(80 / 530)
    assert figures(found, "harm_averted_share")[None] == pytest.approx(18 / (70 - 10))
    assert figures(found, "excess_averted")["hard_bounce_rate"] == pytest.approx(18)
    assert figures(found, "compared_share")[None] == pytest.approx(500 / 600)  # Media has no peers


def test_labels_tell_detection_and_false_trips() -> None:
    """The abusive account is noticed, and one of three clean ones; it is judged from its first day."""
    found = evaluate(of_four(), resamples=FEW)

    assert figures(found, "detection_rate")[None] == 1
    assert figures(found, "detection_days_median")[None] == 0
    assert figures(found, "mail_before_notice")[None] == 100
    assert figures(found, "false_trip_rate")[None] == pytest.approx(1 / 3)
    assert found.filter(measure="false_trip_rate")["accounts"].to_list() == [3]


def test_small_groups_are_filled_up_with_accounts_like_all() -> None:
    """Retail: one of two noticed, and a third of the 198 it lacks; Media: none of one, and a third of 199."""
    rates = evaluate(of_four(), by="industry", resamples=FEW).filter(measure="false_trip_rate")
    retail, media = (1 + 198 / 3) / 200, (199 / 3) / 200

    assert rates["industry"].to_list() == ["Media", "Retail"]
    assert rates["figure"].to_list() == pytest.approx([media, retail])
    worst = evaluate(of_four(), resamples=FEW).filter(measure="worst_false_trip_ratio", about="industry")
    assert worst["figure"].item() == pytest.approx(retail * 3)
    assert worst["low"].item() is None


def test_without_labels_nothing_is_said_of_false_trips_or_detection() -> None:
    """Not even a row without a figure."""
    found = evaluate(of_four(accounts=LABELLED.replace("abusive", "-").replace("clean", "-")), resamples=FEW)
    told = set(found["measure"])

    assert "noticed" in told
    assert not told & {measure.name for measure in MEASURES if measure.needs_labels}


def test_days_to_clear_count_stays_that_history_cut_off() -> None:
    """`a` was back after two days; `b` was seen for one, and says nothing of the second."""
    past = history(FOUR + "    a | 2026-05-03 | 1 | 0\n", accounts=LABELLED, peer_rates=PEERS)
    found = evaluate(simulate(past, policy=HOLDING, scenario=Scenario.after(days=2)), resamples=FEW)

    assert figures(found, "days_to_clear_median") == {"probation": 2, "suspended": None}
    assert figures(found, "days_to_clear_p90") == {"probation": 2, "suspended": None}


def test_waits_are_those_of_kaplan_and_meier() -> None:
    """Weeks of remission under 6-MP (Freireich and others 1963): of half 23; of nine in ten not told."""
    over = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
    cut_off = {6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1}
    counted = [(days, True, n) for days, n in over.items()] + [
        (days, False, n) for days, n in cut_off.items()
    ]
    keys = pl.DataFrame(counted, schema=["days", "is_over", "n"], orient="row")
    tally = Tally(keys.drop("n"), keys.select(pl.col("n").cast(pl.Float64)).to_numpy())

    assert [wait(tally, share)[0] for share in (0.1, 0.5)] == [6, 23]
    assert np.isnan(wait(tally, 0.9)[0])


def test_reviews_a_day_count_days_without_any() -> None:
    """Two accounts reviewed on two of three days."""
    past = history(FOUR + "    a | 2026-05-03 | 1 | 0\n", accounts=LABELLED, peer_rates=PEERS)
    found = evaluate(simulate(past, policy=HOLDING, scenario=Scenario.after(days=1)), resamples=FEW)

    assert figures(found, "reviews_a_day_mean")[None] == pytest.approx(2 / 3)
    assert figures(found, "reviews_a_day_max")[None] == 1
    assert figures(found, "cleared")[None] == 2


def test_stages_nobody_reached_are_there_too() -> None:
    """Both noticed are on probation, nobody is suspended."""
    assert figures(evaluate(of_four(), resamples=FEW), "reached") == {"probation": 2, "suspended": 0}


def test_a_groups_share_of_notices_stands_beside_its_share_of_harm() -> None:
    """Both noticed accounts are in retail, and all harm that can be told."""
    found = evaluate(of_four(), by="industry", resamples=FEW).filter(industry="Retail")

    assert figures(found, "share_of_noticed")[None] == 1
    assert figures(found, "share_of_harm")[None] == 1


def half_seen() -> History:
    """`b` was really blocked for nine days after its first mail, `c` for two; `a` mails all along."""
    days = "\n".join(f"    a | 2026-05-{day:02} | 100 | 0" for day in range(1, 12))
    return history(
        f"""
        account_id | day        | sent | hard_bounces
{days}
        b          | 2026-05-01 | 100  | 8
        c          | 2026-05-01 | 100  | 20
        """,
        accounts="account_id | industry | tier\na | Retail | free\nb | Retail | free\nc | Retail | free",
        peer_rates=PEERS.replace("rate\n", "rate | tau2\n").replace("0.02", "0.02 | 0.5"),
        enforcement="""
        account_id | from_day   | to_day     | stage     | send_share
        b          | 2026-05-02 | 2026-05-10 | suspended | 0.0
        c          | 2026-05-02 | 2026-05-03 | suspended | 0.0
        """,
    )


def test_where_too_little_was_observed_there_are_bounds_and_no_figures() -> None:
    """`b` mails 9 days in the simulation on which it was really blocked; `c` was blocked while it is held."""
    result = simulate(half_seen(), policy=HOLDING, scenario=Scenario.never())
    found = {row["measure"]: row for row in evaluate(result, resamples=FEW).iter_rows(named=True)}
    added = contributions(result)

    assert found["identified_share"]["figure"] == pytest.approx(13 / 22)
    assert found["harm_averted"]["figure"] is None
    assert found["harm_averted"]["is_bound"]
    assert found["harm_averted"]["low"] == 0
    assert found["harm_averted"]["high"] >= added["unseen_harm_held"].sum() > 0
    assert found["noticed"]["high"] >= 2  # `c` was, `b` might have been
    assert found["notices"]["low"] is None
    assert not found["accounts"]["is_bound"]


def test_another_grouping_is_refused() -> None:
    """With the groupings that there are."""
    with pytest.raises(DataError, match="by: 'tier', must be among industry, band, label"):
        evaluate(of_four(), by="tier", resamples=FEW)


@law
@given(worlds())
def test_what_contributions_hold_is_what_the_ladder_held(world: World) -> None:
    """Mail and good mail held, account by account, whatever effects and send shares there are."""
    result = result_of(world)
    added = contributions(result).filter("is_in_scope")
    outcomes = result.outcomes.join(added, on="account_id", how="semi").sort("account_id")
    complained = outcomes["complaints_held"] + outcomes["late_complaints_held"]
    good = outcomes["delivered_held"] - complained

    assert added["account_id"].equals(outcomes["account_id"])
    assert added["mail_held"].to_numpy() == pytest.approx(outcomes["sent_held"].to_numpy())
    assert added["good_mail_held"].to_numpy() == pytest.approx(good.to_numpy())
    assert added["notices"].equals(outcomes["notices"])


@law
@given(worlds())
def test_a_policy_that_never_trips_averts_and_blocks_nothing(world: World) -> None:
    """Harm averted and good mail blocked are 0, and surely so."""
    found = evaluate(result_of(with_policy(world, rules=[])), resamples=FEW)
    nothing = found.filter(
        pl.col("measure").is_in(
            ["harm_averted", "good_mail_blocked", "mail_held", "notices", "excess_averted"]
        )
        & ~pl.col("is_bound")
    )

    assert (nothing["figure"] == 0).all()
    assert ((nothing["low"] == 0) & (nothing["high"] == 0)).all() or nothing["low"].null_count()


@law
@given(worlds())
def test_a_policy_that_suspends_everybody_holds_everything(world: World) -> None:
    """Everybody suspended from the second day on, and never cleared."""
    stages = [{"name": "suspended", "send_share": 0.0}]
    rules = [rule | {"enters": "suspended"} for rule in world.policy["rules"]]
    ladder = {"clears_on": ["recovery"], "recovery_days": 10_000}
    never = {"name": "never", "review": {"mode": "never"}}
    shut = replace(with_policy(world, stages=stages, rules=rules, ladder=ladder), scenario=never)
    begun = result_of(shut, until=world.first_day)
    standing = begun.standing.with_columns(stage=pl.lit("suspended"), entered_on=pl.lit(world.first_day))
    added = contributions(result_of(shut, start=standing)).filter("is_in_scope")
    ours = added.join(standing, on="account_id", how="semi")

    assert ours["mail_held"].equals(ours["mail"])
    assert ours["good_mail_held"].equals(ours["good_mail"])
    assert ours["harm_held"].equals(ours["harm"])


@law
@given(worlds())
def test_groups_add_up_to_the_whole(world: World) -> None:
    """What is a sum is the sum of any grouping's groups; each metric's weighted excess adds up to harm."""
    result = result_of(world)
    whole = {row["measure"]: row["figure"] for row in evaluate(result, resamples=0).iter_rows(named=True)}
    for by in (*GROUPINGS, GROUPINGS):
        parts = evaluate(result, by=by, resamples=0)
        for name in ADDED_UP:
            its = parts.filter(measure=name)
            if its["figure"].null_count() or whole[name] is None:
                continue  # bounds: of some groups or of all too little was observed
            assert its["figure"].sum() == pytest.approx(whole[name], abs=1e-6)
    added = contributions(result)
    weighed = sum(
        weight * added[f"excess_{name}_held"].to_numpy()
        for weight, name in zip(
            HARM.values(), ("complaints", "hard_bounces", "unsubscribes", "soft_bounces"), strict=True
        )
    )
    assert np.asarray(weighed) == pytest.approx(added["harm_held"].to_numpy(), abs=1e-9)


@law
@given(worlds())
def test_the_order_of_accounts_changes_nothing(world: World) -> None:
    """Nor does that of days, to the last bit, intervals included."""
    usual = result_of(world)
    past = usual.history
    turned = History(
        past.daily.reverse(), past.accounts.reverse(),
        peer_rates=past.peer_rates, reviews=past.reviews.reverse(), enforcement=past.enforcement.reverse(),
        known_within_days=past.known_within_days,
    )  # fmt: skip
    other = simulate(turned, policy=usual.policy, scenario=usual.scenario)

    assert evaluate(usual, by="band", resamples=FEW, seed=5).equals(
        evaluate(other, by="band", resamples=FEW, seed=5)
    )


def test_of_nobody_there_are_no_figures() -> None:
    """No account within scope: figures of nothing, and no error."""
    past = history(FOUR, accounts=LABELLED, peer_rates=PEERS)
    nobody = simulate(
        past, policy=policy(('name = "drawn"', 'name = "drawn"\ntiers = ["none"]')), scenario=Scenario.never()
    )
    found = evaluate(nobody, resamples=FEW)

    assert figures(found, "accounts")[None] == 0
    assert figures(found, "mail_held_share")[None] is None
