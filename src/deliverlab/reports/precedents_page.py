"""Precedents under many rulebooks: which of them would have noticed or stopped these accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.reports import numbers, tables
from deliverlab.reports.fragments import fragment

if TYPE_CHECKING:
    from deliverlab.reports.render import Html

LET_ALONE = "–"


def precedents_answer(told: pl.DataFrame, replayed: pl.DataFrame, /) -> Html:
    """The answer: of how many rulebooks each account would have been stopped or noticed.

    `told` has account_id, told, source, sent, hard_bounces and days; `replayed` has account_id, policy,
    noticed_after_days and stopped_after_days, null where it never came to it.
    """
    counted = replayed.group_by("account_id").agg(
        rulebooks=pl.len(),
        stopped=pl.col("stopped_after_days").count(),
        noticed=pl.col("noticed_after_days").count(),
    )
    rows = told.join(counted, on="account_id", maintain_order="left").rows(named=True)
    least = rows[0]
    headline = (
        f"{numbers.counted(least['hard_bounces'], 'bounce')} in {least['sent']} mails: "
        f"{least['stopped']} of {numbers.counted(least['rulebooks'], 'rulebook')} would stop the account"
    )
    return fragment("precedents", words=headline, headline=headline, rows=rows)


def precedents_by_rulebook(told: pl.DataFrame, replayed: pl.DataFrame, /) -> Html:
    """A row a rulebook, a column an account: what it would have come to, and after how many days."""
    said = replayed.select("account_id", "policy", outcome=_outcome())
    shown = said.pivot("account_id", index="policy", values="outcome").sort("policy")
    accounts = [account for account in told["account_id"] if account in shown.columns]
    headings: dict[str, Any] = {"policy": "Rulebook"} | {
        row["account_id"]: f"{numbers.count(row['hard_bounces'])} of {numbers.count(row['sent'])}"
        for row in told.rows(named=True)
        if row["account_id"] in accounts
    }
    table = tables.plain_table(shown.select("policy", *accounts), table_id="precedents").cols_label(headings)
    return tables.as_html(table, "; ".join(" ".join(row) for row in said.sort("policy", "account_id").rows()))


def _outcome() -> pl.Expr:
    noticed, stopped = pl.col("noticed_after_days"), pl.col("stopped_after_days")
    return (
        pl.when(stopped.is_not_null() & (stopped > noticed))
        .then(pl.format("noticed day {}, stopped day {}", noticed + 1, stopped + 1))
        .when(stopped.is_not_null())
        .then(pl.format("stopped day {}", stopped + 1))
        .when(noticed.is_not_null())
        .then(pl.format("noticed day {}", noticed + 1))
        .otherwise(pl.lit(LET_ALONE))
    )
