"""A batch judges its accounts together, and nobody can tell from the reports."""

from __future__ import annotations

import pickle
from datetime import date
from typing import TYPE_CHECKING, get_args

import pytest

import deliverlab as dl
from deliverlab.pipeline import judgements
from deliverlab.pipeline.batch import job_of, write_reports
from deliverlab.pipeline.judgements import Judged, Kept, TableName, judgement_of, keep
from deliverlab.pipeline.together import judged_together
from deliverlab.reports.making import PART

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = date(2026, 6, 30)
SOME = ["acct-0002", "acct-0003", "acct-0015", "acct-0077"]  # staged, with a hostile name, with a parent
GIVEN = {"as_of": str(AS_OF), "policy": "hubspot-like", "stage_from": "enforcement", "language": "en"}


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process of its own would be told stays within the test."""
    monkeypatch.setattr(judgements, "_IN_USE", type(judgements._IN_USE)("test", default=None))


@pytest.mark.parametrize("language", ["en", "sv"])
def test_judged_together_or_alone_is_the_same_to_the_last_bit(
    sample: Path, tmp_path: Path, language: str
) -> None:
    """Every table of every account, read from what was kept for all."""
    data = str(sample.resolve())
    keep(Judged(data=data, account_ids=SOME, as_of=AS_OF, language=language), folder=tmp_path / "kept")
    for account_id in SOME:
        alone = Judged(data=data, account_ids=[account_id], as_of=AS_OF, language=language)
        kept = Kept(asked=alone, folder=tmp_path / "kept")
        for name in get_args(TableName):
            assert kept.table(name).equals(alone.table(name)), (account_id, name)


@pytest.mark.usefixtures("nothing_kept")
def test_what_is_kept_answers_only_the_question_it_was_kept_for(sample: Path, tmp_path: Path) -> None:
    """Another account, day, language or directory is judged anew."""
    asked = Judged(data=str(sample.resolve()), account_ids=["acct-0002"], as_of=AS_OF, language="en")
    kept = Kept(asked=asked, folder=tmp_path)
    kept.use()

    assert judgement_of(sample, "acct-0002", as_of=AS_OF, language="en") is kept
    for other in (
        judgement_of(sample, "acct-0003", as_of=AS_OF, language="en"),
        judgement_of(sample, "acct-0002", as_of=date(2026, 6, 29), language="en"),
        judgement_of(sample, "acct-0002", as_of=AS_OF, language="sv"),
        judgement_of(tmp_path, "acct-0002", as_of=AS_OF, language="en"),
    ):
        assert isinstance(other, Judged)


@pytest.mark.usefixtures("nothing_kept")
def test_a_job_about_an_account_is_told_what_is_kept(sample: Path, tmp_path: Path) -> None:
    """Its setup travels to another process, and a case opened after it reads what was kept."""
    given = {**GIVEN, "data": str(sample.resolve())}
    jobs = [job_of("health", {**given, "account_id": name}, account=name) for name in SOME]

    told = judged_together(jobs, folder=tmp_path)
    setup = pickle.loads(pickle.dumps(told[1].setup))
    setup()

    assert isinstance(dl.open_case(sample, SOME[1], as_of=AS_OF).judgement, Kept)
    assert isinstance(dl.open_case(sample, SOME[0], as_of=AS_OF).judgement, Judged)


def test_a_job_about_no_account_stays_as_it_is(sample: Path, tmp_path: Path) -> None:
    """A portfolio needs everybody's figures at once anyway."""
    job = job_of("portfolio", {**GIVEN, "data": str(sample.resolve()), "since_days": 1})

    assert judged_together([job], folder=tmp_path) == [job]


def test_a_batch_leaves_nothing_of_it_behind(walked: Path, tmp_path: Path) -> None:
    """What was kept is gone when the batch is done; what a killed one left is deleted by the next."""
    left = tmp_path / f"{PART}judged" / "0-0"
    left.mkdir(parents=True)
    (left / "health.arrow").write_bytes(b"half a table")

    batch = write_reports(
        walked, kinds=["health"], accounts=SOME[0], as_of=AS_OF, out=tmp_path, policy="hubspot-like",
        stage_from="enforcement",
    )  # fmt: skip

    assert batch.failures == 0
    assert not list(tmp_path.rglob(f"{PART}*"))
