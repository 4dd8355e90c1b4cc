"""Resamples: fair to every account, and right about how much sums vary."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from deliverlab.policy.evaluate import estimate
from deliverlab.policy.resample import resample


def accounts(*sizes: int) -> pl.DataFrame:
    """So many accounts of each of some industries, all of one band."""
    industries = [f"industry {i}" for i, size in enumerate(sizes) for _ in range(size)]
    return pl.DataFrame({"industry": industries, "band": ["<1k"] * len(industries)})


def weights(frame: pl.DataFrame, *, resamples: int = 4000, seed: int = 3) -> np.ndarray[tuple[int, ...]]:
    """What each account counts in each resample."""
    drawn = resample(frame, resamples=resamples, seed=seed)
    return np.asarray(drawn.draws * drawn.weight[:, None])


def test_each_stratum_keeps_its_size_and_each_account_its_part() -> None:
    """In every resample a stratum counts as many accounts as it has; on average each counts one."""
    drawn = weights(accounts(6, 20))

    assert np.allclose(drawn[:6].sum(axis=0), 6)
    assert np.allclose(drawn[6:].sum(axis=0), 20)
    assert np.allclose(drawn.mean(axis=1), 1, atol=0.08)


def test_the_spread_of_a_sum_is_that_of_drawing_other_accounts() -> None:
    """So many times the variance between accounts; drawing five of five would lack a fifth of it."""
    values = np.array([0.0, 1, 2, 3, 10])
    sums = values @ weights(accounts(5))

    assert sums.var() == pytest.approx(5 * values.var(ddof=1), rel=0.06)


def test_strata_too_small_go_with_others_of_their_band() -> None:
    """Three industries of two accounts each are one stratum; a last one goes with the largest."""
    drawn = weights(accounts(2, 2, 2), resamples=200)
    assert np.allclose(drawn.sum(axis=0), 6)
    assert not np.allclose(drawn[:2].sum(axis=0), 2)

    alone = weights(accounts(8, 1), resamples=200)
    assert np.allclose(alone.sum(axis=0), 9)
    assert alone[8].std() > 0


def test_one_account_says_nothing_of_others() -> None:
    """There is no other to draw, so no resample, and no interval."""
    drawn = resample(accounts(1), resamples=100, seed=0)

    assert drawn.draws.shape == (1, 0)
    assert estimate([np.ones(1)]) == (1.0, None, None)


def test_the_seed_decides() -> None:
    """The same seed draws the same accounts, another seed others."""
    there, again, other = (weights(accounts(9), resamples=50, seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(there, again)
    assert not np.array_equal(there, other)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """In 300 worlds, 95% intervals of a share and of a paired difference hold it 92 to 98 times in 100."""
    rng = np.random.default_rng(11)
    sizes = rng.integers(6, 60, 12)
    strata, n = np.repeat(np.arange(12), sizes), int(sizes.sum())
    frame, means = accounts(*sizes.tolist()), rng.gamma(3, 1, 12)[strata]
    share, change = 0.6, 0.1
    held = {"share": 0, "difference": 0}
    for world in range(300):
        harm = means * rng.gamma(2, 0.5, n)
        champion = harm * rng.beta(3, 2, n)  # 0.6 on average
        challenger = champion + harm * rng.normal(change, 0.2, n)
        drawn = resample(frame, resamples=400, seed=world)
        counts = np.hstack([np.ones((n, 1)), drawn.draws * drawn.weight[:, None]])
        whole = harm @ counts
        first, second = champion @ counts / whole, challenger @ counts / whole
        for name, samples, truth in (("share", first, share), ("difference", second - first, change)):
            found = estimate([samples])
            assert found.low is not None
            assert found.high is not None
            held[name] += found.low <= truth <= found.high

    assert all(276 <= times <= 294 for times in held.values()), held


def test_where_resamples_have_no_figure_there_is_no_interval() -> None:
    """One in ten without a figure is too many, one in fifty is left out."""
    samples = np.r_[5.0, np.linspace(1, 9, 100)]
    few, many = samples.copy(), samples.copy()
    few[1:3], many[1:11] = np.nan, np.nan

    assert estimate([few]).low is not None
    assert estimate([many]) == (5.0, None, None)
