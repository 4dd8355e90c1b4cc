"""Does the effect of reviews come out as it was put in? In worlds where accounts fall ill and mend alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from deliverlab.schemas import COUNTS

if TYPE_CHECKING:
    import deliverlab as dl
    from deliverlab.policy.scenario import Effect
    from deliverlab.sample.accounts import Account

LAST_DAY, DAYS = date(2026, 6, 30), 200
QUICK, FULL = (1_600, 2, (401,)), (4_000, 10, (402, 403))  # accounts, groups of them, held-out seeds
ILL_SHARE = 0.6
USUAL_SPELL = 21.0  # days: most illness passes
CHRONIC_SHARE = 0.25  # some does not
RULE = """
name = "far above the peers"
[window]
days = 30
[[rules]]
name = "hard bounces"
metric = "hard_bounce_rate"
kind = "peer"
limit = 2.5
min_sent = 400
min_events = 5
[[rules]]
name = "complaints"
metric = "complaint_rate"
kind = "peer"
limit = 2.5
min_sent = 400
min_events = 5
[[stages]]
name = "probation"
"""
TRUTHS: dict[str, dict[str, float]] = {
    "no effect": {},
    "helps": {"hard_bounces": 0.4, "complaints": 0.7, "volume": 0.9},
}


def figures(*, quick: bool) -> dict[str, Any]:
    """For each truth: how often 95% bounds hold it, the mean estimate, and what before and after say."""
    accounts, groups, seeds = QUICK if quick else FULL
    found: dict[str, Any] = {"accounts_a_group": accounts // groups, "groups": groups * len(seeds)}
    for name, truth in TRUTHS.items():
        told = pl.concat(
            measured(world, group=group, groups=groups, seed=seed)
            for seed in seeds
            for world in [make(accounts=accounts, truth=truth, seed=seed)]
            for group in range(groups)
        )
        found[name] = {
            column: summary(told.filter(column=column), truth.get(column, 1.0))
            for column in ("hard_bounces", "complaints", "volume")
        }
    return found


def summary(told: pl.DataFrame, truth: float) -> dict[str, Any]:
    """What was found in all groups beside what is true; groups without a figure are counted, and left out."""
    known = told.filter(pl.col("multiplier_low").is_not_null())
    held = pl.lit(truth).is_between("multiplier_low", "multiplier_high")
    log_means = known.select(
        pl.col("multiplier", "before_after", "multiplier_low", "multiplier_high").log().mean().exp()
    ).row(0, named=True)
    return {
        "truth": truth,
        "groups_with_a_figure": known.height,
        "coverage": round(known.select(held.mean()).item() or 0.0, 3),
        "estimate": round(log_means["multiplier"], 3),
        "mean_bounds": [round(log_means[f"multiplier_{side}"], 3) for side in ("low", "high")],
        "before_after": round(log_means["before_after"], 3),
        "reviews": round(known.select(pl.col("reviews").mean()).item() or 0.0, 1),
    }


@dataclass(frozen=True)
class World:
    """A history in which some noticed accounts were reviewed, by chance."""

    history: dl.History


def measured(world: World, *, group: int, groups: int, seed: int) -> pl.DataFrame:
    """The multipliers that a part of the world's accounts shows, with the plain comparison."""
    import deliverlab as dl
    from deliverlab.review.multipliers import COLUMNS

    ids = world.history.accounts["account_id"].to_list()[group::groups]
    effect = dl.review_effect(world.history.select(ids), seed=seed)
    plain = effect.effects.select("reviews", "before_after", measure=pl.col("measure").cast(pl.String))
    named = pl.DataFrame({"measure": list(COLUMNS), "column": list(COLUMNS.values())})
    return effect.multipliers.join(named, on="column").join(plain, on="measure")


