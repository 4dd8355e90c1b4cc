"""Stories: all are told, and each shows in the figures."""

from datetime import date, timedelta

import polars as pl
import pytest

from deliverlab.sample.plan import REFUSING_PROVIDER
from deliverlab.sample.roles import ROLES
from deliverlab.sample.stories import REFUSAL_AGO, STORIES
from deliverlab.sample.world import World

LABELS = {
    "healthy": "clean", "bad_industry": "clean", "bad_campaign": "clean", "provider_outage": "clean",
    "regressed_to_mean": "clean",
    "decaying_list": "abusive", "purchased_list": "abusive", "compromised_account": "abusive",
    "form_abuse": "abusive", "reviewed_and_recovered": "abusive", "reviewed_in_name_only": "abusive",
    "re_offender": "abusive",
}  # fmt: skip
LAST_DAY = date(2026, 6, 30)
RAW_IDS = [f"acct-{number:04d}" for number in range(1, len(ROLES) + 1)]
IS_RAW = pl.col("account_id").is_in(RAW_IDS)


def test_every_story_is_told_with_its_label(world: World) -> None:
    """Each at least once by an account with raw records, and several times in all."""
    assert dict(world.stories.select("story", "label").unique().iter_rows()) == LABELS
    assert set(world.stories.filter(IS_RAW)["story"]) == set(LABELS)
    assert min(world.stories["story"].value_counts()["count"]) >= 5


def test_the_provider_knows_the_label_of_a_story_only(world: World) -> None:
    """What is labelled is labelled rightly and dated; many healthy accounts nobody has judged."""
    known = world.accounts.join(world.stories, on="account_id", suffix="_true").with_columns(
        pl.col("label").cast(pl.String)
    )
    judged = known.filter(pl.col("label") != "unknown")
    assert judged["label"].equals(judged["label_true"])
    assert judged["label_on"].null_count() == 0
    assert judged.filter(pl.col("label_on") < pl.col("from_day")).height == 0
    unknown = known.filter(pl.col("label") == "unknown")
    assert set(unknown["story"]) == {"healthy"}
    assert unknown.height > 50


@pytest.mark.parametrize(
    ("story", "before", "after", "least", "most"),
    [
        ("purchased_list", (70, 43), (42, 12), 3.0, 40.0),
        ("decaying_list", (95, 75), (25, 0), 3.0, 40.0),
        ("compromised_account", (60, 32), (30, 14), 3.0, 40.0),
        ("form_abuse", (70, 50), (38, 8), 3.0, 40.0),
        ("bad_campaign", (70, 42), (40, 29), 1.5, 40.0),
        ("reviewed_and_recovered", (85, 61), (48, 10), 0.02, 0.33),
        ("reviewed_in_name_only", (85, 70), (57, 10), 0.6, 1.6),
        ("regressed_to_mean", (90, 60), (44, 38), 3.0, 40.0),
        ("regressed_to_mean", (90, 60), (25, 0), 0.4, 1.9),
        ("re_offender", (60, 45), (30, 12), 3.0, 40.0),
        ("healthy", (90, 50), (48, 0), 0.7, 1.4),
        ("bad_industry", (90, 50), (48, 0), 0.5, 1.8),
    ],
)
def test_a_story_shows_in_the_hard_bounce_rate(
    world: World, story: str, before: tuple[int, int], after: tuple[int, int], least: float, most: float
) -> None:
    """The rate of the days after is so many times that of the days before, over all accounts of the story."""
    ratio = _rate(world, story, *after) / _rate(world, story, *before)
    assert least <= ratio <= most


def test_raw_accounts_show_it_in_thirty_days(world: World) -> None:
    """A month of a raw account holds 400 mails and more where there is something to find."""
    found = world.daily.filter(IS_RAW).join(
        world.enforcement.filter(pl.col("to_day").is_null()).select("account_id"), on="account_id"
    )
    month = found.filter(
        pl.col("day").is_between(LAST_DAY - timedelta(days=31), LAST_DAY - timedelta(days=2))
    )
    rates = month.group_by("account_id").agg(
        pl.col("sent").sum(), rate=pl.col("hard_bounces").sum() / pl.col("sent").sum()
    )
    assert (rates["sent"] >= 330).all()
    assert (rates["rate"] >= 0.03).all()


