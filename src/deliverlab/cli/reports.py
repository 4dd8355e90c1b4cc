"""Pages: of each kind for accounts and days, or what a manifest asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deliverlab.cli.options import (
    AsOf,
    DataDir,
    Engine,
    Force,
    Out,
    PolicyName,
    StageFrom,
    StageSource,
)
from deliverlab.cli.terminal import end_batch, progress

report_app = typer.Typer(help="Write pages on accounts, portfolio and policies.", no_args_is_help=True)


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
    pdf: Annotated[
        bool, typer.Option("--pdf", help="print each page by the Chromium that is installed")
    ] = False,
    show_addresses: Annotated[bool, typer.Option(help="print contacts in clear on checklists")] = False,
    since_days: Annotated[
        int, typer.Option(help="portfolio: what has changed since so many days", min=1)
    ] = 1,
    language: Annotated[str, typer.Option(help="en or sv: of the pages that accounts read")] = "en",
) -> None:
    """Write pages, and an index of them. What is there from the same inputs is not made again."""
    from deliverlab.pipeline.batch import write_reports

    with progress("pages") as on_page:
        batch = write_reports(
            data, kinds=[str(context.info_name)], accounts=accounts, as_of=as_of.date(), out=out,
            policy=policy, stage_from=stage_from.value, jobs=jobs, engine=engine.value, deadline=deadline,
            force=force, standalone=standalone, pdf=pdf, show_addresses=show_addresses, language=language,
            since_days=since_days, on_done=on_page,
        )  # fmt: skip
    end_batch(batch)


for _kind in ("portfolio", "replay", "policy", "comparison", "health", "checklist"):
    report_app.command(_kind)(report)


@report_app.command("run")
def report_run(
    manifest: Annotated[Path, typer.Argument(help="a TOML file: data, out, kinds, accounts, as_of")],
    force: Force = False,
) -> None:
    """Write the pages that a manifest asks for: kinds × accounts × days, a folder a day."""
    from deliverlab.pipeline.manifest import run_manifest

    with progress("pages") as on_page:
        batches = run_manifest(manifest, force=force, on_done=on_page)
    end_batch(*batches)
