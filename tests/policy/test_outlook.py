"""What comes next for an account in a stage."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from deliverlab.errors import DataError, PolicyError
from deliverlab.policy.model import Policy
from deliverlab.policy.outlook import Outlook, outlook
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from tests.policy.drawn import history, policy
from tests.tables import table

HUBSPOT = Policy.preset("hubspot-like")


def next_on(stage: str, *changes: tuple[str, str], as_of: str = "2026-05-03") -> date | None:
    """When an account that entered the stage on 1 May can be escalated by time."""
    standing = table(f"account_id | as_of | stage | entered_on\na | {as_of} | {stage} | 2026-05-01")
    found: date | None = outlook(standing, policy=policy(*changes)).collect()["next_on"].item()
    return found


def test_an_account_knows_what_comes_next() -> None:
    """Warnings left, the next stage and its first day, and whether a review is the way out."""
    standing = table("""
        account_id | as_of      | stage          | entered_on
        a          | 2026-05-10 | good           | -
        b          | 2026-05-10 | probation      | 2026-05-08
        c          | 2026-05-10 | first warning  | 2026-05-08
        d          | 2026-05-10 | second warning | 2026-05-08
        e          | 2026-05-10 | suspended      | 2026-05-08
    """)
    expected = table("""
        account_id | warnings_left | next_stage     | next_on    | lifts_by_review
        a          | -             | -              | -          | false
        b          | 2             | first warning  | 2026-05-15 | true
        c          | 1             | second warning | 2026-05-15 | true
        d          | 0             | suspended      | 2026-05-15 | true
        e          | 0             | -              | -          | true
    """)
    found = outlook(standing, policy=HUBSPOT).collect()
    assert found.select(expected.columns).equals(expected)
    Outlook.validate(found)


def test_time_alone_brings_nothing_where_there_are_no_days_of_grace() -> None:
    """Nor where the stage ends by itself before they are over, nor where the day of entry is not known."""
    probation = 'name = "probation"'
    assert next_on("probation") is None
    assert next_on("probation", (probation, f"{probation}\ngrace_days = 5")) == date(2026, 5, 6)
    assert next_on("probation", (probation, f"{probation}\ngrace_days = 5\nlasts_days = 5")) is None
    assert next_on("probation", (probation, f"{probation}\ngrace_days = 5\nlasts_days = 6")) == date(
        2026, 5, 6
    )
    assert next_on("suspended", ("send_share = 0.0", "grace_days = 5")) is None
    unknown = table("account_id | as_of | stage | entered_on\na | 2026-05-03 | probation | -")
    assert outlook(unknown.cast({"entered_on": pl.Date}), policy=HUBSPOT).collect()["next_on"].item() is None


def test_the_next_step_never_lies_in_the_past() -> None:
    """The grace was over on 4 May; as of 9 May it can be given on 10 May. No grace is a day's grace."""
    patient = ('name = "probation"', 'name = "probation"\ngrace_days = 3')
    assert next_on("probation", patient, as_of="2026-05-09") == date(2026, 5, 10)
    hasty = ('name = "probation"', 'name = "probation"\ngrace_days = 0')
    assert next_on("probation", hasty, as_of="2026-05-01") == date(2026, 5, 2)


def test_a_review_is_the_way_out_only_where_the_policy_says_so() -> None:
    """Not where only recovery clears; out of the last stage only where reviews lift it."""
    standing = table("account_id | as_of | stage | entered_on\na | 2026-05-03 | suspended | 2026-05-01")
    ladders = {
        "": True,
        '[ladder]\nclears_on = ["recovery"]': False,
        "[ladder]\nreviews_lift_last = false": False,
    }
    for ladder, is_lifted in ladders.items():
        changed = policy(("send_share = 0.0", f"send_share = 0.0\n{ladder}"))
        assert outlook(standing, policy=changed).collect()["lifts_by_review"].item() is is_lifted


def test_the_outlook_comes_true() -> None:
    """What a simulation's standing promises is what happens when it runs on."""
    patient = policy(('name = "probation"', 'name = "probation"\ngrace_days = 5'))
    past = history("day | sent | hard_bounces\n2026-05-01 | 100 | 20\n2026-05-20 | 0 | 0")
    first = simulate(past, policy=patient, scenario=Scenario.never(), until=date(2026, 5, 3))
    promised = outlook(first.standing, policy=patient).collect().row(0, named=True)
    step = simulate(past, policy=patient, scenario=Scenario.never(), start=first.standing).transitions
    assert step.select("day", "to_stage").row(0) == (promised["next_on"], promised["next_stage"])


def test_strange_stages_and_tables_are_refused() -> None:
    """A stage that the policy does not have names its account; a column that is missing names itself."""
    standing = table("account_id | as_of | stage | entered_on\na | 2026-05-03 | limbo | 2026-05-01")
    with pytest.raises(
        PolicyError, match=r'stage = "limbo" \(at account_id "a"\), must be good or a stage of'
    ):
        outlook(standing, policy=HUBSPOT)
    with pytest.raises(DataError, match="standing: column 'stage' is missing"):
        outlook(standing.drop("stage"), policy=HUBSPOT)
