"""Do bounds, shrunken rates and grades keep their promises? In worlds of known truth, benign and not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from benchmarks import worlds
from deliverlab.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

QUICK, FULL = (8_000, (201,)), (40_000, (201, 202, 203))  # accounts, held-out seeds: none was used for tuning
WINDOW_DAYS = 30
MIN_VOLUME = 2_000  # a published rule's; below it the peers' rate is taken
TIMES = 2.0  # the peers' rate: what the raw rule calls poor
WORLDS = {"benign": False, "heavy-tailed": True}
ENFORCED = {metric.numerator: name for name, metric in METRICS.items() if metric.is_enforced}


def figures(*, quick: bool) -> dict[str, Any]:
    """Coverage, squared errors and shares of clean accounts graded poor, by world and band."""
    accounts, seeds = QUICK if quick else FULL
    found: dict[str, Any] = {"accounts": accounts, "seeds": list(seeds)}
    for world, is_heavy_tailed in WORLDS.items():
        judged = pl.concat(
            judge(worlds.make(accounts=accounts, is_heavy_tailed=is_heavy_tailed, seed=seed)).with_columns(
                seed=pl.lit(seed)
            )
            for seed in seeds
        )
        found[world] = {
            "coverage": _by_band(coverage(judged)),
            "squared_error": _nested(squared_errors(judged)),
            "clean_poor": {
                rule: {
                    "by_band": _by_band(shares, "band"), "by_industry": _by_band(shares, "industry"),
                    "worst_ratio": {key: _spread(shares, key) for key in ("band", "industry")},
                }
                for rule, shares in clean_poor(judged).items()
            },
        }  # fmt: skip
    return found


def judge(world: worlds.World) -> pl.DataFrame:
    """Each account's enforced metrics as health has them, beside the truth."""
    import deliverlab as dl

    history = dl.History(world.daily, world.accounts)
    health, _, _ = dl.account_health(history, as_of=worlds.last_day(), window_days=WINDOW_DAYS)
    truth = world.truth.select(
        "account_id", "usual_rate", "is_ill", "is_steady",
        metric=pl.col("numerator").replace_strict(ENFORCED).cast(health.schema["metric"]), true_rate="rate",
    )  # fmt: skip
    return health.filter(pl.col("trials") > 0).join(truth, on=["account_id", "metric"])


def coverage(judged: pl.DataFrame) -> pl.DataFrame:
    """How often 95% bounds hold the true rate, where it was one rate all along."""
    held = pl.col("true_rate").is_between("rate_low", "rate_high")
    return judged.filter("is_steady").group_by("band").agg(share=held.mean())


def squared_errors(judged: pl.DataFrame) -> pl.DataFrame:
    """The mean squared error of each estimate of the ratio to the usual rate, by metric and band."""
    truth = pl.col("true_rate") / pl.col("usual_rate")
    estimates = {
        "raw": pl.col("rate"),
        "raw_with_minimum": pl.when(pl.col("trials") >= MIN_VOLUME).then("rate").otherwise("peer_rate"),
        "shrunken": pl.col("shrunken_rate"),
    }
    return judged.group_by("metric", "band").agg(
        ((estimate / pl.col("usual_rate") - truth) ** 2).mean().alias(name)
        for name, estimate in estimates.items()
    )


def clean_poor(judged: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """The share of clean accounts that each rule calls poor by any metric, one row an account."""
    is_high = pl.col("ratio") >= TIMES
    rules = {
        "deliverlab": pl.col("grade") == "poor",
        "raw": is_high,
        "raw_with_minimum": is_high & (pl.col("trials") >= MIN_VOLUME),
    }
    clean = judged.filter(~pl.col("is_ill"))
    key = ("account_id", "seed", "band", "industry")
    return {name: clean.group_by(key).agg(share=rule.any()) for name, rule in rules.items()}


def _by_band(shares: pl.DataFrame, key: str = "band") -> dict[str, float]:
    counted = shares.group_by(key).agg(pl.col("share").mean()).sort(key)
    return {str(name): round(share, 4) for name, share in counted.iter_rows()}


def _spread(shares: pl.DataFrame, key: str) -> float | None:
    """The largest share over the smallest; none where one is zero."""
    found = _by_band(shares, key).values()
    return round(max(found) / min(found), 2) if min(found) else None


def _nested(errors: pl.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    nested: dict[str, dict[str, dict[str, float]]] = {}
    for row in errors.sort("metric", "band").iter_rows(named=True):
        figures = {name: round(row[name], 4) for name in ("raw", "raw_with_minimum", "shrunken")}
        nested.setdefault(row["metric"], {})[row["band"]] = figures
    return nested
