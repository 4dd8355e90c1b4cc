"""Days on which a receiver refused many accounts at once: proposed as incidents, for an analyst to accept.

One account's bad list bounces everywhere, or at one receiver for that account alone. A receiver's mistake
shows in many accounts on one day. So a day is proposed only if both the share of accounts and the share of
mail that the receiver refused are far beyond what its own four weeks before let expect.
"""

from __future__ import annotations

import dataframely as dy
import numpy as np
import polars as pl

from deliverlab.admission import Table
from deliverlab.columns import of_columns
from deliverlab.events.daily import BOUNCES, Frame, countable
from deliverlab.events.usual import DAY, beta_binomial_tail, binomial_tail, past_rates
from deliverlab.schemas import BOUNCE_REASONS

LEAST_PAST = 14  # days with mail: fewer tell no usual rate
ACCOUNT_TAIL = 0.01  # an account is refused where so much would come back by chance at most this often
REASON_SHARE = 0.9  # an incident has a reason where that many of its bounces have it


class Proposals(Table):
    """Incidents that an analyst may accept: the columns of `Incidents`, and the figures that speak for them.

    `accounts` are those with enough mail of the day to tell, of the worst day where there are several.
    `usual_…` is the receiver's own past. `probability` is the greater of the two that so many accounts, and
    so much mail, are refused by chance.
    """

    from_day = dy.Date(primary_key=True)
    to_day = dy.Date()
    recipient_domain = dy.String(primary_key=True)
    bounce_reason = dy.Enum(BOUNCE_REASONS, nullable=True)
    accounts = dy.Int64(min=0)
    accounts_refused = dy.Int64(min=0)
    usual_account_share = dy.Float64(min=0.0, max=1.0)
    mails = dy.Int64(min=0)
    refused = dy.Int64(min=0)
    usual_rate = dy.Float64(min=0.0, max=1.0)
    probability = dy.Float64(min=0.0, max=1.0)
    note = dy.String()


def propose_incidents(
    events: Frame,
    /,
    *,
    incidents: Frame | None = None,
    exclude: pl.Expr | None = None,
    min_accounts: int = 5,
    min_share: float = 0.2,
    min_excess: float = 0.05,
    false_alarms: float = 0.01,
) -> dy.DataFrame[Proposals]:
    """Days on which a receiver refused many accounts and much more of their mail than usual, beyond chance.

    A bounce counts on the day it occurred. An account is refused where more of its mail of the day came back
    than a binomial at the receiver's usual rate gives in one of a hundred days; who has too little mail to
    tell is no account here. The accounts refused, and all mail refused, are then held against a
    beta-binomial with the mean and the spread of the receiver's days of the four weeks before, their worst
    tenth left out, the spread at its upper 90% bound. A day is proposed where both are rarer than
    `false_alarms` shared among all days judged (Bonferroni), and where besides `min_accounts` accounts,
    `min_share` of all accounts and `min_excess` more of the mail than usual were refused. Days that follow
    one another for one reason are one proposal. A receiver with fewer than 14 days of mail in those weeks
    has no past to tell by, and what `incidents` name already is not proposed.

    The judgement that may be disputed: five accounts, a fifth of all, and five in a hundred mails more. A
    receiver that refuses two small senders is not seen, nor one that refuses everybody a little.

    >>> from deliverlab.schemas import Events
    >>> propose_incidents(Events.create_empty()).height
    0
    """
    counted = countable(events, incidents=incidents, exclude=exclude).with_columns(
        day=pl.col("occurred_at").dt.date(), is_bounce=pl.col("event_type").is_in(BOUNCES)
    )
    accounts = _usual(_by_account(counted, min_accounts=min_accounts))
    judged = _judged(accounts, min_accounts=min_accounts)
    found = judged.filter(
        pl.col("accounts_refused") >= min_accounts,
        pl.col("accounts_refused") >= min_share * pl.col("accounts"),
        pl.col("refused") >= (pl.col("usual") + min_excess) * pl.col("mails"),
        pl.col("probability") * max(judged.height, 1) < false_alarms,
    )
    return Proposals.validate(_spans(found.join(_reasons(counted, found), on=DAY, how="left")), cast=True)


