"""The whole road on the sample, a step at a time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deliverlab.errors import DataError
from deliverlab.pipeline.batch import SCENARIO, SEED, Batch, write_reports
from deliverlab.pipeline.directory import open_history
from deliverlab.pipeline.results import accounts_by_stage, write_health, write_simulation
from deliverlab.pipeline.road import ingest
from deliverlab.policy.identified import identified

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

POLICY = "hubspot-like"
RAW = "raw"
MARK = ".deliverlab-demo"  # what may be deleted


def walk(
    data: str | Path,
    /,
    *,
    out: str | Path,
    say: Callable[[str], object],
    on_page: Callable[[int, int], None] | None = None,
) -> Batch:
    """Ingest, count, judge, replay, and write a page for the portfolio and two for every account in a stage.

    `data` is a data directory with raw exports under `raw/PROVIDER/`. It is only read: the walk works on a
    copy in `out`. `say` hears each step as it is done, `on_page` how many pages of how many.
    Raises `DataError` where `out` holds anything but an earlier walk.
    """
    work = _emptied(Path(out)) / "data"
    shutil.copytree(data, work, ignore=shutil.ignore_patterns(RAW))
    for exports in sorted((Path(data) / RAW).iterdir()):
        report = ingest(exports, provider=exports.name, data=work)
        for line in report.lines():
            say(f"{exports.name}: {line}")
    history = open_history(work)
    as_of = history.until
    assert as_of is not None  # a sample has days
    days, accounts = history.daily.height, history.accounts.height
    say(f"Counted {days:,} account-days of {accounts:,} accounts up to {as_of}.")
    say(f"Health: {_listed(write_health(work, as_of=as_of, out=work))}.")
    result = write_simulation(work, policy=POLICY, scenario=SCENARIO, seed=SEED)
    say(f"{result.policy.title}, {result.scenario.name}: {_listed(accounts_by_stage(result.standing))}.")
    say(identified(result.outcomes))
    return write_reports(
        work, kinds=["portfolio", "replay", "policy", "comparison", "health", "checklist"],
        accounts="staged", as_of=as_of, out=out, policy=POLICY, stage_from="enforcement", on_done=on_page,
    )  # fmt: skip


def _emptied(out: Path) -> Path:
    """A new folder; an earlier walk is deleted, anything else is not."""
    if out.exists() and any(out.iterdir()):
        if not (out / MARK).exists():
            raise DataError(f"{out}: holds something else, must be a new folder or an earlier demo")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()
    return out


def _listed(counted: pl.DataFrame) -> str:
    return ", ".join(f"{count} {word}" for word, count in counted.iter_rows())
