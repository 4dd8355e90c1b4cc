"""Small histories, policies and transitions drawn as text, so that a test can be worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.history import History
from deliverlab.policy.model import Policy
from deliverlab.policy.simulate import simulate
from deliverlab.schemas import COUNTS, Enforcement, PeerRates, Reviews
from tests.tables import table

if TYPE_CHECKING:
    from polars.datatypes import DataType

    from deliverlab.admission import Table
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.simulate import Simulation

TWO_STAGES = """
name = "drawn"
[window]
days = 3
lag_days = 0
[[rules]]
name = "bounces"
metric = "hard_bounce_rate"
kind = "rate"
limit = 0.1
[[stages]]
name = "probation"
[[stages]]
name = "suspended"
send_share = 0.0
"""


def policy(*changes: tuple[str, str], text: str = TWO_STAGES) -> Policy:
    """The policy of the text, with some lines of it replaced."""
    for old, new in changes:
        assert old in text, f"{old!r} is not in the policy"
        text = text.replace(old, new)
    return Policy.from_text(text)


def history(
    daily: str,
    *,
    accounts: str = "account_id | industry | tier\na | Retail | free",
    peer_rates: str | None = None,
    reviews: str | None = None,
    enforcement: str | None = None,
    known_within_days: int = 0,
) -> History:
    """A history; counts that are not drawn are 0, mail is delivered unless it bounces, one account is "a"."""
    drawn = table(daily)
    given = set(drawn.columns)
    drawn = drawn.with_columns(pl.lit(0, pl.Int64).alias(name) for name in COUNTS if name not in given)
    if "delivered" not in given:
        drawn = drawn.with_columns(delivered=pl.col("sent") - pl.col("hard_bounces"))
    if "account_id" not in given:
        drawn = drawn.with_columns(account_id=pl.lit("a"))
    return History(
        drawn,
        table(accounts, account_id=pl.String, industry=pl.String, tier=pl.String),
        peer_rates=_drawn(PeerRates, peer_rates),
        reviews=_drawn(Reviews, reviews),
        enforcement=_drawn(Enforcement, enforcement),
        known_within_days=known_within_days,
    )


def _drawn(kind: type[Table], text: str | None) -> pl.DataFrame | None:
    if text is None:
        return None
    types: dict[str, DataType] = {
        name: pl.String() if isinstance(column.dtype, pl.Enum) else column.dtype
        for name, column in kind.columns().items()
        if column.dtype != pl.Date and f"{name} " in f"{text.strip().splitlines()[0]} "
    }
    drawn = table(text, **types)
    dates = [
        name for name, column in kind.columns().items() if column.dtype == pl.Date and name in drawn.columns
    ]
    return drawn.with_columns(pl.col(name).cast(pl.Date) for name in dates)


def steps(past: History, policy: Policy, scenario: Scenario) -> list[str]:
    """The transitions, each as a line: `2026-05-01 good → probation: breach of bounces`."""
    return lines(simulate(past, policy=policy, scenario=scenario))


def lines(result: Simulation) -> list[str]:
    """The transitions of a simulation, each as a line; the account is named where there are several."""
    has_several = result.outcomes.height > 1
    return [
        (f"{step['account_id']} " if has_several else "")
        + f"{step['day']} {step['from_stage']} → {step['to_stage']}: {step['cause']}"
        + (f" of {step['rule']}" if step["rule"] else "")
        for step in result.transitions.to_dicts()
    ]
