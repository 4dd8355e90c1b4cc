"""A checklist gathers what its contacts did to the rates, and hands itself out as files."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.pipeline.exports import export_checklists
from deliverlab.review.kept import read_checklist

if TYPE_CHECKING:
    from pathlib import Path

    from deliverlab.pipeline.cases import Case

AS_OF = date(2026, 6, 30)
BOUGHT = "acct-0003"  # mails a list it bought six weeks ago


@pytest.fixture(scope="module")
def case(walked: Path) -> Case:
    """The case of the account with the bought list."""
    return dl.open_case(walked, BOUGHT, as_of=AS_OF)


def rate_without(case: Case, removed: str, *, metric: str = "hard_bounce_rate") -> dict[str, float]:
    """A row of removals."""
    return case.removals.filter(removed=removed).filter(metric=pl.lit(metric)).row(0, named=True)


def test_the_rate_as_it_was_is_the_one_of_the_health_page(case: Case) -> None:
    """The same mail on the same days is counted in the same way."""
    bounced = case.health.filter(pl.col("metric") == "hard_bounce_rate")

    assert case.window == (date(2026, 5, 30), date(2026, 6, 28))
    assert rate_without(case, "no_permission")["rate"] == bounced["rate"].item()


def test_the_bought_list_explains_the_rate(case: Case) -> None:
    """Without its contacts the rate is that of a good account, in hindsight and by foresight."""
    assert rate_without(case, "imported_without_proof")["rate_without"] < 0.012
    assert rate_without(case, "named before the window")["rate_without"] < 0.012
    assert case.segments.row(0, named=True)["value"] == "purchased-list"
    assert case.segments["share"][0] == 1.0


def test_a_dying_list_is_not_explained_by_what_was_known_before(walked: Path) -> None:
    """In hindsight every bounce is named; nobody could know which addresses would die."""
    case = dl.open_case(walked, "acct-0002", as_of=AS_OF)

    assert rate_without(case, "everybody named")["rate_without"] == 0
    assert rate_without(case, "named before the window")["rate_without"] > 0.1
    assert "expect it to come near that" not in dl.reports.checklist(case).words


def test_mail_to_entries_spelt_alike_counts_once(case: Case) -> None:
    """It counts for the entry that stays."""
    row = rate_without(case, "duplicate")

    assert row["contacts"] == 3
    assert row["trials"] == 0


def test_without_events_nobody_says_what_would_have_been(sample: Path) -> None:
    """The committed sample has lists and no events: decisions yes, rates without contacts no."""
    case = dl.open_case(sample, BOUGHT, as_of=AS_OF)

    assert case.decisions.height > 100
    assert case.removals.height == case.segments.height == 0
    assert "There are no events" in dl.reports.what_it_changes(case).html


def test_files_name_contacts_by_the_key_of_events(walked: Path, tmp_path: Path) -> None:
    """The key leads back to the events; no address stands in a file, and pages and files have one number."""
    written = export_checklists(walked, [BOUGHT], as_of="2026-06-30", out=tmp_path)

    (listed, _) = written[BOUGHT]
    assert read_checklist(listed).checklist_hash == dl.open_case(walked, BOUGHT, as_of=AS_OF).checklist_hash
    rows = pl.read_csv(listed)
    keys = pl.scan_parquet(walked / "events" / "*.parquet").select("recipient_key").unique().collect()
    assert rows.join(keys, on="recipient_key").height > 100
    emails = dl.open_case(walked, BOUGHT, as_of=AS_OF).decisions["email"]
    assert not [email for email in emails if "@" in email and email.lower() in listed.read_text().lower()]


def test_strangers_get_no_file(walked: Path, tmp_path: Path) -> None:
    """A typing slip writes nothing."""
    with pytest.raises(dl.DataError, match="account_id == 'acct-003'"):
        export_checklists(walked, ["acct-003"], as_of=AS_OF, out=tmp_path / "out")

    assert not (tmp_path / "out").exists()
