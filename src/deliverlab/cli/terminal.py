"""What commands print: progress on a terminal, tables, and where the pages lie."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from deliverlab.pipeline.batch import Batch


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
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


def end_batch(*batches: Batch) -> None:
    """Say where each index lies; exit code 1 where a page failed."""
    for batch in batches:
        typer.echo(f"{len(batch.reports) - batch.failures} pages. Open this one:\n{batch.index.resolve()}")
    failed = [batch for batch in batches if batch.failures]
    for batch in failed:
        where = batch.index.with_name("failures.html").resolve()
        typer.echo(f"{batch.failures} pages failed: see {where}", err=True)
    if failed:
        raise typer.Exit(1)


def print_table(table: pl.DataFrame) -> None:
    """Print a table; what a terminal would obey in it is shown instead."""
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
