"""The road end to end on the sample: what the provider exported is what the tables say."""

import gzip
import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

import deliverlab as dl
from deliverlab.events import store
from deliverlab.pipeline.directory import read_table, write_table
from deliverlab.pipeline.results import write_simulation
from deliverlab.pipeline.reviews import write_review
from deliverlab.pipeline.road import ingest, write_peer_rates
from deliverlab.pipeline.samples import write_sample
from deliverlab.schemas import Accounts, Daily, Slices, Standing

AS_OF = date(2026, 6, 30)


def test_the_sample_is_what_its_generator_writes(sample: Path, tmp_path: Path) -> None:
    """Every committed file says what the generator writes today."""
    about = json.loads((sample / "about.json").read_text())
    write_sample(tmp_path, accounts=about["accounts"], days=about["days"], seed=about["seed"], last_day=AS_OF)

    written, committed = _contents(tmp_path), _contents(sample)
    assert sorted(written) == sorted(committed)
    assert [name for name in written if written[name] != committed[name]] == []


def _contents(data: Path) -> dict[str, object]:
    """What each file says: packed bytes differ between builds of a packer, what is packed must not."""
    return {
        path.relative_to(data).as_posix(): _content(path)
        for path in data.rglob("*")
        if path.is_file() and path.name != "README.md"
    }


def _content(path: Path) -> object:
    match path.suffix:
        case ".parquet":
            return pl.read_parquet(path).write_ndjson()
        case ".gz":
            return gzip.decompress(path.read_bytes())
        case _:
            return path.read_bytes()


def test_the_sample_is_small_and_its_raw_exports_are_not_few(sample: Path) -> None:
    """At most ten megabytes, at least forty thousand raw records over sixty days, for a dozen accounts."""
    assert sum(path.stat().st_size for path in sample.rglob("*") if path.is_file()) <= 10_000_000
    readings = [
        dl.read_provider(sample / "raw" / provider, provider=provider) for provider in ("ses", "sendgrid")
    ]
    events = pl.concat([reading.events for reading in readings])

    assert sum(reading.read for reading in readings) >= 40_000
    assert events["occurred_at"].dt.date().n_unique() >= 60
    assert events["account_id"].n_unique() >= 12


def test_rolling_up_the_raw_exports_gives_the_sample_back(sample: Path, walked: Path) -> None:
    """For the accounts with raw records, daily and slices equal the sample's own rows."""
    known = store.scan_events(walked).select("account_id").unique().collect()
    for table in (Daily, Slices):
        theirs = read_table(sample, table).join(known, on="account_id", how="semi")
        ours = read_table(walked, table).join(known, on="account_id", how="semi")
        assert theirs.height > 0
        assert_frame_equal(ours, theirs, check_row_order=False)


def test_accounts_without_raw_records_keep_their_rows(sample: Path, walked: Path) -> None:
    """Ingesting some accounts' exports leaves the others as they were."""
    known = store.scan_events(walked).select("account_id").unique().collect()
    others = read_table(sample, Daily).join(known, on="account_id", how="anti")

    assert others.height > 0
    assert_frame_equal(read_table(walked, Daily).join(known, on="account_id", how="anti"), others)


def test_ingesting_the_same_exports_again_changes_nothing(sample: Path, walked: Path, tmp_path: Path) -> None:
    """Every entry is a duplicate then, and every file keeps its bytes."""
    data = tmp_path / "data"
    shutil.copytree(walked, data)
    before = _digests(data)

    report = ingest(sample / "raw" / "ses", provider="ses", data=data)

    assert report.accepted == 0
    assert report.duplicate + report.quarantined == report.read > 0
    assert _digests(data) == before


def _digests(data: Path) -> dict[str, str]:
    """Of every table's bytes: where they differ, pytest would compare megabytes letter by letter."""
    return {
        path.relative_to(data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in data.rglob("*.parquet")
    }


def test_every_table_of_every_page_is_the_same_each_time(walked: Path, tmp_path: Path) -> None:
    """However threads share the work, not a bit of peer rates, portfolio or case depends on it."""
    data = tmp_path / "data"
    shutil.copytree(walked, data)
    first = _everything(data)
    for _ in range(3):
        assert _everything(data) == first


def _everything(data: Path) -> dict[str, str]:
    """Digests of the rows of every table that pages are made of, from new peer rates on."""
    write_peer_rates(data)
    account_id = read_table(data, Standing)["account_id"][0]
    views = (dl.open_portfolio(data, as_of=AS_OF), dl.open_case(data, account_id, as_of=AS_OF))
    rows = {
        f"{type(view).__name__}.{name}": table.write_ndjson()
        for view in views
        for name, table in vars(view).items()
        if isinstance(table, pl.DataFrame)
    }
    digests = {name: hashlib.sha256(lines.encode()).hexdigest() for name, lines in rows.items()}
    return digests | _digests(data)


def test_no_address_stands_in_stored_events(walked: Path) -> None:
    """Stored events know their recipients by key and domain only."""
    stored = store.scan_events(walked).collect()

    for column in stored.select(pl.selectors.string()).columns:
        assert not stored[column].str.contains("@", literal=True).any(), column


def test_a_recorded_review_brings_an_account_back(walked: Path, tmp_path: Path) -> None:
    """After a completed review the page and the replay both see the account in good standing."""
    data = tmp_path / "data"
    shutil.copytree(walked, data)
    standing = read_table(data, Standing).filter(pl.col("stage") != "good", pl.col("stage") != "suspended")
    account_id = standing["account_id"][0]

    write_review(data, account_id=account_id, reviewed_on=AS_OF, reviewer="R. Viewer", outcome="completed")
    write_simulation(data, policy="hubspot-like", scenario="historical")

    case = dl.open_case(data, account_id, as_of=AS_OF, stage_from="simulation")
    assert case.stage["stage"] == "good"
    replayed = read_table(data, Standing).filter(pl.col("account_id") == account_id)
    assert replayed["stage"].to_list() == ["good"]


def test_a_review_ends_what_was_really_done(sample: Path, tmp_path: Path) -> None:
    """The stage that comes from enforcement is over once the account has completed its review."""
    data = tmp_path / "data"
    shutil.copytree(sample, data, ignore=shutil.ignore_patterns("raw"))
    history = dl.open_history(data)
    held = history.enforcement.filter(pl.col("to_day").is_null())["account_id"][0]
    assert dl.open_case(data, held, as_of=AS_OF).stage["stage"] != "good"

    write_review(data, account_id=held, reviewed_on=AS_OF, reviewer="R. Viewer", outcome="completed")

    assert dl.open_case(data, held, as_of=AS_OF).stage["stage"] == "good"


def test_a_first_ingest_needs_no_other_table(sample: Path, tmp_path: Path) -> None:
    """An analyst with nothing but exports gets daily counts, and a clear line on what is missing."""
    report = ingest(sample / "raw" / "sendgrid", provider="sendgrid", data=tmp_path)

    assert report.accepted > 0
    assert read_table(tmp_path, Daily).height > 0
    accounts = read_table(tmp_path, Daily).select("account_id").unique()
    write_table(tmp_path, Accounts, Accounts.admit(accounts, what="accounts"))
    assert dl.open_history(tmp_path).notes