def make(*, accounts: int, truth: dict[str, float], seed: int) -> World:
    """The sample's accounts and days, with illness that comes and mostly goes, notices, and reviews.

    Half of those noticed review, the worse ones more often, five to fourteen days later. What they leave out
    afterwards is thinned out of what would have happened, so nobody else changes.
    """
    import deliverlab as dl
    from deliverlab.pipeline.road import with_peers
    from deliverlab.policy.scenario import Effect

    rng = np.random.default_rng(seed)
    daily, known = _days(accounts, rng=rng)
    untouched = with_peers(dl.History(daily, known))
    ran = dl.simulate(untouched, policy=dl.Policy.from_text(RULE), scenario=dl.Scenario.never())
    noticed = ran.transitions.sort("account_id").select("account_id", "day", "rate", "limit")
    is_worse = (noticed["rate"] > 1.5 * noticed["limit"]).to_numpy()
    is_reviewed = rng.random(noticed.height) < np.where(is_worse, 0.6, 0.4)
    stages = noticed.select(
        "account_id", from_day=pl.col("day") + pl.duration(days=1), stage=pl.lit("probation"), send_share=1.0
    ).with_columns(
        to_day=pl.col("from_day") + pl.duration(days=pl.lit(pl.Series(rng.integers(4, 14, noticed.height))))
    )
    reviews = stages.filter(pl.Series(is_reviewed)).select(
        "account_id", reviewed_on="to_day", outcome=pl.lit("completed"), reviewer=pl.lit("reviewer-1")
    )
    after = _after(untouched.daily, reviews, effect=Effect(**truth), rng=rng)
    return World(
        dl.History(after, known, peer_rates=untouched.peer_rates, reviews=reviews, enforcement=stages)
    )


def _days(accounts: int, *, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Daily counts of accounts of the sample's kind that have enough mail to trip, and who they are."""
    from deliverlab.sample.accounts import make_account
    from deliverlab.sample.crowd import daily_table
    from deliverlab.sample.plan import day_range, make_plan
    from deliverlab.sample.register import accounts_table
    from deliverlab.sample.traffic import make_daily
    from deliverlab.sample.world import chance

    calendar = day_range(days=DAYS, last_day=LAST_DAY)
    seed, number = int(rng.integers(1, 2**31)), 100
    cast: list[Account] = []
    counted = []
    while len(cast) < accounts:
        number += 1
        luck = chance(seed, number)
        account = make_account(number, rng=luck, first_day=calendar[0], last_day=LAST_DAY)
        if account.story.name == "healthy" and account.monthly_mail > 1_000:
            ill = replace(account, story=replace(account.story, changes=_illness(rng)), parent=None)
            cast.append(ill)
            counted.append(make_daily(make_plan(ill, rng=luck, days=calendar), rng=luck))
    ids = [account.account_id for account in cast]
    return daily_table(ids, calendar, counted), accounts_table(cast)


def _illness(rng: np.random.Generator) -> tuple[Any, ...]:
    """A spell in which rates are some times what they are, or none."""
    from deliverlab.sample.stories import Change

    since = int(rng.integers(45, 150))
    lasts = 10_000 if rng.random() < CHRONIC_SHARE else int(rng.exponential(USUAL_SPELL)) + 1
    times = 1 + rng.lognormal(1.0, 0.7)
    if rng.random() > ILL_SHARE:
        return ()
    factors = {"hard_bounces": times, "complaints": times**0.7, "soft_bounces": times**0.4}
    return (Change(since=since, until=max(since - lasts, 0), factors=factors),)


def _after(
    daily: pl.DataFrame, reviews: pl.DataFrame, *, effect: Effect, rng: np.random.Generator
) -> pl.DataFrame:
    """The days as reviews leave them: from the day after on, each event stays with its factor's chance."""
    placed = daily.join(reviews.select("account_id", "reviewed_on"), on="account_id", how="left")
    is_after = (placed["day"] > placed["reviewed_on"]).fill_null(value=False).to_numpy()
    counts = {name: placed[name].to_numpy() for name in COUNTS}
    bounced = counts["sent"] - counts["delivered"]
    left = effect.model_dump()
    kept = {
        name: rng.binomial(counts[name], np.where(is_after, left.get(name.removeprefix("late_"), 1.0), 1.0))
        for name in COUNTS
    }
    avoided = counts["hard_bounces"] - kept["hard_bounces"]
    kept["sent"] = counts["delivered"] + bounced - avoided
    volume = np.where(is_after, left["volume"], 1.0)
    scaled = {name: rng.binomial(kept[name], volume) for name in COUNTS if name != "sent"}
    scaled["sent"] = scaled["delivered"] + rng.binomial(kept["sent"] - counts["delivered"], volume)
    scaled["hard_bounces"] = np.minimum(scaled["hard_bounces"], scaled["sent"] - scaled["delivered"])
    return daily.with_columns(**{name: pl.Series(scaled[name]) for name in COUNTS}).filter(pl.col("sent") > 0)
