"""Policies: looked at, checked and told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deliverlab.cli.options import (
    APolicy,
)
from deliverlab.cli.terminal import print_table

policy_app = typer.Typer(help="Look at policies.", no_args_is_help=True)


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

    print_table(
        pilot_forecast(
            load_policy(policy), metric=metric, so_far=(sent, events), planned=planned, window=window,
            industry=industry, band=band,
        )
    )  # fmt: skip
