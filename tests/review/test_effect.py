"""An effect is how much more reviewed accounts changed than those that were alike."""

import polars as pl
import pytest

from deliverlab.review.account_effects import account_effects
from deliverlab.review.effect import compare, effects
from tests.review.changes import changes, member, sets


def test_what_matched_accounts_do_as_well_is_no_effect() -> None:
    """Both sides mend from four times their peers to one: before and after says a quarter, the effect 1."""
    row = compare(sets(20, reviewed=1.0, matched=1.0), seed=7)

    assert row["before_after"] == pytest.approx(1 / 5.2, rel=0.1)
    assert row["effect_low"] < 1 < row["effect_high"]
    assert row["why"] is None


def test_what_only_reviewed_accounts_do_is_the_effect() -> None:
    """They fall to one and the others stay at two and a half: two fifths are left."""
    row = compare(sets(20, reviewed=1.0, matched=2.5), seed=7)

    assert row["effect"] == pytest.approx(0.4, rel=0.1)
    assert row["effect_low"] < row["effect"] < row["effect_high"] < 1
    assert (row["reviews"], row["matched_accounts"]) == (20, 40)


def test_the_same_seed_draws_the_same_bounds() -> None:
    """Luck is an argument; the order of rows is none."""
    given = sets(15, reviewed=1.0, matched=2.0)

    assert compare(given, seed=7) == compare(given, seed=7)
    assert compare(given.reverse(), seed=7)["effect_low"] == pytest.approx(
        compare(given, seed=7)["effect_low"]
    )
    assert compare(given, seed=8)["effect_low"] != compare(given, seed=7)["effect_low"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (sets(9, reviewed=1.0, matched=1.0), "9 reviewed accounts have matches and 18 accounts match them"),
        (sets(12, reviewed=0.0, matched=1.0), "no event happened afterwards"),
        (sets(1, reviewed=1.0, matched=1.0, matches=0), "0 reviewed accounts have matches"),
    ],
)
def test_there_is_no_figure_where_nobody_can_tell(given: pl.DataFrame, why: str) -> None:
    """Too few, or nothing that happened: it says so, and gives no number."""
    row = compare(given, seed=7)

    assert row["effect"] is row["effect_low"] is row["effect_high"] is None
    assert why in row["why"]


def test_who_sent_nothing_afterwards_takes_no_part() -> None:
    """A match without mail leaves its share to the others; a reviewed account takes its set along."""
    gone = [
        member("a", 0, before=4.0, after=1.0), member("a", 1, before=4.0, after=None),
        member("a", 2, before=4.0, after=2.0), member("b", 0, before=4.0, after=None),
        member("b", 1, before=4.0, after=9.0),
    ]  # fmt: skip
    row = compare(changes(gone), seed=7)

    assert (row["reviews"], row["matched_accounts"]) == (1, 1)
    assert row["matched_before_after"] == pytest.approx(2.0 / 5.2)


def test_every_measure_has_a_row() -> None:
    """Also those of which nothing is known."""
    found = effects(sets(12, reviewed=1.0, matched=2.0), seed=7)

    assert found.height == 8
    assert found.filter(pl.col("effect").is_not_null())["measure"].to_list() == ["hard_bounce_rate"]


def verdicts(given: pl.DataFrame) -> list[str]:
    told = account_effects(given)
    assert told.select((pl.col("rate_before_low") <= pl.col("rate_before")).all()).item()
    return told["verdict"].cast(pl.String).unique().to_list()


def test_a_review_helped_where_its_account_leaves_its_like_behind() -> None:
    """Mended far more than others ever do: helped; mended as they did: no effect shown; rose: got worse."""
    assert verdicts(sets(12, reviewed=0.4, matched=4.0)) == ["helped"]
    assert verdicts(sets(12, reviewed=1.0, matched=1.0)) == ["no effect shown"]
    assert verdicts(sets(12, reviewed=9.0, matched=1.0)) == ["got worse"]


def test_of_few_matches_nothing_is_said() -> None:
    """How far accounts that were not reviewed lie apart must be known first."""
    assert verdicts(sets(4, reviewed=0.4, matched=4.0)) == ["cannot be told"]


def test_more_opens_are_no_harm() -> None:
    """Where a low rate is bad, above is better."""
    opens = [row | {"measure": "open_rate"} for row in sets(12, reviewed=9.0, matched=1.0).rows(named=True)]

    assert verdicts(changes(opens)) == ["helped"]
