"""Precedents: accounts whose trouble was told in public with its figures, to try any rulebook on."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.schemas import COUNTS, Accounts, Daily

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_DAY = date(2026, 1, 5)  # a Monday; when it really was is seldom told
TIER = "free"  # so that policies for small plans apply too


class Precedents(Table):
    """What was told of each account, by whom, and on how many days it sent what."""

    account_id = dy.String(primary_key=True)
    told = dy.String()
    source = dy.String()
    days = dy.Int64(min=1)
    sent = dy.Int64(min=1)
    hard_bounces = dy.Int64(min=0)


def precedents() -> dy.DataFrame[Precedents]:
    """Every account in the order of its mail, the least first, with what was told of it and where.

    >>> precedents().filter(account_id="one-of-13").select("sent", "hard_bounces").row(0)
    (13, 1)
    """
    told = pl.DataFrame([{name: case[name] for name in ("account_id", "told", "source")} for case in _told()])
    summed = (
        precedent_mail()
        .group_by("account_id")
        .agg(pl.col("sent", "hard_bounces").sum(), days=(pl.col("day").max() - pl.col("day").min()))
        .with_columns(pl.col("days").dt.total_days() + 1)
    )
    return Precedents.validate(told.join(summed, on="account_id").sort("sent", "account_id"), cast=True)


def precedent_accounts() -> dy.DataFrame[Accounts]:
    """The same accounts as a provider would know them: of no known industry, on a free plan."""
    known = [
        {"account_id": case["account_id"], "name": case["account_id"], "tier": TIER, "label": "unknown"}
        for case in _told()
    ]
    return Accounts.admit(pl.DataFrame(known), what="precedents")


def precedent_mail() -> dy.DataFrame[Daily]:
    """Their mail day by day, from one made-up Monday on; what was not told is counted as none."""
    rows = [row for case in _told() for row in _days_of(case)]
    return Daily.validate(pl.DataFrame(rows).sort("account_id", "day"), cast=True)


def _told() -> list[dict[str, Any]]:
    file = resources.files("deliverlab.sample") / "precedents.toml"
    return list(tomllib.loads(file.read_text("utf-8"))["precedents"])


def _days_of(case: Mapping[str, Any]) -> list[dict[str, object]]:
    """A row a day with mail: each mailing spread evenly over its days, in whole mails."""
    rows: list[dict[str, object]] = []
    day = FIRST_DAY
    for mailing in case["mailings"]:
        day += timedelta(days=mailing.get("after_days", 0))
        over = mailing.get("over_days", 1)
        for i in range(over):
            counts = {name: mailing.get(name, 0) * (i + 1) // over - mailing.get(name, 0) * i // over
                      for name in COUNTS}  # fmt: skip
            counts["delivered"] = counts["sent"] - counts["hard_bounces"]
            rows.append({"account_id": case["account_id"], "day": day + timedelta(days=i)} | counts)
        day += timedelta(days=over - 1)
    return rows
