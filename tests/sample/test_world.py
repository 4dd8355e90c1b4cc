"""A world as a whole: the same for the same seed, true to its tables, large enough and small enough."""

import gzip
import io
import json
import re
from datetime import date, timedelta

import polars as pl
import pytest

from deliverlab.admission import Table
from deliverlab.metrics import band_of
from deliverlab.sample.exports import FORMATS
from deliverlab.sample.roles import ROLES
from deliverlab.sample.world import SLICED_DAYS, World, make_world
from deliverlab.schemas import (
    BANDS,
    COUNTS,
    Accounts,
    Contacts,
    Daily,
    Enforcement,
    Incidents,
    Reviews,
    Slices,
)

TABLES: tuple[tuple[str, type[Table]], ...] = (
    ("accounts", Accounts), ("daily", Daily), ("slices", Slices), ("reviews", Reviews),
    ("enforcement", Enforcement), ("incidents", Incidents), ("contacts", Contacts),
)  # fmt: skip
LAST_DAY = date(2026, 6, 30)
RAW_IDS = [f"acct-{number:04d}" for number in range(1, len(ROLES) + 1)]
RESERVED = re.compile(r"(.+\.)?example(\.(com|net|org))?")


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_every_table_is_what_its_contract_says(world: World, name: str, table: type[Table]) -> None:
    """Each frame is admitted by its table, has its types already and is sorted by its key."""
    frame = getattr(world, name)
    assert table.admit(frame, what=name).equals(frame)
    key = table.primary_key()
    assert not key or frame.sort(key).equals(frame)


def test_the_same_arguments_make_the_same_world(few: World) -> None:
    """Every table and every byte of the raw files is made again."""
    again = make_world(accounts=30)
    for name, _ in TABLES:
        assert getattr(again, name).equals(getattr(few, name)), name
    assert again.stories.equals(few.stories)
    assert again.raw == few.raw


def test_another_seed_makes_another_world() -> None:
    """The seed decides on traffic, contacts and raw records alike."""
    one, other = (make_world(accounts=4, days=40, seed=seed) for seed in (1, 2))
    assert not one.daily.equals(other.daily)
    assert not one.contacts.equals(other.contacts)
    assert one.raw != other.raw


def test_an_account_does_not_depend_on_how_many_there_are(world: World, few: World) -> None:
    """The rows of the first thirty accounts, and all raw files, are the same in a world of thirty."""
    is_first = pl.col("account_id").is_in([f"acct-{number:04d}" for number in range(1, 31)])
    for name in ("accounts", "daily", "slices", "reviews", "enforcement", "contacts", "stories"):
        assert getattr(world, name).filter(is_first).equals(getattr(few, name)), name
    assert world.raw == few.raw


@pytest.mark.parametrize(("accounts", "days"), [(1, 1), (3, 40), (24, 5)])
def test_a_small_world_is_a_world(accounts: int, days: int) -> None:
    """Few accounts and few days make fewer rows and nothing else."""
    small = make_world(accounts=accounts, days=days)
    assert small.accounts.height == accounts
    assert small.daily["day"].is_between(LAST_DAY - timedelta(days=days - 1), LAST_DAY).all()


def test_a_world_needs_an_account_and_a_day() -> None:
    """Nothing is made of nothing."""
    with pytest.raises(ValueError, match="accounts == 0, days == 5, must be at least 1 each"):
        make_world(accounts=0, days=5)


def test_there_is_variety(world: World) -> None:
    """Twelve industries and none, tiers, parents, five bands of volume, names that hurt careless pages."""
    industries = world.accounts["industry"]
    assert industries.drop_nulls().n_unique() == 12
    assert industries.null_count() >= 2
    assert set(world.accounts["tier"]) == {"free", "starter", "pro", "enterprise"}
    assert 5 <= world.accounts["parent_id"].drop_nulls().len() <= 40
    monthly = (
        world.daily.filter(pl.col("day") > LAST_DAY - timedelta(days=30))
        .group_by("account_id")
        .agg(band=band_of(pl.col("sent").sum()))
    )
    assert all(monthly["band"].cast(pl.String).to_list().count(band) >= 5 for band in BANDS)
    assert {"<b>Bold & Co</b>", "=SUM(1+1) Ltd"} <= set(world.accounts["name"])


def test_parents_are_accounts(world: World) -> None:
    """No parent is missing, and nobody is its own."""
    parents = world.accounts.drop_nulls("parent_id")
    assert set(parents["parent_id"]) <= set(world.accounts["account_id"])
    assert (parents["parent_id"] != parents["account_id"]).all()


