"""Good accounts: a year of mail whose rates are the peers' own, so that whatever trips them is chance."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from deliverlab.history import History
from deliverlab.metrics import BAND_STARTS, METRICS, band_of
from deliverlab.schemas import COUNTS, METRIC_NAMES, PeerRates

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dataframely as dy
    from numpy.typing import NDArray

    from deliverlab.metrics import Metric
    from deliverlab.policy.model import Policy
    from deliverlab.policy.rule import Rule

    Floats: TypeAlias = NDArray[np.float64]
    Counts: TypeAlias = NDArray[np.int64]

MAIL = {"sent", "delivered"}
FIRST_DAY = date(2024, 1, 1)
LEAST, MOST = 80, 6_000_000  # mails in a month of the smallest and of the largest account
DAY_SPREAD = 0.6  # how much the rate of a day varies, where peers do not say
VOLUME_SHAPE = 4.0  # of the gamma by which the mail of sending days varies


def is_known(rule: Rule, policy: Policy, usual: pl.DataFrame) -> bool:
    """Whether `usual` says how often everything happens that the rule's rate is made of."""
    drawn = {metric.numerator for metric, _ in _rates_of_mail(usual)}
    asked = {METRICS[rule.metric].numerator, policy.denominator_of(rule.metric)}
    return asked <= drawn | MAIL


def _rates_of_mail(usual: pl.DataFrame) -> Iterator[tuple[Metric, pl.DataFrame]]:
    """The metrics that events are drawn by, with their rates: those out of mails sent or delivered."""
    for metric in METRICS.values():
        own = pl.col("denominator").cast(pl.String).fill_null(metric.denominator)
        known = usual.filter(metric=metric.name).with_columns(denominator=own)
        if known.height and known["denominator"][0] in MAIL:
            yield metric, known


def monthly_volumes(rng: np.random.Generator, band: Counts) -> Floats:
    """Mails a month for accounts of these bands, log-uniform within each."""
    edges = np.array([LEAST, *BAND_STARTS[1:], MOST], dtype=np.float64)
    return np.asarray(edges[band] * (edges[band + 1] / edges[band]) ** rng.random(len(band)))


def sending_days(rng: np.random.Generator, accounts: int, *, first: date, days: int) -> Floats:
    """When accounts mail: daily and less on weekends, once a week, or now and then; one row an account."""
    weekday = (np.arange(days) + first.weekday()) % 7
    daily = np.where(weekday < 5, 1.0, 0.4) * np.ones((accounts, 1))
    weekly = (weekday == rng.integers(0, 5, accounts)[:, None]).astype(float)
    sometimes = (rng.random((accounts, days)) < 0.3).astype(float)
    kind = rng.choice(3, accounts, p=(0.5, 0.3, 0.2))[:, None]
    return np.asarray(np.select([kind == 0, kind == 1], [daily, weekly], sometimes), dtype=float)


def mail(rng: np.random.Generator, monthly: Floats, sends: Floats) -> Counts:
    """Mails of each account and day: a Poisson about a mean that varies from day to day."""
    mean_sent = monthly / 30 * sends.shape[1] / np.maximum(sends.sum(axis=1), 1.0)
    drawn = rng.poisson(mean_sent[:, None] * sends * rng.gamma(VOLUME_SHAPE, 1 / VOLUME_SHAPE, sends.shape))
    return np.asarray(drawn, dtype=np.int64)


