"""How much of a grade hangs on what somebody chose: the industry, the window, the denominator, the peers."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.health.choices import AS_IT_IS, ENFORCED, Choice, judged
from deliverlab.health.compared import peers_of
from deliverlab.health.lookup import peer_groups
from deliverlab.health.rates import WINDOW_DAYS
from deliverlab.health.windows import measured, windows_before
from deliverlab.health.without import largest_campaign_left_out, reporting_domains_only
from deliverlab.peer_lookup import denominators_of
from deliverlab.schemas import BANDS, GRADES, METRIC_NAMES, Accounts, Daily, Slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from deliverlab.history import Frame, History
    from deliverlab.schemas import PeerRates

ITSELF = "with itself among them"
WINDOWS = (7, 14, 30, 90)
OTHER_DENOMINATOR = {"sent": "delivered", "delivered": "sent"}


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
    wanted = pl.col("account_id").is_in(sorted(set(account_ids)))
    daily, accounts = Daily.cast(history.daily.filter(wanted)), Accounts.cast(history.accounts.filter(wanted))
    peers, known = peers_of(history), history.known_within_days
    last = partial(_last, as_of=as_of, known_within_days=known)
    in_window = last(window_days)
    mail = daily.filter(in_window)
    looks = peer_groups(daily.lazy(), accounts.lazy(), days=[as_of]).with_columns(
        setting=pl.lit(""), mailer="account_id", own_peers="account_id"
    )
    choices = [
        Choice(AS_IT_IS, looks, mail),
        Choice("industry", _relabelled(looks, peers["industry"].unique().sort()), None),
        *(
            Choice("window", looks.with_columns(setting=pl.lit(f"{days} days")), daily.filter(last(days)))
            for days in WINDOWS
            if days != window_days
        ),
        _out_of_other_mail(looks, mail, peers, _lazily(all_daily, or_else=history.daily).filter(in_window)),
        Choice("peers", looks.with_columns(setting=pl.lit(ITSELF), own_peers=pl.lit(None, pl.String)), None),
        *_with_family(history, accounts, as_of=as_of, shown=in_window),
    ]
    if slices is not None:
        cuts = Slices.admit(slices, what="slices")
        recent = Slices.cast(cuts.filter(in_window))
        everybody = _lazily(all_slices, or_else=cuts).filter(in_window)
        choices += _of_part_of_the_mail(looks, Daily.cast(mail), recent, everybody)
    widest = windows_before([as_of], window_days=max(window_days, *WINDOWS), known_within_days=known)
    return _shown(judged(choices, peers=peers, window=widest), peers=peers, as_of=as_of)


def _last(days: int, *, as_of: date, known_within_days: int) -> pl.Expr:
    """The send days of the window of so many days."""
    newest = as_of - timedelta(days=known_within_days)
    return pl.col("day").is_between(newest - timedelta(days=days - 1), newest)


def _lazily(frame: Frame | None, *, or_else: pl.DataFrame) -> pl.LazyFrame:
    return (or_else if frame is None else frame).lazy()


def _relabelled(looks: pl.LazyFrame, industries: pl.Series) -> pl.LazyFrame:
    """The accounts once for each label; the peers of another industry never had them among them."""
    labels = pl.LazyFrame({"industry": industries})
    return (
        looks.drop("industry")
        .join(labels, how="cross")
        .with_columns(setting="industry", own_peers=pl.lit(None, pl.String))
    )


def _out_of_other_mail(
    looks: pl.LazyFrame, mail: pl.DataFrame, peers: pl.DataFrame, everybody: pl.LazyFrame
) -> Choice:
    """Each rate out of its other denominator; the peers' scaled by how much of it all accounts have.

    A rate is out of sent or of delivered mail: with the two exchanged, every rate is out of the other.
    """
    sent, delivered = everybody.select(pl.col("sent", "delivered").sum()).collect().row(0)
    share = delivered / sent if sent else 1.0
    now = measured(denominators_of(peers))
    others = {name: OTHER_DENOMINATOR[now[name].denominator] for name in ENFORCED}
    return Choice(
        "denominator",
        looks,
        mail.with_columns(sent="delivered", delivered="sent"),
        shares={name: share if other == "delivered" else 1 / share for name, other in others.items()},
        settings=others,
    )


def _with_family(
    history: History, accounts: pl.DataFrame, *, as_of: date, shown: pl.Expr
) -> Iterator[Choice]:
    """Each account that has a family, judged with it."""
    known = history.accounts.select("account_id", family=pl.coalesce("parent_id", "account_id"))
    families = history.accounts.select(family=pl.col("parent_id").drop_nulls().unique())
    mine = known.join(families, on="family").join(accounts, on="account_id", how="semi")
    if mine.height:
        together = history.select(known.join(mine, on="family", how="semi")["account_id"]).by_parent()
        groups = peer_groups(together.daily.lazy(), together.accounts.lazy(), days=[as_of])
        looks = groups.rename({"account_id": "family"}).join(mine.lazy(), on="family")
        yield Choice(
            "family",
            looks.with_columns(setting="family", mailer="family", own_peers="family"),
            together.daily.filter(shown),
        )


def _of_part_of_the_mail(
    looks: pl.LazyFrame, mail: dy.DataFrame[Daily], recent: dy.DataFrame[Slices], everybody: pl.LazyFrame
) -> list[Choice]:
    """Without the campaign that sent most; and only what can be complained of, beside peers of such mail."""
    without, campaigns = largest_campaign_left_out(mail, recent)
    reporting, share = reporting_domains_only(mail, recent, everybody=everybody)
    complained = {"complaint_rate": share}
    return [
        Choice("largest campaign", looks.drop("setting").join(campaigns.lazy(), on="account_id"), without),
        Choice("complaint domains", looks, reporting, shares=complained, metrics=list(complained)),
    ]


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
