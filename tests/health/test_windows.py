"""Days added up: which of them, and exactly."""

from datetime import date

import polars as pl

from deliverlab.columns import exact_sum
from deliverlab.health.windows import measured, trailing_sums, windows_before
from deliverlab.metrics import METRICS
from deliverlab.schemas import Daily
from tests.health.worlds import daily_table


def test_a_window_ends_with_the_newest_day_that_is_known_in_full() -> None:
    """Seen on the 10th, with outcomes known after two days, three days are the 6th to the 8th."""
    daily = daily_table("""
        account_id | day        | sent | hard_bounces
        a          | 2026-05-05 | 1000 | 100
        a          | 2026-05-06 | 10   | 1
        a          | 2026-05-08 | 30   | 2
        a          | 2026-05-09 | 1000 | 100
        b          | 2026-05-09 | 5    | 5
    """)
    windows = windows_before([date(2026, 5, 10)], window_days=3, known_within_days=2)
    sums = trailing_sums(Daily.cast(daily.lazy()), windows).filter(metric="hard_bounce_rate").collect()
    assert sums.to_dicts() == [
        {
            "account_id": "a", "day": date(2026, 5, 10), "sent": 40, "first_sent_on": date(2026, 5, 6),
            "metric": "hard_bounce_rate", "events": 3, "trials": 40,
            "day_events_squared": 1.0 + 4.0, "day_events_by_trials": 10.0 + 60.0,
            "day_trials_squared": 100.0 + 900.0, "week_events_squared": 9.0,
            "week_events_by_trials": 120.0, "week_trials_squared": 1600.0,
        }
    ]  # fmt: skip


def test_every_metric_is_added_up_of_its_own_columns() -> None:
    """Each metric takes its numerator and its denominator."""
    daily = daily_table("""
        account_id | day        | sent | hard_bounces| soft_bounces| complaints| unsubscribes| opens | clicks
        a          | 2026-05-08 | 1000 | 10          | 20          | 3          | 4            | 500   | 60
    """)
    windows = windows_before([date(2026, 5, 10)], window_days=1, known_within_days=2)
    sums = trailing_sums(Daily.cast(daily.lazy()), windows).select("metric", "events", "trials").collect()
    assert sums.sort("metric").rows() == [
        ("hard_bounce_rate", 10, 1000),
        ("soft_bounce_rate", 20, 1000),
        ("complaint_rate", 3, 970),
        ("unsubscribe_rate", 4, 970),
        ("open_rate", 500, 970),
        ("click_rate", 60, 970),
        ("click_to_open_rate", 60, 500),
    ]


def test_metrics_keep_their_own_denominator_unless_told_otherwise() -> None:
    """Only the named metric changes."""
    assert measured() == METRICS
    changed = measured({"complaint_rate": "sent"})
    assert [name for name in METRICS if changed[name] != METRICS[name]] == ["complaint_rate"]


def test_an_exact_sum_does_not_depend_on_order() -> None:
    """Floating point addition would give another last digit."""
    values = pl.DataFrame({"value": [0.1, 0.2, 0.3, 1e9, -1e9]})
    there = values.select(exact_sum(pl.col("value"))).item()
    assert there == values.reverse().select(exact_sum(pl.col("value"))).item()
    assert values["value"].sum() != values.reverse()["value"].sum()
