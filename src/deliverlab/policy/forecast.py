"""How it would go on: history as it has been lately, again and again, and the simulator run over it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.history import History
from deliverlab.policy.diary import diary
from deliverlab.policy.simulate import Simulation, simulate

if TYPE_CHECKING:
    from datetime import date

HORIZON_DAYS = 90
PRESENT_DAYS = 14


def forecast(
    result: Simulation,
    /,
    account_ids: pl.Series,
    *,
    horizon_days: int = HORIZON_DAYS,
    present_days: int = PRESENT_DAYS,
) -> Simulation:
    """What the policy does to these accounts in the days after a result, if they go on as at present.

    Nobody knows what an account will do: this is what follows from its present rate, no prediction. The
    scenario of the result goes on too, but history has no reviews of days to come.

    Raises `DataError` where a number of days is below 1.
    """
    for name, days in (("horizon_days", horizon_days), ("present_days", present_days)):
        if days < 1:
            raise DataError(f"{name} = {days}, must be 1 or more")
    until = result.until + timedelta(days=horizon_days)
    standing = result.standing.filter(pl.col("account_id").is_in(account_ids.implode()))
    ahead = go_on(result.history, account_ids, after=result.until, until=until, present_days=present_days)
    return simulate(ahead, policy=result.policy, scenario=result.scenario, start=standing, until=until)


def go_on(
    history: History, account_ids: pl.Series, /, *, after: date, until: date, present_days: int
) -> History:
    """The history of these accounts to a day, and then the present of each repeated to another.

    The present is the last so many days whose counts are known on the day `after`, or all of them where an
    account is younger. Whole weeks keep their weekdays. Counts stay whole, and every day one that there was.
    """
    known = after - timedelta(days=history.known_within_days)
    ours = pl.col("account_id").is_in(account_ids.implode())
    past = history.daily.filter(ours, pl.col("day") <= after)
    age = (pl.lit(known) - pl.col("day").min().over("account_id")).dt.total_days() + 1
    present = (
        past.with_columns(period=pl.min_horizontal(age, pl.lit(present_days, pl.Int64)))
        .filter(pl.col("day") <= known, pl.col("day") > known - pl.duration(days="period"))
        .with_columns(times=pl.int_ranges(1, (until - known).days // pl.col("period") + 2))
    )
    to_come = (
        present.explode("times")
        .with_columns(pl.col("day") + pl.duration(days=pl.col("period") * pl.col("times")))
        .filter(pl.col("day") > after, pl.col("day") <= until)
        .drop("period", "times")
    )
    return History(
        pl.concat([past, to_come]),
        history.accounts.filter(ours),
        peer_rates=history.peer_rates,
        reviews=history.reviews.filter(ours, pl.col("reviewed_on") <= after),
        known_within_days=history.known_within_days,
        until=until,
    )


def first_breaches(ahead: Simulation, /) -> pl.DataFrame:
    """account_id, rule, on_day: when each rule is first breached, unless the account has moved before."""
    _, readings = diary(ahead)
    moves = ahead.transitions.group_by("account_id").agg(first_move=pl.col("day").min())
    return (
        readings.filter("is_breached")
        .group_by("account_id", "rule")
        .agg(on_day=pl.col("day").min())
        .join(moves, on="account_id", how="left")
        .filter(pl.col("first_move").is_null() | (pl.col("on_day") <= pl.col("first_move")))
        .select("account_id", "rule", "on_day")
    )
