"""Plans: rhythm, weekday, season, shocks, and what a story does to them."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from deliverlab.sample.accounts import Account, make_account
from deliverlab.sample.plan import MAILBOX_PROVIDERS, Plan, _shocks, day_range, make_plan
from deliverlab.sample.stories import STORIES, Step

LAST_DAY = date(2026, 6, 30)
YEAR = day_range(days=364, last_day=LAST_DAY)


def _account(rhythm: str = "daily", story: str = "healthy") -> Account:
    rng = np.random.default_rng(3)
    drawn = make_account(50, rng=rng, first_day=YEAR[0], last_day=LAST_DAY)
    return replace(
        drawn, rhythm=rhythm, story=STORIES[story], shift=0, monthly_mail=30_000.0, created_on=YEAR[0]
    )


def _plan(account: Account) -> Plan:
    return make_plan(account, rng=np.random.default_rng(5), days=YEAR)


def test_day_range_ends_on_its_last_day() -> None:
    """Days count back from the last, which is one of them."""
    assert day_range(days=3, last_day=LAST_DAY) == [date(2026, 6, 28), date(2026, 6, 29), LAST_DAY]


def test_daily_senders_rest_on_sundays() -> None:
    """They send every day, on Sundays about half of what Tuesdays get."""
    volume = _plan(_account("daily")).volume[0]
    weekday = np.array([day.weekday() for day in YEAR])
    assert (volume > 0).all()
    assert volume[weekday == 6].mean() < 0.6 * volume[weekday == 1].mean()


def test_weekly_senders_have_a_day() -> None:
    """All their mail goes out on one day of the week, at most a Friday."""
    days = {YEAR[index].weekday() for index in np.nonzero(_plan(_account("weekly")).volume[0])[0]}
    assert len(days) == 1
    assert days <= {0, 1, 2, 3, 4}


def test_campaigns_go_out_every_ten_days() -> None:
    """And nothing between them."""
    (sending,) = np.nonzero(_plan(_account("campaign")).volume[0])
    assert set(np.diff(sending)) == {10}


@pytest.mark.parametrize("rhythm", ["daily", "weekly", "campaign", "now and then"])
def test_every_rhythm_sends_as_much(rhythm: str) -> None:
    """A rhythm spreads a month's mail; it does not change how much there is."""
    assert _plan(_account(rhythm)).volume.sum() * 30 / len(YEAR) == pytest.approx(30_000, rel=0.2)


def test_mail_peaks_in_its_industrys_season() -> None:
    """Around the peak day there is more than half a year away."""
    account = _account("daily")
    day_of_year = np.array([day.timetuple().tm_yday for day in YEAR])
    distance = np.abs((day_of_year - account.industry.peak_day + 182) % 365 - 182)
    volume = _plan(account).volume[0]
    assert volume[distance < 30].mean() > 1.15 * volume[distance > 150].mean()


def test_nothing_is_sent_before_the_account_exists() -> None:
    """Nor is it in arrears."""
    late = replace(_account(), created_on=LAST_DAY - timedelta(days=9))
    volume = _plan(late).volume[0]
    assert volume[:-10].sum() == 0
    assert (volume[-10:] > 0).all()


def test_a_suspended_account_sends_nothing() -> None:
    """Neither its own mail nor what its story adds."""
    story = replace(STORIES["purchased_list"], past=(Step(stage="suspended", since=20, until=11),))
    volume = _plan(replace(_account(), story=story, is_caught=False)).volume
    assert volume[:, -21:-11].sum() == 0
    assert (volume[:, -11] > 0).all()


def test_an_extra_is_a_stream_of_its_own() -> None:
    """It has its days, its import and its rates; the account's own stream stays as it was."""
    plan, calm = _plan(_account(story="purchased_list")), _plan(_account())
    assert plan.import_ids == [None, "purchased-list"]
    assert plan.volume[1, :-43].sum() == 0
    assert (plan.volume[1, -43:] > 0).all()
    assert np.median(plan.rates["hard_bounces"][1]) > 5 * np.median(plan.rates["hard_bounces"][0])
    assert np.allclose(plan.rates["hard_bounces"][0], calm.rates["hard_bounces"][0])


def test_a_gradual_change_grows() -> None:
    """Nothing on its first day, everything on the last."""
    plan, calm = _plan(_account(story="decaying_list")), _plan(_account())
    added = plan.rates["hard_bounces"][0] - calm.rates["hard_bounces"][0]
    assert np.allclose(added[:-95], 0)
    assert added[-20:].mean() > 1.5 * added[-80:-50].mean() > 0


def test_shocks_have_a_memory_and_heavy_tails() -> None:
    """Mean about 1, the stated spread, a day like the day before, and more extremes than a bell curve has."""
    shocks = _shocks(20_000, rng=np.random.default_rng(1))["hard_bounces"]
    logs = np.log(shocks)
    scores = (logs - logs.mean()) / logs.std()
    assert shocks.mean() == pytest.approx(1.0, abs=0.05)
    assert shocks.std() == pytest.approx(0.5, abs=0.1)
    assert np.corrcoef(logs[1:], logs[:-1])[0, 1] == pytest.approx(0.5, abs=0.05)
    assert (scores**4).mean() > 3.5


def test_mailbox_shares_are_whole() -> None:
    """Every mail goes to some provider."""
    shares = _plan(_account(story="provider_outage")).provider_shares
    assert shares.sum() == pytest.approx(1)
    assert shares[list(MAILBOX_PROVIDERS).index("inbox.example.net")] == pytest.approx(0.65)
