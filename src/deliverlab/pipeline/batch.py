"""Pages by the batch: which accounts, which notebooks, and the index that links what came of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from deliverlab.language import ENGLISH, as_language, say, speaking
from deliverlab.pipeline.chosen import chosen_accounts, inputs_hash
from deliverlab.pipeline.exports import export_checklists
from deliverlab.pipeline.listing import write_listing
from deliverlab.pipeline.lookup import load_policy
from deliverlab.pipeline.roll import open_roll
from deliverlab.pipeline.runs import note_run
from deliverlab.pipeline.together import judged_together
from deliverlab.reports.making import PART, Job, stem_of
from deliverlab.reports.parameters import declared_parameters
from deliverlab.reports.run import DEADLINE, run_reports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    import polars as pl

    from deliverlab.reports.making import Report
    from deliverlab.reports.run import EngineName


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of page: its notebook and title, the words of a link to it, what it asks of the notebook."""

    notebook: str
    title: str
    words: str
    is_about_account: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)


KINDS = {
    "portfolio": Kind(
        notebook="1_portfolio_health.ipynb", title="Portfolio health", words="Portfolio health"
    ),
    "replay": Kind(
        notebook="1_portfolio_health.ipynb",
        title="Portfolio under a replayed policy",
        words="Portfolio under a replayed policy (SIMULATED)",
        parameters={"stage_from": "simulation"},
    ),
    "policy": Kind(
        notebook="4_policy_simulation.ipynb",
        title="Policy simulation",
        words="What the policy averts and costs (SIMULATED)",
        parameters={"account_id": ""},  # the account with most steps
    ),
    "comparison": Kind(
        notebook="5_policy_comparison.ipynb",
        title="Policy comparison",
        words="The policy against another (SIMULATED)",
    ),
    "tuning": Kind(
        notebook="8_threshold_tuning.ipynb",
        title="Threshold tuning",
        words="What to change in the policy (SIMULATED)",
    ),
    "health": Kind(
        notebook="2_account_health.ipynb",
        title="Mail health of {}",
        words="Health report",
        is_about_account=True,
    ),
    "checklist": Kind(
        notebook="3_reviewer_checklist.ipynb",
        title="Contact review of {}",
        words="Reviewer checklist",
        is_about_account=True,
    ),
}
VERDICT = "dl.reports.verdict(case)"  # the names that notebooks about an account use
SCENARIO, SEED, CHALLENGER = (
    "from-history",
    7,
    "evidence",
)  # what policies are replayed under, and against what


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What came of a batch: its index page, and every report."""

    index: Path
    reports: Sequence[Report]

    @property
    def failures(self) -> int:
        """How many reports failed; `failures.html` beside the index says why."""
        return sum(report.path is None for report in self.reports)


def write_reports(
    data: str | Path,
    /,
    *,
    kinds: Sequence[str],
    accounts: str,
    as_of: date,
    out: str | Path,
    policy: str,
    stage_from: str,
    scenario: str = SCENARIO,
    seed: int = SEED,
    challenger: str = CHALLENGER,
    jobs: int = 2,
    engine: EngineName = "deliverlab",
    deadline: float = DEADLINE,
    standalone: bool = False,
    pdf: bool = False,
    force: bool = False,
    show_addresses: bool = False,
    language: str = ENGLISH,
    since_days: int = 1,
    on_done: Callable[[int, int], None] | None = None,
) -> Batch:
    """One page a kind and account in `out`, and `index.html` that links them; checklists as CSV and XLSX too.

    `accounts` is "all", "staged" (those in a stage), a file of ids, or ids with commas between. Portfolio and
    policies are a page each. Every notebook gets of these arguments what it declares as its parameters: the
    portfolio tells what has changed since `since_days` before, pages about an account are in the `language`
    ("en" or "sv"; files for spreadsheets stay English). Pages share one script beside them, unless
    `standalone`; with `pdf` the installed Chromium prints each as well. What is there from the same inputs is
    not made again, unless `force`. For `engine` and `deadline` see `run_reports`.
    `results.jsonl` holds what was recorded of each report. `on_done` is told how many pages of how many are
    done. Raises `DataError` before anything runs.
    """
    folder = Path(out)
    roll = open_roll(data, as_of=as_of, policy=policy, stage_from=stage_from)
    chosen = chosen_accounts(accounts, roll)
    common = {
        "data": str(Path(data).resolve()),
        "as_of": str(as_of),
        "policy": policy,
        "stage_from": stage_from,
        "scenario": scenario,
        "seed": seed,
        "champion": policy,
        "challenger": challenger,
        "show_addresses": show_addresses,
        "language": as_language(language),
        "since_days": since_days,
    }
    rules = [load_policy(name).sha256 for name in (policy, challenger)]
    inputs = inputs_hash(data, *rules, Path(scenario).read_text() if Path(scenario).is_file() else "")
    planned = [replace(job, inputs=inputs, pdf=pdf) for job in _plan(kinds, chosen, common=common)]
    done: list[Report] = []

    def count(report: Report) -> None:
        done.append(report)
        if on_done is not None:
            on_done(len(done), len(planned))

    folder.mkdir(parents=True, exist_ok=True)
    judged = folder / f"{PART}judged"  # what a run that is killed leaves of it the next one deletes
    try:
        reports = run_reports(
            planned, out=folder, workers=jobs, on_done=count, engine=engine, deadline=deadline,
            standalone=standalone, force=force, prepare=partial(judged_together, folder=judged),
        )  # fmt: skip
    finally:
        rmtree(judged, ignore_errors=True)
    files: dict[str, list[Path]] = {}
    if "checklist" in kinds:
        files = export_checklists(
            data, chosen["account_id"], as_of=as_of, out=folder, show_addresses=show_addresses
        )
    words = {name: kind.words for name, kind in KINDS.items()}
    index = write_listing(reports, kinds=words, chosen=chosen, roll=roll, files=files, out=folder)
    note_run(
        folder, command="report", data=data, kinds=", ".join(kinds), accounts=accounts,
        as_of=as_of, policy=policy, stage_from=stage_from, scenario=scenario, seed=seed,
        challenger=challenger, show_addresses=show_addresses, language=language, since_days=since_days,
    )  # fmt: skip
    return Batch(index=index, reports=reports)


def notebooks_folder() -> Path:
    """Where the notebooks lie: in the installed package, or beside `src` in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parents[1] / "notebooks"


