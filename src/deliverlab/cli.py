"""The command line: parse, call, print."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deliverlab.errors import DataError, DeliverlabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from deliverlab.pipeline.batch import Batch

app = typer.Typer(
    help="Measure mail accounts against their peers, replay a probation policy, hand out health reports.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
policy_app = typer.Typer(help="Look at policies.", no_args_is_help=True)
review_app = typer.Typer(help="Queue, record and measure contact reviews and appeals.", no_args_is_help=True)
report_app = typer.Typer(help="Write pages on accounts, portfolio and policies.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")
app.add_typer(report_app, name="report")
app.add_typer(review_app, name="review")


class StageFrom(StrEnum):
    """Where a page takes an account's stage from."""

    enforcement = "enforcement"
    simulation = "simulation"


class Engine(StrEnum):
    """What runs the notebooks of a batch."""

    deliverlab = "deliverlab"
    kernel = "kernel"


DataDir = Annotated[Path, typer.Option("--data", help="data directory: its tables as Parquet")]
Out = Annotated[Path, typer.Option("--out", help="directory to write into")]
AsOf = Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="the day to look back from")]
StageSource = Annotated[StageFrom, typer.Option(help="what was really done, or what was simulated")]
Account = Annotated[str, typer.Option(help="whose contacts are reviewed")]
Reviewer = Annotated[str, typer.Option(help="who takes responsibility")]
On = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the day on which it happened")]
PolicyName = Annotated[str, typer.Option("--policy", help="name of a preset, or a TOML file")]
ScenarioName = Annotated[
    str,
    typer.Option("--scenario", help="never, historical, from-history, after-5 (days), or a TOML file"),
]
Seed = Annotated[int, typer.Option(help="the luck of from-history, and of resampling", min=0)]
Force = Annotated[bool, typer.Option("--force", help="make again what is there already")]
APolicy = Annotated[str, typer.Argument(help="name of a preset, or a TOML file")]


@app.command()
def demo(data: DataDir = Path("data/sample"), out: Out = Path("build/demo")) -> None:
    """Walk the whole road on the sample and end with the page to open."""
    from deliverlab.pipeline.demo import walk

    with _progress("pages") as on_page:
        batch = walk(data, out=out, say=typer.echo, on_page=on_page)
    _end_batch(batch)


@app.command()
def sample(
    out: Out,
    accounts: Annotated[int, typer.Option(help="how many accounts", min=1)] = 240,
    days: Annotated[int, typer.Option(help="how many days", min=1)] = 150,
    seed: Annotated[int, typer.Option(help="the same seed writes the same bytes", min=0)] = 7,
    last_day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])] = datetime(2026, 6, 30),  # noqa: DTZ001
    only_daily: Annotated[
        bool, typer.Option("--only-daily", help="no raw mail: for very many accounts")
    ] = False,
) -> None:
    """Write a synthetic world with labelled stories as a data directory."""
    from deliverlab.pipeline.samples import write_crowd, write_sample

    write = write_crowd if only_daily else write_sample
    write(out, accounts=accounts, days=days, seed=seed, last_day=last_day.date())
    typer.echo(f"Wrote {accounts} synthetic accounts over {days} days to {out}")


@app.command()
def ingest(
    data: DataDir,
    files: Annotated[list[Path] | None, typer.Argument(help="files or directories of raw exports")] = None,
    provider: Annotated[
        str, typer.Option(help="whose records they are: auto, a name such as ses, or a column map (MAP.toml)")
    ] = "auto",
    account: Annotated[str | None, typer.Option(help="whose mail it is, where records do not say")] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="instead of files: postgresql://..., or a path to tables")
    ] = None,
    query: Annotated[str | None, typer.Option(help="what to read from the database")] = None,
    table: Annotated[str | None, typer.Option(help="or a whole table of it: schema.table")] = None,
    bounce_types: Annotated[
        Path | None,
        typer.Option(help='TOML: mailbox_disabled = "soft_bounce" and so on; default DATA/bounce_types.toml'),
    ] = None,
) -> None:
    """Read raw exports or a table into a data directory, and count them by day."""
    from deliverlab.pipeline.road import ingest as read_in
    from deliverlab.pipeline.road import ingest_from

    if bool(files) == bool(source):
        raise typer.BadParameter("must be files, or a table with --from")
    if source:
        report = ingest_from(
            source, data=data, query=query, table=table, provider=provider, account_id=account,
            bounce_types=bounce_types,
        )  # fmt: skip
    else:
        report = read_in(
            files or [], provider=provider, data=data, account_id=account, bounce_types=bounce_types
        )
    for line in report.lines():
        typer.echo(line)


