"""Policies from the command line: comparisons and searches written as tables, and their pages."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deliverlab.pipeline.batch import job_of
from deliverlab.pipeline.directory import write_rows, write_whole
from deliverlab.pipeline.replays import open_contest
from deliverlab.pipeline.runs import note_run
from deliverlab.pipeline.tuning import candidate_text, open_tuning
from deliverlab.policy.compare import Differences, Swapped, SwapSet
from deliverlab.reports.run import run_reports

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.pipeline.replays import Contest
    from deliverlab.pipeline.tuning import Tuned

COMPARISON, TUNING = "comparison", "tuning"  # the folders of their tables
CANDIDATE = "candidate.toml"


def write_replay_page(data: str | Path, /, *, policy: str, scenario: str, seed: int, out: str | Path) -> Path:
    """Where the page of a policy replayed over history was written: `OUT/policy.html`."""
    return _write_page("policy", {"policy": policy, "scenario": scenario, "seed": seed}, data=data, out=out)


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
    return contest, _write_page("comparison", given, data=data, out=out)


def write_tuning(
    data: str | Path, /, *, policy: str, search: str, scenario: str, seed: int, out: str | Path
) -> tuple[Tuned, Path]:
    """What a search found, and where its page was written; `out` then holds candidate and tables too.

    `candidate.toml` is there only where a policy is allowed; `policies.parquet` has every one that was tried.
    """
    tuned = open_tuning(data, policy=policy, search=search, scenario=scenario, seed=seed)
    folder = Path(out) / TUNING
    for name, rows in (("policies", tuned.rows), ("finalists", tuned.finalists)):
        write_whole(folder / f"{name}.parquet", partial(rows.write_parquet, compression="zstd"))
    (folder / CANDIDATE).unlink(missing_ok=True)
    text = candidate_text(tuned.tuning)
    if text is not None:
        write_whole(folder / CANDIDATE, lambda part: part.write_text(text, "utf-8"))
    note_run(
        folder, command="tune", data=data, seed=seed, scenario=tuned.scenario_name,
        policy=tuned.policy_title, policy_hash=tuned.tuning.champion.sha256,
        search=tuned.tuning.search.name, search_hash=tuned.tuning.search.sha256,
    )  # fmt: skip
    source = str(Path(search).resolve()) if Path(search).exists() else search
    given = {"policy": policy, "search": source, "scenario": scenario, "seed": seed}
    return tuned, _write_page("tuning", given, data=data, out=out)


def _write_page(kind: str, given: Mapping[str, object], *, data: str | Path, out: str | Path) -> Path:
    """The page of a kind; its input was checked before, so a failure is a bug and keeps its traceback."""
    job = job_of(kind, {"data": str(Path(data).resolve()), **given})
    (report,) = run_reports([job], out=Path(out), workers=1)
    if report.path is None:
        raise RuntimeError(f"{job.notebook.name}: {report.traceback}")
    return report.path
