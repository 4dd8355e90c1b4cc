"""What happened, in numbers, and the state in which each account begins."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.policy.kernel import layout
from deliverlab.policy.kernel.layout import FOREVER, NONE, Past
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from deliverlab.history import History
    from deliverlab.policy.kernel.layout import Floats, Integers, Records
    from deliverlab.policy.model import Policy


def accounts_in_scope(history: History, *, policy: Policy, start: pl.DataFrame, until: date) -> pl.DataFrame:
    """The accounts to walk, in order: place in the history, industry, first day, and first known day."""
    firsts = history.daily.lazy().group_by("account_id").agg(first_row=pl.col("day").min())
    return (
        history.accounts.lazy()
        .with_row_index("place")
        .filter(pl.col("tier").is_in(policy.tiers) if policy.tiers else True)
        .join(firsts, on="account_id", how="left", maintain_order="left")
        .join(start.lazy().select("account_id", "as_of"), on="account_id", how="left", maintain_order="left")
        .with_columns(first=(pl.col("as_of") + pl.duration(days=1)).fill_null(pl.col("first_row")))
        .filter(pl.col("as_of").is_not_null() | (pl.col("first_row") <= until))
        .with_columns(origin=pl.min_horizontal("first", "first_row"))
        .select("place", "account_id", "industry", "first", "origin")
        .collect()
    )


def past_of(
    accounts: pl.DataFrame, history: History, *, policy: Policy, mode: str, start: pl.DataFrame, until: date
) -> tuple[Records, Past]:
    """A record an account, and what the records point into; `mode` says which reviews are known."""
    ids, places = accounts["account_id"], accounts["place"].to_numpy()
    records = np.zeros(len(ids), layout.ACCOUNT)
    records["number"] = np.arange(len(ids))
    records["first"], records["origin"] = day_numbers(accounts["first"]), day_numbers(accounts["origin"])
    records["days"] = np.maximum(day_number(until) + 1 - records["origin"], 0)
    records["industry"] = accounts["industry"].rank("dense").cast(pl.Int64) - 1
    records["row"], records["rows_end"] = history.arrays.offsets[places], history.arrays.offsets[places + 1]

    blocked = history.enforcement.filter(send_share=0.0).select("account_id", "from_day", "to_day")
    blocked = _by_account(blocked, ids, records, named="block")
    runs = start.select("account_id", "runs").explode("runs").unnest("runs").drop_nulls()
    runs = _by_account(runs, ids, records, named="run")
    dues = _by_account(_reviews_due(history, mode=mode, start=start), ids, records, named="due")
    former = np.zeros(runs.height, layout.RUN)
    former["account"], former["from_day"] = runs["account"], day_numbers(runs["from_day"])
    former["send_share"], former["has_effect"] = runs["send_share"], runs["has_effect"]
    begun = accounts.join(start, on="account_id", how="left", maintain_order="left")
    return records, Past(
        days=history.arrays.days,
        counts=history.arrays.counts,
        block_from=day_numbers(blocked["from_day"]),
        block_to=day_numbers(blocked["to_day"], null=FOREVER),
        runs=former,
        dues=day_numbers(dues["day"]),
        states=_states(begun, policy=policy),
        evidence=_evidence(begun, policy=policy),
    )


def day_numbers(days: pl.Series, *, null: int = NONE) -> Integers:
    """Days since 1970-01-01, in an array of their own: numba takes one that Polars lends for another type."""
    return days.cast(pl.Date).cast(pl.Int64).fill_null(null).to_numpy().copy()


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def _reviews_due(history: History, *, mode: str, start: pl.DataFrame) -> pl.DataFrame:
    """The days on which reviews are known to complete: all of the table, or those of notices given before."""
    if mode in {"historical", "given"}:
        return history.reviews.filter(outcome="completed").select("account_id", day="reviewed_on")
    awaited = start.select("account_id", day="reviews_due").explode("day").drop_nulls()
    return awaited.clear() if mode == "never" else awaited


def _by_account(table: pl.DataFrame, ids: pl.Series, records: Records, *, named: str) -> pl.DataFrame:
    """The table's lines of these accounts, in order; the records are told where each one's lines are."""
    ours = table.join(ids.to_frame().with_row_index("account"), on="account_id")
    ours = ours.sort("account", table.columns[1])
    numbers = np.arange(len(ids))
    records[named] = np.searchsorted(ours["account"].to_numpy(), numbers, side="left")
    records[f"{named}s_end"] = np.searchsorted(ours["account"].to_numpy(), numbers, side="right")
    return ours


def _states(begun: pl.DataFrame, *, policy: Policy) -> Records:
    """Good standing with a window that opens on the first day, or as `start` says."""
    numbers = {name: number for number, name in enumerate((GOOD, *policy.stage_names))}
    states = np.zeros(len(begun), layout.STATE)
    for field in ("stage", "last_left"):
        states[field] = begun[field].fill_null(GOOD).replace_strict(numbers, return_dtype=pl.Int64)
    for field, column in (
        ("entered", "entered_on"),
        ("cleared", "cleared_on"),
        ("effect_from", "effect_from"),
    ):
        states[field] = day_numbers(begun[column])
    states["fresh"] = day_numbers(begun["fresh_from"].fill_null(begun["first"]))
    for count in ("clean_streak", "notices"):
        states[count] = begun[count].fill_null(0)
    states["first_notice"] = NONE
    return states


def _evidence(begun: pl.DataFrame, *, policy: Policy) -> Floats:
    """The sum of each rule: nothing, or as `start` says."""
    sums = begun.select("account_id", "evidence").explode("evidence").unnest("evidence")
    evidence = np.zeros((len(begun), len(policy.rules)))
    for r, rule in enumerate(policy.rules):
        own = begun.join(sums.filter(rule=rule.name), on="account_id", how="left", maintain_order="left")
        evidence[:, r] = own["sum"].fill_null(0.0)
    return evidence
