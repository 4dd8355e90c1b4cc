"""What an account's mail says of its rate, given what rates its peers have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.columns import of_columns
from deliverlab.health import clusters
from deliverlab.metrics import METRICS
from deliverlab.schemas import GRADES, NOT_ENOUGH_MAIL

if TYPE_CHECKING:
    from deliverlab.columns import Floats

USUAL_SPREAD = 0.25  # tau2 where peers do not say: accounts differ by half their rate
LEAST_SPREAD, MOST_SPREAD = 0.1, 0.5  # of tau2: what is known of peers weighs as 10 to 2 expected events
ILL_SHARE, ILL_RATIO = 0.03, 5.0  # accounts of another kind, and their mean ratio: it may be anything
POOR_Z, POOR_RATIO = 2.326, 1.5  # as far out is one healthy account in a hundred
FAIR_Z, FAIR_RATIO = 1.645, 1.25  # one in twenty
TAIL = 1.5  # times tau2, in z: peers have more outliers than a gamma of that variance
LEAST_PROBABILITY = 1e-300  # of what is told apart from never
LEAST_EVENTS = 3  # two mistyped addresses make nobody poor
SURE = 0.9  # probability at which an account is said to be better than its peers

_HIGH_IS_BAD = pl.col("metric").is_in([metric.name for metric in METRICS.values() if metric.is_high_bad])


def add_posterior(compared: pl.LazyFrame) -> pl.LazyFrame:
    """Adds `ratio`, `shrunken_ratio`, `shrunken_rate`, `twice_peers_probability`, `percentile`, `z`, `grade`.

    The account's rate is its peers' rate times a ratio. Before its mail is looked at, the ratio is that of
    any peer: gamma with mean 1 and variance `tau2`; but one account in 33 is ill, and of its ratio little is
    known (exponential, mean `ILL_RATIO`). Its mail adds events against those expected, both divided by phi,
    since mails of one day are not so many witnesses. The result is a mixture of two gammas (the gamma-Poisson
    model), and all but `ratio` and `z` is read from it. `ratio` is raw: the rate over the peers'. Opens and
    clicks have no ill kind.

    phi rests on the day spread of the peers, not on the account's own days: those must not be its excuse. So
    more events out of the same mail always move the ratio, and no grade, the same way.

    - `percentile`: the share of healthy peers whose ratio is below the shrunken one.
    - `z`: how far out its events are among those that a healthy peer with this mail could have had by its
      own difference, its days and chance: negative binomial, as a normal deviate (mid-P). Equally many
      healthy accounts lie beyond a z whatever their industry or volume.
    - `grade`: see `_grade`.

    All are null, and the grade "not enough mail to tell", where there are no trials or no peers.
    """
    expected = pl.col("peer_rate") * pl.col("trials")
    spread = clusters.window_spread(pl.col("day_spread"), pl.col("week_correlation"))
    phi = clusters.phi(pl.col("spread"), events=pl.col("events"))
    is_known = (pl.col("trials") > 0) & (pl.col("peer_rate") > 0)
    return (
        compared.with_columns(
            prior=pl.when(is_known).then(_prior(pl.col("tau2"))), expected=expected, spread=spread
        )
        .with_columns(
            evidence=expected / clusters.phi(pl.col("spread"), events=expected),
            ratio=pl.when(is_known).then(pl.col("events") / expected),
            seen=pl.col("events") / phi,
            looked_for=expected / phi,
        )
        .with_columns(ill_probability=_ill_probability())
        .with_columns(
            shrunken_ratio=_shrunken_ratio(), twice_peers_probability=_above(pl.lit(2.0)), z=_deviate()
        )
        .with_columns(
            shrunken_rate=pl.col("peer_rate") * pl.col("shrunken_ratio"),
            percentile=1 - _survival(pl.col("prior"), pl.col("prior") * pl.col("shrunken_ratio")),
            grade=_grade(),
        )
    )


def peer_range(tau2: pl.Expr, *, share: float) -> pl.Expr:
    """The ratio that this share of peers stays below, given how far they differ."""
    from scipy.special import gammaincinv

    prior = _prior(tau2)
    return of_columns(gammaincinv, prior, pl.lit(share)) / prior


def peer_spread(tau2: pl.Expr) -> pl.Expr:
    """The variance of peers' ratios that is reckoned with: theirs, but neither none nor any."""
    return tau2.fill_null(USUAL_SPREAD).clip(LEAST_SPREAD, MOST_SPREAD)


def _prior(tau2: pl.Expr) -> pl.Expr:
    """How many expected events what is known of the peers weighs."""
    return 1 / peer_spread(tau2)


