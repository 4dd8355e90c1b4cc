"""Policies on a history: one replayed, two compared, a thousand searched."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deliverlab.cli.options import (
    DataDir,
    Out,
    PolicyName,
    ScenarioName,
    Seed,
)
from deliverlab.cli.terminal import print_table
from deliverlab.errors import DataError


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
        print_table(queue.summary())
        print_table(accounts_by_stage(queue.simulation.standing))
        return
    result = write_simulation(
        data, policy=policy, scenario=scenario, seed=seed, out=out, start=start,
        until=until and until.date(),
    )  # fmt: skip
    typer.echo(f"{result.policy.title}; scenario: {result.scenario.name}")
    if start is not None:
        moved = movers(result.transitions, result.history.accounts)
        typer.echo(f"{moved.height} moves by {result.standing['as_of'].max()!s}")
        print_table(moved)
    print_table(accounts_by_stage(result.standing))
    typer.echo(identified(result.outcomes))
    if page:
        from deliverlab.pipeline.policy_pages import write_replay_page

        written = write_replay_page(data, policy=policy, scenario=scenario, seed=seed, out=out or data)
        typer.echo(f"Open this page:\n{written.resolve()}")


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


def tune(
    data: DataDir,
    policy: PolicyName,
    search: Annotated[str, typer.Option(help="what may vary and what is wanted: a search or a TOML file")],
    scenario: ScenarioName,
    out: Out,
    seed: Seed = 0,
    open_test: Annotated[
        bool,
        typer.Option("--open-test", help="judge it on the days kept for the end, and note that"),
    ] = False,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day on which the test is opened")
    ] = None,
) -> None:
    """Search for better numbers of a policy; writes the candidate, every policy tried, and a page."""
    from deliverlab.pipeline.policy_pages import write_tuning
    from deliverlab.pipeline.tuning import note_test

    if open_test and on is None:
        raise DataError("--on is missing, must be the day on which the test is opened, with --open-test")
    tuned, page = write_tuning(data, policy=policy, search=search, scenario=scenario, seed=seed, out=out)
    for sentence in tuned.sentences:
        typer.echo(sentence)
    if open_test and on is not None:
        sentences, opened = note_test(tuned.tuning, out=out, on=on.date())
        typer.echo(f"The test, opened {opened} time{'s' if opened > 1 else ''}:")
        for sentence in sentences:
            typer.echo(sentence)
    typer.echo(f"Open this page:\n{page.resolve()}")