def _by_account(counted: pl.LazyFrame, *, min_accounts: int) -> pl.DataFrame:
    """Mails and refusals of each account and day, at the receivers that ever refused several on a day."""
    worth = (
        counted.filter("is_bounce")
        .group_by(DAY)
        .agg(pl.col("account_id").n_unique())
        .filter(pl.col("account_id") >= min_accounts)
        .select("recipient_domain")
        .unique()
    )
    return (
        counted.join(worth, on="recipient_domain", how="semi")
        .group_by(*DAY, "account_id")
        .agg(
            refused=pl.col("is_bounce").sum().cast(pl.Int64),
            sent=(pl.col("event_type") == "sent").sum().cast(pl.Int64),
            delivered=(pl.col("event_type") == "delivered").sum().cast(pl.Int64),
        )
        .with_columns(mails=pl.max_horizontal("sent", pl.col("delivered") + pl.col("refused")))
        .filter(pl.col("mails") > 0)
        .sort(*DAY, "account_id")
        .collect(engine="streaming")
    )


def _usual(accounts: pl.DataFrame) -> pl.DataFrame:
    """Each account's day with the receiver's usual rate, and whether the account was refused."""
    days = accounts.group_by(DAY).agg(pl.col("refused", "mails").sum()).sort(DAY)
    rate = pl.col("usual")
    return accounts.join(past_rates(days, "refused", "mails"), on=DAY).with_columns(
        can_tell=rate.log() * pl.col("mails") < np.log(ACCOUNT_TAIL),
        is_refused=of_columns(binomial_tail, pl.col("refused"), pl.col("mails"), rate) < ACCOUNT_TAIL,
    )


def _judged(accounts: pl.DataFrame, *, min_accounts: int) -> pl.DataFrame:
    """Each day that has a past, with how rare so many refused accounts and so much refused mail are."""
    telling = pl.col("can_tell")
    days = (
        accounts.group_by(DAY)
        .agg(
            pl.col("refused", "mails").sum(),
            pl.col("usual", "spread", "past_days").first(),
            accounts=telling.sum().cast(pl.Int64),
            accounts_refused=(telling & pl.col("is_refused")).sum().cast(pl.Int64),
        )
        .sort(DAY)
    )
    of_accounts = past_rates(days, "accounts_refused", "accounts").select(
        *DAY, usual_account_share="usual", account_spread="spread"
    )
    mail = of_columns(beta_binomial_tail, *map(pl.col, ("refused", "mails", "usual", "spread")))
    account = of_columns(
        beta_binomial_tail,
        *map(pl.col, ("accounts_refused", "accounts", "usual_account_share", "account_spread")),
    )
    return (
        days.join(of_accounts, on=DAY)
        .filter(pl.col("past_days") >= LEAST_PAST, pl.col("accounts") >= min_accounts)
        .with_columns(probability=pl.max_horizontal(mail, account))
    )


def _reasons(counted: pl.LazyFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The reason that nearly all bounces of a day have, where there is one."""
    reasons = (
        counted.filter("is_bounce")
        .join(found.lazy().select(DAY), on=DAY, how="semi")
        .group_by(*DAY, "bounce_reason")
        .len()
        .with_columns(share=pl.col("len") / pl.col("len").sum().over(DAY))
        .filter(pl.col("share") >= REASON_SHARE)
    )
    return reasons.select(*DAY, "bounce_reason").collect(engine="streaming")


def _spans(found: pl.DataFrame) -> pl.DataFrame:
    """Days that follow one another, at one receiver and for one reason, as one row."""
    same = ["recipient_domain", "bounce_reason"]
    begins = (pl.col("day").diff().dt.total_days() != 1).fill_null(value=True)
    worst = pl.col("accounts_refused").arg_max()
    return (
        found.sort(*same, "day")
        .with_columns(span=begins.cast(pl.Int64).cum_sum().over(same))
        .group_by(*same, "span")
        .agg(
            pl.col("refused", "mails").sum(),
            pl.col("accounts", "accounts_refused", "usual_account_share").get(worst),
            from_day=pl.col("day").min(),
            to_day=pl.col("day").max(),
            usual_rate=pl.col("usual").mean(),
            probability=pl.col("probability").min(),
        )
        .with_columns(
            note=pl.format(
                "refused {} of {} accounts and {} of {} mails; usual is {}% of mails",
                *("accounts_refused", "accounts", "refused", "mails"),
                (100 * pl.col("usual_rate")).round(2),
            )
        )
        .select(Proposals.column_names())
        .sort("from_day", "recipient_domain", "bounce_reason")
    )
