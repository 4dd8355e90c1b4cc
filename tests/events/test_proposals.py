"""A receiver's outage is proposed as an incident, and what single accounts do is not."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from deliverlab.events.daily import daily_counts
from deliverlab.events.proposals import Proposals, propose_incidents
from deliverlab.schemas import BOUNCE_REASONS, EVENT_TYPES, Incidents

START = date(2026, 4, 1)
DAYS = 45
OUTAGE = {39: 0.5, 40: 0.8}  # day: share of mail refused at big.test
MOMENT = pl.Datetime("us", "UTC")


def _world(
    *,
    seed: int = 1,
    accounts: int = 30,
    outage: dict[int, float] | None = None,
    bad: tuple[int, ...] = (),
    reason: str = "blocked",
) -> pl.DataFrame:
    """Settled events of accounts that mail two receivers daily; `bad` ones are refused everywhere at the end.

    Accounts' own bounce rates differ, and receivers have better and worse days, as in life.
    """
    rng = np.random.default_rng(seed)
    own = rng.beta(2, 80, accounts)
    rows: list[tuple[object, ...]] = []
    for day in range(DAYS):
        weather = rng.lognormal(0, 0.3, 2)
        for account in range(accounts):
            for number, domain in enumerate(("big.test", "small.test")):
                mails = int(rng.poisson(60 if number == 0 else 4))
                rate = min(own[account] * weather[number], 1.0)
                if number == 0 and day in (outage or {}):
                    rate = max(rate, (outage or {})[day])
                if account in bad and day >= DAYS - 5:
                    rate = 0.9
                bounced = int(rng.binomial(mails, rate))
                common = (f"a{account:02}", domain, START + timedelta(days=day))
                rows += [(*common, "sent", None)] * mails
                rows += [(*common, "hard_bounce", reason)] * bounced
    frame = pl.DataFrame(
        rows,
        schema={
            "account_id": pl.String,
            "recipient_domain": pl.String,
            "day": pl.Date,
            "event_type": pl.Enum(EVENT_TYPES),
            "bounce_reason": pl.Enum(BOUNCE_REASONS),
        },
        orient="row",
    )
    moment = pl.col("day").cast(MOMENT) + pl.duration(hours=9)
    return frame.with_columns(
        occurred_at=moment, sent_at=moment, received_at=pl.lit(None, MOMENT),
        is_machine=pl.lit(value=False), is_repeat=pl.lit(value=False),
    ).drop("day")  # fmt: skip


def test_an_outage_is_proposed_with_its_days_reason_and_figures() -> None:
    """Two days of one receiver become one proposal, and the figures are those of the events."""
    events = _world(outage=OUTAGE)
    (row,) = propose_incidents(events).iter_rows(named=True)
    assert (row["from_day"], row["to_day"]) == (START + timedelta(39), START + timedelta(40))
    assert (row["recipient_domain"], row["bounce_reason"]) == ("big.test", "blocked")
    assert (row["accounts"], row["accounts_refused"]) == (30, 30)
    during = events.filter(
        pl.col("occurred_at").dt.date().is_between(row["from_day"], row["to_day"]),
        pl.col("recipient_domain") == "big.test",
    )
    assert row["refused"] == during.filter(event_type="hard_bounce").height
    assert row["mails"] == during.filter(event_type="sent").height
    assert 0.01 < row["usual_rate"] < 0.05
    assert row["probability"] < 1e-6
    assert f"refused 30 of 30 accounts and {row['refused']} of {row['mails']} mails" in row["note"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("bad", [(), (3,), (3, 4, 5, 6)])
def test_quiet_worlds_and_bad_accounts_are_not_proposed(seed: int, bad: tuple[int, ...]) -> None:
    """One account, or four, whose lists bounce everywhere are no receiver's mistake; nor is weather."""
    assert propose_incidents(_world(seed=seed, bad=bad)).height == 0


def test_a_bad_account_does_not_hide_an_outage() -> None:
    """Its bounces neither raise what is usual nor stand in the way."""
    found = propose_incidents(_world(outage=OUTAGE, bad=(3,)))
    assert found["recipient_domain"].to_list() == ["big.test"]
    assert found["from_day"].to_list() == [START + timedelta(39)]


def test_a_reason_is_named_only_where_nearly_all_bounces_have_it() -> None:
    """An outage that answers in many ways is proposed for every reason."""
    events = _world(outage=OUTAGE)
    mixed = events.with_columns(
        bounce_reason=pl.when(pl.int_range(pl.len()) % 2 == 0)
        .then("bounce_reason")
        .otherwise(pl.lit("transient").cast(pl.Enum(BOUNCE_REASONS)))
    )
    assert propose_incidents(mixed)["bounce_reason"].to_list() == [None]


def test_without_a_past_nothing_is_proposed() -> None:
    """Thirteen days tell no usual rate."""
    start = datetime.combine(START + timedelta(27), datetime.min.time(), UTC)
    assert propose_incidents(_world(outage=OUTAGE).filter(pl.col("sent_at") >= start)).height == 0


def test_what_is_an_incident_already_is_not_proposed_again() -> None:
    """A proposal is an incident as it stands; once accepted, its bounces are gone."""
    events = _world(outage=OUTAGE)
    proposals = propose_incidents(events)
    incidents = Incidents.admit(proposals, what="incidents")
    assert propose_incidents(events, incidents=incidents).height == 0
    before, after = (
        daily_counts(events, incidents=given).collect()["hard_bounces"].to_list()
        for given in (None, incidents)
    )
    assert sum(before) - sum(after) == proposals["refused"][0]


def test_the_order_of_events_changes_no_proposal() -> None:
    """The same events give the same table, lazy or not."""
    events = _world(outage=OUTAGE)
    found = propose_incidents(events.sample(fraction=1.0, shuffle=True, seed=3).lazy())
    assert found.equals(propose_incidents(events))
    assert found.columns == Proposals.column_names()
