"""Headroom to the next step, what follows at the present rate, and the explanation as a whole."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.errors import DataError
from deliverlab.policy.explain import Explanation, explain
from deliverlab.policy.forecast import forecast
from deliverlab.policy.headroom import Headroom, MetricStates, WayBack
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.policy.steps import explain_steps
from deliverlab.schemas import COUNTS
from tests.policy.answers import history_of, result_of
from tests.policy.drawn import history, policy
from tests.policy.worlds import random_world
from tests.tables import table

NEVER = Scenario.never()
KIND = ('kind = "rate"', 'kind = "evidence"\ntolerate = 1.0')
WITH_PEERS = """
    industry | band | metric           | effective_from | rate | shape
    Retail   | <1k  | hard_bounce_rate | 2026-01-01     | 0.02 | 4.0
"""


def explained(
    daily: str, *changes: tuple[str, str], scenario: Scenario = NEVER, horizon_days: int = 30
) -> Explanation:
    """The account "a" under the drawn policy with some lines replaced."""
    result = simulate(history(daily, peer_rates=WITH_PEERS), policy=policy(*changes), scenario=scenario)
    return explain(result, "a", horizon_days=horizon_days)


def row(explanation: Explanation) -> dict[str, object]:
    """The only row of headroom."""
    (only,) = explanation.headroom.to_dicts()
    return only


def test_headroom_of_a_rate() -> None:
    """26 of 300 and a limit of 10%: five more bounces make it 31, and that starts probation."""
    found = row(explained("day | sent | hard_bounces\n2026-05-01 | 300 | 26"))
    assert (found["state"], found["more_events"], found["leads_to"]) == ("near", 5, "probation")
    assert found["sentence"] == "5 more hard bounces in this window start probation."


@pytest.mark.parametrize(
    ("bounces", "state"), [(31, "past"), (30, "near"), (24, "near"), (23, "far"), (0, "far")]
)
def test_near_is_three_quarters_of_what_breaches(bounces: int, state: str) -> None:
    """31 bounces of 300 breach 10%; 24 are more than three quarters of 31, 23 are fewer."""
    assert row(explained(f"day | sent | hard_bounces\n2026-05-01 | 300 | {bounces}"))["state"] == state


def test_a_rule_without_mail_enough_is_silent() -> None:
    """It says so, and when there will be enough of it: on the third day of 100 mails each."""
    silent = ("limit = 0.1", "limit = 0.1\nmin_sent = 250")
    found = row(explained("day | sent | hard_bounces\n2026-05-01 | 100 | 20\n2026-05-02 | 100 | 20", silent))
    assert (found["state"], found["more_events"], found["on_day"]) == ("silent", None, date(2026, 5, 3))
    assert found["sentence"] == (
        "There is too little mail to judge the hard bounce rate; at the present rate it is enough "
        "to pass the limit on Sunday 3 May 2026."
    )


def test_a_rule_without_peers_says_so() -> None:
    """No peers are no want of mail."""
    result = simulate(
        history(
            "day | sent | hard_bounces\n2026-05-01 | 100 | 20", peer_rates=WITH_PEERS.replace("<1k", "1M+")
        ),
        policy=policy(KIND, ("limit = 0.1", "limit = 5")),
        scenario=NEVER,
    )
    assert row(explain(result))["sentence"] == "There are no peers to compare the hard bounce rate with."


def test_what_never_happens_within_the_horizon_has_no_day() -> None:
    """A good account that goes on as it is never gets there, and a bad one not before the horizon."""
    assert row(explained("day | sent | hard_bounces\n2026-05-01 | 100 | 5"))["on_day"] is None
    silent = ("limit = 0.1", "limit = 0.1\nmin_sent = 150")
    daily = "day | sent | hard_bounces\n2026-05-01 | 100 | 20\n2026-05-14 | 0 | 0"
    assert row(explained(daily, silent, horizon_days=14))["on_day"] is None


def test_the_day_at_the_present_rate_comes_true() -> None:
    """The present drawn by hand a second time, and simulated in one piece, breaches on that day."""
    quiet = [(date(2026, 5, 1) + timedelta(days=n), 1, 0) for n in range(12)]
    days = [*quiet, (date(2026, 5, 13), 100, 6), (date(2026, 5, 14), 100, 9)]
    longer = [*days, *((day + timedelta(days=14), sent, bounces) for day, sent, bounces in days)]
    drawn, ahead = (
        "day | sent | hard_bounces\n" + "\n".join(f"{day} | {sent} | {bad}" for day, sent, bad in rows)
        for rows in (days, longer)
    )
    wide = ("days = 3", "days = 30")
    evidence = (KIND, ("limit = 0.1", "limit = 7"), wide)
    found = row(explained(drawn, *evidence))
    past = history(ahead, peer_rates=WITH_PEERS)
    steps = simulate(past, policy=policy(*evidence), scenario=NEVER).transitions
    assert found["on_day"] == steps["day"].min()
    assert found["on_day"] == date(2026, 5, 28)


@pytest.mark.parametrize(("fewer", "moves"), [(0, 1), (1, 0)])
def test_the_least_events_of_evidence_can_be_enough_and_fewer_never_are(fewer: int, moves: int) -> None:
    """On days without other mail so many bounces, one a day, start the stage; with one fewer they do not."""
    daily = "day | sent | delivered | hard_bounces\n2026-05-01 | 100 | 96 | 4"
    found = row(explained(daily, KIND, ("limit = 0.1", "limit = 9.5")))
    more = found["more_events"]
    assert isinstance(more, int)
    assert found["is_least"]
    assert str(found["sentence"]).startswith(f"It takes at least {more} more hard bounces to start probation")
    daily += "".join(f"\n2026-05-{2 + day:02} | 0 | 0 | 1" for day in range(more - fewer))
    past = history(daily, peer_rates=WITH_PEERS)
    changes = (KIND, ("limit = 0.1", "limit = 9.5"))
    assert simulate(past, policy=policy(*changes), scenario=NEVER).transitions.height == moves


def test_an_account_in_a_stage_knows_its_days() -> None:
    """Days of grace, clean days that recovery still needs, and whether a review lifts the stage."""
    daily = "day | sent | hard_bounces\n2026-05-01 | 100 | 20\n2026-05-03 | 100 | 0\n2026-05-04 | 100 | 0"
    found = explained(
        daily,
        ('name = "probation"', 'name = "probation"\ngrace_days = 10'),
        ("send_share = 0.0", 'send_share = 0.0\n[ladder]\nclears_on = ["recovery"]\nrecovery_days = 5'),
    )
    way = found.ways_back.row(0, named=True)
    assert (way["stage"], way["next_stage"], way["next_on"]) == ("probation", "suspended", date(2026, 5, 11))
    assert (way["grace_days_left"], way["clean_days_needed"], way["lifts_by_review"]) == (7, 3, False)
    assert way["ends_on"] is None
    assert found.ahead.select("day", "cause").rows() == [(date(2026, 5, 7), "recovery")]


def test_each_metric_has_its_own_state_by_its_farthest_rule() -> None:
    """Two rules of one metric: the one that is near speaks for it."""
    second = """[[rules]]
