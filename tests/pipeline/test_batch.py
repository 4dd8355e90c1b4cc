"""A batch writes the pages that were asked for, and an index that links them."""

import json
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.pipeline.batch import Batch, write_reports
from deliverlab.pipeline.demo import walk
from deliverlab.pipeline.directory import note_about
from deliverlab.pipeline.manifest import run_manifest

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
        (" , ", "must be all, staged, a file, or ids with commas between"),
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


def test_what_is_there_is_not_made_again(walked: Path, tmp_path: Path) -> None:
    """A second run makes what is missing; another day, other data or --force makes all again."""
    data, out, ids = tmp_path / "data", tmp_path / "out", tmp_path / "ids.txt"
    shutil.copytree(walked, data)
    ids.write_text("# whom to look at\nacct-0003\n\nacct-0004\n")

    def made(*, as_of: date = AS_OF, force: bool = False) -> set[str]:
        before = {path: path.stat().st_mtime_ns for path in out.glob("health-*.html")}
        batch = write_reports(
            data, kinds=["health"], accounts=str(ids), as_of=as_of, out=out, policy="hubspot-like",
            stage_from="enforcement", force=force,
        )  # fmt: skip
        assert batch.failures == 0
        return {
            path.stem for path in out.glob("health-*.html") if before.get(path) != path.stat().st_mtime_ns
        }

    both = {"health-acct-0003", "health-acct-0004"}
    assert made() == both
    results = (out / "results.jsonl").read_bytes()
    (out / "health-acct-0004.html").unlink()
    assert made() == {"health-acct-0004"}
    assert (out / "results.jsonl").read_bytes() == results
    assert made() == set()
    assert made(as_of=date(2026, 6, 29)) == both
    assert made() == both
    (data / "health").mkdir(exist_ok=True)
    (data / "health" / "scores.parquet").write_bytes(b"computed, not read")
    assert made() == set()
    note_about(data, known_within_days=3)
    assert made() == both
    assert made(force=True) == both


def test_an_account_whose_data_are_wrong_fails_alone(walked: Path, tmp_path: Path) -> None:
    """Its failure and traceback are told, its line says failed, and the pages of others are as ever."""
    data, out = tmp_path / "data", tmp_path / "out"
    shutil.copytree(walked, data)
    days = pl.read_parquet(data / "daily.parquet")
    wrong = pl.when(account_id="acct-0004").then(-1).otherwise("opens")
    days.with_columns(opens=wrong).write_parquet(data / "daily.parquet")

    batch = write_reports(
        data, kinds=["health"], accounts="acct-0003,acct-0004", as_of=AS_OF, out=out,
        policy="hubspot-like", stage_from="enforcement",
    )  # fmt: skip

    assert batch.failures == 1
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [(line["account_id"], line["status"], line["page"]) for line in lines] == [
        ("acct-0003", "done", "health-acct-0003.html"), ("acct-0004", "failed", None),
    ]  # fmt: skip
    assert lines[0]["grade"] == "poor"
    assert lines[0]["worst_metric"] == "hard_bounce_rate"
    assert "opens" in lines[1]["failure"]
    assert "Traceback" in (out / "failures.html").read_text()
    assert 'href="failures.html"' in batch.index.read_text()


def test_a_manifest_is_kinds_by_accounts_by_days(walked: Path, tmp_path: Path) -> None:
    """Each day has its folder with an index; paths are relative to the manifest."""
    manifest = tmp_path / "run.toml"
    manifest.write_text(
        f'data = "{walked}"\nout = "pages"\nkinds = ["health", "checklist"]\naccounts = ["acct-0003"]\n'
        "as_of = [2026-06-29, 2026-06-30]\n"
    )

    batches = run_manifest(manifest)

    assert [batch.failures for batch in batches] == [0, 0]
    for day in ("2026-06-29", "2026-06-30"):
        names = {path.name for path in (tmp_path / "pages" / day).glob("*.html")}
        assert names == {"index.html", "health-acct-0003.html", "checklist-acct-0003.html"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kinds = 1", "data == "),
        ('data = "."\nout = "o"\nkinds = ["helth"]\nas_of = [2026-06-30]', "kinds.0 == 'helth'"),
        ('data = "."\nout = "o"\nkinds = ["health"]\nas_of = [2026-06-30]\njob = 1', "job == 1"),
        ("=", "must be TOML"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    """With its key and what it must be."""
    manifest = tmp_path / "run.toml"
    manifest.write_text(text)

    with pytest.raises(DataError, match=complaint):
        run_manifest(manifest)


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
