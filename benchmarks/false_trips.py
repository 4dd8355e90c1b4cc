"""Whom do the presets notice? The clean and the ill, by volume and industry, in worlds of known truth."""

from __future__ import annotations

from typing import Any

import polars as pl

from benchmarks import worlds
from deliverlab.metrics import band_of

QUICK, FULL = (6_000, (301,)), (40_000, (301, 302))  # accounts, held-out seeds: limits were set on 1 and 2
PRESETS = (
    "evidence",
    "hubspot-like",
    "hubspot-suspension-like",
    "amazon-ses-like",
    "coss-like",
    "posthog-like",
)
WORLDS = {"benign": False, "heavy-tailed": True}


def figures(*, quick: bool) -> dict[str, Any]:
    """The shares of clean and of ill accounts that got a notice, and how late and after how much mail."""
    accounts, seeds = QUICK if quick else FULL
    found: dict[str, Any] = {"accounts": accounts, "seeds": list(seeds)}
    for name, is_heavy_tailed in WORLDS.items():
        made = [worlds.make(accounts=accounts, is_heavy_tailed=is_heavy_tailed, seed=seed) for seed in seeds]
        noticed: dict[str, list[pl.DataFrame]] = {preset: [] for preset in PRESETS}
        for world in made:
            for preset, who in _noticed(world).items():
                noticed[preset].append(who)
        found[name] = {preset: _shares(pl.concat(parts)) for preset, parts in noticed.items()}
    return found


def _noticed(world: worlds.World) -> dict[str, pl.DataFrame]:
    """Each account's truth, and whether each preset gave it a notice."""
    import deliverlab as dl
    from deliverlab.pipeline.road import with_peers

    history = with_peers(dl.History(world.daily, world.accounts))
    monthly = world.daily.group_by("account_id").agg(band=band_of(pl.col("sent").sum() * 30 / worlds.DAYS))
    truth = world.truth.group_by("account_id").agg(pl.col("is_ill").any())
    who = truth.join(monthly, on="account_id").join(world.accounts, on="account_id")
    policies = {preset: dl.Policy.preset(preset) for preset in PRESETS}
    return {
        preset: who.join(
            dl.simulate(
                history,
                policy=policy.model_copy(update={"tiers": ()}),  # worlds have no tiers
                scenario=dl.Scenario.never(),
            ).outcomes.select("account_id", is_noticed=pl.col("first_notice_on").is_not_null()),
            on="account_id",
        )
        for preset, policy in policies.items()
    }


def _shares(noticed: pl.DataFrame) -> dict[str, Any]:
    clean, ill = noticed.filter(~pl.col("is_ill")), noticed.filter("is_ill")
    by_band, by_industry = _by(clean, "band"), _by(clean, "industry")
    return {
        "clean": round(clean["is_noticed"].mean(), 4),  # type: ignore[arg-type]
        "ill": round(ill["is_noticed"].mean(), 4),  # type: ignore[arg-type]
        "clean_by_band": by_band,
        "ill_by_band": _by(ill, "band"),
        "worst_ratio": {"band": _worst(by_band), "industry": _worst(by_industry)},
    }


def _by(noticed: pl.DataFrame, key: str) -> dict[str, float]:
    counted = noticed.group_by(key).agg(pl.col("is_noticed").mean()).sort(key)
    return {str(name): round(share, 4) for name, share in counted.iter_rows()}


def _worst(shares: dict[str, float]) -> float | None:
    """The largest share over the smallest; none where one is zero."""
    return round(max(shares.values()) / min(shares.values()), 2) if min(shares.values()) else None
