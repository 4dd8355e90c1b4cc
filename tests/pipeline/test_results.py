"""Results say how far history can answer."""

import polars as pl
import pytest

from deliverlab.pipeline.results import identified


@pytest.mark.parametrize(
    ("observed", "sending", "sentence"),
    [
        ([90, 9], [100, 10], "History shows 90.0% of these 110 mail-days."),
        ([8, 0], [10, 10], "History shows 40.0% of these 20 mail-days, too few: take its figures as bounds."),
        ([0], [0], "No account would have sent mail: there is nothing to observe."),
    ],
)
def test_the_identified_share_is_said_with_every_simulation(
    observed: list[int], sending: list[int], sentence: str
) -> None:
    """It adds up over accounts, and under nine tenths it warns."""
    outcomes = pl.DataFrame({"identified_days": observed, "sending_days": sending})

    assert identified(outcomes) == sentence
