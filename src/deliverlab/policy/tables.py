"""What came of a walk, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.policy.diary import Diary, Readings
from deliverlab.policy.kernel import layout
from deliverlab.policy.kernel.layout import NONE, NUMBERS
from deliverlab.schemas import CAUSES, COUNTS, GOOD, Outcomes, Standing, Transitions

if TYPE_CHECKING:
    import dataframely as dy
    from numpy.typing import NDArray

    from deliverlab.policy.kernel.layout import Records
    from deliverlab.policy.model import Policy
    from deliverlab.policy.replay import Replayed


def transitions_of(replayed: Replayed, /) -> dy.DataFrame[Transitions]:
    """Every step."""
    lines, ids, stages = replayed.walked.transitions, replayed.ids, _stages(replayed.policy)
    steps = {
        "account_id": _named(lines["account"], ids),
        "day": _dates(lines["day"]),
        "from_stage": _named(lines["from_stage"], stages),
        "to_stage": _named(lines["to_stage"], stages),
        "cause": _named(lines["cause"], pl.Series(CAUSES)),
        "rule": _named(lines["rule"], _rules(replayed.policy)),
    }
    return Transitions.cast(pl.DataFrame(steps | _numbers(lines)))


def outcomes_of(replayed: Replayed, /) -> dy.DataFrame[Outcomes]:
    """What the walk did to each account."""
    walked, states, stages = replayed.walked, replayed.walked.states, _stages(replayed.policy)
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
        "account_id": replayed.ids,
        "final_stage": _named(states["stage"], stages),
        "first_notice_on": _dates(states["first_notice"]),
    } | {name: pl.Series(numbers.copy()) for name, numbers in (counts | sums).items()}
    return Outcomes.cast(pl.DataFrame(ends).with_columns(days_in_stage=pl.concat_list(days)))


def standing_of(replayed: Replayed, /) -> dy.DataFrame[Standing]:
    """How each account stands at the end."""
    walked, ids, policy, until = replayed
    states, stages = walked.states, _stages(policy)
    summed = [(r, rule.name) for r, rule in enumerate(policy.rules) if rule.kind == "evidence"]
    sums = [
        pl.struct(rule=pl.lit(name), sum=pl.lit(pl.Series(walked.evidence[:, r].copy())))
        for r, name in summed
    ]
    run = pl.struct("from_day", "send_share", "has_effect")
    runs = pl.DataFrame({
        "account": walked.runs["account"].copy(),
        "from_day": _dates(walked.runs["from_day"]),
        "send_share": walked.runs["send_share"].copy(),
        "has_effect": walked.runs["has_effect"].copy(),
    })  # fmt: skip
    dues = pl.DataFrame({"account": walked.dues["account"].copy(), "day": _dates(walked.dues["day"])})
    stands = {
        "account": np.arange(len(ids)),
        "account_id": ids,
        "stage": _named(states["stage"], stages),
        "entered_on": _dates(np.where(states["stage"] == layout.GOOD, NONE, states["entered"])),
        "cleared_on": _dates(states["cleared"]),
        "last_left": _named(np.where(states["last_left"] == layout.GOOD, NONE, states["last_left"]), stages),
        "fresh_from": _dates(states["fresh"]),
        "clean_streak": states["clean_streak"].copy(),
        "notices": states["notices"].copy(),
        "effect_from": _dates(states["effect_from"]),
    }
    return Standing.cast(
        pl.DataFrame(stands)
        .join(runs.group_by("account").agg(runs=run.sort_by("from_day")), on="account", how="left")
        .join(dues.group_by("account").agg(reviews_due=pl.col("day").sort()), on="account", how="left")
        .sort("account")
        .with_columns(
            as_of=pl.lit(until),
            evidence=pl.concat_list(sums) if sums else pl.lit([]),
            reviews_due=pl.col("reviews_due").fill_null([]),
            runs=pl.col("runs").fill_null([]),
        )
    )


def diary_of(replayed: Replayed, /) -> tuple[dy.DataFrame[Diary], dy.DataFrame[Readings]]:
    """The days that were noted, and what every rule saw on them."""
    days, readings = replayed.walked.days, replayed.walked.readings
    stages = _stages(replayed.policy)
    noted = {
        "account_id": _named(days["account"], replayed.ids),
        "day": _dates(days["day"]),
        "stage": _named(days["stage"], stages),
        "is_reviewed": pl.Series(days["is_reviewed"].copy()),
    }
    for c, column in enumerate(COUNTS):
        noted |= {f"{column}_{fate}": pl.Series(days[fate][:, c].copy()) for fate in ("sent", "held")}
    seen = {
        "account_id": _named(readings["account"], replayed.ids),
        "day": _dates(readings["day"]),
        "rule": _named(readings["rule"], _rules(replayed.policy)),
        "window_from": _dates(readings["window_from"]),
        "leads_to": _named(readings["leads_to"], stages),
        "flip_events": _or_null(readings["flip_events"]),
        "flip_mails": _or_null(readings["flip_mails"]),
    } | {name: pl.Series(readings[name].copy()) for name in ("is_silent", "is_breached", "is_unclean")}
    return Diary.cast(pl.DataFrame(noted)), Readings.cast(pl.DataFrame(seen | _numbers(readings)))


def _stages(policy: Policy) -> pl.Series:
    return pl.Series([GOOD, *policy.stage_names])


def _rules(policy: Policy) -> pl.Series:
    return pl.Series([rule.name for rule in policy.rules], dtype=pl.String)


def _numbers(lines: Records) -> dict[str, pl.Series]:
    """What a rule quotes; null where it has nothing to quote."""
    return {name: pl.Series(lines[name].copy()).fill_nan(None) for name in NUMBERS}


def _named(places: NDArray[np.int64], names: pl.Series) -> pl.Series:
    """The names at these places; null where there is none."""
    return names.gather(_or_null(places))


def _dates(days: NDArray[np.int64]) -> pl.Series:
    """Dates from days since 1970-01-01; null where there is none."""
    return _or_null(days).cast(pl.Int32).cast(pl.Date)


def _or_null(numbers: NDArray[np.int64]) -> pl.Series:
    return pl.Series(numbers.copy()).replace(NONE, None)
