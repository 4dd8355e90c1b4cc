"""Policies from the command line: comparisons written as tables, and the pages of replays and comparisons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deliverlab.pipeline.batch import notebooks_folder
from deliverlab.pipeline.directory import write_rows
from deliverlab.pipeline.replays import open_contest
from deliverlab.pipeline.runs import note_run
from deliverlab.policy.compare import Differences, Swapped, SwapSet
from deliverlab.reports.run import Job, run_reports

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.pipeline.replays import Contest

COMPARISON = "comparison"


def write_replay_page(data: str | Path, /, *, policy: str, scenario: str, seed: int, out: str | Path) -> Path:
    """Where the page of a policy replayed over history was written: `OUT/simulation.html`."""
    given = {"policy": policy, "scenario": scenario, "seed": seed}
    return _write_page("4_policy_simulation", given, data=data, out=out, stem="simulation")


def write_comparison(
    data: str | Path, /, *, champion: str, challenger: str, scenario: str, seed: int, out: str | Path
) -> tuple[Contest, Path]:
    """Champion and challenger, and where their page was written; `out` then holds the tables behind it."""
    contest = open_contest(data, champion=champion, challenger=challenger, scenario=scenario, seed=seed)
    compared, folder = contest.comparison, Path(out) / COMPARISON
    for name, table, rows in (
        ("swap_set", SwapSet, compared.swap_set), ("differences", Differences, compared.differences),
        ("groups", Differences, compared.groups), ("newly_noticed", Swapped, compared.newly_noticed),
        ("newly_spared", Swapped, compared.newly_spared),
    ):  # fmt: skip
        write_rows(folder / f"{name}.parquet", table, rows)
    first, second = (result.policy for result in compared.policies)
    note_run(
        folder, command="compare", data=data, seed=seed, scenario=contest.scenario_name,
        champion=first.title, champion_hash=first.sha256,
        challenger=second.title, challenger_hash=second.sha256,
    )  # fmt: skip
    given = {"champion": champion, "challenger": challenger, "scenario": scenario, "seed": seed}
    return contest, _write_page("5_policy_comparison", given, data=data, out=out, stem=COMPARISON)


def _write_page(
    notebook: str, given: Mapping[str, object], *, data: str | Path, out: str | Path, stem: str
) -> Path:
    """The page of a notebook; its input was checked before, so a failure is a bug and keeps its traceback."""
    job = Job(
        notebook=notebooks_folder() / f"{notebook}.ipynb",
        parameters={"data": str(Path(data).resolve()), **given},
        stem=stem,
        title=stem.capitalize(),
    )
    (report,) = run_reports([job], out=Path(out), workers=1)
    if report.path is None:
        raise RuntimeError(f"{notebook}: {report.traceback}")
    return report.path
