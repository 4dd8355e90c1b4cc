"""Sums of contributions: of all accounts as they are, and of every resample of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csc_array

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


@dataclass(frozen=True, slots=True)
class Ledger:
    """Contributions as numbers: what is added up of each account, and what by key."""

    names: list[str]
    matrix: Floats  # [column, account]
    tallies: Mapping[str, tuple[pl.DataFrame, csc_array]]  # the keys, and [key, account]
    days: int

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Ledger:
        """The ledger of `Contributions`."""
        columns = rows.select(_columns())
        days = (pl.col("last_day").max() - pl.col("first_day").min()).dt.total_days() + 1
        return cls(
            columns.columns,
            columns.to_numpy().astype(np.float64).T,
            {name: _sparse(table, len(rows)) for name, table in _tallied(rows).items()},
            rows.select(days).item() or 1,  # nobody has none, of which there is no mean
        )

    def sums(self, members: NDArray[np.bool_], resamples: Resamples) -> Sums:
        """The sums over these members of the accounts, as they are and resampled."""
        (places,) = np.nonzero(members)
        parts = {name: cells[:, places] for name, (_, cells) in self.tallies.items()} | {
            "": self.matrix[:, places]
        }
        draws, weight = resamples.draws[places], resamples.weight[places, None]
        step = max(CELLS // max(len(places), 1), 1)
        pieces = [{name: part @ np.ones((len(places), 1)) for name, part in parts.items()}]
        for at in range(0, draws.shape[1], step):
            sample = draws[:, at : at + step] * weight
            pieces.append({name: part @ sample for name, part in parts.items()})
        whole = {name: np.hstack([piece[name] for piece in pieces]) for name in parts}
        return Sums(
            dict(zip(self.names, whole[""], strict=True)),
            {name: Tally(keys, whole[name]) for name, (keys, _) in self.tallies.items()},
            self.days,
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


def _tallied(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What is added up by key: columns of keys, and the account's `row` in which each one is met."""
    rows = rows.with_row_index("row")
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


def _sparse(table: pl.DataFrame, accounts: int) -> tuple[pl.DataFrame, csc_array]:
    """The keys of a tally, in order, and how often each account meets each."""
    from scipy.sparse import csc_array

    names = [name for name in table.columns if name != "row"]
    keys = table.select(names).unique().sort(names).with_row_index("key")
    met = table.join(keys, on=names)
    places = (met["key"].to_numpy(), met["row"].to_numpy())
    return keys.drop("key"), csc_array((np.ones(len(met)), places), shape=(len(keys), accounts))
