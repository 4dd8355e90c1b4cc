"""One policy under other labels, pools, denominators and families."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.errors import DataError, PolicyError
from deliverlab.health.peers import peer_rates
from deliverlab.pipeline.choices import Setting, by_parent, in_turn, out_of, pooled, relabelled
from deliverlab.pipeline.reactions import reaction_band
from deliverlab.pipeline.what_if import AS_IT_IS, what_if
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from tests.policy.drawn import TWO_STAGES, history
from tests.policy.drawn import policy as drawn_policy

if TYPE_CHECKING:
    from pathlib import Path

    from deliverlab.history import History

EVIDENCE = Policy.preset("evidence")
NEVER = Scenario.never()
BY_INDUSTRY = drawn_policy(
    ("limit = 0.1", 'limit = 0.1\noverrides = [{ industry = "Estate", limit = 0.4 }]'),
    ("lag_days = 0", "lag_days = 2"),
)
MAIL = """
    account_id | day        | sent | hard_bounces | complaints
    a          | 2026-05-01 | 100  | 30           | 0
    a          | 2026-05-05 | 100  | 0            | 0
    b          | 2026-05-01 | 900  | 30           | 8
    b          | 2026-05-05 | 100  | 0            | 0
    c          | 2026-05-05 | 100  | 0            | 0
"""
ACCOUNTS = """
    account_id | industry | tier | parent_id
    a          | Retail   | free | b
    b          | Retail   | free | -
    c          | Estate   | free | -
"""


def drawn() -> History:
    """Account a bounces by itself; with its parent b, which sends much more, it does not."""
    return history(MAIL, accounts=ACCOUNTS)


@pytest.fixture(scope="module")
def past(sample: Path) -> History:
    """The sample's history."""
    return dl.open_history(sample)


def test_who_moves_is_said_account_by_account() -> None:
    """Relabelled, a has a milder limit; judged with b, its bounces drown; limits stay where pools merge."""
    choices = {
        "as estate": relabelled({"a": "Estate"}),
        "as one family": by_parent,
        "one pool": pooled(industries={"Estate": "Retail"}),
    }
    found = what_if(drawn(), policy=BY_INDUSTRY, scenario=NEVER, choices=choices)
    assert found.figures.select(
        "what_if", "accounts", "noticed", "newly_noticed", "spared", "moved"
    ).rows() == [
        (AS_IT_IS, 3, 1, 0, 0, 0),
        ("as estate", 3, 0, 0, 1, 1),
        ("as one family", 2, 0, 0, 1, 1),
        ("one pool", 3, 1, 0, 0, 0),
    ]
    movers = found.movers.select("what_if", "account_id", "judged_as", "worst_stage", "worst_stage_if")
    assert movers.rows() == [
        ("as estate", "a", "a", "probation", "good"),
        ("as one family", "a", "b", "probation", "good"),
    ]


def test_a_choice_out_of_another_column_moves_who_is_near_the_limit() -> None:
    """8 complaints of 900 sent are below 0.9%, of 870 delivered above it."""
    complaints = drawn_policy(
        ("hard_bounce_rate", "complaint_rate"), ("limit = 0.1", "limit = 0.009"),
        ("lag_days = 0", "lag_days = 2"), text=TWO_STAGES,
    )  # fmt: skip
    found = what_if(
        drawn(), policy=complaints, scenario=NEVER, choices={"sent": out_of(complaint_rate="sent")}
    )
    assert found.movers.select("account_id", "first_notice_if").rows() == [("b", None)]


def test_peers_are_made_anew_in_every_row(past: History) -> None:
    """Of other denominators, of merged pools, and of the labels that are asked for."""
    changed = in_turn(relabelled({"acct-0001": "Media"}), out_of(complaint_rate="sent"))(
        Setting(history=past, policy=EVIDENCE)
    )
    result = changed.simulate(NEVER)
    rates = result.history.peer_rates
    assert rates is not None
    ours = rates.filter(metric="complaint_rate")
    assert ours["denominator"].cast(pl.String).unique().to_list() == ["sent"]
    expected = peer_rates(
        past.daily, changed.history.accounts, denominators={"complaint_rate": "sent"}
    ).collect()
    assert rates.sort(pl.all()).equals(expected.sort(pl.all()))
    assert "Media" in result.history.accounts.filter(account_id="acct-0001")["industry"].to_list()


def test_on_the_sample_choices_move_some_and_the_row_without_one_none(past: History) -> None:
    """With monthly peers made anew, the row "as it is" is the plain simulation of the sample."""
    one_pool = pooled(bands={"<1k": "1k-10k"}, industries={"E-commerce": "Retail"})
    found = what_if(
        past, policy=EVIDENCE, scenario=NEVER, choices={"one pool": one_pool, "family": by_parent}
    )
    plain = dl.simulate(past, policy=EVIDENCE, scenario=NEVER)
    as_it_is, merged, _ = found.figures.iter_rows(named=True)
    assert as_it_is["noticed"] == plain.outcomes.filter(pl.col("notices") > 0).height
    assert as_it_is["moved"] == 0
    assert merged["moved"] > 0
    assert found.movers.filter(what_if="family", account_id="acct-0001").height <= 1


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        ({"x": relabelled({"z": "Retail"})}, DataError, "industries: account_id == 'z', must be in accounts"),
        ({"x": out_of(complaint_rate="mails")}, PolicyError, "denominators complaint_rate"),
        ({AS_IT_IS: by_parent}, DataError, "choices: 'as it is' is the name of the row without a choice"),
    ],
)
def test_what_cannot_be_chosen(choices: dict[str, object], error: type[Exception], message: str) -> None:
    """Refused in a line."""
    with pytest.raises(error, match=message):
        what_if(drawn(), policy=BY_INDUSTRY, scenario=NEVER, choices=choices)  # type: ignore[arg-type]


def test_the_band_begins_with_the_data_as_they_are_and_grows_with_what_is_undone(past: History) -> None:
    """The more of the fall is put back, the more notices a plain rule on rates gives."""
    policy, scenario = Policy.preset("hubspot-like"), Scenario.after(days=5)
    band = reaction_band(past, policy=policy, scenario=scenario, shares=(0.5, 0, 1))
    assert band["undone"].to_list() == [0, 0.5, 1]
    plain = dl.simulate(past, policy=policy, scenario=scenario)
    assert band["notices"][0] == plain.outcomes["notices"].sum()
    assert band["notices"][0] < band["notices"][1] < band["notices"][2]
