"""Who there is on a day, and in which stage: what a batch of pages chooses accounts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deliverlab.history import History
from deliverlab.pipeline.directory import about, read_table, refuse_nothing
from deliverlab.pipeline.lookup import as_day, as_source, load_policy
from deliverlab.pipeline.standings import stages_on
from deliverlab.schemas import Accounts, Daily, Enforcement, Reviews

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Roll:
    """All accounts on one day, with the stage of those that are in one."""

    accounts: pl.DataFrame
    stages: pl.DataFrame
    as_of: date
    policy_title: str
    is_simulated: bool
    is_synthetic: bool


def open_roll(data: str | Path, /, *, as_of: date | str, policy: str, stage_from: str) -> Roll:
    """Who there is and in which stage, without a look at anybody's mail; see `open_case` for stages."""
    day, rules, source = as_day(as_of), load_policy(policy), as_source(stage_from)
    refuse_nothing(data)
    history = History(
        Daily.create_empty(), read_table(data, Accounts),
        reviews=read_table(data, Reviews), enforcement=read_table(data, Enforcement),
    )  # fmt: skip
    return Roll(
        accounts=history.accounts,
        stages=stages_on(
            data, policy=rules, as_of=day, stage_from=source, account_ids=history.accounts["account_id"]
        ),
        as_of=day,
        policy_title=rules.title,
        is_simulated=source == "simulation",
        is_synthetic=bool(about(data).get("is_synthetic")),
    )
