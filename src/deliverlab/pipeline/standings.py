"""Who is in which stage on a day: by what was really done, or by the last simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.pipeline.directory import read_table
from deliverlab.pipeline.timelines import enforced_timeline, simulated_timeline
from deliverlab.policy.outlook import outlook
from deliverlab.review.attest import current_stage
from deliverlab.schemas import GOOD, Enforcement, Reviews, Standing, Transitions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from deliverlab.history import History
    from deliverlab.pipeline.lookup import StageFrom
    from deliverlab.policy.model import Policy


def stages_on(
    data: str | Path,
    /,
    *,
    policy: Policy,
    as_of: date,
    stage_from: StageFrom,
    account_ids: Iterable[str],
) -> pl.DataFrame:
    """The stage of each of these accounts that is in one, with what comes next."""
    held: pl.DataFrame
    if stage_from == "enforcement":
        # A stage begins on the day after the notice, and an outlook counts from the notice.
        notice_day = pl.col("entered_on").dt.offset_by("-1d")
        acts, reviews = (read_table(data, name, account_ids=account_ids) for name in (Enforcement, Reviews))
        held = current_stage(acts, reviews, as_of=as_of).with_columns(entered_on=notice_day).collect()
    else:
        standing = read_table(data, Standing, account_ids=account_ids)
        held = standing.filter(pl.col("stage") != GOOD)
        if held.height and held["as_of"][0] != as_of:
            raise DataError(f"{data}: the simulation ends on {held['as_of'][0]}, must end on as_of {as_of}")
    return outlook(held, policy=policy).lazy().collect()


def stages_before(data: str | Path, history: History, /, *, day: date, stage_from: StageFrom) -> pl.DataFrame:
    """account_id, stage: every account that was in a stage at the end of an earlier day."""
    if stage_from == "enforcement":
        then = current_stage(history.enforcement, history.reviews, as_of=day).collect()
        return then.select("account_id", "stage")
    steps = read_table(data, Transitions).filter(pl.col("day") <= day).sort("account_id", "day")
    last = steps.group_by("account_id", maintain_order=True).agg(stage=pl.col("to_stage").last())
    return last.filter(pl.col("stage") != GOOD).join(history.accounts, on="account_id", how="semi")


def timeline_until(
    data: str | Path, history: History, /, *, as_of: date, days: int, stage_from: StageFrom
) -> pl.DataFrame:
    """How many accounts were in each stage on each of the days before."""
    if stage_from == "enforcement":
        return enforced_timeline(history.enforcement, history.reviews, until=as_of, days=days)
    return simulated_timeline(read_table(data, Transitions), until=as_of, days=days)