@app.command()
def incidents(
    data: DataDir,
    accept: Annotated[list[str] | None, typer.Option(help="number of a proposal, or all; repeatable")] = None,
) -> None:
    """Propose what a receiver got wrong for many accounts at once; --accept leaves it out of the counts."""
    from deliverlab.pipeline import incidents as found

    if not accept:
        proposals = found.proposed(data)
        _print_table(proposals.with_row_index("number", offset=1).drop("note"))
        typer.echo(f"{proposals.height} proposed. Leave out of the counts with --accept NUMBER.")
        return
    if not all(each == "all" or each.isdecimal() for each in accept):
        raise typer.BadParameter("must be numbers of proposals, or all", param_hint="--accept")
    accepted = found.accept(data, None if "all" in accept else [int(each) for each in accept])
    for day, domain, note in accepted.select("from_day", "recipient_domain", "note").iter_rows():
        typer.echo(f"Accepted: {domain} from {day} on {note}")
    typer.echo(f"{accepted.height} incidents accepted, and their days counted again.")


@app.command()
def health(data: DataDir, as_of: AsOf, out: Out) -> None:
    """Grade every account against its peers; writes health, scores and recommendations."""
    from deliverlab.pipeline.results import write_health

    _print_table(write_health(data, as_of=as_of.date(), out=out))


@policy_app.command("list")
def policy_list() -> None:
    """Name the presets, and how many of their numbers are inferred."""
    from deliverlab.policy.model import Policy

    for name in Policy.presets():
        typer.echo(Policy.preset(name).title)


@policy_app.command("show")
def policy_show(policy: APolicy) -> None:
    """Say a policy in words: scope, window, rules, stages, ladder."""
    from deliverlab.pipeline.lookup import load_policy
    from deliverlab.policy.describe import describe

    for line in describe(load_policy(policy)):
        typer.echo(line)


@policy_app.command("check")
def policy_check(
    policy: APolicy,
    data: Annotated[Path | None, typer.Option("--data", help="its accounts, and its peers' rates")] = None,
    seed: Annotated[int, typer.Option(help="the luck of the good accounts", min=0)] = 0,
) -> None:
    """Find what is wrong with a policy that can be read, and how often chance trips good accounts.

    Exit code 0: nothing, or remarks only. 1: warnings. 2: the file is no policy. Without --data, good
    accounts have the rates that Mailchimp printed for all its accounts in 2018.
    """
    from deliverlab.pipeline.lookup import load_policy
    from deliverlab.pipeline.policies import check_lines

    lines, is_sound = check_lines(load_policy(policy), data=data, seed=seed)
    for line in lines:
        typer.echo(line)
    if not is_sound:
        raise typer.Exit(1)


@policy_app.command("diff")
def policy_diff(old: APolicy, new: APolicy) -> None:
    """Say in words what changes from one policy to another, the most important first."""
    from deliverlab.pipeline.lookup import load_policy
    from deliverlab.policy.diff import policy_diff as differences

    for line in differences(load_policy(old), load_policy(new)) or ["Both mean the same."]:
        typer.echo(line)


@policy_app.command("reference")
def policy_reference() -> None:
    """Print the reference of policy and scenario files: every key, what it must be, default, meaning."""
    from deliverlab.policy.reference import reference

    typer.echo(reference(), nl=False)


