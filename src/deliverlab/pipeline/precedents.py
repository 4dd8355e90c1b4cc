"""Precedents under any rulebook: who would have been noticed or stopped, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.health.published import published_peer_rates
from deliverlab.history import History
from deliverlab.pipeline.lookup import load_policy
from deliverlab.pipeline.road import simulate
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from deliverlab.sample.precedents import FIRST_DAY, precedent_accounts, precedent_mail
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliverlab.policy.simulate import Simulation

QUIET_DAYS = 60  # after the last mail: how long rules may still act on it


class ReplayedPrecedents(Table):
    """A row a precedent and policy; days are counted from the first mail; null where it never came to it."""

    account_id = dy.String(primary_key=True)
    policy = dy.String(primary_key=True)
    noticed_after_days = dy.Int64(nullable=True, min=0)
    stopped_after_days = dy.Int64(nullable=True, min=0)
    gravest_stage = dy.String()
    rule = dy.String(nullable=True)
    events = dy.Float64(nullable=True)
    trials = dy.Float64(nullable=True)


def precedent_history(*, edition: str = "mailchimp-2014") -> History:
    """The precedents as a history, compared with published rates: nobody knows their real peers.

    Peers are an edition's average of all industries, with the spread that is usual.
    """
    mail = precedent_mail()
    return History(
        mail,
        precedent_accounts(),
        peer_rates=published_peer_rates({}, edition=edition, effective_from=FIRST_DAY),
        until=max(mail["day"]) + timedelta(days=QUIET_DAYS),
    )


def replay_precedents(
    policies: Iterable[str] | None = None, /, *, edition: str = "mailchimp-2014"
) -> dy.DataFrame[ReplayedPrecedents]:
    """What each policy (by default every preset) would have done to each precedent, never reviewed.

    Stopped means in a stage that lets no mail through. The rule and its numbers are the first notice’s.

    >>> found = replay_precedents(["amazon-ses-like"]).filter(account_id="one-of-13")
    >>> found["gravest_stage"].item()
    'good'
    """
    history = precedent_history(edition=edition)
    rows = [
        _replayed(history, load_policy(name), name=name)
        for name in dict.fromkeys(policies or Policy.presets())
    ]
    return ReplayedPrecedents.validate(pl.concat(rows).sort("account_id", "policy"), cast=True)


def _replayed(history: History, policy: Policy, *, name: str) -> pl.DataFrame:
    result = simulate(history, policy=policy, scenario=Scenario.never())
    firsts = history.daily.group_by("account_id").agg(first_day=pl.col("day").min())
    notices = _notices(result).join(firsts, on="account_id").sort("day")
    days = (pl.col("day") - pl.col("first_day")).dt.total_days()
    found = notices.group_by("account_id").agg(
        noticed_after_days=days.first(),
        stopped_after_days=days.filter("is_stopped").first(),
        gravest_stage=pl.col("to_stage").sort_by("place").last(),
        rule=pl.col("rule").first(), events=pl.col("events").first(), trials=pl.col("trials").first(),
    )  # fmt: skip
    return (
        history.accounts.select("account_id", policy=pl.lit(name))
        .join(found, on="account_id", how="left")
        .with_columns(pl.col("gravest_stage").fill_null(GOOD))
    )


def _notices(result: Simulation) -> pl.DataFrame:
    """Every step into a stage, with the stage's place on the ladder and whether it stops all mail."""
    ladder = pl.DataFrame(
        {
            "to_stage": result.policy.stage_names,
            "place": range(len(result.policy.stages)),
            "is_stopped": [stage.send_share == 0 for stage in result.policy.stages],
        }
    )
    return result.transitions.join(ladder, on="to_stage")
