"""The walk, and what came of it as tables."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from deliverlab.policy import arrays, kernel
from deliverlab.policy.kernel import NONE, Walked
from deliverlab.policy.peers import peers_of
from deliverlab.schemas import CAUSES, COUNTS, GOOD, Outcomes, Standing, Transitions

if TYPE_CHECKING:
    import dataframely as dy
    from numpy.typing import NDArray

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario

FIRST_DRAWS = 4  # notices an account is expected to get at most; if one gets more, all walk again with more draws
NUMBERS = ("events", "trials", "rate", "limit", "evidence", "peer_rate", "sent")
DAY_ZERO = date(1970, 1, 1)

Tables: TypeAlias = "tuple[dy.DataFrame[Transitions], dy.DataFrame[Outcomes], dy.DataFrame[Standing]]"


def replay(
    history: History, *, policy: Policy, scenario: Scenario, start: pl.DataFrame, until: date
) -> Tables:
    """Transitions, outcomes and standing of what has been checked at the door."""
    accounts = arrays.in_scope(history, policy=policy, start=start, until=until)
    peers, groups = peers_of(accounts, history, policy=policy)
    past = arrays.past(accounts, history, policy=policy, start=start, groups=groups)
    book = arrays.book(policy, industries=accounts["industry"].unique().sort())
    is_chance = scenario.review.mode == "chance"
    draws = FIRST_DRAWS if is_chance else 0
    while True:
        assumed = arrays.assumed(scenario, accounts=accounts, given=past.states["notices"], draws=draws)
        walked = kernel.walk(past, book, assumed, peers, (until - DAY_ZERO).days)
        most = int(walked.states["new_notices"].max(initial=0))
        if not is_chance or most <= draws:
            break
        draws = 2 * most
    ids, stages = accounts["account_id"], pl.Series([GOOD, *policy.stage_names])
    return (
        _transitions(walked, ids, stages=stages, rules=[rule.name for rule in policy.rules]),
        _outcomes(walked, ids, stages=stages),
        _standing(walked, ids, stages=stages, policy=policy, until=until),
    )


def _transitions(walked: Walked, ids: pl.Series, *, stages: pl.Series, rules: list[str]) -> dy.DataFrame[Transitions]:
    lines = walked.transitions
    steps = {
        "account_id": _named(lines["account"], ids),
        "day": _dates(lines["day"]),
        "from_stage": _named(lines["from_stage"], stages),
        "to_stage": _named(lines["to_stage"], stages),
        "cause": _named(lines["cause"], pl.Series(CAUSES)),
        "rule": _named(lines["rule"], pl.Series(rules, dtype=pl.String)),
    }
    numbers = {name: pl.Series(lines[name].copy()).fill_nan(None) for name in NUMBERS}
    return Transitions.cast(pl.DataFrame(steps | numbers))


def _outcomes(walked: Walked, ids: pl.Series, *, stages: pl.Series) -> dy.DataFrame[Outcomes]:
    states = walked.states
    counts = {
        "notices": states["new_notices"],
        "reviews": states["reviews"],
        "sending_days": states["sending_days"],
        "identified_days": states["identified_days"],
    }
    sums = {}
    for c, column in enumerate(COUNTS):
        sums[f"{column}_sent"], sums[f"{column}_held"] = walked.sent[:, c], walked.held[:, c]
    days = [
        pl.struct(stage=pl.lit(stage), days=pl.lit(pl.Series(walked.days_in_stage[:, k].copy())))
        for k, stage in enumerate(stages)
    ]
    ends = {
        "account_id": ids,
        "final_stage": _named(states["stage"], stages),
        "first_notice_on": _dates(states["first_notice"]),
    } | {name: pl.Series(numbers.copy()) for name, numbers in (counts | sums).items()}
    return Outcomes.cast(pl.DataFrame(ends).with_columns(days_in_stage=pl.concat_list(days)))


def _standing(
    walked: Walked, ids: pl.Series, *, stages: pl.Series, policy: Policy, until: date
) -> dy.DataFrame[Standing]:
    states = walked.states
    summed = [(r, rule.name) for r, rule in enumerate(policy.rules) if rule.kind == "evidence"]
    sums = [
        pl.struct(rule=pl.lit(name), sum=pl.lit(pl.Series(walked.evidence[:, r].copy()))) for r, name in summed
    ]
    runs = pl.DataFrame({
        "account": walked.runs["account"].copy(),
        "from_day": _dates(walked.runs["from_day"]),
        "send_share": walked.runs["send_share"].copy(),
        "has_effect": walked.runs["has_effect"].copy(),
    }).group_by("account").agg(runs=pl.struct("from_day", "send_share", "has_effect").sort_by("from_day"))
    dues = pl.DataFrame({
        "account": walked.due["account"].copy(), "day": _dates(walked.due["day"])
    }).group_by("account").agg(reviews_due=pl.col("day").sort())  # fmt: skip
    stands = {
        "account": np.arange(len(ids)),
        "account_id": ids,
        "stage": _named(states["stage"], stages),
        "entered_on": _dates(states["entered"]),
        "cleared_on": _dates(states["cleared"]),
        "last_left": _named(np.where(states["last_left"] == kernel.GOOD, NONE, states["last_left"]), stages),
        "fresh_from": _dates(states["fresh"]),
        "clean_streak": states["clean_streak"].copy(),
        "notices": states["notices"].copy(),
        "effect_from": _dates(states["effect_from"]),
    }
    return Standing.cast(
        pl.DataFrame(stands)
        .join(runs, on="account", how="left", maintain_order="left")
        .join(dues, on="account", how="left", maintain_order="left")
        .with_columns(
            as_of=pl.lit(until),
            evidence=pl.concat_list(sums) if sums else pl.lit([]),
            reviews_due=pl.col("reviews_due").fill_null([]),
            runs=pl.col("runs").fill_null([]),
        )
    )


def _named(places: NDArray[np.int64], names: pl.Series) -> pl.Series:
    """The names at these places; null where there is none."""
    return names.gather(_or_null(places))


def _dates(days: NDArray[np.int64]) -> pl.Series:
    """Dates from days since 1970-01-01; null where there is none."""
    return _or_null(days).cast(pl.Int32).cast(pl.Date)


def _or_null(numbers: NDArray[np.int64]) -> pl.Series:
    return pl.Series(numbers.copy()).replace(NONE, None)
