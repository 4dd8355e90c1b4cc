"""Peer rates on Spark: a small reduce between the days of accounts and their simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.peers import baselines, compared, in_cells, months_between
from deliverlab.health.windows import by_week, measured, settled
from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.schemas import Accounts, Daily, PeerRates
from deliverlab.spark.partitions import Rows, taken_apart
from deliverlab.spark.tables import first_and_last, tables_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dataframely as dy
    from pyspark.sql import DataFrame

_CELL = ("effective_from", "industry", "band", "metric")


def peer_rates(
    daily: DataFrame,
    accounts: DataFrame,
    /,
    *,
    known_within_days: int = KNOWN_WITHIN_DAYS,
    denominators: Mapping[str, str] | None = None,
    counted_as: Mapping[str, str] | None = None,
) -> dy.DataFrame[PeerRates]:
    """Monthly rates of every industry, band and metric: the table of `deliverlab.peer_rates`, in Polars.

    All accounts of a cell meet in one partition and become at most forty rows: its sums, and those without
    each of its large accounts. Only these rows come to the driver, where cells are compared with each other.

    Raises `DataError` where a table lacks a column, or `denominators` names what does not exist.
    """
    tables = tables_of(daily=daily, accounts=accounts)
    metrics = measured(denominators)
    months = months_between(*first_and_last(tables["daily"], "day"), known_within_days=known_within_days)
    if not months:
        return PeerRates.create_empty()

    def by_month(rows: pl.DataFrame) -> pl.DataFrame:
        days = Daily.cast(taken_apart(rows, "daily").lazy()).rename({"day": "sent_on"})
        known = Accounts.admit(taken_apart(rows, "accounts"), what="accounts").lazy()
        weeks = by_week(days, keys=("account_id",), metrics=metrics).pipe(settled)
        found = [
            baselines(
                weeks, known, month=month, known_within_days=known_within_days, metrics=metrics,
                counted_as=counted_as,
            ).with_columns(effective_from=month)
            for month in months
        ]  # fmt: skip
        return pl.concat(found).collect()

    def by_cell(rows: pl.DataFrame) -> pl.DataFrame:
        found = []
        for month in rows["effective_from"].unique().to_list() or months[:1]:
            large, cells = in_cells(rows.lazy().filter(effective_from=month))
            of_month = {"effective_from": pl.lit(month)}
            found += [
                cells.with_columns(**of_month, is_large=False),
                large.with_columns(**of_month, is_large=True),
            ]
        return pl.concat(found, how="diagonal").collect()

    by_account = Rows.side_by_side(tables, by="account_id")
    cells = by_account.mapped(by_month).together_by(*_CELL).mapped(by_cell).collected().lazy()
    industries = _industries(tables["accounts"])
    rates: list[pl.LazyFrame] = [PeerRates.create_empty().lazy()]
    for month in months:
        own = cells.filter(effective_from=month).drop("effective_from")
        large = own.filter("is_large").select(*_CELL[1:], "left_out")
        others = own.filter(~pl.col("is_large")).drop("is_large")
        rates.append(compared(large, others, industries, month=month, metrics=metrics))
    return PeerRates.cast(pl.concat(rates)).collect()


def _industries(accounts: Rows) -> pl.LazyFrame:
    """Every industry that an account names."""
    if "industry" not in accounts.like.columns:
        return pl.LazyFrame(schema={"industry": pl.String})
    named = accounts.spark.select("industry").distinct()
    return Rows(named, accounts.like.select("industry")).collected().lazy()