@policy_app.command("pilot")
def policy_pilot(
    policy: APolicy,
    metric: Annotated[str, typer.Option(help="such as hard_bounce_rate")],
    sent: Annotated[int, typer.Option(help="mails of the send so far (of the metric's denominator)", min=0)],
    events: Annotated[int, typer.Option(help="what happened to them so far", min=0)],
    planned: Annotated[int, typer.Option(help="mails of the whole send", min=1)],
    window: Annotated[
        tuple[int, int], typer.Option(help="mails and events that the account's window holds besides")
    ] = (0, 0),
    industry: Annotated[str, typer.Option(help="whose limits apply")] = "unknown",
    band: Annotated[str, typer.Option(help="whose limits apply, such as 10k-100k")] = "<1k",
) -> None:
    """Tell from the first part of a running send how likely the whole will breach each limit."""
    from deliverlab.pipeline.lookup import load_policy
    from deliverlab.policy.pilot import pilot_forecast

    _print_table(
        pilot_forecast(
            load_policy(policy), metric=metric, so_far=(sent, events), planned=planned, window=window,
            industry=industry, band=band,
        )
    )  # fmt: skip


@app.command()
def simulate(
    data: DataDir,
    policy: PolicyName,
    scenario: ScenarioName,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="directory to write into; default DATA")] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="standing.parquet to go on from, or `recorded`: where accounts really stand"),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="last day; default the last of the data")
    ] = None,
    reviews_per_day: Annotated[
        int | None, typer.Option(help="let reviews wait for those who check them: so many a day", min=0)
    ] = None,
    page: Annotated[bool, typer.Option("--page", help="write policy.html too")] = False,
) -> None:
    """Replay a policy over history, or go on from a day before and list who moves; writes what it found."""
    from deliverlab.pipeline.results import accounts_by_stage, write_queue, write_simulation
    from deliverlab.pipeline.shadow import movers
    from deliverlab.policy.identified import identified

    if page and (start is not None or until is not None or reviews_per_day is not None):
        raise DataError("--page must be left out with --start, --until and --reviews-per-day")
    if reviews_per_day is not None:
        if start is not None:
            raise DataError("--start must be left out with --reviews-per-day: a queue begins empty")
        queue = write_queue(
            data, policy=policy, scenario=scenario, seed=seed, out=out, until=until and until.date(),
            reviews_per_day=reviews_per_day,
        )  # fmt: skip
        typer.echo(f"{queue.simulation.policy.title}; scenario: {queue.simulation.scenario.name}")
        _print_table(queue.summary())
        _print_table(accounts_by_stage(queue.simulation.standing))
        return
    result = write_simulation(
        data, policy=policy, scenario=scenario, seed=seed, out=out, start=start,
        until=until and until.date(),
    )  # fmt: skip
    typer.echo(f"{result.policy.title}; scenario: {result.scenario.name}")
    if start is not None:
        moved = movers(result.transitions, result.history.accounts)
        typer.echo(f"{moved.height} moves by {result.standing['as_of'].max()!s}")
        _print_table(moved)
    _print_table(accounts_by_stage(result.standing))
    typer.echo(identified(result.outcomes))
    if page:
        from deliverlab.pipeline.policy_pages import write_replay_page

        written = write_replay_page(data, policy=policy, scenario=scenario, seed=seed, out=out or data)
        typer.echo(f"Open this page:\n{written.resolve()}")


@app.command()
def compare(
    data: DataDir,
    champion: Annotated[str, typer.Option(help="the policy in force: a preset, or a TOML file")],
    challenger: Annotated[str, typer.Option(help="the policy that would replace it")],
    scenario: ScenarioName,
    out: Out,
    seed: Seed = 0,
) -> None:
    """Set two policies beside each other on one history; writes tables and a page with the answer."""
    from deliverlab.pipeline.policy_pages import write_comparison

    contest, page = write_comparison(
        data, champion=champion, challenger=challenger, scenario=scenario, seed=seed, out=out
    )
    for sentence in contest.sentences:
        typer.echo(sentence)
    typer.echo(f"Open this page:\n{page.resolve()}")


