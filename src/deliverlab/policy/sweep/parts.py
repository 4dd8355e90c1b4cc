"""Sums as a table: so that accounts can be swept in parts, wherever these lie, and added up."""

from __future__ import annotations

import numpy as np
import polars as pl

from deliverlab.columns import exact_sum
from deliverlab.policy.sums import Sums, Tally

KEYS = {
    "columns": ("name",),
    "reached": ("stage",),
    "stays": ("stage", "days", "is_over"),
    "reviews": ("day",),
    "delays": ("days", "is_over"),
    "clean_by_industry": ("group", "is_noticed"),
    "clean_by_band": ("group", "is_noticed"),
}  # what sums are by
SCHEMA = pl.Schema({
    "of": pl.String(), "name": pl.String(), "stage": pl.String(), "day": pl.Date(), "days": pl.Int64(),
    "is_over": pl.Boolean(), "group": pl.String(), "is_noticed": pl.Boolean(), "sums": pl.List(pl.Float64()),
})  # fmt: skip
KEY = tuple(name for name in SCHEMA if name != "sums")


def table_of(sums: Sums, /) -> pl.DataFrame:
    """A row a sum: what it is `of`, its key, and a list with what it comes to under each policy."""
    columns = Tally(pl.DataFrame({"name": [*sums.columns]}), np.stack([*sums.columns.values()]))
    parts = [
        tally.keys.with_columns(of=pl.lit(name), sums=pl.Series(tally.sums.tolist(), dtype=SCHEMA["sums"]))
        for name, tally in {"columns": columns, **sums.tallies}.items()
    ]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts], how="diagonal")


def added(tables: pl.DataFrame, /) -> pl.DataFrame:
    """The rows of several parts with those of one key added up: the same in whatever order parts come.

    >>> one = pl.DataFrame({"of": "reached", "stage": "warned", "sums": [[1.0, 2.0]]})
    >>> rows = pl.concat([pl.DataFrame(schema=SCHEMA), one, one], how="diagonal")
    >>> added(rows)["sums"].to_list()
    [[2.0, 4.0]]
    """
    policy = pl.int_ranges(pl.col("sums").list.len())
    return (
        tables.with_columns(policy=policy)
        .explode("policy", "sums")
        .group_by(*KEY, "policy")
        .agg(exact_sum(pl.col("sums")))
        .sort(*KEY, "policy")
        .group_by(KEY, maintain_order=True)
        .agg("sums")
    )


def sums_of(table: pl.DataFrame, /) -> Sums:
    """The sums that such a table holds."""
    policies, tallies = len(table["sums"][0]), {}
    for name, keys in KEYS.items():
        own = table.filter(of=name).sort(keys)
        figures = np.array(own["sums"].to_list(), np.float64).reshape(own.height, policies)
        tallies[name] = Tally(own.select(keys), figures)
    columns = tallies.pop("columns")
    named = dict(zip(columns.keys["name"], columns.sums, strict=True))
    return Sums(named, tallies, tallies["reviews"].keys.height)  # every day of a sweep has its sum of reviews
