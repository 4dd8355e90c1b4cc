"""How much of a grade hangs on what somebody chose: the industry, the window, the denominator, the peers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.health.compared import compared, peers_of
from deliverlab.health.posterior import add_posterior
from deliverlab.health.rates import WINDOW_DAYS
from deliverlab.health.without import largest_campaign_left_out, reporting_domains_only
from deliverlab.history import History
from deliverlab.metrics import METRICS
from deliverlab.schemas import BANDS, GRADES, KNOWN_COUNTS, METRIC_NAMES, PeerRates, Slices, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from deliverlab.history import Frame

AS_IT_IS = "as it is"
ITSELF = "with itself among them"
WINDOWS = (7, 14, 30, 90)
OTHER_DENOMINATORS = {
    "hard_bounce_rate": "delivered", "soft_bounce_rate": "delivered",
    "complaint_rate": "sent", "unsubscribe_rate": "sent",
}  # fmt: skip
ENFORCED = [metric.name for metric in METRICS.values() if metric.is_enforced]


class Sensitivity(Table):
    """One row an account, enforced metric and choice: what it would be graded if that were otherwise.

    `is_changed` is against the choice "as it is". `pool_share` is how much of its pool's mail is its own,
    where the choice is to leave it among its peers.
    """

    account_id = dy.String(primary_key=True)
    as_of = dy.Date(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    choice = dy.String(primary_key=True)
    setting = dy.String(primary_key=True)
    industry = dy.String()
    band = dy.Enum(BANDS)
    events = dy.Int64(min=0)
    trials = dy.Int64(min=0)
    rate = dy.Float64(nullable=True, min=0.0)
    peer_rate = dy.Float64(nullable=True, min=0.0)
    ratio = dy.Float64(nullable=True, min=0.0)
    grade = dy.Enum(GRADES)
    is_changed = dy.Bool()
    pool_share = dy.Float64(nullable=True, min=0.0, max=1.0)


def sensitivity(
    history: History,
    *,
    account_ids: Iterable[str],
    as_of: date,
    window_days: int = WINDOW_DAYS,
    slices: Frame | None = None,
    all_daily: Frame | None = None,
    all_slices: Frame | None = None,
) -> dy.DataFrame[Sensitivity]:
    """How the grades of these accounts would change, choice by choice, all else as it is.

    - "industry": if the account were labelled as another; labels are the senders' own.
    - "window": of 7, 14, 30 and 90 days.
    - "denominator": complaints and unsubscribes out of sent, bounces out of delivered mail; the peers' rates
      scaled as the mail of all accounts is.
    - "peers": with itself among them. An account that is much of its pool hides behind itself (masking).
    - "family": together with the accounts of its parent.
    - "largest campaign": without the one that sent most in the window.
    - "complaint domains": only mail to domains that ever report complaints, its peers' rate raised by as much
      as such mail is rarer among all accounts.

    The last two need `slices`. What an account does not have (a parent, a campaign) gives no row. Two of the
    choices ask what the mail of all accounts is like: where `history` and `slices` hold only these accounts,
    their families and peer rates, `all_daily` and `all_slices` are everybody's. These are not checked.

    Raises:
        DataError: `slices` is not what it must be.
    """
    chosen = sorted(set(account_ids))
    peers = peers_of(history)
    base = _Look(history.select(chosen), peers, as_of=as_of, window_days=window_days)
    first, last = (as_of - timedelta(days=history.known_within_days + back) for back in (window_days - 1, 0))
    in_window = pl.col("day").is_between(first, last)
    tables = [
        base.judged(AS_IT_IS),
        _relabelled(base, peers["industry"].unique().sort()),
        *(base.judged("window", f"{days} days", window_days=days) for days in WINDOWS if days != window_days),
        _out_of_other_mail(base, _lazily(all_daily, or_else=history.daily).filter(in_window)),
        base.judged("peers", ITSELF, peers=PeerRates.cast(peers.filter(pl.col("account_id").is_null()))),
        _with_family(base, history),
    ]
    if slices is not None:
        cuts = Slices.admit(slices, what="slices")
        recent = Slices.cast(cuts.filter(in_window))
        without, campaigns = largest_campaign_left_out(base.history.daily, recent)
        left = base.judged("largest campaign", daily=without).drop("setting")
        everybody = _lazily(all_slices, or_else=cuts).filter(in_window)
        reporting, share = reporting_domains_only(base.history.daily, recent, everybody=everybody)
        told = base.judged(
            "complaint domains", daily=reporting, peers=_scaled(peers, {"complaint_rate": share})
        )
        tables += [left.join(campaigns, on="account_id"), told.filter(metric="complaint_rate")]
    return _shown(pl.concat(tables, how="diagonal_relaxed"), peers=peers, as_of=as_of)


def _lazily(frame: Frame | None, *, or_else: pl.DataFrame) -> pl.LazyFrame:
    return (or_else if frame is None else frame).lazy()


@dataclass(frozen=True)
class _Look:
    """Some accounts as they are, which can be judged as if something were otherwise."""

    history: History
    peers: dy.DataFrame[PeerRates]
    as_of: date
    window_days: int

    def judged(
        self,
        choice: str,
        setting: str = "",
        *,
        daily: pl.DataFrame | None = None,
        accounts: pl.DataFrame | None = None,
        peers: dy.DataFrame[PeerRates] | None = None,
        window_days: int | None = None,
    ) -> pl.DataFrame:
        """The enforced metrics of the accounts, with these things in place of their own.

        Part of their mail is judged beside the peers of all of it.
        """
        changed = History(
            self.history.daily if daily is None else daily,
            self.history.accounts if accounts is None else accounts,
            known_within_days=self.history.known_within_days,
            until=self.history.until,
        )
        days = window_days or self.window_days
        by = self.peers if peers is None else peers
        return (
            compared(
                changed,
                peers=by,
                days=[self.as_of],
                window_days=days,
                grouped_as=self.history if accounts is None else None,
            )
            .pipe(add_posterior)
            .filter(pl.col("metric").is_in(ENFORCED))
            .with_columns(as_of="day", choice=pl.lit(choice), setting=pl.lit(setting))
            .collect()
        )


def _relabelled(base: _Look, industries: pl.Series) -> pl.DataFrame:
    """The accounts once for each label, side by side under names of their own."""
    labels = pl.DataFrame({"label_to": industries})
    named = pl.format("{}\n{}", "account_id", "label_to")
    known = base.history.accounts.join(labels, how="cross")
    rows = base.judged(
        "industry",
        accounts=known.with_columns(account_id=named, industry="label_to").drop("label_to"),
        daily=base.history.daily.join(labels, how="cross").with_columns(account_id=named).drop("label_to"),
    )
    parts = pl.col("account_id").str.split("\n")
    return rows.with_columns(
        account_id=parts.list.slice(0, parts.list.len() - 1).list.join("\n"), setting="industry"
    )


def _out_of_other_mail(base: _Look, everybody: pl.LazyFrame) -> pl.DataFrame:
    """Each rate out of its other denominator; the peers' scaled by how much of it all accounts have."""
    sent, delivered = everybody.select(pl.col("sent", "delivered").sum()).collect().row(0)
    share = delivered / sent if sent else 1.0
    scale = {name: share if other == "delivered" else 1 / share for name, other in OTHER_DENOMINATORS.items()}
    words = {name: pl.lit(other, pl.Enum(KNOWN_COUNTS)) for name, other in OTHER_DENOMINATORS.items()}
    other = pl.coalesce(pl.when(metric=name).then(word) for name, word in words.items())
    others = PeerRates.cast(_scaled(base.peers, scale).with_columns(denominator=other))
    rows = base.judged("denominator", peers=others)
    return rows.with_columns(setting=pl.col("metric").cast(pl.String).replace(OTHER_DENOMINATORS))


