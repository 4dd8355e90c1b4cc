"""Accounts on a funnel: each at its ratio to its peers and the events expected of it, and the limits there.

Peers differ by industry and volume, so one picture of all accounts has ratios on it: 1 is like the peers.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.health.funnel import deviates, funnel_limits
from deliverlab.health.posterior import peer_spread
from deliverlab.schemas import METRIC_NAMES

if TYPE_CHECKING:
    from deliverlab.schemas import Health, PeerRates

SCALE = "sqrt"  # on which ratios of few events are nearly even, and those of none have a place
WITHIN, OUTSIDE, FAR_OUTSIDE = "within", "beyond 95%", "beyond 99.8%"
LOOK, ACT = 0.95, 0.998
LIMITS = {"chance alone": False, "accounts differ": True}
GRID = 80  # places at which limits are drawn


class FunnelPositions(Table):
    """One row an account and metric with mail and peers: where it lies, if accounts may differ."""

    account_id = dy.String(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    expected = dy.Float64(min_exclusive=0.0)
    events = dy.Int64(min=0)
    ratio = dy.Float64(min=0.0)
    z_by_chance = dy.Float64()
    z = dy.Float64()
    position = dy.Enum((WITHIN, OUTSIDE, FAR_OUTSIDE))


class FunnelLimits(Table):
    """The limits of a metric's funnel at events expected: of chance alone, and where accounts differ."""

    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    limits = dy.Enum(tuple(LIMITS), primary_key=True)
    confidence = dy.Float64(primary_key=True)
    expected = dy.Float64(primary_key=True, min_exclusive=0.0)
    low = dy.Float64(min=0.0)
    high = dy.Float64(min=0.0)


def funnel_positions(
    health: dy.DataFrame[Health], *, peers: dy.DataFrame[PeerRates]
) -> dy.DataFrame[FunnelPositions]:
    """Where each account lies on the funnel of each metric.

    What accounts differ by is what `peers` do. `funnel.overdispersion` of these very accounts would give the
    largest nearly all say, and they differ least. A grade (`posterior`) knows each account's days as well, so
    an account that mails once a week may lie outside and be good.
    """
    one = pl.lit(1.0)
    expected, events = pl.col("expected"), pl.col("events")
    z = deviates(events, expected, target=one, tau2=pl.col("tau2"), scale=SCALE)
    distance = pl.col("z").abs()
    return FunnelPositions.cast(
        _with_tau2(health, peers)
        .with_columns(z_by_chance=deviates(events, expected, target=one, scale=SCALE), z=z)
        .with_columns(
            position=pl.when(distance > _quantile(ACT)).then(pl.lit(FAR_OUTSIDE))
            .when(distance > _quantile(LOOK)).then(pl.lit(OUTSIDE)).otherwise(pl.lit(WITHIN)),
        )
        .sort("account_id", "metric")
    ).collect()  # fmt: skip


def limits_of(health: dy.DataFrame[Health], *, peers: dy.DataFrame[PeerRates]) -> dy.DataFrame[FunnelLimits]:
    """The limits of each metric's funnel, from the fewest events expected of an account to the most."""
    reach = (
        _with_tau2(health, peers)
        .group_by("metric")
        .agg(
            pl.col("tau2").first(),
            least=pl.col("expected").min().clip(0.05, 1.0),
            most=pl.col("expected").max(),
        )
    )
    steps = pl.LazyFrame({"step": [step / (GRID - 1) for step in range(GRID)]})
    grid = reach.join(steps, how="cross").with_columns(
        expected=pl.col("least") * (1.5 * pl.col("most") / pl.col("least")).pow(pl.col("step"))
    )
    drawn = [
        grid.with_columns(
            limits=pl.lit(name),
            confidence=pl.lit(confidence),
            bounds=funnel_limits(
                pl.col("expected"), target=pl.lit(1.0), scale=SCALE, confidence=confidence,
                tau2=pl.col("tau2") if differ else None,
            ),
        ).unnest("bounds")
        for name, differ in LIMITS.items()
        for confidence in (LOOK, ACT)
    ]  # fmt: skip
    return FunnelLimits.cast(pl.concat(drawn).sort("metric", "limits", "confidence", "expected")).collect()


def _with_tau2(health: dy.DataFrame[Health], peers: dy.DataFrame[PeerRates]) -> pl.LazyFrame:
    """The accounts that can be placed, with `expected` events and what accounts of the metric differ by.

    The square root of a ratio varies a quarter as much as the ratio.
    """
    known = peers.lazy().filter(pl.col("account_id").is_null()).sort("effective_from")
    tau2 = known.group_by("metric").agg(tau2=peer_spread(pl.col("tau2").last()) / 4)
    return (
        health.lazy()
        .with_columns(expected=pl.col("peer_rate") * pl.col("trials"))
        .filter(pl.col("expected") > 0)
        .with_columns(ratio=pl.col("events") / pl.col("expected"))
        .join(tau2, on="metric")
    )


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
