"""Appeals are kept with what became of them."""

import re
from datetime import date

import pytest

from deliverlab.errors import DataError
from deliverlab.review.appeals import appeal_summary, decide_appeal, record_appeal
from deliverlab.review.prevention import PREVENTION, prevention
from deliverlab.review.reasons import REASONS, codes_of
from tests.tables import table

APPEALS = table("""
    account_id | appealed_on | decided_on | outcome   | reviewer
    a          | 2026-05-01  | 2026-05-03 | upheld    | Kim
    b          | 2026-05-01  | 2026-05-07 | refused   | Kim
    c          | 2026-05-02  | 2026-05-04 | refused   | Lee
    d          | 2026-05-02  | 2026-05-20 | withdrawn | -
    e          | 2026-05-03  | -          | -         | -
""")


def test_the_summary_counts_what_was_decided() -> None:
    """One of three upheld, with Wilson's bounds; withdrawn and open ones are counted apart."""
    row = appeal_summary(APPEALS).row(0, named=True)

    assert (row["appeals"], row["open"], row["decided"], row["upheld"], row["median_days"]) == (
        5,
        1,
        3,
        1,
        2.0,
    )
    assert row["upheld_share"] == pytest.approx(1 / 3)
    assert (row["share_low"], row["share_high"]) == pytest.approx((0.0615, 0.7923), abs=1e-4)


def test_an_appeal_is_recorded_and_decided() -> None:
    """It is open until somebody decides."""
    came = record_appeal(APPEALS, account_id="f", appealed_on=date(2026, 6, 1))
    decided = decide_appeal(
        came, account_id="f", decided_on=date(2026, 6, 4), outcome="upheld", reviewer="Kim"
    )

    assert appeal_summary(came)["open"].item() == 2
    assert decided.row(-1) == ("f", date(2026, 6, 1), date(2026, 6, 4), "upheld", "Kim")
    assert decided.height == came.height


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"account_id": "a"}, "appeal: a has no open one, must be recorded before it is decided"),
        ({"outcome": "won"}, "appeal: outcome == 'won', must be one of upheld, refused, withdrawn"),
        ({"reviewer": " "}, "appeal: reviewer == ' ', must be who decided"),
        ({"decided_on": date(2026, 5, 2)}, "`decided_on` must not be before `appealed_on`"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    """One line says why."""
    asked = {"account_id": "e", "decided_on": date(2026, 6, 1), "outcome": "upheld", "reviewer": "Kim"}

    with pytest.raises(DataError, match=re.escape(message)):
        decide_appeal(APPEALS, **asked | change)  # type: ignore[arg-type]


@pytest.mark.parametrize("account_id", ["e", "a"])
def test_one_appeal_is_decided_before_the_next(account_id: str) -> None:
    """An open one, or another of the same day, is in the way."""
    with pytest.raises(DataError, match="must be decided before another comes"):
        record_appeal(APPEALS, account_id=account_id, appealed_on=date(2026, 5, 1))


def test_every_reason_that_asks_for_a_change_has_its_prevention() -> None:
    """But a duplicate, which comes from no practice; and none is told for what no list has."""
    asked = {*codes_of("remove"), *codes_of("reconfirm")}

    assert asked - set(PREVENTION) <= {"duplicate"}
    assert set(PREVENTION) <= set(REASONS)
    assert prevention([]) == []
