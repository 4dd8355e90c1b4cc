"""The command line: parse, call, print. A module each for what commands are about."""

from __future__ import annotations

import sys

import typer

from deliverlab.cli.laboratory import compare, simulate, tune
from deliverlab.cli.policies import policy_app
from deliverlab.cli.reports import report_app
from deliverlab.cli.reviews import review_app
from deliverlab.cli.road import demo, health, incidents, ingest, lab, sample
from deliverlab.errors import DeliverlabError

app = typer.Typer(
    help="Measure mail accounts against their peers, replay a probation policy, hand out health reports.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (demo, sample, ingest, incidents, health, simulate, compare, tune):
    app.command()(command)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(lab)
app.add_typer(policy_app, name="policy")
app.add_typer(report_app, name="report")
app.add_typer(review_app, name="review")


def main() -> None:
    """Run the command line; what input gets wrong is one line on stderr and exit code 2."""
    try:
        app()
    except DeliverlabError as error:
        typer.echo(f"deliverlab: {error}", err=True)
        sys.exit(2)
