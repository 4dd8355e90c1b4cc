"""Who looked like whom: profiles of reviewed accounts, and of all that could stand in for them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.ratios import ratios
from deliverlab.review.matching import PROFILED, TIMES, Matches, Profiles, matches, top

if TYPE_CHECKING:
    from collections.abc import Iterable

    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.review.spells import Answers, Spells

LOOK_EVERY = 7  # days between the looks at accounts that could match
FOREVER = date(9999, 12, 31)
_LOOK = ["account_id", "day"]


def alike(
    history: History,
    answered: dy.DataFrame[Answers],
    found: dy.DataFrame[Spells],
    *,
    settled_on: date,
    window_days: int,
) -> dy.DataFrame[Matches]:
    """The accounts that stand in for each reviewed one; those are looked at on the day of their notice."""
    chosen = history.select(answered["account_id"].unique())
    noticed = answered.select("account_id", "reviewed_on", "was_noticed", day="noticed_on")
    seen = _now(chosen, days=noticed["day"], window_days=window_days).join(noticed, on=_LOOK, how="semi")
    reviewed = noticed.join(_profiles(chosen, seen, window_days=window_days), on=_LOOK)
    if not reviewed.height:
        return Matches.create_empty()
    least = reviewed.select(top().min()).item() / TIMES
    looks = _looks(history, found, until=settled_on, least=least, window_days=window_days)
    candidates = _unreviewed(looks, history, settled_on=settled_on, window_days=window_days)
    return matches(reviewed.with_columns(may_end_on=pl.lit(FOREVER)), candidates, window_days=window_days)


def _looks(
    history: History, found: dy.DataFrame[Spells], *, until: date, least: float, window_days: int
) -> pl.DataFrame:
    """Profiles of accounts above `least` in some metric: each week, and in a stage on the day of its notice.

    An account passes a limit, whatever the limit is, at a new high. So without a notice a look counts only
    where the account is at its highest in a window: on the way down it would be as high, and about to mend.
    """
    first = history.daily["day"].min()
    assert isinstance(first, date)  # somebody was reviewed, and had mail
    weekly = pl.date_range(first, until, f"{LOOK_EVERY}d", eager=True)
    noticed = history.select(found["account_id"].unique())
    seen = pl.concat([
        _now(history, days=weekly, window_days=window_days),
        _now(noticed, days=found["noticed_on"], window_days=window_days),
    ]).unique(_LOOK)  # fmt: skip
    stages = found.select("account_id", "noticed_on", "to_day", was_noticed=pl.lit(value=True))
    is_inside = (pl.col("day") > pl.col("noticed_on")) & (
        pl.col("to_day").is_null() | (pl.col("day") <= pl.col("to_day"))
    )
    inside = seen.select(_LOOK).join(stages, on="account_id").filter(is_inside)
    high_before = top().rolling_max_by("day", f"{window_days}d", closed="left").over("account_id")
    ill = (
        seen.sort(_LOOK)
        .with_columns(is_high=high_before.is_null() | (top() >= high_before))
        .join(inside, on=_LOOK, how="anti")
        .join(stages, left_on=_LOOK, right_on=["account_id", "noticed_on"], how="left")
        .with_columns(pl.col("was_noticed").fill_null(value=False))
        .filter((top() >= least) & (pl.col("is_high") | pl.col("was_noticed")))
    )
    return _profiles(history.select(ill["account_id"].unique()), ill, window_days=window_days)


def _unreviewed(
    looks: pl.DataFrame, history: History, *, settled_on: date, window_days: int
) -> dy.DataFrame[Profiles]:
    """The looks that no review came near: none in the two windows before, and the next one known."""
    reviews = history.reviews.select("account_id", "reviewed_on").sort("reviewed_on")
    last, following = (reviews.rename({"reviewed_on": name}) for name in ("last", "following"))
    two_windows = pl.duration(days=2 * window_days)
    return Profiles.cast(
        looks.sort("day")
        .join_asof(last, left_on="day", right_on="last", by="account_id", check_sortedness=False)
        .filter(pl.col("last").is_null() | (pl.col("last") < pl.col("day") - two_windows))
        .join_asof(
            following, left_on="day", right_on="following", by="account_id", strategy="forward",
            allow_exact_matches=False, check_sortedness=False,
        )
        .with_columns(
            may_end_on=pl.min_horizontal(pl.col("following") - pl.duration(days=1), pl.lit(settled_on))
        )
        .select(Profiles.column_names())
        .sort(_LOOK)
    )  # fmt: skip


def _now(history: History, *, days: Iterable[date], window_days: int) -> pl.DataFrame:
    """What every account is on each day: industry, band and shrunken ratios, 1 where nothing is known."""
    seen = ratios(history, days=days, window_days=window_days, metrics=PROFILED)
    return seen.group_by(_LOOK, maintain_order=True).agg(
        pl.col("industry", "band").first(), _side_by_side().alias("now")
    )


def _profiles(history: History, seen: pl.DataFrame, *, window_days: int) -> pl.DataFrame:
    """The same with what the accounts were lately and a window before, all beside the peers of now."""
    known = history.known_within_days
    spans = {"lately": (max(window_days // 3, 1), known), "before": (window_days, known + window_days)}
    unknown = pl.lit([1.0] * len(PROFILED), pl.Array(pl.Float64, len(PROFILED)))
    for name, (days, lag) in spans.items():
        found = ratios(history, days=seen["day"], window_days=days, lag_days=lag, metrics=PROFILED)
        side = found.join(seen, on=_LOOK, how="semi").group_by(_LOOK).agg(_side_by_side().alias(name))
        seen = seen.join(side, on=_LOOK, how="left", maintain_order="left").with_columns(
            pl.col(name).fill_null(unknown)
        )
    return seen


def _side_by_side() -> pl.Expr:
    """The shrunken ratios of the metrics of a profile, in their order."""
    metric, ratio = pl.col("metric").cast(pl.String), pl.col("shrunken_ratio")
    each = [ratio.filter(metric == name).first().fill_null(1.0) for name in PROFILED]
    return pl.concat_list(each).list.to_array(len(PROFILED))
