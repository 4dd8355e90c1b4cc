"""Sums of contributions: of all accounts as they are, and of every resample of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from deliverlab.policy.resample import Resamples

    Floats: TypeAlias = NDArray[np.float64]

UNSEEN_PREFIX = "unseen_"
CELLS = 4_000_000  # weights held at a time


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums by key: `keys` has a row for each key, `sums` what it comes to in each sample."""

    keys: pl.DataFrame
    sums: Floats  # [key, sample]


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over some accounts: the first of each array is of them as they are, the rest are of resamples."""

    columns: Mapping[str, Floats]
    tallies: Mapping[str, Tally]
    days: int  # from the first to the last that was simulated

    def __getitem__(self, name: str) -> Floats:
        """The sum of a column."""
        return self.columns[name]

    def with_unseen(self) -> Sums:
        """The same sums, had accounts mailed on through their real blocks; see `policy.unseen`."""
        added = {
            name: value + self.columns[UNSEEN_PREFIX + name]
            if UNSEEN_PREFIX + name in self.columns
            else value
            for name, value in self.columns.items()
        }
        return replace(self, columns=added)


def sums_of(rows: pl.DataFrame, members: NDArray[np.bool_], resamples: Resamples) -> Sums:
    """The sums over these members of the accounts in `rows` (`Contributions`)."""
    ours = rows.filter(pl.Series(members))
    draws, weight = resamples.draws[members], resamples.weight[members]
    columns = ours.select(_columns())
    matrix = columns.to_numpy().astype(np.float64).T
    lists = {name: _sparse(table, ours) for name, table in _tallied(ours).items()}
    pieces = [matrix.sum(axis=1, keepdims=True)]
    tallied = {name: [np.asarray(cells.sum(axis=1)).reshape(-1, 1)] for name, (_, cells) in lists.items()}
    step = max(CELLS // max(len(ours), 1), 1)
    for first in range(0, draws.shape[1], step):
        weights = draws[:, first : first + step] * weight[:, None]
        pieces.append(matrix @ weights)
        for name, (_, cells) in lists.items():
            tallied[name].append(cells @ weights)
    totals = np.concatenate(pieces, axis=1)
    return Sums(
        dict(zip(columns.columns, totals, strict=True)),
        {name: Tally(keys, np.concatenate(tallied[name], axis=1)) for name, (keys, _) in lists.items()},
        ours.select((pl.col("last_day").max() - pl.col("first_day").min()).dt.total_days() + 1).item() or 0,
    )


def _columns() -> list[pl.Expr]:
    """What is added up of each account: the numbers of its contributions, and what is true of it."""
    is_noticed, is_abusive = pl.col("first_notice_on").is_not_null(), pl.col("label") == "abusive"
    is_clean, is_held = pl.col("label") == "clean", pl.col("mail_held") > 0
    is_let_through = pl.col("unseen_mail") > pl.col("unseen_mail_held")
    might_be_noticed = ~is_noticed & is_let_through
    return [
        pl.selectors.numeric(),
        pl.lit(1).alias("accounts"),
        pl.col("is_in_scope"),
        is_noticed.alias("noticed"),
        might_be_noticed.alias("unseen_noticed"),
        pl.col("is_blocked").alias("blocked"),
        (is_let_through & ~pl.col("is_blocked")).alias("unseen_blocked"),
        (is_noticed & pl.col("is_cleared")).alias("cleared"),
        is_held.alias("held"),
        is_clean.alias("clean"),
        (is_clean & is_noticed).alias("clean_noticed"),
        (is_clean & might_be_noticed).alias("unseen_clean_noticed"),
        is_abusive.alias("abusive"),
        (is_abusive & is_noticed).alias("abusive_noticed"),
        (is_abusive & might_be_noticed).alias("unseen_abusive_noticed"),
        *(
            (pl.col(name) * is_it).alias(f"{name}_of_{whose}")
            for whose, is_it in (("clean", is_clean), ("cleared", pl.col("is_cleared")))
            for name in ("good_mail_held", "unseen_good_mail_held")
        ),
        *(
            (pl.col(name) * is_abusive).alias(f"abusive_{name}")
            for name in ("mail_before_notice", "complaints_before_notice")
        ),
    ]


def _tallied(ours: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What is added up by key: columns of keys, and the account's `row` in which each one is met."""
    rows = ours.with_row_index("row")
    is_noticed = pl.col("first_notice_on").is_not_null()
    clean = rows.filter(label="clean").with_columns(is_noticed=is_noticed)
    delay = (pl.coalesce("first_notice_on", "last_day") - pl.col("judged_from")).dt.total_days()
    return {
        "reached": rows.select("row", stage="stages_reached").explode("stage").drop_nulls(),
        "stays": rows.select("row", "stays").explode("stays").drop_nulls().unnest("stays"),
        "reviews": rows.select("row", day="reviewed_on").explode("day").drop_nulls(),
        "delays": rows.filter(label="abusive").select("row", days=delay, is_over=is_noticed),
        "clean_by_industry": clean.select("row", "is_noticed", group="industry"),
        "clean_by_band": clean.select("row", "is_noticed", group=pl.col("band").cast(pl.String)),
    }


def _sparse(table: pl.DataFrame, ours: pl.DataFrame) -> tuple[pl.DataFrame, csr_array]:
    """The keys of a tally, in order, and how often each account meets each."""
    from scipy.sparse import csr_array

    names = [name for name in table.columns if name != "row"]
    keys = table.select(names).unique().sort(names).with_row_index("key")
    met = table.join(keys, on=names)
    shape = (len(keys), len(ours))
    cells = csr_array((np.ones(len(met)), (met["key"].to_numpy(), met["row"].to_numpy())), shape=shape)
    return keys.drop("key"), cells
