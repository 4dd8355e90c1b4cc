"""What rates would have been without each group, and without whom the rules could have known before."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from deliverlab.review.removals import FORESEEN, NAMED, as_if_unknown, removal_rates
from deliverlab.schemas import COUNTS
from tests.review.lists import contacts_with
from tests.tables import table

NOW = {
    "bought": ["imported_without_proof", "hard_bounced"], "dead": ["hard_bounced"],
    "angry": ["complained"], "fine": [], "noted": ["records_disagree"], "silent": ["role_address"],
}  # fmt: skip
COUNTED = table("""
    email  | sent | delivered | hard_bounces | complaints
    bought | 10   | 4         | 6            | 0
    dead   | 10   | 8         | 2            | 0
    angry  | 10   | 10        | 0            | 1
    fine   | 50   | 50        | 0            | 0
    noted  | 10   | 10        | 0            | 0
""")


def counts(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with all counts, those not given zero."""
    return rows.with_columns(pl.lit(0, pl.Int64).alias(name) for name in COUNTS if name not in rows.columns)


def decided(reasons: dict[str, list[str]]) -> pl.DataFrame:
    """Decisions with these reasons, as far as removals look at them."""
    frame = pl.DataFrame({"email": list(reasons), "reasons": list(reasons.values())})
    return frame.with_columns(account_id=pl.lit("a"))


def rates(before: dict[str, list[str]], *, sent: int = 100) -> dict[str, tuple[Any, Any]]:
    """The hard bounce rate as it was and without each group; ten mails went to somebody on no list."""
    whole = counts(pl.DataFrame({"sent": [sent], "delivered": [92], "hard_bounces": [8], "complaints": [1]}))
    found = removal_rates(decided(NOW), counts(COUNTED), whole, before=decided(before))
    rows = found.filter(pl.col("metric") == "hard_bounce_rate")
    return {row["removed"]: (row["rate"], row["rate_without"]) for row in rows.iter_rows(named=True)}


def test_each_group_takes_its_mail_and_its_bounces_along() -> None:
    """Without a group both its events and its trials are gone from the account's own."""
    found = rates({})

    assert found["imported_without_proof"] == (0.08, pytest.approx(2 / 90))
    assert found["hard_bounced"] == (0.08, 0.0)
    assert found["complained"] == (0.08, pytest.approx(8 / 90))
    assert found["role_address"] == (0.08, 0.08)  # never mailed
    assert found[NAMED] == (0.08, 0.0)
    assert "records_disagree" not in found


def test_what_only_the_mail_told_is_not_foreseen() -> None:
    """Bounces of the window name nobody before it; permission does, and so do bounces before it."""
    assert rates({})[FORESEEN][1] == pytest.approx(2 / 90)
    assert rates({"dead": ["hard_bounced"]})[FORESEEN][1] == 0.0
    assert rates({"fine": ["imported_without_proof"]})[FORESEEN][1] == pytest.approx(2 / 90)


def test_without_mail_there_is_no_rate() -> None:
    """No mail in the window, no row; a group that got all of it leaves no rate behind."""
    whole = counts(pl.DataFrame({"sent": [0], "delivered": [0], "hard_bounces": [0], "complaints": [0]}))

    assert not removal_rates(decided(NOW), counts(COUNTED), whole, before=decided({})).height
    assert rates({}, sent=30)[NAMED][1] is None


def test_a_list_that_knew_no_outcome_has_no_status() -> None:
    """What the list learned from mail is taken back."""
    assert as_if_unknown(contacts_with({"status": "hard_bounced"}))["status"].to_list() == ["active"]
