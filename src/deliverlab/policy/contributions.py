"""What each account adds to every measure of a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import PolicyError
from deliverlab.metrics import BAND_DAYS, band_of
from deliverlab.policy.excess import excess_by_account, yardsticks_of
from deliverlab.policy.mail import seen_mail
from deliverlab.policy.stretches import stretches
from deliverlab.policy.toml import shown
from deliverlab.policy.unseen import unseen_mail
from deliverlab.schemas import BANDS, GOOD, LABELS

if TYPE_CHECKING:
    from deliverlab.policy.simulate import Simulation

UNSEEN = ("mail", "mail_held", "good_mail", "good_mail_held", "harm", "harm_held")


class Contributions(Table):
    """One row an account with mail, whether the policy applies to it or not.

    `band` is that of its mean month, as history had it, so that no policy moves an account between groups.
    Counts of mail and events are sums over the days simulated; `harm` is excess in complaints; `…_held` is
    what the policy did not let through; `unseen_…` is what might have been on days of a real block, as if the
    account had mailed on (see `policy.unseen`): null is not zero, so it never enters the others.
    """

    account_id = dy.String(primary_key=True)
    industry = dy.String()
    band = dy.Enum(BANDS)
    label = dy.Enum(LABELS)
    is_in_scope = dy.Bool()
    first_day = dy.Date()
    last_day = dy.Date()
    sending_days = dy.Int64(min=0)
    identified_days = dy.Int64(min=0)
    mail = dy.Float64()
    mail_held = dy.Float64()
    compared_mail = dy.Float64()
    good_mail = dy.Float64()
    good_mail_held = dy.Float64()
    harm = dy.Float64()
    harm_held = dy.Float64()
    harm_reviewed = dy.Float64()
    noticed_harm_held = dy.Float64()
    naive_harm_held = dy.Float64()
    excess_complaints = dy.Float64()
    excess_complaints_held = dy.Float64()
    excess_hard_bounces = dy.Float64()
    excess_hard_bounces_held = dy.Float64()
    excess_unsubscribes = dy.Float64()
    excess_unsubscribes_held = dy.Float64()
    excess_soft_bounces = dy.Float64()
    excess_soft_bounces_held = dy.Float64()
    unseen_mail = dy.Float64()
    unseen_mail_held = dy.Float64()
    unseen_good_mail = dy.Float64()
    unseen_good_mail_held = dy.Float64()
    unseen_harm = dy.Float64()
    unseen_harm_held = dy.Float64()
    notices = dy.Int64(min=0)
    first_notice_on = dy.Date(nullable=True)
    is_blocked = dy.Bool()
    is_cleared = dy.Bool()
    judged_from = dy.Date()
    mail_before_notice = dy.Int64(min=0)
    complaints_before_notice = dy.Int64(min=0)
    stages_reached = dy.List(dy.String())
    stays = dy.List(dy.Struct({"stage": dy.String(), "days": dy.Int64(), "is_over": dy.Bool()}))
    reviewed_on = dy.List(dy.Date())


def contributions(result: Simulation, /) -> dy.DataFrame[Contributions]:
    """What every account of the history adds to the measures of a simulation, one row an account with mail.

    Whatever is said of the whole is a sum of these rows, or made of such sums, so that a resample of accounts
    needs no second simulation.

    `judged_from` is the day the label is of, where one is known, else the first day simulated: detection is
    counted from it. `mail_before_notice` is what was sent from then until the first notice, or until the end
    where there was none. A `stay` is an entry into a stage, with the days until the account was in good
    standing again, by whatever way and whatever stages lay between; where it `is_over` not, those until the
    end. `is_blocked` says that a stage which lets nothing through was reached, `is_cleared` that the account
    came back to good standing.

    Raises `PolicyError` where the history holds no peer rates: without peers nobody has an excess.
    """
    if result.history.peer_rates is None:
        raise PolicyError(
            f"policy {shown(result.policy.name)}: its evaluation compares mail with peers, "
            f"so the history must hold peer rates, and it holds none"
        )
    yardsticks, stood = yardsticks_of(result.history), stretches(result).collect().lazy()
    seen = excess_by_account(seen_mail(result, stood), result, yardsticks=yardsticks)
    unseen = excess_by_account(
        unseen_mail(result, stood, yardsticks=yardsticks), result, yardsticks=yardsticks
    ).select("account_id", pl.col(UNSEEN).name.prefix("unseen_"))
    who = _who(result, stood).collect().lazy()
    empty = pl.col("stages_reached", "stays", "reviewed_on").fill_null([])
    return Contributions.cast(
        who.join(seen, on="account_id")
        .join(unseen, on="account_id", how="left")
        .join(_climbed(result, who), on="account_id", how="left")
        .join(_before_notice(result, who), on="account_id", how="left")
        .with_columns(
            pl.selectors.numeric().fill_null(0), pl.selectors.boolean().fill_null(value=False), empty
        )
        .with_columns(
            harm_reviewed=pl.col("harm") - pl.col("harm_left"),
            band=band_of(pl.col("mail") * BAND_DAYS / pl.col("days")),
        )
        .sort("account_id")
    ).collect()


def _who(result: Simulation, stood: pl.LazyFrame) -> pl.LazyFrame:
    """Every account with days, what is known of it, and what the simulation counted of it."""
    days = stood.group_by("account_id").agg(pl.col("first_day").min(), pl.col("last_day").max())
    counted = result.outcomes.lazy().select(
        "account_id", "sending_days", "identified_days", "notices", "first_notice_on",
        is_in_scope=pl.lit(value=True),
    )  # fmt: skip
    return (
        days.join(result.history.accounts.lazy(), on="account_id")
        .join(counted, on="account_id", how="left")
        .with_columns(
            pl.col("label").fill_null("unknown"),
            days=(pl.col("last_day") - pl.col("first_day")).dt.total_days() + 1,
            judged_from=pl.coalesce("label_on", "first_day"),
        )
    )


def _climbed(result: Simulation, who: pl.LazyFrame) -> pl.LazyFrame:
    """What an account went through on the ladder: the stages it reached, how long it stayed, its reviews."""
    shut = [stage.name for stage in result.policy.stages if stage.send_share == 0]
    steps = result.transitions.lazy()
    is_clear, is_review = pl.col("to_stage") == GOOD, pl.col("cause") == "review"
    back_on = pl.when(is_clear).then("day").backward_fill().over("account_id")
    entered = pl.col("to_stage").filter(~is_clear)
    return (
        steps.join(who.select("account_id", "last_day"), on="account_id")
        .sort("account_id", "day")  # a join may leave rows in any order
        .with_columns(back_on=back_on)
        .with_columns(
            stay=pl.struct(
                stage="to_stage",
                days=(pl.coalesce("back_on", "last_day") - pl.col("day")).dt.total_days(),
                is_over=pl.col("back_on").is_not_null(),
            )
        )
        .group_by("account_id")
        .agg(
            is_blocked=pl.col("to_stage").is_in(shut).any(),
            is_cleared=is_clear.any(),
            stages_reached=entered.unique(maintain_order=True),
            stays=pl.col("stay").filter(~is_clear),
            reviewed_on=pl.col("day").filter(is_review),
        )
    )


def _before_notice(result: Simulation, who: pl.LazyFrame) -> pl.LazyFrame:
    """The mail sent and the complaints drawn from the day an account is judged from to its first notice."""
    return (
        result.history.daily.lazy()
        .join(who.select("account_id", "judged_from", "first_notice_on", "last_day"), on="account_id")
        .filter(pl.col("day").is_between("judged_from", pl.coalesce("first_notice_on", "last_day")))
        .group_by("account_id")
        .agg(
            mail_before_notice=pl.col("sent").sum(),
            complaints_before_notice=(pl.col("complaints") + pl.col("late_complaints")).sum(),
        )
    )
