"""A batch's accounts, judged together before a process is forked for each report."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from deliverlab.errors import DataError
from deliverlab.pipeline.judgements import Judged, Kept, keep
from deliverlab.pipeline.lookup import as_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path
    from typing import Any

    from deliverlab.reports.making import Job

AT_ONCE = 1_000  # accounts: their trends are most of what is held in memory

Question = tuple[str, "date", str]  # data, as_of, language


def judged_together(jobs: Sequence[Job], /, *, folder: Path) -> list[Job]:
    """The jobs, each about an account told where in `folder` its judgement is kept.

    Where some account's data are wrong, those judged together with it are left to their own processes: there
    only that one fails.
    """
    asked: dict[Question, set[str]] = defaultdict(set)
    for job in jobs:
        if question := _question(job.parameters):
            asked[question].add(job.parameters["account_id"])
    kept: dict[tuple[Question, str], Kept] = {}
    for place, question in enumerate(asked):
        data, as_of, language = question
        names = sorted(asked[question])
        for first in range(0, len(names), AT_ONCE):
            some, home = names[first : first + AT_ONCE], folder / f"{place}-{first}"
            with suppress(DataError):
                keep(Judged(data=data, account_ids=some, as_of=as_of, language=language), folder=home)
                for name in some:
                    alone = Judged(data=data, account_ids=[name], as_of=as_of, language=language)
                    kept[question, name] = Kept(asked=alone, folder=home)
    return [_told(job, kept) for job in jobs]


def _told(job: Job, kept: Mapping[tuple[Question, str], Kept]) -> Job:
    question = _question(job.parameters)
    found = kept.get((question, job.parameters["account_id"])) if question else None
    return replace(job, setup=found.use) if found else job


def _question(parameters: Mapping[str, Any]) -> Question | None:
    """What is asked about an account; None where a report is about no account."""
    if not {"data", "account_id", "as_of", "language"} <= parameters.keys():
        return None
    return parameters["data"], as_day(parameters["as_of"]), parameters["language"]