@pytest.mark.parametrize(
    ("story", "by", "value"),
    [
        ("purchased_list", "import", "purchased-list"),
        ("compromised_account", "import", "uploaded-list"),
        ("compromised_account", "campaign", "account-notice"),
        ("form_abuse", "import", "web-form"),
        ("bad_campaign", "campaign", "grand-opening"),
        ("re_offender", "import", "purchased-list-2"),
    ],
)
def test_slices_point_at_the_cause(world: World, story: str, by: str, value: str) -> None:
    """On its days the slice carries most of the hard bounces, at no lower rate than the rest."""
    accounts = world.stories.filter(pl.col("story") == story).select("account_id")
    blamed = world.slices.join(accounts, on="account_id").filter(
        pl.col("by").cast(pl.String) == by, pl.col("value") == value
    )
    whole = world.daily.join(blamed.select("account_id", "day"), on=["account_id", "day"])
    shares = (
        blamed.group_by("account_id").agg(bad=pl.col("hard_bounces").sum(), mail=pl.col("sent").sum())
        .join(whole.group_by("account_id").agg(pl.col("hard_bounces", "sent").sum()), on="account_id")
        .filter(pl.col("hard_bounces") >= 10)
        .select(bad=pl.col("bad") / pl.col("hard_bounces"), mail=pl.col("mail") / pl.col("sent"))
    )  # fmt: skip
    assert shares.height >= 4
    assert (shares["bad"] > 0.6).all()
    assert (shares["bad"] >= shares["mail"]).all()


def test_a_good_sender_in_a_bad_industry_is_better_than_its_peers_and_worse_than_most(world: World) -> None:
    """An absolute limit would single out whom its own industry holds to be good."""
    healthy = world.stories.filter(pl.col("story") == "healthy").join(world.accounts, on="account_id")
    rates = (
        world.daily.join(healthy, on="account_id")
        .group_by("account_id", "industry")
        .agg(rate=pl.col("hard_bounces").sum() / pl.col("sent").sum())
    )
    everybody = rates["rate"].median()
    peers = rates.filter(pl.col("industry") == "Construction")["rate"].median()
    assert isinstance(everybody, float)
    assert isinstance(peers, float)
    assert 1.3 * everybody < _rate(world, "bad_industry", 149, 0) < 0.85 * peers


def test_the_refusal_is_left_out_of_the_bounces_and_seen_in_delivery(world: World) -> None:
    """On the incident's day nearly nothing arrives at the provider, and no bounce says so."""
    day = LAST_DAY - timedelta(days=REFUSAL_AGO)
    incident = world.incidents.row(0, named=True)
    assert (incident["from_day"], incident["recipient_domain"]) == (day, REFUSING_PROVIDER)
    domains = world.slices.filter(pl.col("by").cast(pl.String) == "recipient_domain", pl.col("day") == day)
    refusing = domains.filter(pl.col("value") == REFUSING_PROVIDER)
    others = domains.filter(pl.col("value") != REFUSING_PROVIDER)
    assert refusing["account_id"].n_unique() > 60
    assert _total(refusing, "delivered") < 0.05 * _total(refusing, "sent")
    assert _total(refusing, "hard_bounces") < 0.001 * _total(refusing, "sent")
    assert _total(others, "delivered") > 0.9 * _total(others, "sent")


def test_accounts_of_the_outage_are_mostly_with_the_refusing_provider(world: World) -> None:
    """Their day was bad through no fault of their own, on the day of the incident."""
    day = LAST_DAY - timedelta(days=REFUSAL_AGO)
    told = world.stories.filter(pl.col("story") == "provider_outage")
    assert set(told["from_day"]) == {day}
    mail = world.daily.join(told, on="account_id").filter(pl.col("day") == day)
    assert mail.height == told.height
    assert (mail["delivered"] < 0.6 * mail["sent"]).all()


def test_notes_tell_each_story_once() -> None:
    """A note is one line of words, and no two are the same."""
    notes = [story.note for story in STORIES.values()]
    assert len(set(notes)) == len(notes)
    assert all(note and "\n" not in note for note in notes)


def _total(slices: pl.DataFrame, column: str) -> int:
    return int(slices[column].sum())


def _rate(world: World, story: str, first_ago: int, last_ago: int) -> float:
    """The mean hard bounce rate of the story's accounts in days counted back as the story counts."""
    shifted = world.stories.filter(pl.col("story") == story).select(
        "account_id",
        shift=(pl.lit(LAST_DAY) - pl.col("from_day")).dt.total_days().fill_null(0)
        - (STORIES[story].begins or 0),
    )
    ago = (pl.lit(LAST_DAY) - pl.col("day")).dt.total_days() - pl.col("shift").clip(0)
    rates = (
        world.daily.join(shifted, on="account_id")
        .filter(ago.is_between(last_ago, first_ago))
        .group_by("account_id")
        .agg(rate=pl.col("hard_bounces").sum() / pl.col("sent").sum())
    )
    mean = rates["rate"].mean()
    assert isinstance(mean, float)
    return mean
