"""The benchmark of trip rules: calibration gives what it says, and its CUSUM is the one of policies."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.abuse import DAYS, HALF_LIFE, cohort
from benchmarks.trip_rules import CLEAN_TRIPS, WARM_UP, cells_of, first_trips, judge
from benchmarks.trip_statistics import CAP, DAY_SHAPE, DETECT, RULES, SILENT, TOLERATE, cusum, published
from deliverlab.policy.kernel.rules import grown


def test_the_cusum_is_the_policies_own() -> None:
    """Day by day the sums are those of the kernel's evidence rules."""
    some = cohort(accounts=6, is_heavy_tailed=True, seed=3, shape="sudden", times=6.0)
    rule = SimpleNamespace(log_ratio=np.log(DETECT / TOLERATE), tolerate=TOLERATE, detect=DETECT, cap=CAP)
    sums = cusum(some)
    for account in range(6):
        total = 0.0
        for day in range(DAYS):
            expected = float(some.sent[account, day] * some.usual[account])
            events = float(some.complaints[account, day])
            total = grown.py_func(total, events, expected, DAY_SHAPE, rule)  # type: ignore[attr-defined]  # numba's
            assert sums[account, day] == pytest.approx(total)


@pytest.mark.parametrize("rule", RULES)
def test_no_cell_exceeds_the_rate_it_was_calibrated_to(rule: str) -> None:
    """On the accounts that set the limits, at most one in a hundred of each cell trips."""
    clean = cohort(accounts=2_000, is_heavy_tailed=True, seed=1)
    worst, cells = RULES[rule](clean)[:, WARM_UP:].max(axis=1), cells_of(rule, clean)
    limits = np.array([
        np.quantile(worst[cells == cell], 1 - CLEAN_TRIPS, method="higher") for cell in range(cells.max() + 1)
    ])  # fmt: skip
    tripped = first_trips(rule, clean, limits) < DAYS
    assert all(tripped[cells == cell].mean() <= CLEAN_TRIPS for cell in range(cells.max() + 1))


def test_abuse_is_as_it_is_called() -> None:
    """Sudden abuse lasts, decaying abuse loses half in its half-life, and the third kind is one day's."""
    plain, sudden, decaying, one = (
        cohort(accounts=4_000, is_heavy_tailed=False, seed=4, shape=shape, times=6.0)
        for shape in (None, "sudden", "decaying", "one day")
    )
    assert (plain.onset == DAYS).all()
    since = np.arange(DAYS) - sudden.onset[:, None]

    def times(accounts: object, days: object) -> float:
        return float(accounts.complaints[days].sum() / accounts.clean[days].sum())  # type: ignore[attr-defined]

    assert times(sudden, since < 0) == pytest.approx(1.0, abs=0.1)
    assert times(sudden, since >= 0) == pytest.approx(6.0, rel=0.1)
    assert times(decaying, since == HALF_LIFE) == pytest.approx(3.5, rel=0.2)
    assert times(one, since >= 8) == pytest.approx(1.0, abs=0.1)


def test_who_is_stopped_at_once_averts_nearly_all() -> None:
    """A rule that trips everybody on the first day of judgement averts all harm of abuse that comes later."""
    abusive = cohort(accounts=300, is_heavy_tailed=False, seed=5, shape="sudden", times=6.0)
    limits = np.full(5, SILENT)
    assert judge("capped CUSUM", abusive, limits)["harm_averted"] == pytest.approx(1.0)
    assert judge("capped CUSUM", abusive, -limits)["harm_averted"] == 0.0


def test_a_published_rule_is_silent_below_its_minimum() -> None:
    """Small accounts have no rate that it would look at."""
    small = cohort(accounts=500, is_heavy_tailed=False, seed=6)
    assert (published(small)[small.band == 0] == SILENT).all()
