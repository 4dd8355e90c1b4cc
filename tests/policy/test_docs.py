"""The documents of the policy language say what the code does."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.policy.model import Policy
from deliverlab.policy.reference import reference
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.policy.toml import Entry
from tests.policy.drawn import history

if TYPE_CHECKING:
    from deliverlab.history import History

DOCS = Path(__file__).parents[2] / "docs"
FIRST = date(2026, 5, 1)


def test_the_reference_is_that_of_the_models() -> None:
    """`make reference` writes it anew."""
    assert (DOCS / "policy-reference.md").read_text("utf-8") == reference()


def test_every_key_has_a_meaning_and_says_what_it_must_be() -> None:
    """No cell of the reference is empty."""
    keys = [line for line in reference().splitlines() if line.startswith("| `")]
    assert len(keys) > 60
    assert [line for line in keys if "|  |" in line] == []
    assert all(model.__doc__ for model in Entry.__subclasses__())


def test_the_worked_example_is_what_the_simulator_does() -> None:
    """Day by day: the stage, the mail let through, the window, its counts, and the step."""
    text = (DOCS / "how-a-policy-decides.md").read_text("utf-8")
    policy_text, scenario_text = (part.partition("```")[0] for part in text.split("```toml\n")[1:])
    policy, scenario = Policy.from_text(policy_text), Scenario.from_text(scenario_text)
    table = text.partition("| May |")[2].partition("\n\n")[0].splitlines()[2:]
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    drawn = [f"{FIRST + timedelta(days=int(row[0]) - 1)} | {row[1]} | {row[2]}" for row in told]
    past = history("\n".join(["day | sent | hard_bounces", *drawn]), known_within_days=1)
    assert [row[3:] for row in told] == _simulated(policy, scenario, past, days=len(told))


def test_the_shares_that_the_page_quotes_are_found() -> None:
    """Nine in ten under coss-like, four in ten under hubspot-suspension-like."""
    for preset, band, share in (("coss-like", "1k-10k", 0.9), ("hubspot-suspension-like", "<1k", 0.4)):
        trips = dl.good_account_trips(dl.Policy.preset(preset))
        found = trips.filter(pl.col("rule").is_null(), band=band)["share"].item()
        assert found == pytest.approx(share, abs=0.05)


def _simulated(policy: Policy, scenario: Scenario, past: History, *, days: int) -> list[list[str]]:
    """The same cells from one simulation for each day: until that day, and no longer."""
    stage, fresh, through, rows = "good", FIRST, [], []
    sums = (0.0, 0.0)
    for day in (FIRST + timedelta(days=i) for i in range(days)):
        result = simulate(past, policy=policy, scenario=scenario, until=day)
        [now] = result.outcomes.select("sent_sent", "hard_bounces_sent").rows()
        through.append((day, now[0] - sums[0], now[1] - sums[1]))
        sums = now
        last = day - timedelta(days=policy.window.lag_days)
        first = max(fresh, last - timedelta(days=(policy.window.days or 0) - 1))
        window = [row for row in through if first <= row[0] <= last]
        span, counts = "empty", "–"
        if window:
            span = "–".join(dict.fromkeys([str(first.day), str(last.day)]))
            counts = f"{sum(row[2] for row in window):g} / {sum(row[1] for row in window):g}"
        step = "–"
        for move in result.transitions.filter(day=day).iter_rows(named=True):
            is_back = move["to_stage"] == "good"
            step = f"clear: {move['cause']}" if is_back else f"notice: {move['to_stage']}, {move['cause']}"
            if move["rule"]:
                assert counts == f"{move['events']:g} / {move['trials']:g}"
        rows.append([stage, f"{through[-1][1]:g}", span, counts, step])
        [(stage, fresh)] = result.standing.select("stage", "fresh_from").rows()
    return rows
