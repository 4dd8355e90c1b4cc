"""What a pool of accounts has in common, though some of them are abusers and all of them have bad days."""

import numpy as np
import polars as pl
import pytest

from deliverlab.health.clusters import add_clusters
from deliverlab.health.pools import pool_statistics


def statistics(ratios: np.ndarray, *, rate: float = 0.01, trials: int = 10_000) -> dict[str, float]:
    """What is found of accounts with these true rates relative to `rate`, thirty like days of mail each."""
    events = np.random.default_rng(1).poisson(ratios * rate * trials / 30, (30, len(ratios)))
    sums = pl.LazyFrame({
        "events": events.sum(axis=0),
        "events_squared": (events**2).sum(axis=0).astype(float),
        "events_by_trials": events.sum(axis=0) * trials / 30,
    })  # fmt: skip
    days = {"pool": pl.lit(1), "trials": pl.lit(trials), "trials_squared": pl.lit(trials**2 / 30)}
    return pool_statistics(add_clusters(sums.with_columns(**days)), by=("pool",)).collect().row(0, named=True)


def test_the_spread_between_accounts_is_found_again() -> None:
    """Accounts that differ by half their rate have a tau2 of a quarter, a little less where tails are cut."""
    ratios = np.random.default_rng(2).gamma(4, 1 / 4, 2_000)
    found = statistics(ratios)
    assert 0.17 <= found["tau2"] <= 0.26
    assert found["rate"] == pytest.approx(0.01, rel=0.03)


def test_accounts_that_differ_by_chance_alone_have_no_spread() -> None:
    """What chance and days explain is no difference between accounts."""
    assert statistics(np.ones(2_000))["tau2"] == pytest.approx(0, abs=0.005)


def test_a_few_abusers_do_not_decide_what_is_usual() -> None:
    """One account in twenty at ten times the rate would lift a plain mean by half."""
    honest = np.random.default_rng(3).gamma(4, 1 / 4, 1_900)
    found = statistics(np.concatenate([honest, np.full(100, 10.0)]))
    assert found["rate"] < 0.01 * 1.15
    assert found["tau2"] < 0.45


def test_small_accounts_say_nothing_of_spread() -> None:
    """With less than an event expected of each, there is no telling how far accounts differ."""
    assert statistics(np.ones(200), trials=60)["tau2"] is None
    assert statistics(np.ones(200), trials=60)["phi"] is None
