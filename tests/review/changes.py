"""Matched sets for tests: reviewed accounts and their matches, each before and after."""

from __future__ import annotations

from datetime import date

import polars as pl

from deliverlab.review.effect import MEASURES, Changes

DAY = date(2026, 5, 20)


def member(
    account: str, number: int, *, before: float, after: float | None, measure: str = "hard_bounce_rate"
) -> dict[str, object]:
    """The reviewed account itself where `number` is 0, else a match; ratios to the peers before and after."""
    return {
        "account_id": account, "reviewed_on": DAY,
        "member_id": account if number == 0 else f"{account}-match-{number}",
        "measure": measure, "outcome": "completed", "tripped_by": "hard_bounce_rate",
        "is_reviewed": number == 0,
        "closeness": 1.0,
        "ratio_before": 1.3 * before, "shrunken_before": before, "expected_before": 10.0,
        "ratio_after": after, "shrunken_after": after,
        "events_before": round(30 * before), "trials_before": 1_000, "spread_before": 0.01,
        "events_after": None if after is None else round(30 * after), "trials_after": 1_000,
        "spread_after": 0.01,
    }  # fmt: skip


def sets(count: int, *, reviewed: float, matched: float, matches: int = 2) -> pl.DataFrame:
    """So many matched sets that were at four times their peers, a little apart, and what became of them."""
    rows = [
        member(f"a{place:02}", number, before=4.0, after=(matched if number else reviewed) * wobble)
        for place in range(count)
        for number in range(matches + 1)
        for wobble in [0.8 + 0.4 * ((place * 7 + number * 3) % 11) / 10]
    ]
    return changes(rows)


def changes(rows: list[dict[str, object]]) -> pl.DataFrame:
    """The rows as `Changes`."""
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return Changes.cast(frame.with_columns(pl.col("measure").cast(pl.Enum(MEASURES))))