name = "worse"
metric = "hard_bounce_rate"
kind = "rate"
limit = 0.5
enters = "suspended"
[[stages]]
name = "probation"
"""
    found = explained(
        "day | sent | hard_bounces\n2026-05-01 | 300 | 26", ('[[stages]]\nname = "probation"', second)
    )
    assert found.headroom["state"].to_list() == ["near", "far"]
    assert found.headroom["leads_to"].to_list() == ["probation", "suspended"]
    assert found.metrics.select("metric", "state", "rule").rows() == [("hard_bounce_rate", "near", "bounces")]


def test_a_young_account_repeats_all_it_did() -> None:
    """An account of three known days goes on with these three, over and over."""
    past = history("day | sent | hard_bounces\n2026-05-01 | 1 | 0\n2026-05-03 | 3 | 0")
    ahead = forecast(
        simulate(past, policy=policy(), scenario=NEVER), pl.Series(["a"]), horizon_days=6
    ).history.daily
    assert ahead["day"].dt.day().to_list() == [1, 3, 4, 6, 7, 9]
    assert ahead["sent"].to_list() == [1, 3, 1, 3, 1, 3]


def test_the_present_repeats_on_its_weekdays() -> None:
    """The fourteen days whose counts are known come again as they were; those not known yet stay."""
    daily = "\n".join(f"2026-05-{day:02} | {100 + day} | 0" for day in range(1, 21))
    past = history(f"day | sent | hard_bounces\n{daily}", known_within_days=2)
    result = simulate(past, policy=policy(("lag_days = 0", "lag_days = 2")), scenario=NEVER)
    ahead = forecast(result, pl.Series(["a"]), horizon_days=16).history.daily
    mails = dict(ahead.select("day", "sent").iter_rows())
    assert ahead["day"].max() == date(2026, 6, 5)
    assert mails[date(2026, 5, 20)] == 120
    assert mails[date(2026, 5, 21)] == 107
    assert mails[date(2026, 6, 1)] == 118
    assert mails[date(2026, 6, 2)] == 105
    assert result.history.daily.select(COUNTS).equals(ahead.head(20).select(COUNTS))


@pytest.mark.parametrize("seed", range(30))
def test_any_world_can_be_explained(seed: int) -> None:
    """Every table passes its checks, steps are those of `explain_steps`, the days those of the result."""
    world = random_world(Random(seed))
    result = result_of(world, history_of(world))
    found = explain(result, horizon_days=20)
    Headroom.validate(found.headroom)
    MetricStates.validate(found.metrics)
    WayBack.validate(found.ways_back)
    assert found.steps.equals(explain_steps(result))
    assert found.days["sent_sent"].sum() == pytest.approx(result.outcomes["sent_sent"].sum())
    assert (
        found.headroom.filter(
            pl.col("state").cast(pl.String) == "past", pl.col("on_day").is_not_null()
        ).height
        == 0
    )
    ids = result.outcomes["account_id"].to_list()
    if ids:
        one = explain(result, ids[0], horizon_days=20)
        assert one.headroom.equals(found.headroom.filter(account_id=ids[0]))


def test_nobody_in_scope_is_explained_by_nothing() -> None:
    """A policy for other tiers leaves empty tables."""
    past = history("day | sent | hard_bounces\n2026-05-01 | 9 | 0")
    found = explain(
        simulate(past, policy=policy(('name = "drawn"', 'name = "drawn"\ntiers = ["pro"]')), scenario=NEVER)
    )
    assert (found.steps.height, found.days.height, found.headroom.height, found.ahead.height) == (0, 0, 0, 0)


def test_days_below_one_are_refused() -> None:
    """A horizon or a present of no days names itself."""
    result = simulate(
        history("day | sent | hard_bounces\n2026-05-01 | 9 | 0"), policy=policy(), scenario=NEVER
    )
    with pytest.raises(DataError, match="horizon_days = 0, must be 1 or more"):
        explain(result, horizon_days=0)
    with pytest.raises(DataError, match="present_days = -1, must be 1 or more"):
        explain(result, present_days=-1)


def test_results_show_themselves_escaped() -> None:
    """As HTML and as text, in Jupyter; names of stages, rules and accounts are no markup."""
    hostile = "<script>alert(1)</script>"
    accounts = f"account_id | industry | tier\n{hostile} | Retail | free"
    daily = f"account_id | day | sent | hard_bounces\n{hostile} | 2026-05-01 | 100 | 20"
    changed = policy(('"probation"', f'"{hostile}"'))
    result = simulate(history(daily, accounts=accounts), policy=changed, scenario=NEVER)
    found = dl.explain(result)
    shown = [each._repr_mimebundle_()["text/html"] for each in (changed, result, found)]
    for html in shown:
        assert "<script" not in html
        assert "&lt;script&gt;" in html
    assert f"{hostile}: {hostile}" in repr(found)
    assert "never reviewed" in shown[-1]


def test_very_many_accounts_show_the_first() -> None:
    """Ten accounts are shown, and how many more there are."""
    ids = [f"a{n:02}" for n in range(12)]
    accounts = "account_id | industry | tier\n" + "\n".join(f"{name} | Retail | free" for name in ids)
    daily = "account_id | day | sent | hard_bounces\n" + "\n".join(
        f"{name} | 2026-05-01 | 9 | 0" for name in ids
    )
    found = explain(simulate(history(daily, accounts=accounts), policy=policy(), scenario=NEVER))
    assert repr(found).endswith("and 2 more")
    assert "a09: good" in repr(found)
    assert "a10: good" not in repr(found)
    assert found.headroom.select("account_id").equals(table("account_id\n" + "\n".join(ids)))