def good_history(
    rng: np.random.Generator, sent: Counts, *, usual: dy.DataFrame[PeerRates], policy: Policy
) -> History:
    """The history of accounts with this mail, each with the rates of its industry and band in `usual`.

    Accounts are dealt in turn to the industries that have every rate. Their peer rates are what they all have
    together, so that they are compared with themselves, by the policy's denominators. `usual` has one row a
    group and metric.
    """
    accounts, days = sent.shape
    rates = usual.group_by("industry").len().sort("industry")
    industries = rates.filter(pl.col("len") == pl.col("len").max())["industry"].to_list()
    who = pl.DataFrame({
        "account_id": [f"good-{number:06}" for number in range(accounts)],
        "industry": [industries[number % len(industries)] for number in range(accounts)],
        "band": pl.Series(sent.sum(axis=1) * 30 / days),
    }).with_columns(band=band_of(pl.col("band")))  # fmt: skip
    counts = _counts(rng, sent, who, usual=usual.filter(pl.col("metric").is_in(_metrics_of(policy))))
    rows, columns = np.nonzero(sent)
    daily = pl.DataFrame({
        "account_id": who["account_id"].gather(pl.Series(rows)),
        "day": pl.Series(np.datetime64(FIRST_DAY) + columns.astype("timedelta64[D]")).cast(pl.Date),
        **{name: counts[name][rows, columns] for name in COUNTS},
    })  # fmt: skip
    shapes = usual.select("industry", "band", "metric", "shape")
    return History(
        daily,
        who.drop("band"),
        peer_rates=_peers(daily.join(who, on="account_id"), shapes, policy=policy),
        known_within_days=0,
        until=FIRST_DAY + timedelta(days=days - 1),
    )


def _counts(
    rng: np.random.Generator, sent: Counts, who: pl.DataFrame, *, usual: pl.DataFrame
) -> dict[str, Counts]:
    """Every column of `daily`; what no rule counts, or `usual` has no rate of, does not happen."""
    counts: dict[str, Counts] = {"sent": sent, "delivered": sent.copy()}
    for metric, known in _rates_of_mail(usual):
        own = who.join(known, on=["industry", "band"], how="left", maintain_order="left")
        rate = own["rate"].fill_null(0.0).to_numpy()[:, None]
        trials = counts[known["denominator"][0]]
        if metric.is_enforced:
            shape = own["shape"].fill_null(DAY_SPREAD**-2).to_numpy()[:, None]
            rate = rate * rng.gamma(shape * np.ones(sent.shape)) / shape
        counts[metric.numerator] = np.minimum(rng.poisson(trials * rate), trials)
        if metric.numerator.endswith("bounces"):
            counts["delivered"] = counts["delivered"] - np.minimum(
                counts[metric.numerator], counts["delivered"]
            )
    return counts | {name: np.zeros_like(sent) for name in COUNTS if name not in counts}


def _metrics_of(policy: Policy) -> list[str]:
    """The metrics whose events a policy's rates are made of; bounces always, for they are not delivered."""
    asked = {METRICS[rule.metric].numerator for rule in policy.rules}
    asked |= {policy.denominator_of(rule.metric) for rule in policy.rules} | {"hard_bounces", "soft_bounces"}
    return [metric.name for metric in METRICS.values() if metric.numerator in asked]


def _peers(daily: pl.DataFrame, shapes: pl.DataFrame, *, policy: Policy) -> dy.DataFrame[PeerRates]:
    """What all accounts of an industry and band have together, valid from the first day."""
    rows = []
    for metric in policy.peer_metrics:
        events, trials = METRICS[metric].numerator, policy.denominator_of(metric)
        rate = pl.col(events).sum() / pl.col(trials).sum()
        rows.append(
            daily.group_by("industry", "band").agg(rate=rate).with_columns(
                metric=pl.lit(metric, pl.Enum(METRIC_NAMES)), denominator=pl.lit(trials)
            )
        )  # fmt: skip
    if not rows:
        return PeerRates.create_empty()
    together = pl.concat(rows).filter(pl.col("rate").is_not_nan())
    return PeerRates.admit(
        together.with_columns(effective_from=pl.lit(FIRST_DAY))
        .join(shapes, on=["industry", "band", "metric"], how="left")
        .with_columns(pl.col("shape").fill_null(DAY_SPREAD**-2))
        .sort("industry", "band", "metric"),
        what="peer_rates of good accounts",
    )
