"""What a batch leaves beside its pages: the index, the verdicts as data, and what failed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deliverlab.reports.account_page import notices
from deliverlab.reports.index import Entry, failures_page, index_page
from deliverlab.reports.making import PDF, write_whole
from deliverlab.reports.texts import GRADE_WORDS, stage_words
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from deliverlab.pipeline.roll import Roll
    from deliverlab.reports.making import Report

INDEX, FAILURES, RESULTS = "index.html", "failures.html", "results.jsonl"
VERDICT = ("stage", "grade", "score", "worst_metric")


def write_listing(
    reports: Sequence[Report],
    /,
    *,
    kinds: Mapping[str, str],
    chosen: pl.DataFrame,
    roll: Roll,
    files: Mapping[str, Sequence[Path]],
    out: Path,
) -> Path:
    """Where the index of a batch was written; beside it `results.jsonl`, and `failures.html` if any failed.

    `kinds` are the kinds of page, by name, with the words of a link to one; `files` are what else lies there
    about an account.
    """
    verdicts = {
        account_id: report.verdict
        for report in reports
        if report.verdict and (account_id := _about(report)) is not None
    }
    stages = dict(chosen.select("account_id", "stage").iter_rows())
    lines = [_line(report, stages=stages) for report in reports]
    write_whole(out / RESULTS, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    failed = [report for report in reports if report.path is None]
    if failed:
        write_whole(out / FAILURES, failures_page(failed))
    else:
        (out / FAILURES).unlink(missing_ok=True)
    write_whole(
        out / INDEX, _index(reports, kinds=kinds, chosen=chosen, verdicts=verdicts, roll=roll, files=files)
    )
    return out / INDEX


def kind_of(report: Report, /) -> str:
    """The kind of page that a report is."""
    return report.job.stem.partition("-")[0]


def _about(report: Report) -> str | None:
    """The account that a page is about; one that shows an account as an example is about none."""
    account_id = report.job.parameters.get("account_id")
    return None if report.job.stem == kind_of(report) else account_id


def _line(report: Report, *, stages: Mapping[str, str | None]) -> dict[str, Any]:
    account_id = _about(report)
    stage = None if account_id is None else stages[account_id] or GOOD
    facts = dict.fromkeys(VERDICT) | {"stage": stage} | dict(report.verdict)
    return {
        "account_id": account_id,
        "kind": kind_of(report),
        "status": "failed" if report.path is None else "done",
        **{name: facts[name] for name in VERDICT},
        "page": None if report.path is None else report.path.name,
        "failure": report.failure,
    }


def _index(
    reports: Sequence[Report],
    *,
    kinds: Mapping[str, str],
    chosen: pl.DataFrame,
    verdicts: Mapping[str, Mapping[str, Any]],
    roll: Roll,
    files: Mapping[str, Sequence[Path]],
) -> str:
    pages: dict[str | None, dict[str, str]] = {}
    for report in reports:
        links = pages.setdefault(_about(report), {})
        if report.path is not None:
            words = kinds[kind_of(report)]
            links[words] = report.path.name
            if report.job.pdf:
                links[f"{words} (PDF)"] = report.path.with_suffix(PDF).name
    for account_id, paths in files.items():
        pages.setdefault(account_id, {}).update({path.suffix[1:].upper(): path.name for path in paths})
    entries = [
        Entry(
            name=row["name"] or row["account_id"],
            facts={
                "Id": row["account_id"],
                "Industry": row["industry"],
                "Stage": stage_words(row["stage"] or GOOD),
                **_graded(verdicts.get(row["account_id"])),
            },
            links=pages[row["account_id"]],
        )
        for row in chosen.iter_rows(named=True)
        if row["account_id"] in pages
    ]
    general = dict(pages.get(None, {}))
    if any(report.path is None for report in reports):
        general["Reports that failed"] = FAILURES
    facts = [f"As of {roll.as_of}", roll.policy_title, f"{len(entries)} accounts"]
    return index_page(
        entries, title="Reports", facts=facts, notices=notices(roll), links=general,
        groups=("Stage", "Grade", "Industry"),
    )  # fmt: skip


def _graded(verdict: Mapping[str, Any] | None) -> Mapping[str, str]:
    if verdict is None:
        return {"Grade": "Failed", "Score": ""}
    score = verdict["score"]
    return {"Grade": GRADE_WORDS[verdict["grade"]], "Score": "" if score is None else f"{score:.0f}"}
