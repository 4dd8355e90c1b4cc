"""History, policy and scenario as the arrays that the walk needs."""

from __future__ import annotations

import math
from datetime import date
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from deliverlab.metrics import METRICS
from deliverlab.policy import kernel
from deliverlab.policy.kernel import NONE, Assumed, Book, Past
from deliverlab.schemas import BANDS, COUNTS, GOOD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario

FOREVER = 2**31


def in_scope(history: History, *, policy: Policy, start: pl.DataFrame, until: date) -> pl.DataFrame:
    """The accounts to walk, in order, each with its place in the history and the day it begins."""
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


def past(
    accounts: pl.DataFrame,
    history: History,
    *,
    policy: Policy,
    mode: str,
    start: pl.DataFrame,
    groups: NDArray[np.int64],
    until: date,
) -> Past:
    """What happened to these accounts, and what each begins with."""
    ids = accounts["account_id"]
    rows = np.zeros(len(ids), kernel.ACCOUNT)
    rows["number"] = np.arange(len(ids))
    rows["first"], rows["origin"] = day_numbers(accounts["first"]), day_numbers(accounts["origin"])
    rows["days"] = np.maximum(day_number(until) + 1 - rows["origin"], 0)
    rows["industry"] = accounts["industry"].rank("dense").cast(pl.Int64) - 1
    rows["group"] = groups
    place = accounts["place"].to_numpy()
    rows["row"], rows["rows_end"] = history.arrays.offsets[place], history.arrays.offsets[place + 1]

    blocked = _by_account(history.enforcement.filter(send_share=0.0), ids, rows, "from_day", named="block")
    runs = start.select("account_id", "runs").explode("runs").unnest("runs").drop_nulls()
    runs = _by_account(runs, ids, rows, "from_day", named="run")
    dues = _by_account(_reviews_due(history, mode=mode, start=start), ids, rows, "day", named="due")
    former = np.zeros(runs.height, kernel.RUN)
    former["account"] = runs["account"]
    former["from_day"] = day_numbers(runs["from_day"])
    former["send_share"], former["has_effect"] = runs["send_share"], runs["has_effect"]
    states, evidence = _states(accounts, policy=policy, start=start)
    return Past(
        accounts=rows,
        days=history.arrays.days,
        counts=history.arrays.counts,
        block_from=day_numbers(blocked["from_day"]),
        block_to=day_numbers(blocked["to_day"], null=FOREVER),
        runs=former,
        dues=day_numbers(dues["day"]),
        states=states,
        evidence=evidence,
    )


def _reviews_due(history: History, *, mode: str, start: pl.DataFrame) -> pl.DataFrame:
    """The days on which reviews are known to complete: all of history's, or those of notices given before."""
    if mode == "historical":
        return history.reviews.filter(outcome="completed").select("account_id", day="reviewed_on")
    awaited = start.select("account_id", day="reviews_due").explode("day").drop_nulls()
    return awaited.clear() if mode == "never" else awaited


def _by_account(
    table: pl.DataFrame, ids: pl.Series, rows: NDArray[np.void], by: str, *, named: str
) -> pl.DataFrame:
    """The table's lines of these accounts, account by account; `rows` are told where each one's lines are."""
    order = ids.to_frame().with_row_index("account")
    ours = table.join(order, on="account_id").sort("account", by)
    places = ours["account"].to_numpy()
    rows[named] = np.searchsorted(places, np.arange(len(ids)), side="left")
    rows[f"{named}s_end"] = np.searchsorted(places, np.arange(len(ids)), side="right")
    return ours


def _states(
    accounts: pl.DataFrame, *, policy: Policy, start: pl.DataFrame
) -> tuple[NDArray[np.void], NDArray[np.float64]]:
    """The state and the evidence sums that each account begins with: good standing, or as `start` says."""
    stages = {name: number for number, name in enumerate((GOOD, *policy.stage_names))}
    begun = accounts.join(start, on="account_id", how="left", maintain_order="left")
    states = np.zeros(len(begun), kernel.STATE)
    states["stage"] = begun["stage"].fill_null(GOOD).replace_strict(stages, return_dtype=pl.Int64)
    states["last_left"] = begun["last_left"].fill_null(GOOD).replace_strict(stages, return_dtype=pl.Int64)
    states["fresh"] = day_numbers(begun["fresh_from"].fill_null(begun["first"]))
    for field, column in (
        ("entered", "entered_on"),
        ("cleared", "cleared_on"),
        ("effect_from", "effect_from"),
    ):
        states[field] = day_numbers(begun[column])
    for count in ("clean_streak", "notices"):
        states[count] = begun[count].fill_null(0)
    states["first_notice"] = NONE
    evidence = np.zeros((len(begun), len(policy.rules)))
    for r, rule in enumerate(policy.rules):
        sums = begun["evidence"].list.eval(pl.element().filter(pl.element().struct["rule"] == rule.name))
        evidence[:, r] = sums.list.first().struct.field("sum").fill_null(0.0)
    return states, evidence


