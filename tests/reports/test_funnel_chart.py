"""The picture of a funnel."""

import json

import polars as pl

from deliverlab.reports.funnel_chart import MOST_WITHIN, plot_funnel

METRIC = "hard_bounce_rate"


def positions(within: int, outside: int, name: str = "Shop") -> pl.DataFrame:
    number = within + outside
    return pl.DataFrame({
        "account_id": [f"{n:05}" for n in range(number)], "name": [f"{name} {n}" for n in range(number)],
        "metric": [METRIC] * number, "expected": [10.0 + n for n in range(number)],
        "events": list(range(number)), "ratio": [1.0] * within + [5.0] * outside,
        "position": ["within"] * within + ["beyond 99.8%"] * outside,
    })  # fmt: skip


LIMITS = pl.DataFrame({
    "metric": [METRIC] * 4, "limits": ["chance alone", "chance alone", "accounts differ", "accounts differ"],
    "confidence": [0.95] * 4, "expected": [1.0, 1e4] * 2, "low": [0.1, 0.9, 0.05, 0.3],
    "high": [3.0, 1.1, 4.0, 2.5],
})  # fmt: skip


def test_all_outside_are_drawn_however_many_accounts_there_are() -> None:
    """Ten thousand accounts make a page of ordinary size, and the subtitle says how many were left out."""
    chart = plot_funnel(positions(10_000, 40), LIMITS, metric=METRIC)
    text = json.dumps(chart.spec)
    assert len(text) < 400_000
    assert text.count('"beyond 99.8%"') >= 40
    assert f"10040 accounts; {MOST_WITHIN} of 10000 within are drawn" in chart.spec["title"]["subtitle"]
    assert chart.words == "hard bounce rate: 10000 within, 0 beyond 95%, 40 beyond 99.8%"


def test_names_are_data_and_never_expressions() -> None:
    """What an account is called stands in the data alone."""
    spec = dict(plot_funnel(positions(2, 1, name="'+alert(1)+'"), LIMITS, metric=METRIC).spec)
    assert "alert" in json.dumps(spec.pop("datasets"))
    assert "alert" not in json.dumps(spec)


def test_a_funnel_without_outliers_is_drawn() -> None:
    """Nobody outside is good news, not an error."""
    assert plot_funnel(positions(3, 0), LIMITS, metric=METRIC).words.endswith("0 beyond 99.8%")