@review_app.command("record")
def review_record(
    data: DataDir,
    account: Account,
    on: On,
    reviewer: Reviewer,
    outcome: Annotated[str, typer.Option(help="completed, rejected or withdrawn")] = "completed",
    checklist: Annotated[
        Path | None, typer.Option(help="the checklist's CSV: it is kept by its hashes")
    ] = None,
    checklist_hash: Annotated[str | None, typer.Option(help="or the number printed on a paper one")] = None,
) -> None:
    """Keep the outcome of a contact review; the next report and replay see it."""
    from deliverlab.pipeline.reviews import write_review

    write_review(
        data, account_id=account, reviewed_on=on.date(), reviewer=reviewer, outcome=outcome,
        checklist=checklist, checklist_hash=checklist_hash,
    )  # fmt: skip
    typer.echo(f"Recorded: {account} {outcome} on {on.date()} by {reviewer}")


@review_app.command("export")
def review_export(
    data: DataDir,
    as_of: AsOf,
    out: Out,
    account: Annotated[list[str], typer.Option(help="whose checklist; may be given again")],
    show_addresses: Annotated[bool, typer.Option(help="with addresses in clear; the files say so")] = False,
) -> None:
    """Write checklists as CSV and XLSX; formulas in them do not run, addresses are masked."""
    from deliverlab.pipeline.exports import export_checklists

    written = export_checklists(data, account, as_of=as_of.date(), out=out, show_addresses=show_addresses)
    for paths in written.values():
        for path in paths:
            typer.echo(path)


@review_app.command("erase")
def review_erase(
    data: DataDir,
    address_file: Annotated[typer.FileText, typer.Option(help="an address a line; - reads what is typed")],
    outputs: Annotated[
        list[Path], typer.Option(help="a directory of pages or files; may be given again")
    ] = [],  # noqa: B006
) -> None:
    """Remove people on their request: events, contacts, quarantine, and what was handed out about them."""
    from deliverlab.pipeline.erasure import erase

    for line in erase(data, address_file, outputs=outputs).lines():
        typer.echo(line)


@review_app.command("queue")
def review_queue(data: DataDir, as_of: AsOf, policy: PolicyName = "hubspot-like") -> None:
    """List the cases that await review, those that will probably do most harm first."""
    from deliverlab.pipeline.desk import open_desk

    desk = open_desk(data, as_of=as_of.date(), policy=policy)
    _print_table(desk.queue)
    typer.echo(desk.sentence)


@review_app.command("effect")
def review_effect(
    data: DataDir,
    window_days: Annotated[int, typer.Option(help="days compared before and after", min=1)] = 30,
    seed: Annotated[int, typer.Option(help="the luck of the bounds", min=0)] = 0,
) -> None:
    """Say what reviews did to mail, beside accounts that tripped alike and were not reviewed."""
    from deliverlab.pipeline.directory import open_history
    from deliverlab.pipeline.effect import review_effect as measure

    found = measure(open_history(data), window_days=window_days, seed=seed)
    _print_table(found.effects)
    typer.echo(found.sentence)


@review_app.command("appeal")
def review_appeal(
    data: DataDir,
    account: Account,
    as_of: AsOf,
    out: Annotated[Path, typer.Option("--out", help="the HTML page to write")],
    policy: PolicyName = "hubspot-like",
) -> None:
    """Write what an appeal of the account rests on: root cause, changes made, prevention."""
    from deliverlab.pipeline.appeals import write_appeal_page

    write_appeal_page(data, account, as_of=as_of.date(), policy=policy, out=out)
    typer.echo(f"Wrote the appeal of {account} to {out}")


@review_app.command("appealed")
def review_appealed(
    data: DataDir,
    account: Account,
    on: On,
    outcome: Annotated[
        str | None, typer.Option(help="upheld, refused or withdrawn; left out: the appeal has come")
    ] = None,
    reviewer: Annotated[str | None, typer.Option(help="who takes it, or decided it")] = None,
) -> None:
    """Keep that an account appealed, or what became of its appeal; say how appeals fare."""
    from deliverlab.pipeline.reviews import appeals_so_far, write_appeal

    write_appeal(data, account_id=account, on=on.date(), reviewer=reviewer, outcome=outcome)
    _print_table(appeals_so_far(data))


