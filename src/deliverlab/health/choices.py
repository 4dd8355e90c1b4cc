"""Accounts judged as they are and as if something were otherwise, in one query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.posterior import add_posterior
from deliverlab.health.rates import windowed
from deliverlab.health.windows import measured
from deliverlab.metrics import METRICS
from deliverlab.peer_lookup import denominators_of, peer_rates_on
from deliverlab.schemas import METRIC_NAMES, Daily

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import dataframely as dy

    from deliverlab.schemas import PeerRates

AS_IT_IS = "as it is"
ENFORCED = [metric.name for metric in METRICS.values() if metric.is_enforced]


@dataclass(frozen=True)
class Choice:
    """One thing that somebody chose, otherwise.

    `looks` has a row for each account and setting: `account_id`, `setting`, `day`, `industry`, `band`;
    `mailer`, whose mail is judged; and `own_peers`, whose own rows of the peer rates hold, null for none.
    `mail` is what is judged, cut to its window; None is that of the first choice. The peers' rates are
    divided by `shares`; `settings` has a setting by metric, in place of that of `looks`.
    """

    words: str
    looks: pl.LazyFrame
    mail: pl.DataFrame | None
    shares: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[str] = field(default_factory=lambda: ENFORCED)


def judged(
    choices: Sequence[Choice], *, peers: dy.DataFrame[PeerRates], window: pl.LazyFrame
) -> pl.DataFrame:
    """A row for each look of each choice and metric: its sums, its peers, and what `add_posterior` adds.

    Every choice is but other mail or another group, so all are summed, looked up and judged as if they were
    so many accounts. `window` (of `windows_before`) is one that all the mail is in.
    """
    mails = {place: choice.mail for place, choice in enumerate(choices) if choice.mail is not None}
    mail = pl.concat(
        table.with_columns(account_id=_named(place, pl.col("account_id"))) for place, table in mails.items()
    )
    looks = pl.concat(
        choice.looks.select(
            "account_id", "day", "industry", "band", "own_peers", "setting",
            mail=_named(place if place in mails else 0, pl.col("mailer")),
            place=pl.lit(place), choice=pl.lit(choice.words),
        )
        for place, choice in enumerate(choices)
    )  # fmt: skip
    sums = windowed(
        Daily.cast(mail).lazy(),
        looks.select("day", account_id="mail").unique(),
        window,
        metrics=measured(denominators_of(peers)),
    )
    return (
        peer_rates_on(peers.lazy(), looks.rename({"account_id": "who", "own_peers": "account_id"}))
        .join(_by_metric(choices), on=["place", "metric"])
        .drop("account_id")
        .join(sums.rename({"account_id": "mail"}), on=["mail", "day", "metric"])
        .with_columns(
            peer_rate=pl.col("peer_rate") / pl.col("share"), setting=pl.coalesce("otherwise", "setting")
        )
        .pipe(add_posterior)
        .rename({"who": "account_id", "day": "as_of"})
        .collect()
    )


def _named(place: int, account_id: pl.Expr) -> pl.Expr:
    """The name of an account's mail under a choice."""
    return pl.format("{}\n{}", pl.lit(place), account_id)


def _by_metric(choices: Sequence[Choice]) -> pl.LazyFrame:
    """`place`, `metric`, `share`, `otherwise`: what each choice says of each metric that it is about."""
    rows = [
        (place, metric, choice.shares.get(metric, 1.0), choice.settings.get(metric))
        for place, choice in enumerate(choices)
        for metric in choice.metrics
    ]
    named = pl.LazyFrame(rows, schema=["place", "metric", "share", "otherwise"], orient="row")
    return named.cast({"place": pl.Int32, "metric": pl.Enum(METRIC_NAMES), "otherwise": pl.String})
