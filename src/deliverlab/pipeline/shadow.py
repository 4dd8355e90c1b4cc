"""A simulation that goes on from yesterday, and who moves in it."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from deliverlab.errors import DataError
from deliverlab.metrics import BAND_DAYS
from deliverlab.policy.recorded import recorded
from deliverlab.schemas import Standing

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.policy.model import Policy

RECORDED = "recorded"  # instead of a file: where accounts really stand


class Start(NamedTuple):
    """Where a simulation goes on from, and the hash of the file that says so."""

    standing: dy.DataFrame[Standing]
    sha256: str | None


def open_start(path: Path, /, *, history: History, policy: Policy, until: date) -> Start:
    """The standing in a file, or by the record up to the day before `until`, if it can be gone on from.

    Raises `DataError` where the file is no `Standing`, where it reaches `until` already (an overlap), and
    where the history begins too late for what its windows still need (a gap).
    """
    if str(path) == RECORDED:
        yesterday = history.known_on(until - timedelta(days=1))
        return Start(recorded(yesterday, policy=policy).standing, None)
    try:
        content = path.read_bytes()
        standing = Standing.admit(pl.read_parquet(io.BytesIO(content)), what=str(path))
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: must be a standing.parquet, or {RECORDED} ({reason})") from error
    _refuse_overlap(standing, until=until, what=str(path))
    _refuse_gap(standing, history=history, policy=policy, what=str(path))
    return Start(standing, hashlib.sha256(content).hexdigest())


def movers(transitions: pl.DataFrame, accounts: pl.DataFrame, /) -> pl.DataFrame:
    """day, account_id, name, from, to, cause and why of each step, for people to read.

    `why` holds the numbers of the rule: events of trials with rate and limit, or the evidence and its limit.
    """
    counts = pl.format("{} of {}", _whole("events"), _whole("trials"))
    rate = pl.format("{}: {} = {}, limit {}", "rule", counts, _percent("rate"), _percent("limit"))
    evidence = pl.format("{}: evidence {} above {}, {}", "rule", pl.col("evidence").round(1),
                         pl.col("limit").round(1), counts)  # fmt: skip
    why = pl.when(pl.col("evidence").is_null()).then(rate).otherwise(evidence)
    return (
        transitions.join(accounts.select("account_id", "name"), on="account_id", how="left")
        .sort("day", "account_id")
        .select(
            "day", "account_id", pl.col("name").fill_null(""), pl.col("from_stage").alias("from"),
            pl.col("to_stage").alias("to"), pl.col("cause").cast(pl.String), why=why.fill_null(""),
        )
    )  # fmt: skip


def _whole(column: str) -> pl.Expr:
    return pl.col(column).round().cast(pl.Int64)


def _percent(column: str) -> pl.Expr:
    return pl.format("{}%", (100 * pl.col(column)).round(3))


def _refuse_overlap(standing: pl.DataFrame, *, until: date, what: str) -> None:
    done = standing.filter(pl.col("as_of") >= until)["as_of"]
    if done.len():
        raise DataError(f"{what}: as_of == {done[0]}, must be before {until}, the last day to simulate")


def _refuse_gap(standing: pl.DataFrame, *, history: History, policy: Policy, what: str) -> None:
    """Windows and bands look back into days before the start; those must be in the history."""
    spans = [policy.window, *(policy.span_of(rule) for rule in policy.rules)]
    if any(span.days is None for span in spans):
        reach = pl.col("fresh_from")
    else:
        days = max(policy.window.lag_days + max(span.days or 0 for span in spans) - 1, BAND_DAYS) - 1
        reach = pl.max_horizontal("fresh_from", pl.col("as_of") - pl.duration(days=days))
    needed = standing.select(pl.min_horizontal(reach, pl.col("as_of").dt.offset_by("1d")).min()).item()
    first = history.daily.select(pl.col("day").min()).item()
    if needed is not None and (first is None or first > needed):
        raise DataError(
            f"{what}: needs days from {needed} on, the data begin on {first}: what lies between is missing"
        )