def _scaled(peers: dy.DataFrame[PeerRates], shares: Mapping[str, float]) -> dy.DataFrame[PeerRates]:
    """Peers whose rates are out of such a share of their mail."""
    share = pl.col("metric").cast(pl.String).replace_strict(shares, default=1.0, return_dtype=pl.Float64)
    return PeerRates.cast(peers.with_columns(rate=pl.col("rate") / share))


def _with_family(base: _Look, history: History) -> pl.DataFrame:
    """Each account that has a family, judged with it."""
    known = history.accounts.select("account_id", setting=pl.coalesce("parent_id", "account_id"))
    families = history.accounts.select(setting=pl.col("parent_id").drop_nulls().unique())
    mine = known.join(families, on="setting").join(base.history.accounts, on="account_id", how="semi")
    members = known.join(mine, on="setting", how="semi")
    together = history.select(members["account_id"]).by_parent()
    rows = base.judged("family", daily=together.daily, accounts=together.accounts)
    return rows.drop("setting").rename({"account_id": "setting"}).join(mine, on="setting")


def _shown(rows: pl.DataFrame, *, peers: dy.DataFrame[PeerRates], as_of: date) -> dy.DataFrame[Sensitivity]:
    """Rows that differ from "as it is" in what they rest on, with whether that changes the grade."""
    base = rows.filter(choice=AS_IT_IS).select(
        "account_id", "metric", grade_as_is="grade", industry_as_is="industry", peer_rate_as_is="peer_rate"
    )
    is_same = ((pl.col("choice") == "industry") & (pl.col("setting") == pl.col("industry_as_is"))) | (
        (pl.col("choice") == "peers") & (pl.col("peer_rate") == pl.col("peer_rate_as_is"))
    )
    return Sensitivity.cast(
        rows.join(base, on=["account_id", "metric"])
        .filter(~is_same.fill_null(value=False))
        .join(_pool_shares(peers, as_of=as_of), on=["account_id", "metric", "industry", "band"], how="left")
        .with_columns(
            is_changed=pl.col("grade") != pl.col("grade_as_is"),
            pool_share=pl.when(choice="peers").then("pool_share"),
        )
        .sort("account_id", "metric", pl.col("choice") != AS_IT_IS, "choice", "setting")
    )


def _pool_shares(peers: dy.DataFrame[PeerRates], *, as_of: date) -> pl.DataFrame:
    """How much of its pool's trials each account with rows of its own has: what the pool lacks without it."""
    newest = peers.filter(pl.col("effective_from") <= as_of).filter(
        pl.col("effective_from") == pl.col("effective_from").max()
    )
    cell = ["industry", "band", "metric", "level"]
    own, group = (newest.filter(pl.col("account_id").is_null() == is_group) for is_group in (False, True))
    return own.join(group.select(*cell, all_trials="trials"), on=cell).select(
        "account_id", "metric", "industry", "band", pool_share=1 - pl.col("trials") / pl.col("all_trials")
    )
