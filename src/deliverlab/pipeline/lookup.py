"""What a person typed: the policy, scenario, day or account that it names, or one line on what it must be."""

from __future__ import annotations

import re
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from deliverlab.errors import DataError
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.tune.search import Search

if TYPE_CHECKING:
    import polars as pl

    from deliverlab.history import History

StageFrom = Literal["enforcement", "simulation"]


def load_policy(name_or_path: str, /) -> Policy:
    """A policy by the name of its preset, or from its file."""
    presets = Policy.presets()
    if name_or_path in presets:
        return Policy.preset(name_or_path)
    if Path(name_or_path).exists():
        return Policy.from_toml(name_or_path)
    raise DataError(f"policy == {name_or_path!r}, must be one of {', '.join(presets)} or a TOML file")


def load_search(name_or_path: str, /) -> Search:
    """A search by the name of its preset, or from its file."""
    presets = Search.presets()
    if name_or_path in presets:
        return Search.preset(name_or_path)
    if Path(name_or_path).exists():
        return Search.from_toml(name_or_path)
    raise DataError(f"search == {name_or_path!r}, must be one of {', '.join(presets)} or a TOML file")


def load_scenario(name_or_path: str, /, *, history: History, policy: Policy, seed: int) -> Scenario:
    """A scenario by its name, or from its file.

    "from-history" draws, by `seed`, as history answered; "after-5" answers every notice five days later.
    """
    match name_or_path:
        case "from-history":
            return Scenario.from_history(history, policy=policy, seed=seed)
        case "never":
            return Scenario.never()
        case "historical":
            return Scenario.historical()
        case _ if days := re.fullmatch(r"after-(\d{1,6})", name_or_path):
            return Scenario.after(days=int(days[1]))
        case _ if Path(name_or_path).exists():
            return Scenario.from_toml(name_or_path)
        case _:
            raise DataError(
                f"scenario == {name_or_path!r}, "
                "must be never, historical, from-history, after-DAYS or a TOML file"
            )


def as_day(as_of: date | str, /) -> date:
    """A day, also as notebooks pass it: as text like 2026-06-30."""
    try:
        return as_of if isinstance(as_of, date) else date.fromisoformat(as_of)
    except ValueError as error:
        raise DataError(f"as_of == {as_of!r}, must be a day like 2026-06-30") from error


def as_source(stage_from: str, /) -> StageFrom:
    """Where stages come from: what was really done, or the last simulation."""
    match stage_from:
        case "enforcement" | "simulation":
            return stage_from
        case _:
            raise DataError(f"stage_from == {stage_from!r}, must be enforcement or simulation")


def refuse_stranger(account_id: str, accounts: pl.DataFrame, /) -> None:
    """Raise `DataError` for an account that is not there, with the name that may have been meant."""
    known = accounts["account_id"].to_list()
    if account_id not in known:
        close = get_close_matches(account_id, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise DataError(f"account_id == {account_id!r}, must be one of the {len(known)} in accounts{hint}")