def _grade() -> pl.Expr:
    """What can be said of the account, high being bad (mirrored where low is).

    Poor: so far out as one healthy peer in a hundred, and, so that what is told also matters, more likely
    than not above `POOR_RATIO` times the peers' rate, by `LEAST_EVENTS` or more. Else, where its own mail
    weighs less than what is known of its peers, there is not enough mail to tell. Fair: so far out as one in
    twenty, and more likely than not above `FAIR_RATIO`. Excellent: below the peers' rate with `SURE`
    probability. Good: the rest, about as its peers. There is no volume at which this changes.
    """
    z = pl.col("z") * pl.when(_HIGH_IS_BAD).then(1.0).otherwise(-1.0)
    is_enough = (pl.col("events") >= LEAST_EVENTS) | ~_HIGH_IS_BAD
    return (
        pl.when(pl.col("prior").is_null()).then(pl.lit(NOT_ENOUGH_MAIL))
        .when((z >= POOR_Z) & (_worse_than(POOR_RATIO) > 1 / 2) & is_enough).then(pl.lit("poor"))
        .when(pl.col("evidence") < pl.col("prior")).then(pl.lit(NOT_ENOUGH_MAIL))
        .when((z >= FAIR_Z) & (_worse_than(FAIR_RATIO) > 1 / 2)).then(pl.lit("fair"))
        .when(_worse_than(1.0) <= 1 - SURE).then(pl.lit("excellent"))
        .otherwise(pl.lit("good"))
        .cast(pl.Enum(GRADES))
    )  # fmt: skip


def _worse_than(times: float) -> pl.Expr:
    """The probability that the account is so many times as bad as its peers."""
    above = _above(pl.when(_HIGH_IS_BAD).then(times).otherwise(1 / times))
    return pl.when(_HIGH_IS_BAD).then(above).otherwise(1 - above)


def _ill_probability() -> pl.Expr:
    """How probably the account is ill: by Bayes' rule, from how well each kind foretells its events."""
    # Never divided by what is one number in some pieces of a column and many in others: by one number Polars
    # multiplies with the reciprocal, and the last digit would hang on where columns are cut.
    odds_before = pl.when(_HIGH_IS_BAD).then(ILL_SHARE / (1 - ILL_SHARE)).otherwise(0.0)
    odds = (
        _log_likelihood(pl.lit(1.0), pl.lit(1 / ILL_RATIO))
        - _log_likelihood(pl.col("prior"), pl.col("prior"))
    ).clip(-700.0, 700.0).exp() * odds_before
    return odds / (1 + odds)


def _log_likelihood(shape: pl.Expr, rate: pl.Expr) -> pl.Expr:
    """Of the events seen, where the ratio is gamma; up to what does not depend on that gamma."""
    after = shape + pl.col("seen")
    return (
        shape * rate.log()
        - _log_gamma(shape)
        + _log_gamma(after)
        - after * (rate + pl.col("looked_for")).log()
    )


def _log_gamma(value: pl.Expr) -> pl.Expr:
    from scipy.special import gammaln

    return of_columns(gammaln, value)


def _mixed(healthy: pl.Expr, ill: pl.Expr) -> pl.Expr:
    return healthy + pl.col("ill_probability") * (ill - healthy)


def _shrunken_ratio() -> pl.Expr:
    """The mean of the ratio, given the mail."""
    seen, looked_for, prior = pl.col("seen"), pl.col("looked_for"), pl.col("prior")
    return _mixed((prior + seen) / (prior + looked_for), (1 + seen) / (1 / ILL_RATIO + looked_for))


def _above(ratio: pl.Expr) -> pl.Expr:
    """The probability that the account's ratio is above this one."""
    seen, looked_for, prior = pl.col("seen"), pl.col("looked_for"), pl.col("prior")
    return _mixed(
        _survival(prior + seen, (prior + looked_for) * ratio),
        _survival(1 + seen, (1 / ILL_RATIO + looked_for) * ratio),
    )


def _survival(shape: pl.Expr, at: pl.Expr) -> pl.Expr:
    """The upper tail of the gamma distribution; null stays null."""
    from scipy.special import gammaincc

    return of_columns(gammaincc, shape, at)


def _deviate() -> pl.Expr:
    """The normal deviate of the events among those of healthy peers: negative binomial, mid-P."""
    between = TAIL / pl.col("prior")
    size = 1 / (between + pl.col("spread") + between * pl.col("spread"))
    return of_columns(_mid_p_deviate, pl.col("events"), pl.col("expected"), size)


def _mid_p_deviate(events: Floats, expected: Floats, size: Floats) -> Floats:
    import numpy as np
    from scipy.special import betainc, ndtri

    share = expected / (expected + size)
    beyond = (betainc(events, size, share) + betainc(events + 1, size, share)) / 2
    return np.asarray(-ndtri(beyond.clip(LEAST_PROBABILITY, 1 - 1e-16)))