def report(
    context: typer.Context,
    data: DataDir,
    as_of: AsOf,
    out: Out,
    accounts: Annotated[
        str, typer.Option(help="all, staged, a file with an id a line, or ids with commas between")
    ] = "staged",
    policy: PolicyName = "hubspot-like",
    stage_from: StageSource = StageFrom.enforcement,
    jobs: Annotated[int, typer.Option(help="pages at a time", min=1)] = 2,
    engine: Annotated[
        Engine, typer.Option(help="deliverlab: forked processes; kernel: Jupyter kernels, slower, the same")
    ] = Engine.deliverlab,
    deadline: Annotated[float, typer.Option(help="seconds after which a page is given up", min=1)] = 600,
    force: Force = False,
    standalone: Annotated[bool, typer.Option("--standalone", help="each page holds its script")] = False,
    show_addresses: Annotated[bool, typer.Option(help="print contacts in clear on checklists")] = False,
) -> None:
    """Write pages, and an index of them. What is there from the same inputs is not made again."""
    from deliverlab.pipeline.batch import write_reports

    with _progress("pages") as on_page:
        batch = write_reports(
            data, kinds=[str(context.info_name)], accounts=accounts, as_of=as_of.date(), out=out,
            policy=policy, stage_from=stage_from.value, jobs=jobs, engine=engine.value, deadline=deadline,
            force=force, standalone=standalone, show_addresses=show_addresses, on_done=on_page,
        )  # fmt: skip
    _end_batch(batch)


for _kind in ("portfolio", "replay", "policy", "comparison", "health", "checklist"):
    report_app.command(_kind)(report)


@report_app.command("run")
def report_run(
    manifest: Annotated[Path, typer.Argument(help="a TOML file: data, out, kinds, accounts, as_of")],
    force: Force = False,
) -> None:
    """Write the pages that a manifest asks for: kinds × accounts × days, a folder a day."""
    from deliverlab.pipeline.manifest import run_manifest

    with _progress("pages") as on_page:
        batches = run_manifest(manifest, force=force, on_done=on_page)
    _end_batch(*batches)


@app.command()
def lab() -> None:
    """Open the notebooks in JupyterLab."""
    from jupyterlab.labapp import LabApp

    from deliverlab.pipeline.batch import notebooks_folder

    LabApp.launch_instance([str(notebooks_folder())])


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar with rate and time left on a terminal, nothing in a log."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None, rate="")

        def tell(done: int, total: int) -> None:
            speed = progress.tasks[0].speed
            rate = "" if speed is None else f"{60 * speed:.0f} a minute"
            progress.update(task, completed=done, total=total, rate=rate)

        yield tell


def _end_batch(*batches: Batch) -> None:
    """Say where each index lies; exit code 1 where a page failed."""
    for batch in batches:
        typer.echo(f"{len(batch.reports) - batch.failures} pages. Open this one:\n{batch.index.resolve()}")
    failed = [batch for batch in batches if batch.failures]
    for batch in failed:
        where = batch.index.with_name("failures.html").resolve()
        typer.echo(f"{batch.failures} pages failed: see {where}", err=True)
    if failed:
        raise typer.Exit(1)


def _print_table(table: pl.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*table.columns)
    for row in table.iter_rows():
        shown.add_row(*(Text(_printable(cell)) for cell in row))
    Console().print(shown)


def _printable(cell: object) -> str:
    """Numbers in four digits; names may hold what a terminal obeys: such signs are shown, not sent."""
    text = f"{cell:.4g}" if isinstance(cell, float) else str(cell)
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def main() -> None:
    """Run the command line; what input gets wrong is one line on stderr and exit code 2."""
    try:
        app()
    except DeliverlabError as error:
        typer.echo(f"deliverlab: {error}", err=True)
        sys.exit(2)
