"""A policy replayed over a synthetic history: deliverlab against the plain Python loop one writes first."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

CONTENDERS = ("deliverlab", "plain_python")
QUICK, FULL = (100, 120), (400, 180)  # accounts, days
SCENARIO = 'name = "answered within five days"\n[review]\nmode = "after"\nafter_days = 5\n'


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write a synthetic world's accounts and daily counts."""
    from deliverlab.sample.world import make_world

    accounts, days = QUICK if quick else FULL
    world = make_world(accounts=accounts, days=days, seed=11, last_day=date(2026, 6, 30))
    world.daily.write_parquet(inputs / "daily.parquet")
    world.accounts.write_parquet(inputs / "accounts.parquet")
    return {"accounts": accounts, "days": days, "account_days": world.daily.height}


def deliverlab(inputs: Path, /) -> pl.DataFrame:
    """Transitions by deliverlab's compiled ladder."""
    import deliverlab as dl

    history = dl.History(
        pl.read_parquet(inputs / "daily.parquet"), pl.read_parquet(inputs / "accounts.parquet")
    )
    scenario = dl.Scenario.from_text(SCENARIO)
    return dl.simulate(history, policy=dl.Policy.preset("hubspot-like"), scenario=scenario).transitions


def plain_python(inputs: Path, /) -> pl.DataFrame:
    """The same transitions by the twin of the tests: loops over dictionaries, one day after another."""
    import tomllib
    from importlib import resources

    from deliverlab.schemas import Transitions
    from tests.policy.reference import Tables, simulate

    policy = (resources.files("deliverlab") / "policy/presets/hubspot-like.toml").read_text()
    tables = Tables(
        daily=pl.read_parquet(inputs / "daily.parquet").to_dicts(),
        accounts=pl.read_parquet(inputs / "accounts.parquet").to_dicts(),
    )
    answer = simulate(tomllib.loads(policy), tomllib.loads(SCENARIO), tables)
    return Transitions.cast(pl.DataFrame(answer.transitions, infer_schema_length=None))
