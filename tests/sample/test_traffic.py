"""Traffic: counts that add up."""

from datetime import date

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.sample.accounts import make_account
from deliverlab.sample.plan import REFUSING_PROVIDER, Plan, day_range, make_plan
from deliverlab.sample.rollup import KNOWN_WITHIN_DAYS, Counts
from deliverlab.sample.stories import REFUSAL_AGO
from deliverlab.sample.traffic import make_traffic

DAYS = day_range(days=70, last_day=date(2026, 6, 30))


def _traffic(number: int) -> tuple[Plan, Counts]:
    rng = np.random.default_rng(number)
    account = make_account(number, rng=rng, first_day=DAYS[0], last_day=DAYS[-1])
    plan = make_plan(account, rng=rng, days=DAYS)
    return plan, make_traffic(plan, account_id=account.account_id, rng=rng)


@settings(max_examples=25, deadline=None)
@given(number=st.integers(15, 5_000))
def test_every_mail_arrives_or_bounces(number: int) -> None:
    """But for the refusal: what a provider got wrong is sent and nothing else. Late bounces arrived first."""
    plan, traffic = _traffic(number)
    mail = traffic.mail
    is_refused = (pl.col("recipient_domain") == REFUSING_PROVIDER) & (pl.col("day") == DAYS[-1 - REFUSAL_AGO])
    known = mail.filter(~is_refused).select(
        pl.col("delivered") + pl.col("hard_bounces") + pl.col("soft_bounces")
    )
    assert known.to_series().equals(mail.filter(~is_refused)["sent"], check_names=False)
    assert int(mail["sent"].sum()) == plan.volume.sum()
    assert mail.filter(pl.col("clicks") > pl.col("opens")).is_empty()
    assert mail.filter(pl.col("opens") > pl.col("delivered")).is_empty()


@settings(max_examples=25, deadline=None)
@given(number=st.integers(15, 5_000))
def test_reasons_add_up_to_the_bounces(number: int) -> None:
    """Every bounce has one reason, and hard ones those that mean a dead address."""
    _, (mail, bounces) = _traffic(number)
    for column in ("hard_bounces", "soft_bounces", "late_hard_bounces"):
        assert bounces.filter(pl.col("counted_as") == column)["bounces"].sum() == mail[column].sum()
    hard = bounces.filter(pl.col("counted_as") != "soft_bounces")["bounce_reason"]
    assert set(hard) <= {"invalid_address", "mailbox_disabled"}


def test_the_newest_days_have_no_late_outcomes_yet() -> None:
    """What comes late to them is still to come."""
    late = pl.concat(_traffic(number)[1].mail for number in range(20, 60)).filter(
        pl.col("late_hard_bounces") + pl.col("late_complaints") > 0
    )
    assert late.height > 20
    assert set(late["day"]) <= set(DAYS[: -1 - KNOWN_WITHIN_DAYS])
