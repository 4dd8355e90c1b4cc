"""Notebooks run in fresh processes, one failure stops nobody, and files are whole or not there."""

import json
import string
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverlab.errors import DataError
from deliverlab.reports.making import Job, Report, stem_of, write_whole
from deliverlab.reports.run import run_reports
from tests.reports.notebooks import code_cell, written_to

SPY = """\
import builtins, sys
from deliverlab.reports.render import Html
assert whose != "ill", "ill on purpose"
assert not hasattr(builtins, "leak"), "somebody else was here"
builtins.leak = True
Html(f"<p>{sys.executable}</p><p>{len(whose)}</p>", "seen")
"""


def a_notebook(folder: Path) -> Path:
    """A notebook that says who runs it, and fails if it is ill or not alone."""
    return written_to(
        folder / "spy {x}.ipynb", code_cell('whose: str = ""  # whose', "parameters"), code_cell(SPY)
    )


def a_job(notebook: Path, whose: str, **changes: object) -> Job:
    """A report about somebody."""
    return Job(
        **{
            "notebook": notebook,
            "parameters": {"whose": whose},
            "stem": stem_of("spy", whose),
            "title": whose,
        }  # type: ignore[arg-type]  # a job's fields
        | changes
    )


def test_one_failure_stops_nobody(tmp_path: Path) -> None:
    """Each report runs in a process of this Python of its own; the one that fails is told apart.

    Parameters are data: one that looks like the end of a string and a line of code is a name.
    """
    hostile = '"); import os; os._exit(1)  # \\'
    out, told = tmp_path / "out", list[Report]()
    (out / "notebooks").mkdir(parents=True)
    (out / "spy-ill.html").write_text("of yesterday")
    notebook = a_notebook(tmp_path)

    reports = run_reports(
        [a_job(notebook, whose) for whose in ("a", "ill", hostile)], out=out, vega="x", on_done=told.append
    )

    assert [report.job.title for report in reports] == ["a", "ill", hostile]
    assert {report.job.title for report in told} == {"a", "ill", hostile}
    good, ill, odd = reports
    assert ill.failure == "AssertionError: ill on purpose"
    assert "Traceback" in (ill.traceback or "")
    assert "\x1b" not in (ill.traceback or "")
    for report, length in ((good, 1), (odd, len(hostile))):
        assert report.path is not None
        assert f"<p>{sys.executable}</p><p>{length}</p>" in report.path.read_text()
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    stems = ["spy-a", odd.job.stem]
    assert names == {f"{stem}.html" for stem in stems} | {f"notebooks/{stem}.ipynb" for stem in stems}
    kept = json.loads((out / "notebooks" / "spy-a.ipynb").read_text())
    assert str(tmp_path) not in json.dumps(kept)
    assert [cell["metadata"] for cell in kept["cells"]] == [
        {"tags": ["parameters"]}, {"tags": ["injected-parameters"]}, {},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"parameters": {"whos": "a"}}, "did you mean 'whose'"),
        ({"stem": "../a"}, "must be the name of a file"),
        ({"stem": ".a"}, "must be the name of a file"),
        ({"stem": "spy-b"}, "each must have its own stem"),
    ],
)
def test_nothing_runs_unless_all_can(tmp_path: Path, changes: dict[str, object], complaint: str) -> None:
    """A wrong parameter or a file's name that is none is refused before the first notebook runs."""
    notebook = a_notebook(tmp_path)

    with pytest.raises(DataError, match=complaint):
        run_reports([a_job(notebook, "b"), a_job(notebook, "a", **changes)], out=tmp_path / "out")

    assert not (tmp_path / "out").exists()


@given(st.text(min_size=1))
def test_a_stem_is_always_a_safe_name(account_id: str) -> None:
    """Lower-case letters, digits and dashes, not too long, whatever the account is called."""
    stem = stem_of("health", account_id)

    assert set(stem) <= set(string.ascii_lowercase + string.digits + "-")
    assert stem.startswith("health-")
    assert len(stem) <= 60


@given(st.sets(st.text(min_size=1), min_size=2, max_size=2))
def test_two_accounts_never_share_a_stem(account_ids: set[str]) -> None:
    """Names that differ only in what is unsafe still have their own files."""
    assert len({stem_of("health", account_id) for account_id in account_ids}) == 2


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """A write that fails leaves the old file as it was, and nothing beside it."""
    path = tmp_path / "page.html"
    write_whole(path, "old")

    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \ud800")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
