"""How far history can answer: the share of what a simulation says that was really observed."""

from __future__ import annotations

import polars as pl

IDENTIFIED_ENOUGH = 0.9  # below it an estimate is no more than a bound


def is_bound(identified_days: float, sending_days: float) -> bool:
    """Whether too little was observed for more than bounds; of nothing, nothing is missing.

    >>> is_bound(89, 100), is_bound(90, 100), is_bound(0, 0)
    (True, False, False)
    """
    return identified_days < IDENTIFIED_ENOUGH * sending_days


def identified_share(outcomes: pl.DataFrame, /) -> float:
    """The share of simulated mail-days that were really observed; 1 where there were none to observe."""
    observed, sending = outcomes.select(pl.col("identified_days", "sending_days").sum()).row(0)
    return observed / sending if sending else 1.0


def identified(outcomes: pl.DataFrame, /) -> str:
    """How far history can answer, in a sentence: the share of simulated mail-days that were really observed.

    Days on which an account was really blocked and would not have been have no outcome; they are not zero.
    """
    observed, sending = outcomes.select(pl.col("identified_days", "sending_days").sum()).row(0)
    if not sending:
        return "No account would have sent mail: there is nothing to observe."
    caution = ", too few: take its figures as bounds" if is_bound(observed, sending) else ""
    return f"History shows {identified_share(outcomes):.1%} of these {sending:,} mail-days{caution}."
