"""A data directory is read with care and written whole."""

import json
from pathlib import Path

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.pipeline.directory import open_history, read_table, write_table
from deliverlab.pipeline.runs import note_run
from deliverlab.schemas import Accounts, Daily


def test_a_table_comes_back_as_it_was_written_sorted_by_its_key(tmp_path: Path) -> None:
    """The order in which rows arrive does not change a byte of the file."""
    accounts = Accounts.admit(pl.DataFrame({"account_id": ["b", "a"]}), what="accounts")
    write_table(tmp_path, Accounts, accounts)
    first = (tmp_path / "accounts.parquet").read_bytes()

    write_table(tmp_path, Accounts, accounts.reverse())

    assert (tmp_path / "accounts.parquet").read_bytes() == first
    assert read_table(tmp_path, Accounts)["account_id"].to_list() == ["a", "b"]
    assert [path.name for path in tmp_path.iterdir()] == ["accounts.parquet"]


def test_a_table_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Reviews, contacts and so on are optional; daily and accounts are not, for a history."""
    assert read_table(tmp_path, Daily).is_empty()
    with pytest.raises(DataError, match=r"daily.parquet: is missing, must be there"):
        open_history(tmp_path)


def test_a_file_that_is_no_parquet_gets_one_line(tmp_path: Path) -> None:
    """The file is named, and no stack of the engine shows."""
    (tmp_path / "accounts.parquet").write_text("not at all")

    with pytest.raises(DataError, match=r"accounts.parquet: must be a Parquet file") as caught:
        read_table(tmp_path, Accounts)

    assert "\n" not in str(caught.value)


def test_a_run_is_noted_the_same_way_twice(sample: Path, tmp_path: Path) -> None:
    """run.json names versions, hashes and parameters, and neither time nor machine."""
    note_run(tmp_path / "a", command="health", data=sample, as_of="2026-06-30")
    note_run(tmp_path / "b", command="health", data=sample, as_of="2026-06-30")

    text = (tmp_path / "a" / "run.json").read_text()
    assert text == (tmp_path / "b" / "run.json").read_text()
    assert set(json.loads(text)) == {"command", "data", "parameters", "versions"}
    assert str(sample) not in text
