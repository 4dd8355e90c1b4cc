"""Contact reviews: handed out, recorded, queued, measured, appealed; people forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deliverlab.cli.options import (
    Account,
    AsOf,
    DataDir,
    On,
    Out,
    PolicyName,
    Reviewer,
)
from deliverlab.cli.terminal import print_table

review_app = typer.Typer(help="Queue, record and measure contact reviews and appeals.", no_args_is_help=True)


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
    print_table(desk.queue)
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
    print_table(found.effects)
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
    print_table(appeals_so_far(data))
