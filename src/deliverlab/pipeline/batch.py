"""Pages by the batch: which accounts, which notebooks, and the index that links what came of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

import deliverlab
from deliverlab.errors import DataError
from deliverlab.pipeline.cases import open_portfolio
from deliverlab.pipeline.exports import export_checklists
from deliverlab.pipeline.lookup import refuse_stranger
from deliverlab.pipeline.runs import note_run
from deliverlab.reports.account_page import notices
from deliverlab.reports.index import Entry, failures_page, index_page
from deliverlab.reports.making import Job, stem_of, write_whole
from deliverlab.reports.parameters import declared_parameters
from deliverlab.reports.run import run_reports
from deliverlab.reports.texts import GRADE_WORDS, stage_words
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from deliverlab.pipeline.cases import Portfolio
    from deliverlab.reports.making import Report


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
FAILURES = "failures.html"
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
    show_addresses: bool = False,
    on_done: Callable[[int, int], None] | None = None,
) -> Batch:
    """One page a kind and account in `out`, and `index.html` that links them; checklists as CSV and XLSX too.

    `accounts` is "all", "staged" (those in a stage), or ids with commas between. Portfolio and policies are a
    page each. Every notebook gets of these arguments what it declares as its parameters.
    `on_done` is told how many pages of how many are done. Raises `DataError` before anything runs.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    portfolio = open_portfolio(data, as_of=as_of, policy=policy, stage_from=stage_from)
    chosen = _choose(accounts, portfolio)
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
    }
    planned = _plan(kinds, chosen, common=common)
    done: list[Report] = []

    def count(report: Report) -> None:
        done.append(report)
        if on_done is not None:
            on_done(len(done), len(planned))

    reports = run_reports(planned, out=folder, workers=jobs, on_done=count)
    files: dict[str, list[Path]] = {}
    if "checklist" in kinds:
        files = export_checklists(
            data, chosen["account_id"], as_of=as_of, out=folder, show_addresses=show_addresses
        )
    index = folder / "index.html"
    write_whole(index, _index(reports, chosen, portfolio, files=files))
    failed = [report for report in reports if report.path is None]
    (folder / FAILURES).unlink(missing_ok=True)
    if failed:
        write_whole(folder / FAILURES, failures_page(failed))
    note_run(
        folder, command="report", data=data, kinds=", ".join(kinds), accounts=accounts,
        as_of=as_of, policy=policy, stage_from=stage_from, scenario=scenario, seed=seed,
        challenger=challenger, show_addresses=show_addresses,
    )  # fmt: skip
    return Batch(index=index, reports=reports)


def notebooks_folder() -> Path:
    """Where the notebooks lie: in the installed package, or beside `src` in a checkout."""
    package = Path(deliverlab.__file__).parent
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parents[1] / "notebooks"


def _choose(accounts: str, portfolio: Portfolio) -> pl.DataFrame:
    """The accounts a batch is about, one row each with stage and grade."""
    everyone = portfolio.accounts
    for facts in (portfolio.stages.select("account_id", "stage"), portfolio.scores.drop("as_of")):
        everyone = everyone.join(facts, on="account_id", how="left", maintain_order="left")
    if accounts == "all":
        return everyone
    if accounts == "staged":
        return everyone.filter(pl.col("stage").is_not_null())
    wanted = [account_id.strip() for account_id in accounts.split(",") if account_id.strip()]
    if not wanted:
        raise DataError(f"accounts == {accounts!r}, must be all, staged, or ids with commas between")
    for account_id in wanted:
        refuse_stranger(account_id, portfolio.accounts)
    return everyone.filter(pl.col("account_id").is_in(wanted))


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
    return Job(
        notebook=notebook,
        parameters={parameter: known[parameter] for parameter in asked if parameter in known},
        stem=name if account_id is None else stem_of(name, account_id),
        title=kind.title.format(account),
    )


def _index(
    reports: Sequence[Report],
    chosen: pl.DataFrame,
    portfolio: Portfolio,
    *,
    files: Mapping[str, Sequence[Path]],
) -> str:
    pages: dict[str | None, dict[str, str]] = {}
    for report in reports:
        if report.path is not None:
            kind = KINDS[report.job.stem.partition("-")[0]]
            account_id = report.job.parameters["account_id"] if kind.is_about_account else None
            pages.setdefault(account_id, {})[kind.words] = report.path.name
    for account_id, paths in files.items():
        pages.setdefault(account_id, {}).update({path.suffix[1:].upper(): path.name for path in paths})
    entries = [
        Entry(
            name=row["name"] or row["account_id"],
            facts={
                "Id": row["account_id"],
                "Industry": row["industry"],
                "Stage": stage_words(row["stage"] or GOOD),
                "Grade": GRADE_WORDS[row["grade"]],
                "Score": "" if row["score"] is None else f"{row['score']:.0f}",
            },
            links=pages.get(row["account_id"], {}),
        )
        for row in chosen.iter_rows(named=True)
    ]
    general = dict(pages.get(None, {}))
    if any(report.path is None for report in reports):
        general["Reports that failed"] = FAILURES
    facts = [f"As of {portfolio.as_of}", portfolio.policy_title, f"{len(entries)} accounts"]
    return index_page(entries, title="Reports", facts=facts, notices=notices(portfolio), links=general)
