"""Excess: the bad events of mail beyond what peers would have had with as much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.columns import exact_sum
from deliverlab.metrics import HARM, METRICS
from deliverlab.peer_lookup import denominators_of, peer_rates_on
from deliverlab.policy.book import assumed_of
from deliverlab.policy.kernel.layout import AVOIDED, FACTOR
from deliverlab.policy.mail import peer_rates_of
from deliverlab.schemas import COUNTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.history import History
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.simulate import Simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """How the events of a metric are measured: all of them, against peers' rates of those known in time."""

    metric: str
    denominator: str
    lateness: float  # all events over those known in time

    @property
    def numerator(self) -> str:
        """The column of the events that are known in time."""
        return METRICS[self.metric].numerator

    def events(self) -> pl.Expr:
        """All events, the late ones too."""
        late = f"late_{self.numerator}"
        return pl.col(self.numerator) + pl.col(late) if late in COUNTS else pl.col(self.numerator)

    def expected(self, trials: pl.Expr) -> pl.Expr:
        """The events that peers would have had; null where there are no peer rates yet."""
        return trials * pl.col(self.metric) * self.lateness


def yardsticks_of(history: History) -> Mapping[str, Yardstick]:
    """One for each metric that harms.

    Peer rates speak of what is known in time, and harm is done by late events too: peers are expected to have
    as many of these for each one in time as all accounts of the history have.
    """
    sums = history.totals
    changed = denominators_of(peer_rates_of(history))
    found = {}
    for name in HARM:
        metric = METRICS[name]
        known, late = sums[metric.numerator], sums.get(f"late_{metric.numerator}", 0)
        found[name] = Yardstick(
            metric=name,
            denominator=changed.get(name, metric.denominator),
            lateness=1 + late / known if known else 1.0,
        )
    return found


def excess_by_account(
    mail: pl.LazyFrame, result: Simulation, *, yardsticks: Mapping[str, Yardstick]
) -> pl.LazyFrame:
    """What each account's mail was and did, and what the policy held of it: a row an account.

    `mail` is by `mail.PART`. Excess is observed less expected, and below zero where an account does better
    than its peers: cut off at zero, chance alone would look like harm. Nothing is shrunken in what was
    observed: the mail was sent, its events are known, and the policy held it for what came before, not for
    them. What is shrunken is the expectation, in the peer rates themselves. `harm` adds the metrics up in
    complaints (`metrics.HARM`).

    A figure is of history's mail; `…_left` is what reviews leave of it, and `…_held` what of that the policy
    did not let through.
    """
    industries = result.history.accounts.lazy().select("account_id", "industry")
    parts = mail.join(industries, on="account_id").pipe(_beside_peers, result.history).collect().lazy()
    left = parts.with_columns(**_left_by_reviews(result.scenario))
    held = left.with_columns(pl.col(COUNTS) * (1 - pl.col("send_share")))
    measured = [
        parts.select("account_id", *_figures(yardsticks)),
        left.select("account_id", *_figures(yardsticks, suffix="_left")),
        held.select("account_id", *_figures(yardsticks, suffix="_held")),
        held.select("account_id", *_noticed(yardsticks, result=result)),
    ]
    return (
        pl.concat(measured, how="diagonal")
        .group_by("account_id")
        .agg(exact_sum(pl.exclude("account_id").fill_null(0.0)))
    )


def _beside_peers(parts: pl.LazyFrame, history: History) -> pl.LazyFrame:
    """Each part with the peer rate of each metric that harms, in a column named like the metric."""
    key = ("account_id", "industry", "band", "compared_on")
    groups = parts.select(key).unique().with_columns(day="compared_on")
    rates = peer_rates_on(peer_rates_of(history).lazy(), groups.filter(pl.col("day").is_not_null()))
    wide = rates.group_by(key).agg(
        pl.col("peer_rate").filter(metric=name).first().alias(name) for name in HARM
    )
    return parts.join(wide, on=key, how="left")


def _left_by_reviews(scenario: Scenario) -> dict[str, pl.Expr]:
    """Each count after the effect of a review where there was one; see the scenario file's `effect`."""
    effects = assumed_of(scenario).effects[1]
    return {
        name: pl.when("has_effect")
        .then(effects[FACTOR, i] * (pl.col(name) - effects[AVOIDED, i] * pl.col("hard_bounces")))
        .otherwise(pl.col(name))
        for i, name in enumerate(COUNTS)
    }


def _figures(yardsticks: Mapping[str, Yardstick], *, suffix: str = "") -> list[pl.Expr]:
    excess = {
        name: yardstick.events() - yardstick.expected(pl.col(yardstick.denominator))
        for name, yardstick in yardsticks.items()
    }
    harm = pl.sum_horizontal(excess[name] * weight for name, weight in HARM.items())
    good = pl.col("delivered") - pl.col("complaints") - pl.col("late_complaints")
    figures = {
        "mail": pl.col("sent").cast(pl.Float64),
        "good_mail": good.cast(pl.Float64),
        "compared_mail": pl.when(pl.any_horizontal(pl.col(*HARM).is_not_null()))
        .then(pl.col("sent"))
        .cast(pl.Float64),
        "harm": harm,
        **{f"excess_{yardsticks[name].numerator}": value for name, value in excess.items()},
    }
    return [figure.alias(f"{name}{suffix}") for name, figure in figures.items()]


def _noticed(yardsticks: Mapping[str, Yardstick], *, result: Simulation) -> list[pl.Expr]:
    """The harm held in the metric that was noticed: as it came, and had it gone on at the rate noticed."""
    came, went_on = [], []
    for name, yardstick in yardsticks.items():
        is_it = pl.col("noticed_metric") == name
        expected = yardstick.expected(pl.col(yardstick.denominator))
        at_that_rate = (
            pl.col("noticed_rate") * pl.col(result.policy.denominator_of(name)) * yardstick.lateness
        )
        came.append(pl.when(is_it).then((yardstick.events() - expected) * HARM[name]))
        went_on.append(pl.when(is_it).then((at_that_rate - expected) * HARM[name]))
    return [pl.coalesce(came).alias("noticed_harm_held"), pl.coalesce(went_on).alias("naive_harm_held")]
