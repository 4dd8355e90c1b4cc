"""What accounts are compared with, laid out so that the walk finds a day's peer rate by its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.metrics import BAND_STARTS
from deliverlab.policy.kernel.layout import Peers
from deliverlab.policy.past import day_number, day_numbers
from deliverlab.schemas import BANDS, PeerRates

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from numpy.typing import NDArray

    from deliverlab.history import History


def peers_of(
    accounts: pl.DataFrame, history: History, *, metrics: Iterable[str], until: date
) -> tuple[Peers, NDArray[np.int64]]:
    """The peer rates of these metrics on each day, and the group of each account in them.

    A group is an industry, or an account that has rows of its own; such an account falls back to its
    industry's rates while it has none of its own. A row is valid until the next of its group.
    """
    industries = accounts["industry"].unique().sort()
    groups = _places(accounts["industry"], industries)
    names = pl.Series("metric", metrics, dtype=pl.String)
    rows = (PeerRates.create_empty() if history.peer_rates is None else history.peer_rates).filter(
        pl.col("metric").cast(pl.String).is_in(names.implode()),
        pl.col("industry").is_in(industries.implode()),
    )
    own = rows.join(accounts, on=["account_id", "industry"], how="semi")
    loners = own["account_id"].unique().sort()
    starts = rows["effective_from"].unique().sort()
    size = (len(names), len(industries) + len(loners), len(BANDS), len(starts))
    table = np.full((2, *size), np.nan)  # rate and shape come and go together
    shared = rows.filter(pl.col("account_id").is_null())
    for part, group in (
        (shared, _places(shared["industry"], industries)),
        (own, _places(own["account_id"], loners) + len(industries)),
    ):
        metric, band = _places(part["metric"].cast(pl.String), names), part["band"].to_physical()
        start = _places(part["effective_from"], starts)
        table[:, metric, group, band, start] = part["rate"], part["shape"].fill_null(np.nan)

    for period in range(1, len(starts)):
        _fill(table[..., period], table[..., period - 1])
    is_loner = accounts["account_id"].is_in(loners.implode()).to_numpy()
    _fill(table[:, :, len(industries) :], table[:, :, groups[is_loner]])
    groups[is_loner] = len(industries) + np.arange(len(loners))
    first = int(day_numbers(accounts["first"]).min(initial=day_number(until)))
    days = np.arange(first, day_number(until) + 1)
    periods = np.searchsorted(day_numbers(starts), days, side="right").astype(np.int64) - 1
    return Peers(first, periods, table[0], table[1], np.array(BAND_STARTS)), groups


def _fill(table: NDArray[np.float64], other: NDArray[np.float64]) -> None:
    """Where the table has no rate, the other's rate and shape."""
    is_gap = np.isnan(table[0])
    table[:, is_gap] = other[:, is_gap]


def _places(values: pl.Series, among: pl.Series) -> NDArray[np.int64]:
    """The place of each value among sorted ones."""
    places = pl.DataFrame({"value": among, "place": np.arange(len(among))})
    return values.to_frame("value").join(places, on="value", maintain_order="left")["place"].to_numpy().copy()
