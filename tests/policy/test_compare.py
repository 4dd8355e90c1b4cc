"""Two policies on one history: hand-worked, and the laws of comparing."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from deliverlab.errors import PolicyError
from deliverlab.policy.below import STEPS
from deliverlab.policy.compare import Comparison, compare
from deliverlab.policy.model import Policy
from deliverlab.policy.rulebooks import rulebooks
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.verdict import names_of
from tests.policy.answers import history_of
from tests.policy.drawn import history, policy
from tests.policy.test_contributions import PEERS
from tests.policy.test_evaluate import FEW, FOUR, LABELLED, half_seen
from tests.policy.worlds import World, toml, worlds
from tests.tables import table

law = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
HELD = ('name = "probation"', 'name = "probation"\nsend_share = 0.0')
STRICT = policy(HELD, ('name = "drawn"', 'name = "strict"'))
LENIENT = policy(HELD, ('name = "drawn"', 'name = "lenient"'), ("limit = 0.1", "limit = 0.18"))


def of_four(champion: Policy = STRICT, challenger: Policy = LENIENT, *, resamples: int = FEW) -> Comparison:
    """Four accounts; the strict policy notices `a` and `b`, the lenient one `a` only."""
    past = history(FOUR, accounts=LABELLED, peer_rates=PEERS)
    return compare(
        past, champion=champion, challenger=challenger, scenario=Scenario.never(), resamples=resamples
    )


def test_the_swap_set_says_who_is_treated_otherwise_and_what_came_of_them() -> None:
    """Both notice `a`, the champion alone `b`, nobody `c` and `d`; what is held comes of `a` alone."""
    drawn = table("""
        champion | challenger | accounts | clean | abusive | mail | champion_good_mail_blocked
        true     | true       | 1        | 0     | 1       | 200  | 80
        true     | false      | 1        | 1     | 0       | 200  | 0
        false    | true       | 0        | 0     | 0       | 0    | 0
        false    | false      | 2        | 2     | 0       | 200  | 0
    """)
    found = of_four().swap_set.filter(outcome="noticed")

    assert found.select(drawn.columns).cast(dict(drawn.schema)).equals(drawn)  # type: ignore[arg-type]
    assert found["harm"].to_list() == pytest.approx([0.02 * 36, 0.02 * 26, 0, 0.02 * -2])
    blocked = of_four().swap_set.filter(outcome="blocked").select("champion", "challenger", "accounts")
    assert blocked.rows() == [(True, True, 1), (True, False, 1), (False, True, 0), (False, False, 2)]


def test_newly_spared_accounts_stand_with_the_notice_they_are_spared() -> None:
    """`b` had 30 of 200 bounced by the second day."""
    spared, noticed = of_four().newly_spared, of_four(LENIENT, STRICT).newly_noticed
    columns = ("account_id", "day", "to_stage", "rule", "events", "trials", "rate", "limit", "label")

    assert spared.select(columns).rows() == [
        ("b", date(2026, 5, 2), "probation", "bounces", 30, 200, 0.15, 0.1, "clean")
    ]
    assert noticed.equals(spared)
    assert of_four().newly_noticed.is_empty()


def test_groups_show_winners_and_losers() -> None:
    """Retail of the middle band has one notice fewer: one account is spared."""
    found = of_four().groups.filter(industry="Retail").group_by("measure").agg(pl.col("figure").sum())
    changed = dict(found.iter_rows())

    assert changed["noticed"] == -1
    assert changed["newly_spared"] == 1
    assert changed["newly_noticed"] == changed["good_mail_blocked"] == 0


def test_the_answer_comes_first() -> None:
    """The names, the figures and their intervals, and what all rests on."""
    first, *_, last = of_four().sentence.split(". ")

    assert first == "lenient averts neither more harm than strict nor less: 30.0%"
    assert (
        "It gives a notice to" in of_four().sentence or "Whether it gives a notice to" in of_four().sentence
    )
    assert last == "History shows 100.0% of these 5 mail-days."
    assert repr(of_four()) == "Comparison(strict, lenient, never reviewed)"


def test_where_too_little_was_observed_the_answer_says_so() -> None:
    """Of these policies the strict one may have noticed `b` and the lenient one not: nobody saw its mail."""
    pair = compare(half_seen(), champion=STRICT, challenger=LENIENT, scenario=Scenario.never(), resamples=FEW)

    assert pair.sentence.startswith("Whether lenient averts more harm than strict, history cannot show.")
    assert "take its figures as bounds" in pair.sentence
    vague = pair.differences.filter("is_bound")
    assert vague["figure"].null_count() == vague.height > 0


def test_policies_of_one_name_are_told_apart() -> None:
    """As champion and challenger."""
    pair = of_four(STRICT, STRICT)

    assert names_of(*pair.policies) == ("strict (champion)", "strict (challenger)")


def test_scopes_may_differ() -> None:
    """A policy for other tiers leaves an account alone; the accounts compared are those of either."""
    other = policy(HELD, ('name = "drawn"', 'name = "other"\ntiers = ["starter"]'))
    past = history(FOUR, accounts=LABELLED.replace("d          | Media    | free", "d | Media | starter"),
                   peer_rates=PEERS)  # fmt: skip
    pair = compare(past, champion=STRICT, challenger=other, scenario=Scenario.never(), resamples=FEW)
    scope = pair.differences.filter(measure="accounts").select("champion", "challenger").row(0)

    assert scope == (4, 1)
    assert pair.swap_set.filter(outcome="noticed")["accounts"].to_list() == [0, 2, 0, 2]


def test_below_the_line_are_those_that_a_stricter_limit_would_notice() -> None:
    """`b` comes to 0.15: under a limit of 0.18 that is the 0.8 of it (0.144), not the 0.9 (0.162)."""
    near = of_four().below_the_line(10, seed=1)

    assert near.select("account_id", "nearness", "inclusion_probability").rows() == [("b", 0.8, 1.0)]
    assert near["limit"].to_list() == pytest.approx([0.8 * 0.18])


def test_the_sample_below_the_line_is_spread_and_its_probabilities_add_up() -> None:
    """Of 20 accounts at 0.9 and two at 0.5 of the limit, four: two of each; weights give all 22 back."""
    rows = [f"n{i:02} | 2026-05-01 | 1000 | 95" for i in range(20)] + [
        f"f{i} | 2026-05-01 | 1000 | 55" for i in range(2)
    ]
    ids = sorted(row.split(" ")[0] for row in rows)
    past = history(
        "account_id | day | sent | hard_bounces\n" + "\n".join(rows),
        accounts="account_id | industry | tier\n" + "\n".join(f"{i} | Retail | free" for i in ids),
        peer_rates=PEERS,
    )
    pair = compare(past, champion=STRICT, challenger=STRICT, scenario=Scenario.never(), resamples=FEW)
    sample = pair.below_the_line(4, seed=7)

    assert sample["nearness"].to_list() == [0.9, 0.9, 0.5, 0.5]
    assert (1 / sample["inclusion_probability"]).sum() == pytest.approx(22)
    assert sample.equals(pair.below_the_line(4, seed=7))
    assert not sample.equals(pair.below_the_line(4, seed=8))
    assert pair.below_the_line(100)["inclusion_probability"].to_list() == [1.0] * 22
    assert min(STEPS) == 0.5


def test_rulebooks_stand_in_one_table() -> None:
    """Measures that mean the same in all; a policy for other tiers has nobody, or with `everyone` all."""
    other = policy(HELD, ('name = "drawn"', 'name = "other"\ntiers = ["starter"]'))
    past = history(FOUR, accounts=LABELLED, peer_rates=PEERS)

    def read(*, everyone: bool) -> dict[str, float]:
        found = rulebooks(
            past, policies=[STRICT, LENIENT, other], scenario=Scenario.never(), everyone=everyone,
            resamples=FEW,
        )  # fmt: skip
        assert "reached" not in found["measure"].to_list()
        return {
            f"{name} {measure}": figure
            for name, measure, figure in found.select("policy", "measure", "figure").iter_rows()
            if measure in {"accounts", "noticed"}
        }

    assert read(everyone=False) == {
        "strict accounts": 4, "strict noticed": 2, "lenient accounts": 4, "lenient noticed": 1,
        "other accounts": 0, "other noticed": 0,
    }  # fmt: skip
    assert read(everyone=True)["other noticed"] == 2


def test_a_chance_a_stage_fits_only_policies_of_as_many_stages() -> None:
    """One line says which policy does not fit, and what does."""
    past = history(FOUR, accounts=LABELLED, peer_rates=PEERS)
    scenario = Scenario.from_text(
        'name = "odd"\nseed = 1\n[review]\nmode = "chance"\nafter_days = 2\nchance = [0.5]'
    )

    with pytest.raises(PolicyError, match=r'policy "strict" has 2 stages: .* mode "after" or "never"'):
        rulebooks(past, policies=[STRICT], scenario=scenario)
    with pytest.raises(PolicyError, match='name "strict" is used twice'):
        rulebooks(past, policies=[STRICT, STRICT], scenario=Scenario.never())


@law
@given(worlds())
def test_a_policy_beside_itself_differs_by_nothing(world: World) -> None:
    """Every difference is exactly 0, and so are both ends of its interval, where there are any."""
    rules, scenario = Policy.from_text(toml(world.policy)), Scenario.from_text(toml(world.scenario))
    pair = compare(history_of(world), champion=rules, challenger=rules, scenario=scenario, resamples=FEW)

    for found in (pair.differences, pair.groups):
        for column in ("figure", "low", "high"):
            assert (found[column].drop_nulls() == 0).all()
    assert pair.newly_noticed.is_empty()
    assert pair.newly_spared.is_empty()


@law
@given(worlds())
def test_the_swap_set_adds_up_to_all_accounts(world: World) -> None:
    """In each half of it, and by label; cells of one mind add up to what each policy noticed."""
    rules, scenario = Policy.from_text(toml(world.policy)), Scenario.from_text(toml(world.scenario))
    lax = rules.model_copy(update={"rules": rules.rules[:1]})
    pair = compare(history_of(world), champion=rules, challenger=lax, scenario=scenario, resamples=0)
    accounts = len(pair.contributions[0])

    for outcome in ("noticed", "blocked"):
        half = pair.swap_set.filter(outcome=outcome)
        assert half["accounts"].sum() == accounts
        assert half.select("clean", "abusive", "unknown").sum().row(0) == tuple(
            pair.contributions[0].filter(label=label).height for label in ("clean", "abusive", "unknown")
        )
    noticed = pair.swap_set.filter(outcome="noticed")
    assert noticed.filter("champion")["accounts"].sum() == pair.champion.outcomes["first_notice_on"].count()
    assert (
        pair.newly_spared.height
        == noticed.filter(pl.col("champion") & ~pl.col("challenger"))["accounts"].item()
    )
