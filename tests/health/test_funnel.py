"""Funnels: the published ones, and what limits mean."""

from functools import partial
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.errors import DataError
from deliverlab.health.funnel import SCALES, deviates, funnel_limits, overdispersion
from tests.tables import table

# Heart surgery on children under one year, England 1991-95 (Spiegelhalter 2019, The Art of Statistics).
BRISTOL = table("""
    hospital         | deaths | operations
    Bristol          | 41     | 143
    Leicester        | 25     | 187
    Leeds            | 24     | 323
    Oxford           | 23     | 122
    Guys             | 25     | 164
    Liverpool        | 42     | 405
    Southampton      | 24     | 239
    Great Ormond St  | 53     | 482
    Newcastle        | 26     | 195
    Harefield        | 25     | 177
    Birmingham       | 58     | 581
    Brompton         | 31     | 301
""")
# The same in the United Kingdom and Ireland, all children, 2012-15.
LATER = table("""
    hospital         | deaths | operations
    Harley Street    | 5      | 418
    Leicester        | 14     | 607
    Newcastle        | 15     | 668
    Glasgow          | 27     | 760
    Southampton      | 14     | 829
    Bristol          | 14     | 835
    Dublin           | 23     | 983
    Leeds            | 22     | 1038
    Brompton         | 19     | 1094
    Liverpool        | 20     | 1132
    Evelina          | 35     | 1220
    Birmingham       | 36     | 1457
    Great Ormond St  | 19     | 1892
""")
DEATHS, OPERATIONS = pl.col("deaths"), pl.col("operations")


def pooled(hospitals: pl.DataFrame) -> float:
    return float(hospitals.select(DEATHS.sum() / OPERATIONS.sum()).item())


def outside(hospitals: pl.DataFrame, *, confidence: float, scale: str = "score") -> dict[str, str]:
    """Who lies outside the limits around the pooled rate, and on which side."""
    target = pl.lit(pooled(hospitals))
    rate = DEATHS / OPERATIONS
    limits = funnel_limits(OPERATIONS, target=target, scale=scale, confidence=confidence)
    is_above, is_below = rate > limits.struct.field("high"), rate < limits.struct.field("low")
    side = pl.when(is_above).then(pl.lit("above")).when(is_below).then(pl.lit("below"))
    return dict(hospitals.select("hospital", side=side).drop_nulls().iter_rows())


@pytest.mark.parametrize("scale", ["score", "arcsine"])
def test_bristol_alone_lies_beyond_the_outer_limit(scale: str) -> None:
    """1991-95: mortality of 28.7% where 12.0% were usual; Oxford and Leeds lie beyond the inner one only."""
    assert outside(BRISTOL, confidence=0.998, scale=scale) == {"Bristol": "above"}
    assert outside(BRISTOL, confidence=0.95, scale=scale) == {
        "Bristol": "above", "Oxford": "above", "Leeds": "below"
    }  # fmt: skip


def test_twenty_years_later_nobody_lies_above_the_outer_limit() -> None:
    """2012-15, before adjusting for risk: 2.0% were usual; one lies low, and Bristol within."""
    assert (round(pooled(BRISTOL), 3), round(pooled(LATER), 3)) == (0.120, 0.020)
    assert outside(LATER, confidence=0.998) == {"Great Ormond St": "below"}
    assert outside(LATER, confidence=0.95) == {
        "Great Ormond St": "below", "Glasgow": "above", "Evelina": "above"
    }  # fmt: skip


def test_winsorised_hospitals_hardly_differ_but_for_bristol() -> None:
    """By hand: two of twelve count as the third from the end would, so Bristol does not hide itself."""
    target = pl.lit(397 / 3319)
    found = BRISTOL.select(overdispersion(DEATHS, OPERATIONS, target=target).alias("found")).unnest("found")
    z = BRISTOL.select(deviates(DEATHS, OPERATIONS, target=target)).to_series()
    clipped = z.clip(z.quantile(0.1, "linear"), z.quantile(0.9, "linear"))
    assert found["phi"][0] == pytest.approx((clipped**2).mean())
    weights = BRISTOL["operations"].to_numpy() / (397 / 3319 * (1 - 397 / 3319))
    expected = (12 * found["phi"][0] - 11) / (weights.sum() - (weights**2).sum() / weights.sum())
    assert found["tau2"][0] == pytest.approx(expected, rel=1e-6)
    with_tau2 = deviates(DEATHS, OPERATIONS, target=target, tau2=pl.lit(found["tau2"][0]))
    assert BRISTOL.filter(with_tau2 > 3.09)["hospital"].to_list() == ["Bristol"]


