"""A receiver's outage goes from the events to a proposal, to an incident, to days that are counted again."""

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from deliverlab.cli import main
from deliverlab.errors import DataError
from deliverlab.pipeline import incidents
from deliverlab.pipeline.directory import read_table, write_table
from deliverlab.pipeline.road import ingest, roll_up
from deliverlab.schemas import Daily, Incidents
from tests.events.exports import Json, sendgrid

START, DAY = 1_777_885_200, 86_400  # 2026-05-04 09:00
DAYS, OUTAGE, MAILS, ACCOUNTS = 20, 18, 20, 8
OUTAGE_DAY = date(2026, 5, 4) + timedelta(days=OUTAGE)


def _mail(account: int, day: int, number: int) -> list[Json]:
    """A mail to big.test, which answers the thirteenth of a day with a bounce, and in its outage most."""
    name = f"{account}-{day}-{number}"
    facts = {
        "account_id": f"a{account}", "email": f"{number}@big.test", "timestamp": START + day * DAY,
        "sg_message_id": name, "sg_event_id": name,
    }  # fmt: skip
    is_refused = number == 13 or (day == OUTAGE and number % 4)
    sent = sendgrid("processed", **facts)
    return [sent, sendgrid("bounce", status="5.7.1", **facts)] if is_refused else [sent]


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which the mail of twenty days was read."""
    folder = tmp_path_factory.mktemp("incidents")
    records = [
        record
        for account in range(ACCOUNTS)
        for day in range(DAYS)
        for number in range(MAILS)
        for record in _mail(account, day, number)
    ]
    (folder / "export.json").write_text(json.dumps(records))
    ingest(folder / "export.json", provider="sendgrid", data=folder / "data")
    return folder / "data"


def test_an_accepted_incident_is_left_out_of_its_days_alone(outage: Path, tmp_path: Path) -> None:
    """Only the days it touches are counted again, and that gives what counting all of them gives."""
    data = _copied(outage, tmp_path)
    (proposal,) = incidents.proposed(data).iter_rows(named=True)
    assert (proposal["from_day"], proposal["accounts_refused"]) == (OUTAGE_DAY, ACCOUNTS)
    daily = read_table(data, Daily)
    other = pl.col("day") != OUTAGE_DAY
    marked = daily.with_columns(opens=pl.when(other).then(77).otherwise("opens").cast(pl.Int64))
    write_table(data, Daily, marked)

    incidents.accept(data, [1])

    after = read_table(data, Daily)
    bounces = pl.col("hard_bounces") + pl.col("soft_bounces")
    assert after.filter(~other).select(bounces.sum()).item() == 0
    assert after.filter(other).equals(marked.filter(other))
    assert read_table(data, Incidents)["note"][0].startswith("refused 8 of 8 accounts")
    assert incidents.proposed(data).height == 0
    roll_up(data)
    anew = read_table(data, Daily)
    assert anew.filter(~other).equals(after.filter(~other))
    assert anew.filter(other).equals(daily.filter(other))


def test_a_number_of_no_proposal_is_an_error(outage: Path) -> None:
    """Nothing is accepted then."""
    with pytest.raises(DataError, match="accept == 2, must be the number of a proposal: 1 to 1"):
        incidents.accept(outage, [1, 2])
    assert read_table(outage, Incidents).height == 0


def test_the_command_lists_and_accepts(
    outage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """First what is proposed, with its numbers; then what was accepted, in words."""
    data = _copied(outage, tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    for words, told in (
        ([], "1 proposed. Leave out of the counts with --accept NUMBER."),
        (["--accept", "all"], f"Accepted: big.test from {OUTAGE_DAY} on refused 8 of 8 accounts"),
        ([], "0 proposed."),
    ):
        monkeypatch.setattr(sys, "argv", ["deliverlab", "incidents", "--data", str(data), *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        assert told in capsys.readouterr().out


def _copied(outage: Path, tmp_path: Path) -> Path:
    import shutil

    shutil.copytree(outage, tmp_path / "data")
    return tmp_path / "data"
