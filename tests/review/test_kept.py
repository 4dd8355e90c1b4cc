"""A checklist's file says whose it is, of which day, its number, and whom it removed."""

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.review.checklist import checklist_hash
from deliverlab.review.kept import checklist_csv, read_checklist, refuse_other

AS_OF = date(2026, 6, 20)
DECISIONS = pl.DataFrame(
    {
        "account_id": ["a"] * 4,
        "email": ["ann@example.com", "bob@example.com", "cy@example.com", "di@example.com"],
        "decision": ["keep", "remove", "remove", "reconfirm"],
        "reasons": [[], ["hard_bounced", "never_engaged"], ["never_engaged"], ["role_address"]],
        "evidence": [[], ["one", "two"], ["three"], ["four"]],
    }
)


def written(folder: Path, decisions: pl.DataFrame = DECISIONS) -> Path:
    path = folder / "checklist.csv"
    path.write_text(checklist_csv(decisions, as_of=AS_OF))
    return path


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    """Account, day, number, how many were to be removed and for which reasons; no address in clear."""
    path = written(tmp_path)
    kept = read_checklist(path)

    assert (kept.account_id, kept.as_of, kept.removed, kept.is_remedy) == ("a", AS_OF, 2, True)
    assert kept.checklist_hash == checklist_hash(DECISIONS)
    assert dict(kept.removed_by_reason) == {"never_engaged": 2, "hard_bounced": 1}
    assert "ann@example.com" not in path.read_text()


def test_the_hash_of_the_removed_is_theirs_alone(tmp_path: Path) -> None:
    """Whom one keeps does not change it; another removal does."""
    kept = read_checklist(written(tmp_path))
    fewer_kept = read_checklist(written(tmp_path, DECISIONS.slice(1)))
    fewer_removed = read_checklist(written(tmp_path, DECISIONS.slice(2)))

    assert kept.removed_hash == fewer_kept.removed_hash != fewer_removed.removed_hash


def test_removing_only_the_suppressed_is_no_remedy(tmp_path: Path) -> None:
    """Who bounced gets no mail already."""
    assert not read_checklist(written(tmp_path, DECISIONS.head(2))).is_remedy


@pytest.mark.parametrize(
    ("account", "first", "message"),
    [
        ("b", AS_OF, "is the checklist of a, must be that of b"),
        (
            "a",
            date(2026, 6, 21),
            "is the checklist of 2026-06-20, must be of a day from 2026-06-21 to 2026-06-30",
        ),
    ],
)
def test_a_checklist_of_another_account_or_day_is_refused(
    account: str, first: date, message: str, tmp_path: Path
) -> None:
    """One line says which it is, and which it must be."""
    path = written(tmp_path)
    kept = read_checklist(path)
    refuse_other(kept, path, account_id="a", first=AS_OF, last=date(2026, 6, 30))

    with pytest.raises(DataError, match=re.escape(message)):
        refuse_other(kept, path, account_id=account, first=first, last=date(2026, 6, 30))


def test_an_account_whose_name_would_run_as_a_formula_is_known_again(tmp_path: Path) -> None:
    """It is defused in the file."""
    path = written(tmp_path, DECISIONS.with_columns(account_id=pl.lit("=1+1")))

    refuse_other(read_checklist(path), path, account_id="=1+1", first=AS_OF, last=AS_OF)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be the CSV of a checklist"),
        ("account_id,decision\na,keep\n", "column 'as_of' is missing, must be the CSV of a checklist"),
        ("account_id,as_of,checklist_hash,email,decision,reasons,evidence\n", "has no rows"),
        (
            "account_id,as_of,checklist_hash,email,decision,reasons,evidence\na,today,x,e,keep,,\n",
            "as_of == 'today', must be a day like 2026-06-30",
        ),
        (
            (
                "account_id,as_of,checklist_hash,email,decision,reasons,evidence\n"
                "a,2026-06-20,x,e,keep,,\nb,2026-06-20,x,e,keep,,\n"
            ),
            "account_id has 2 values, must be one checklist",
        ),
    ],
)
def test_what_is_no_checklist_gets_one_line(text: str, message: str, tmp_path: Path) -> None:
    """It says what is wrong with the file."""
    path = tmp_path / "other.csv"
    path.write_text(text)

    with pytest.raises(DataError, match=re.escape(message)) as refused:
        read_checklist(path)
    assert "\n" not in str(refused.value)
