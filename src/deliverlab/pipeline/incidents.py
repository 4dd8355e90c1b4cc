"""A data directory's incidents: what is proposed, and what an analyst makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.events import store
from deliverlab.events.commit import changing
from deliverlab.events.daily import mistaken
from deliverlab.events.proposals import Proposals, propose_incidents
from deliverlab.pipeline.directory import file_name, known_within_days, read_table, table_writer
from deliverlab.pipeline.rollup import count_days, exclusions_of
from deliverlab.schemas import Incidents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import dataframely as dy


def proposed(data: str | Path, /) -> dy.DataFrame[Proposals]:
    """What looks like a receiver's mistake in the events of a directory, and is no incident there yet."""
    return propose_incidents(
        store.scan_events(data),
        incidents=read_table(data, Incidents),
        exclude=exclusions_of(data).reason().is_not_null(),
    )


def accept(data: str | Path, numbers: Sequence[int] | None = None, /) -> dy.DataFrame[Proposals]:
    """Proposals, by their number from 1 (null: all), that are incidents now; their days are counted again.

    Raises `DataError` where a number is none of a proposal.
    """
    proposals = proposed(data)
    wrong = [number for number in numbers or () if not 1 <= number <= proposals.height]
    if wrong:
        raise DataError(f"accept == {wrong[0]}, must be the number of a proposal: 1 to {proposals.height}")
    chosen = proposals if numbers is None else proposals[[number - 1 for number in sorted(set(numbers))]]
    if chosen.height:
        _add(data, Incidents.cast(chosen.select(Incidents.column_names())))
    return Proposals.cast(chosen)


def _add(data: str | Path, new: dy.DataFrame[Incidents]) -> None:
    """Write incidents, and count again the days on which they leave bounces out, as one change."""
    bounces = store.scan_events(data).filter(mistaken(new))
    days = bounces.select("account_id", day=pl.col("sent_at").dt.date()).unique().collect(engine="streaming")
    with changing(data) as change:
        incidents = pl.concat([read_table(data, Incidents), new])
        change.write(file_name(Incidents), table_writer(Incidents, incidents))
        count_days(change, days, known_within_days=known_within_days(data))
        change.commit()
