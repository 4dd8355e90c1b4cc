"""What commands are told: options and arguments that several of them share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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