@pytest.mark.parametrize("by", ["campaign", "recipient_domain"])
def test_slices_that_cover_all_mail_add_up_to_the_day(world: World, by: str) -> None:
    """Campaigns and domains cut the whole day, for the last days of all accounts and all days of raw ones."""
    wanted = world.daily.filter(
        (pl.col("day") > LAST_DAY - timedelta(days=SLICED_DAYS)) | pl.col("account_id").is_in(RAW_IDS)
    )
    summed = (
        world.slices.filter(pl.col("by").cast(pl.String) == by)
        .group_by("account_id", "day")
        .agg(pl.col(COUNTS).sum())
        .sort("account_id", "day")
    )
    assert summed.equals(wanted)


def test_bounce_reasons_explain_every_bounce(world: World) -> None:
    """The slices by reason hold bounces only, and all of them."""
    bounces = ["hard_bounces", "soft_bounces", "late_hard_bounces"]
    reasons = world.slices.filter(pl.col("by").cast(pl.String) == "bounce_reason")
    domains = world.slices.filter(pl.col("by").cast(pl.String) == "recipient_domain")
    assert reasons.select(bounces).sum().equals(domains.select(bounces).sum())
    assert reasons.select(set(COUNTS) - set(bounces)).sum().row(0) == (0,) * 7


def test_nothing_is_sent_while_suspended(world: World) -> None:
    """Where enforcement let nothing through there is no mail, whole or sliced."""
    blocked = world.enforcement.filter(pl.col("send_share") == 0).with_columns(
        pl.col("to_day").fill_null(LAST_DAY)
    )
    assert blocked.height >= 1
    mail = world.daily.join(blocked, on="account_id").filter(
        pl.col("day").is_between(pl.col("from_day"), pl.col("to_day"))
    )
    assert mail.height == 0


def test_enough_accounts_are_in_a_stage_now(world: World) -> None:
    """A demo has reports to make: ten to sixteen accounts in every stage, several with raw records."""
    now = world.enforcement.filter(pl.col("to_day").is_null())
    assert 10 <= now.height <= 16
    assert now.filter(pl.col("account_id").is_in(RAW_IDS)).height >= 3
    assert set(now["stage"]) == {"probation", "first warning", "second warning", "suspended"}
    tiers = now.join(world.accounts, on="account_id")["tier"]
    assert set(tiers) <= {"free", "starter"}


def test_stages_of_an_account_do_not_overlap(world: World) -> None:
    """An account is in one stage at a time."""
    steps = world.enforcement.sort("account_id", "from_day").with_columns(
        next_from=pl.col("from_day").shift(-1).over("account_id")
    )
    followed = steps.drop_nulls("next_from")
    assert (followed["to_day"] < followed["next_from"]).all()


def test_only_a_completed_review_is_attested(world: World) -> None:
    """Every outcome happens; what was rejected or withdrawn has no attestation."""
    assert set(world.reviews["outcome"].cast(pl.String)) == {"completed", "rejected", "withdrawn"}
    is_completed = world.reviews["outcome"].cast(pl.String) == "completed"
    assert world.reviews["attested_at"].is_not_null().equals(is_completed)
    assert world.reviews["checklist_hash"].is_not_null().equals(is_completed)


def test_there_are_enough_raw_records(world: World) -> None:
    """At least 40,000 records in every format, over 60 days and more."""
    records = {name: _records(world, name) for name in FORMATS}
    assert sum(map(len, records.values())) >= 40_000
    assert all(len(each) >= 8_000 for each in records.values())
    days = (
        world.daily.filter(pl.col("account_id").is_in(RAW_IDS))
        .group_by("account_id")
        .agg(days=(pl.col("day").max() - pl.col("day").min()).dt.total_days())
    )
    assert (days["days"] >= 60).all()


def test_the_whole_is_small(world: World) -> None:
    """All tables as Parquet and all raw files together stay far below ten megabytes."""
    size = sum(map(len, world.raw.values()))
    for name, _ in TABLES:
        packed = io.BytesIO()
        getattr(world, name).write_parquet(packed, compression="zstd")
        size += len(packed.getvalue())
    assert size <= 4_000_000


def test_only_reserved_domains_are_named(world: World) -> None:
    """Every address, in contacts and in raw records, is on a domain that is reserved for examples."""
    text = b"".join(gzip.decompress(packed) for packed in world.raw.values()).decode()
    domains = {*re.findall(r"@([\w.-]+)", text), *re.findall(r"https?://([\w.-]+)", text)}
    domains |= {email.rpartition("@")[2].lower() for email in world.contacts["email"] if "@" in email}
    assert len(domains) >= 6
    assert [domain for domain in domains if not RESERVED.fullmatch(domain)] == []


def _records(world: World, record_format: str) -> list[dict[str, object]]:
    pattern = re.compile(
        FORMATS[record_format][0].format(period=r"\d{4}-\d\d", part=0).replace("00", r"\d\d")
    )
    texts = [
        gzip.decompress(packed).decode() for name, packed in world.raw.items() if pattern.fullmatch(name)
    ]
    if record_format == "sendgrid":
        return [record for text in texts for record in json.loads(text)]
    return [json.loads(line) for text in texts for line in text.splitlines()]
