"""The road: a sample, mail read in and counted, health; the demo that walks it, and the notebooks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deliverlab.cli.options import (
    AsOf,
    DataDir,
    Out,
)
from deliverlab.cli.terminal import end_batch, print_table, progress

# JupyterLab looks for news and newer versions of itself unless it is told not to.
WITHOUT_A_NETWORK = (
    "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)  # fmt: skip


def demo(data: DataDir = Path("data/sample"), out: Out = Path("build/demo")) -> None:
    """Walk the whole road on the sample and end with the page to open."""
    from deliverlab.pipeline.demo import walk

    with progress("pages") as on_page:
        batch = walk(data, out=out, say=typer.echo, on_page=on_page)
    end_batch(batch)


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


def incidents(
    data: DataDir,
    accept: Annotated[list[str] | None, typer.Option(help="number of a proposal, or all; repeatable")] = None,
) -> None:
    """Propose what a receiver got wrong for many accounts at once; --accept leaves it out of the counts."""
    from deliverlab.pipeline import incidents as found

    if not accept:
        proposals = found.proposed(data)
        print_table(proposals.with_row_index("number", offset=1).drop("note"))
        typer.echo(f"{proposals.height} proposed. Leave out of the counts with --accept NUMBER.")
        return
    if not all(each == "all" or each.isdecimal() for each in accept):
        raise typer.BadParameter("must be numbers of proposals, or all", param_hint="--accept")
    accepted = found.accept(data, None if "all" in accept else [int(each) for each in accept])
    for day, domain, note in accepted.select("from_day", "recipient_domain", "note").iter_rows():
        typer.echo(f"Accepted: {domain} from {day} on {note}")
    typer.echo(f"{accepted.height} incidents accepted, and their days counted again.")


def health(data: DataDir, as_of: AsOf, out: Out) -> None:
    """Grade every account against its peers; writes health, scores and recommendations."""
    from deliverlab.pipeline.results import write_health

    print_table(write_health(data, as_of=as_of.date(), out=out))


def lab(context: typer.Context) -> None:
    """Open the notebooks in JupyterLab; it gets whatever options it knows, such as --no-browser."""
    from jupyterlab.labapp import LabApp

    from deliverlab.pipeline.batch import notebooks_folder

    LabApp.launch_instance([str(notebooks_folder()), *WITHOUT_A_NETWORK, *context.args])
