"""Peer rates, had some industries or some volume bands been one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.health.peers import peer_rates
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.schemas import BANDS, UNKNOWN_INDUSTRY, Accounts, PeerRates

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dataframely as dy

    from deliverlab.history import Frame


def merged_peer_rates(
    daily: Frame,
    accounts: Frame,
    *,
    industries: Mapping[str, str] | None = None,
    bands: Mapping[str, str] | None = None,
    known_within_days: int = KNOWN_WITHIN_DAYS,
    denominators: Mapping[str, str] | None = None,
) -> dy.LazyFrame[PeerRates]:
    """The rates of `peer_rates`, when the industries and bands named count as those they are mapped to.

    `industries={"E-commerce": "Retail"}` makes one pool of both, and each of them is compared with it under
    its own name; so do `bands`. The names of accounts stay: no limit that a policy sets by industry moves.

    Raises:
        DataError: a band, or an industry that is to be merged, does not exist.
    """
    known = Accounts.admit(accounts, what="accounts").with_columns(
        pl.col("industry").fill_null(UNKNOWN_INDUSTRY)
    )
    named = known["industry"].unique().sort().to_list()
    one_industry, one_band = dict(industries or {}), dict(bands or {})
    _refuse_unknown("industry", one_industry, among=named)
    _refuse_unknown("band", one_band | {name: name for name in one_band.values()}, among=BANDS)
    pooled = peer_rates(
        daily,
        known.with_columns(pl.col("industry").replace(one_industry)),
        known_within_days=known_within_days,
        denominators=denominators,
        counted_as=one_band,
    )
    labels = pl.LazyFrame({"named": [*named, *({UNKNOWN_INDUSTRY} - {*named})]}).with_columns(
        industry=pl.col("named").replace(one_industry)
    )
    volumes = pl.LazyFrame({"volume": BANDS}, schema={"volume": pl.Enum(BANDS)}).with_columns(
        band=pl.col("volume").replace(one_band)
    )
    return PeerRates.cast(
        pooled.join(labels, on="industry", maintain_order="left")
        .join(volumes, on="band", maintain_order="left")
        .with_columns(industry="named", band="volume")
        .sort("effective_from", "industry", "band", "metric", "account_id")
    )


def _refuse_unknown(what: str, chosen: Mapping[str, str], *, among: list[str] | tuple[str, ...]) -> None:
    strange = [name for name in chosen if name not in among]
    if strange:
        raise DataError(f"{what} == {strange[0]!r}, must be one of {', '.join(among)}")
