"""Limits by band at which as many good accounts are noticed in each; searches judged by what came next."""

from datetime import date
from typing import Any

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.errors import PolicyError
from tests.policy.tune.test_tune import CHAMPION, SCENARIO, history, search_of

RULE = "hard bounces"


def alone(policy: dl.Policy) -> dl.Policy:
    """The policy with that rule only."""
    data = policy.model_dump(exclude_unset=True)
    return dl.Policy.from_data(data | {"rules": [rule for rule in data["rules"] if rule["name"] == RULE]})


def test_no_band_exceeds_the_rate() -> None:
    """What the table says is what the calibrated rule does to clean accounts, and no band has more."""
    found = dl.calibrate(
        history(), policy=CHAMPION, rule=RULE, rate=0.1, between=(0.001, 0.5), scenario=SCENARIO
    )
    assert found.of == "accounts labelled clean"
    assert (found.bands["rate"] <= 0.1).all()
    assert (found.bands["low"] <= found.bands["rate"]).all()
    assert (found.bands["rate"] <= found.bands["high"]).all()
    clean = dl.contributions(dl.simulate(history(), policy=alone(found.policy), scenario=SCENARIO))
    counted = (
        clean.filter("is_in_scope", label="clean")
        .group_by("band")
        .agg(pl.len().alias("accounts"), pl.col("first_notice_on").count().alias("noticed"))
        .sort("band")
    )
    assert found.bands.select("band", "accounts", "noticed").rows() == counted.rows()


def test_stricter_limits_would_exceed_it() -> None:
    """At half its limits the rule notices more than the rate in some band: they are not too mild."""
    found = dl.calibrate(
        history(), policy=CHAMPION, rule=RULE, rate=0.1, between=(0.001, 0.5), scenario=SCENARIO
    )
    (rule,) = alone(found.policy).rules
    limits = [{"band": each.band, "limit": each.limit * 0.5} for each in rule.overrides]
    data = alone(found.policy).model_dump(exclude_unset=True)
    data["rules"][0]["overrides"] = limits
    strict = dl.contributions(dl.simulate(history(), policy=dl.Policy.from_data(data), scenario=SCENARIO))
    rates = strict.filter("is_in_scope", label="clean").group_by("band").agg(
        rate=pl.col("first_notice_on").is_not_null().mean()
    )  # fmt: skip
    assert (rates["rate"] > 0.1).any()


def test_nobody_is_labelled() -> None:
    """Without labels everybody counts, and the answer says so: it is no false-trip rate."""
    accounts = history().accounts.with_columns(label=None, label_on=None)
    unlabelled = history().with_tables(accounts=accounts)
    found = dl.calibrate(
        unlabelled, policy=CHAMPION, rule=RULE, rate=0.3, between=(0.001, 0.5), scenario=SCENARIO
    )
    assert found.of == "all accounts: none is labelled"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule": "bounces"}, 'rule = "bounces", must be one of hard bounces'),
        ({"rate": 5.0}, "rate = 5, must be between 0 and 1"),
        ({"between": (0.2, 0.1)}, "must be two limits above 0, the lower one first"),
    ],
)
def test_refusals(changes: dict[str, Any], words: str) -> None:
    """What is wrong is one line."""
    given: dict[str, Any] = {"rule": RULE, "rate": 0.1, "between": (0.01, 0.1)} | changes
    with pytest.raises(PolicyError) as refusal:
        dl.calibrate(history(), policy=CHAMPION, scenario=SCENARIO, **given)
    assert words in str(refusal.value)


def test_rolling_origins() -> None:
    """Each origin is searched on earlier days alone, and judged until the day before the next."""
    origins = [date(2026, 4, 15), date(2026, 5, 25)]
    found = dl.rolling_origins(
        history(), policy=CHAMPION, search=search_of(), scenario=SCENARIO, origins=origins, embargo_days=7
    )
    assert found["origin"].to_list() == origins
    assert found["until"].to_list() == [date(2026, 5, 24), date(2026, 6, 30)]
    split = {"split": {"validate_from": origins[0], "test_from": date(2026, 6, 1), "embargo_days": 7}}
    first = dl.tune(history(), policy=CHAMPION, search=search_of(**split), scenario=SCENARIO, resamples=0)
    assert first.chosen is not None
    assert found["seen"][0] == first.rows["harm_averted_share"][first.chosen]
    with pytest.raises(PolicyError, match="must be days in order, each once"):
        dl.rolling_origins(
            history(), policy=CHAMPION, search=search_of(), scenario=SCENARIO, origins=origins[::-1]
        )