def _plan(kinds: Sequence[str], chosen: pl.DataFrame, *, common: Mapping[str, Any]) -> list[Job]:
    """The jobs of a batch: pages on the whole portfolio first, then those of each account."""
    planned = [job_of(name, common) for name in kinds if not KINDS[name].is_about_account]
    for account_id, account in chosen.select("account_id", "name").iter_rows():
        about = {**common, "account_id": account_id}
        asked = (name for name in kinds if KINDS[name].is_about_account)
        planned.extend(job_of(name, about, account=account or account_id) for name in asked)
    return planned


def job_of(name: str, parameters: Mapping[str, Any], /, *, account: str = "") -> Job:
    """The job of a kind of page: its notebook gets what it asks for, of these parameters and the kind's."""
    kind = KINDS[name]
    notebook = notebooks_folder() / kind.notebook
    asked, known = declared_parameters(notebook), {**parameters, **kind.parameters}
    account_id = parameters.get("account_id")
    language = str(known["language"]) if "language" in asked else ENGLISH
    with speaking(language):
        title = say(kind.title).format(account)
    return Job(
        notebook=notebook,
        parameters={parameter: known[parameter] for parameter in asked if parameter in known},
        stem=name if account_id is None else stem_of(name, account_id),
        title=title,
        language=language,
        verdict=VERDICT if kind.is_about_account else "",
    )
