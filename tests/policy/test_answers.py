"""What history says of accounts' answers: often, fast, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

import deliverlab as dl
from deliverlab.policy.answers import answers, incidence
from deliverlab.policy.model import Policy
from tests.policy.drawn import history, policy
from tests.policy.test_scenario import ACCOUNTS, ENFORCED, MAIL, REVIEWED

if TYPE_CHECKING:
    from pathlib import Path

watched = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["met", "ended", "lost"])), min_size=1, max_size=12
)


def arrays(drawn: list[tuple[int, str]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, whether each met the event, and whether it ended at all."""
    days, kinds = (np.array(column) for column in zip(*drawn, strict=True))
    return days, kinds == "met", kinds != "lost"


def test_each_stage_has_a_row_and_all_have_one() -> None:
    """Three of four entries into probation were answered, after 4, 6 and 7 days; none was ever suspended."""
    past = history(MAIL, accounts=ACCOUNTS, enforcement=ENFORCED, reviews=REVIEWED)
    found = answers(past, policy=policy())
    assert found["stage"].to_list() == ["probation", "suspended", None]
    assert found.select("entries", "answered", "ended_otherwise", "still_open").row(0) == (4, 3, 1, 0)
    assert found.select("share", "median_days", "fastest_days", "slowest_days").row(0) == (0.75, 6, 4, 7)
    assert found.select("share", "median_days", "entries").row(1) == (None, None, 0)
    low, high = found.select("share_low", "share_high").row(0)
    assert (round(low, 4), round(high, 4)) == (0.3006, 0.9544)  # Wilson's bounds of 3 in 4


def test_open_entries_are_censored_and_not_unanswered() -> None:
    """Of one answered on the 4th day and one open since yesterday nothing speaks against an answer."""
    open_one = """
        account_id | from_day   | to_day     | stage     | send_share
        a          | 2026-05-02 | 2026-05-05 | probation | 1.0
        b          | 2026-05-30 | -          | probation | 1.0
    """
    past = history(MAIL, accounts=ACCOUNTS, enforcement=open_one, reviews=REVIEWED)
    found = answers(past, policy=policy())
    assert found.select("answered", "still_open", "share").row(0) == (1, 1, 1.0)
    assert found["share_low"][0] < 0.3


@settings(deadline=None)
@given(watched)
def test_without_losses_the_share_is_the_plain_one(drawn: list[tuple[int, str]]) -> None:
    """And its variance that of a share."""
    days, is_met, has_ended = arrays([(day, "ended" if kind == "lost" else kind) for day, kind in drawn])
    found = incidence(days, is_met=is_met, has_ended=has_ended)
    plain = is_met.mean()
    assert found.share[-1] == pytest.approx(plain)
    assert found.variance == pytest.approx(plain * (1 - plain) / len(days), abs=1e-12)


@settings(deadline=None)
@given(watched)
def test_without_a_competitor_it_is_kaplan_and_meier(drawn: list[tuple[int, str]]) -> None:
    """One less their curve of staying, as SciPy has it, with Greenwood's variance."""
    days, is_met, has_ended = arrays([(day, "lost" if kind == "ended" else kind) for day, kind in drawn])
    if not has_ended.any():
        return
    found = incidence(days, is_met=is_met, has_ended=has_ended)
    curve = ecdf(CensoredData(uncensored=days[has_ended], right=days[~has_ended]))
    assert found.share[-1] == pytest.approx(1 - curve.sf.evaluate(found.days[-1]))
    at_risk = [(days >= day).sum() for day in found.days]
    gone = [((days == day) & has_ended).sum() for day in found.days]
    stay = 1 - found.share[-1]
    if all(g < n for g, n in zip(gone, at_risk, strict=True)):  # else nobody stays, and nothing varies
        greenwood = stay**2 * sum(g / (n * (n - g)) for g, n in zip(gone, at_risk, strict=True))
        assert found.variance == pytest.approx(greenwood)


@settings(deadline=None)
@given(watched)
def test_the_shares_of_all_ends_add_up(drawn: list[tuple[int, str]]) -> None:
    """What met the event, what ended otherwise, and what did neither by Kaplan and Meier make one."""
    days, is_met, has_ended = arrays(drawn)
    if not has_ended.any():
        return
    met = incidence(days, is_met=is_met, has_ended=has_ended).share[-1]
    other = incidence(days, is_met=has_ended & ~is_met, has_ended=has_ended).share[-1]
    either = incidence(days, is_met=has_ended, has_ended=has_ended).share[-1]
    assert met + other == pytest.approx(either)


def test_losses_cost_no_truth_on_average() -> None:
    """Where many are lost from sight at random, the mean estimate is the true share; the plain one is not."""
    rng = np.random.default_rng(5)
    estimates, plain = [], []
    for _ in range(300):
        is_met = rng.random(60) < 0.4
        ends = np.where(is_met, rng.integers(1, 8, 60), 10)
        lost = rng.integers(1, 16, 60)
        has_ended = ends <= lost
        found = incidence(np.minimum(ends, lost), is_met=is_met & has_ended, has_ended=has_ended)
        estimates.append(found.share[-1])
        plain.append((is_met & has_ended).mean())
    assert np.mean(estimates) == pytest.approx(0.4, abs=0.01)
    assert np.mean(plain) < 0.33


def test_the_sample_answers_as_its_stories_say(sample: Path) -> None:
    """Every entry is answered, has ended otherwise, or is open, and bounds hold the share."""
    found = answers(dl.open_history(sample), policy=Policy.preset("hubspot-like"))
    for row in found.iter_rows(named=True):
        assert row["answered"] + row["ended_otherwise"] + row["still_open"] == row["entries"]
        if row["share"] is not None:
            assert row["share_low"] <= row["share"] <= row["share_high"]
    assert found["entries"][-1] == found["entries"][:-1].sum()
    assert found["answered"][-1] == 25