def book(policy: Policy, *, industries: pl.Series) -> Book:
    """The policy in numbers."""
    rules = np.zeros(len(policy.rules), kernel.RULE)
    limits = np.zeros((len(policy.rules), len(industries), len(BANDS)))
    for r, rule in enumerate(policy.rules):
        span, metric = policy.span_of(rule), METRICS[rule.metric]
        entry: dict[str, Any] = {
            "kind": kernel.KINDS.index(rule.kind),
            "numerator": COUNTS.index(metric.numerator),
            "denominator": COUNTS.index(policy.denominator_of(rule.metric)),
            "is_high_bad": metric.is_high_bad,
            "enters": policy.stage_names.index(policy.stage_entered_by(rule)) + 1,
            "days": _or_none(span.days),
            "sends": _or_none(span.sends),
            "peer": NONE if rule.kind == "rate" else policy.peer_metrics.index(rule.metric),
            "log_ratio": math.log(rule.detect / rule.tolerate),
        }
        for key in ("min_sent", "min_events", "z", "climbs", "tolerate", "detect", "cap"):
            entry[key] = getattr(rule, key)
        for key, value in entry.items():
            rules[key][r] = value
        for i, industry in enumerate(industries):
            limits[r, i] = [rule.limit_for(industry=industry, band=band) for band in BANDS]
    stages = np.zeros(len(policy.stages) + 1, kernel.STAGE)
    stages[0] = (NONE, NONE, 1.0)
    for k, stage in enumerate(policy.stages, start=1):
        stages[k] = (_or_none(stage.grace_days), _or_none(stage.lasts_days), stage.send_share)
    return Book(ladder=_ladder(policy), rules=rules, limits=limits, stages=stages)


def _ladder(policy: Policy) -> kernel.Record:
    """What the policy says of windows and of climbing and leaving, as one record."""
    window, ladder = policy.window, policy.ladder
    record = np.zeros(1, kernel.LADDER)
    record["lag_days"] = window.lag_days
    record["days"], record["sends"] = _or_none(window.days), _or_none(window.sends)
    record["recovery_days"], record["remembers_days"] = ladder.recovery_days, ladder.remembers_days
    record["is_fresh_after_notice"] = "notice" in window.fresh_after
    record["is_fresh_after_clear"] = "clear" in window.fresh_after
    record["escalates_unreviewed"] = ladder.escalates_when == "unreviewed"
    record["clears_on_review"] = "review" in ladder.clears_on
    record["clears_on_recovery"] = "recovery" in ladder.clears_on
    record["reviews_lift_last"] = ladder.reviews_lift_last
    return record[0]


def assumed(
    scenario: Scenario, *, account_ids: Iterable[str], given: NDArray[np.int64], draws: int
) -> Assumed:
    """The scenario in numbers, with the luck of each account's next notices; `given` says how many it had."""
    reviews = np.zeros(1, kernel.REVIEWS)
    reviews["mode"] = kernel.MODES.index(scenario.review.mode)
    reviews["after_days"] = scenario.review.after_days or 0
    luck = [
        [_draw(scenario.seed, account_id, before + i) for i in range(1, draws + 1)]
        for account_id, before in zip(account_ids, given.tolist(), strict=True)
    ]
    return Assumed(
        reviews=reviews[0],
        chance=np.array([0.0, *(scenario.review.chance or ())]),
        draws=np.array(luck, np.float64).reshape(len(luck), draws),
    )


def effects(scenario: Scenario) -> NDArray[np.float64]:
    """What becomes of each column before and after a review: a factor, and what share of hard bounces is avoided."""
    table = np.zeros((2, 2, len(COUNTS)))
    table[:, kernel.FACTOR] = 1.0
    if (effect := scenario.effect) is not None:
        own = [getattr(effect, name.removeprefix("late_"), 1.0) for name in COUNTS]
        table[1, kernel.FACTOR] = [effect.volume * factor for factor in own]
        table[1, kernel.AVOIDED, kernel.SENT] = 1.0 - effect.hard_bounces
    return table


def _draw(seed: int | None, account_id: str, notice: int) -> float:
    """The luck of one notice, the same under every policy."""
    digest = blake2b(f"{seed}\x1f{account_id}\x1f{notice}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _or_none(number: int | None) -> int:
    return NONE if number is None else number


def day_numbers(dates: pl.Series, *, null: int = NONE) -> NDArray[np.int64]:
    """Days since 1970-01-01, in an array of their own: numba takes one that Polars lends for another type."""
    return dates.cast(pl.Date).cast(pl.Int64).fill_null(null).to_numpy().copy()


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days
