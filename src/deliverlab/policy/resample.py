"""Resamples of accounts: how other accounts of the same kinds would have come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_STRATUM = 5  # accounts; fewer say too little of how accounts of their kind differ


class Resamples(NamedTuple):
    """How often each account is drawn into each resample, and what one draw of it counts."""

    draws: NDArray[np.uint8]  # [account, resample]
    weight: NDArray[np.float64]  # [account]


def resample(accounts: pl.DataFrame, *, resamples: int, seed: int) -> Resamples:
    """So many resamples of whole accounts, drawn within strata of industry and band.

    An account's days hang together, so an account is drawn with all of them or not at all. The mix of
    industries and bands is the provider's own and stays as it is. Of a stratum with n accounts n - 1 are
    drawn, each with the weight n / (n - 1): then the spread of a sum is right also where n is small (Rao and
    Wu 1988), while drawing n of n makes it too small. A stratum of fewer than `MIN_STRATUM` accounts goes
    with the others of its band, and if these are as few, with the largest stratum.

    What all accounts have in common, as a bad week of a mailbox provider, does not vary between resamples.

    >>> accounts = pl.DataFrame({"industry": ["Retail"] * 6, "band": ["<1k"] * 6})
    >>> drawn = resample(accounts, resamples=100, seed=1)
    >>> set((drawn.draws * drawn.weight[:, None]).sum(axis=0).round(9).tolist())
    {6.0}
    """
    strata = _strata(accounts)
    rng = np.random.default_rng(seed)
    draws = np.zeros((len(accounts), resamples if len(accounts) > 1 else 0), np.uint8)
    weight = np.ones(len(accounts))
    for stratum in range(int(strata.max(initial=-1)) + 1):
        (members,) = np.nonzero(strata == stratum)
        n = len(members)
        chosen = rng.integers(0, n, (draws.shape[1], n - 1)) + n * np.arange(draws.shape[1])[:, None]
        draws[members] = np.bincount(chosen.ravel(), minlength=n * draws.shape[1]).reshape(-1, n).T
        weight[members] = n / max(n - 1, 1)
    return Resamples(draws, weight)


def _strata(accounts: pl.DataFrame) -> NDArray[np.int64]:
    """The number of each account's stratum."""
    is_enough = pl.len().over("industry", "band") >= MIN_STRATUM
    named = (
        accounts.lazy()
        .select(
            pl.col("band").cast(pl.String), kind=pl.when(is_enough).then("industry").otherwise(pl.lit(""))
        )
        .select(
            name=pl.when(pl.len().over("band", "kind") >= MIN_STRATUM).then(
                pl.concat_str("band", "kind", separator="\x1f")
            )
        )
        .collect()["name"]
    )
    largest = named.drop_nulls().value_counts().sort(["count", "name"], descending=[True, False])
    name = largest["name"][0] if len(largest) else ""
    return named.fill_null(name).rank("dense").cast(pl.Int64).to_numpy() - 1
