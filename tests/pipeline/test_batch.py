"""A batch writes the pages that were asked for, and an index that links them."""

from datetime import date
from pathlib import Path

import pytest

from deliverlab.errors import DataError
from deliverlab.pipeline.batch import Batch, write_reports
from deliverlab.pipeline.demo import walk

AS_OF = date(2026, 6, 30)
STAGED = "acct-0003"  # its name is HTML


@pytest.fixture(scope="module")
def batch(walked: Path, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """One account's health report, the portfolio under a replayed policy, and both pages on policies."""
    return write_reports(
        walked, kinds=["replay", "policy", "comparison", "health"], accounts=STAGED, as_of=AS_OF,
        out=tmp_path_factory.mktemp("pages"), policy="hubspot-like", stage_from="enforcement",
    )  # fmt: skip


def test_each_kind_and_account_has_its_page(batch: Batch) -> None:
    """Pages about nobody in particular stand once, the others once an account."""
    assert batch.failures == 0
    assert [report.path.name for report in batch.reports if report.path] == [
        "replay.html",
        "policy.html",
        "comparison.html",
        f"health-{STAGED}.html",
    ]


def test_the_index_links_every_page_and_escapes_names(batch: Batch) -> None:
    """The account's name is shown as it is, never taken for HTML."""
    index = batch.index.read_text()

    assert f'href="health-{STAGED}.html"' in index
    assert 'href="replay.html"' in index
    assert 'href="policy.html"' in index
    assert 'href="comparison.html"' in index
    assert "&lt;b&gt;Bold &amp; Co&lt;/b&gt;" in index
    assert "<b>Bold" not in index


def test_pages_say_where_their_stages_come_from(batch: Batch) -> None:
    """Only the replayed page says SIMULATED, and both say that the figures are synthetic."""
    replay, health = (
        (batch.index.parent / name).read_text() for name in ("replay.html", f"health-{STAGED}.html")
    )

    assert "SIMULATED" in replay
    assert "SIMULATED" not in health
    assert "synthetic" in replay
    assert "synthetic" in health


@pytest.mark.parametrize(
    ("accounts", "message"),
    [
        ("acct-003", "account_id == 'acct-003', must be one of the 240 in accounts; did you mean"),
        (" , ", "must be all, staged, or ids with commas between"),
    ],
)
def test_accounts_that_are_not_there_are_refused_before_anything_runs(
    accounts: str, message: str, walked: Path, tmp_path: Path
) -> None:
    """No page is written about somebody else."""
    with pytest.raises(DataError, match=message):
        write_reports(
            walked, kinds=["health"], accounts=accounts, as_of=AS_OF,
            out=tmp_path, policy="hubspot-like", stage_from="enforcement",
        )  # fmt: skip

    assert list(tmp_path.iterdir()) == []


def test_a_page_about_a_simulation_needs_one_that_ends_on_its_day(walked: Path, tmp_path: Path) -> None:
    """Standing of another day says nothing about this one."""
    with pytest.raises(DataError, match="the simulation ends on 2026-06-30, must end on as_of 2026-06-01"):
        write_reports(
            walked, kinds=["portfolio"], accounts="staged", as_of=date(2026, 6, 1),
            out=tmp_path, policy="hubspot-like", stage_from="simulation",
        )  # fmt: skip


def test_a_demo_deletes_nothing_but_an_earlier_demo(sample: Path, tmp_path: Path) -> None:
    """A folder that holds something else is left alone."""
    keepsake = tmp_path / "keepsake.txt"
    keepsake.write_text("mine")

    with pytest.raises(DataError, match="must be a new folder or an earlier demo"):
        walk(sample, out=tmp_path, say=str)

    assert keepsake.read_text() == "mine"