def test_truncated_outliers_do_not_count_at_all() -> None:
    """The middle ten of twelve differ by less than chance: nothing is left to explain."""
    found = BRISTOL.select(
        overdispersion(DEATHS, OPERATIONS, target=pl.lit(397 / 3319), tails="truncated").alias("found")
    ).unnest("found")
    assert found["phi"][0] < 0.9
    assert found["tau2"][0] == 0


@settings(max_examples=60)
@given(
    st.sampled_from([*SCALES]), st.floats(50, 1e6), st.floats(0.01, 0.4), st.floats(0, 0.01),
    st.sampled_from([0.95, 0.998]),
)  # fmt: skip
def test_who_lies_on_a_limit_is_as_far_out_as_it_says(
    scale: str, trials: float, rate: float, tau2: float, confidence: float
) -> None:
    """Limits and deviates are one another's inverse, on every scale: 1.96 at 95%, 3.09 at 99.8%."""
    target = rate if SCALES[scale].most else 1.0
    at: partial[dict[str, Any]] = partial(dict, target=pl.lit(target), tau2=pl.lit(tau2), scale=scale)
    limits: pl.Expr = funnel_limits(pl.lit(trials), confidence=confidence, **at())
    high = pl.select(limits).item()["high"]
    if high < (SCALES[scale].most or float("inf")):
        z = pl.select(deviates(pl.lit(high) * trials, pl.lit(trials), **at())).item()
        assert z == pytest.approx({0.95: 1.95996, 0.998: 3.09023}[confidence], rel=1e-3)


@given(st.sampled_from([*SCALES]), st.floats(10, 1e5), st.floats(0.05, 0.4), st.floats(1e-4, 0.5))
def test_limits_narrow_with_mail_and_widen_with_what_accounts_differ_by(
    scale: str, trials: float, target: float, tau2: float
) -> None:
    """But never below what accounts differ by: a giant may be as unlike its peers as anybody."""

    def width(number: float, spread: float) -> float:
        limits = funnel_limits(pl.lit(number), target=pl.lit(target), tau2=pl.lit(spread), scale=scale)
        bounds = pl.select(limits).item()
        return float(bounds["high"] - bounds["low"])

    assert width(10 * trials, 0.0) <= width(trials, 0.0)
    assert width(trials, 0.0) <= width(trials, tau2)
    assert width(1e12, tau2) > width(1e12, 0.0)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(100, 900)), min_size=6, max_size=30), st.integers())
def test_overdispersion_does_not_depend_on_order(counts: list[tuple[int, int]], seed: int) -> None:
    """The same accounts in another order have the same phi and tau2, to the last bit."""
    frame = pl.DataFrame(counts, schema=["x", "n"], orient="row")
    found = overdispersion(pl.col("x"), pl.col("n"), target=pl.lit(0.02), tails="winsorised")
    assert (
        frame.select(found).item()
        == frame.sample(fraction=1, shuffle=True, seed=seed % 2**32).select(found).item()
    )


def test_accounts_on_the_target_do_not_differ() -> None:
    """More of them than chance would have there: phi below 1, nothing to add."""
    alike = pl.DataFrame({"x": [20] * 10, "n": [1000] * 10})
    found = alike.select(overdispersion(pl.col("x"), pl.col("n"), target=pl.lit(0.02))).item()
    assert found == {"phi": 0.0, "tau2": 0.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "logit"}, "scale == 'logit', must be one of score, arcsine, poisson, sqrt, log"),
        ({"confidence": 95.0}, "confidence == 95.0, must be between 0 and 1"),
    ],
)
def test_what_is_no_scale_or_confidence_is_refused(options: dict[str, object], message: str) -> None:
    """One line says what is allowed."""
    with pytest.raises(DataError, match=message):
        funnel_limits(pl.lit(10), target=pl.lit(0.1), **options)  # type: ignore[arg-type]
