"""A case and a portfolio gather what pages show, and refuse what they cannot find."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import deliverlab as dl
from deliverlab.pipeline.road import with_peers

AS_OF = date(2026, 6, 30)


def test_a_case_knows_where_its_account_stands_and_what_comes_next(sample: Path) -> None:
    """The stage is what was really done; the outlook follows the policy, counted from the notice."""
    case = dl.open_case(sample, "acct-0003", as_of="2026-06-30")

    assert case.stage["stage"] == "first warning"
    assert case.stage["entered_on"] == date(2026, 6, 19)  # the stage began on the day after the notice
    assert case.stage["next_stage"] == "second warning"
    assert case.stage["warnings_left"] == 1
    assert case.is_synthetic
    assert not case.is_simulated
    assert case.health["account_id"].unique().to_list() == ["acct-0003"]
    assert case.has_contacts


def test_a_case_of_the_portfolio_is_the_same_as_alone(sample: Path) -> None:
    """An account's health does not depend on who else is looked at."""
    alone = dl.open_case(sample, "acct-0010", as_of=AS_OF)
    portfolio = dl.open_portfolio(sample, as_of=AS_OF)

    assert alone.health.equals(portfolio.health.filter(pl.col("account_id") == "acct-0010"))
    assert alone.scores.equals(portfolio.scores.filter(pl.col("account_id") == "acct-0010"))
    assert alone.advice.equals(portfolio.advice.filter(pl.col("account_id") == "acct-0010"))


@pytest.mark.parametrize("account_id", ["acct-0003", "acct-0015"], ids=["alone", "with a parent"])
@pytest.mark.parametrize("has_peers", [True, False], ids=["peers kept", "peers made"])
def test_a_case_reads_no_more_than_it_needs(
    walked: Path, tmp_path: Path, account_id: str, has_peers: bool
) -> None:
    """It is the same as from everybody's rows, and rows of strangers that are wrong do not reach it."""
    everyone = dl.open_history(walked)
    slices = pl.read_parquet(walked / "slices.parquet")
    data = tmp_path / "data"
    shutil.copytree(walked, data)
    wrong = pl.col("account_id") == "acct-0200"
    days = pl.read_parquet(data / "daily.parquet")
    if has_peers:
        days.with_columns(opens=pl.when(wrong).then(-1).otherwise("opens")).write_parquet(
            data / "daily.parquet"
        )
    else:
        (data / "peer_rates.parquet").unlink()

    case = dl.open_case(data, account_id, as_of=AS_OF)

    made = everyone if has_peers else with_peers(dl.open_history(data))
    expected = dl.sensitivity(made, account_ids=[account_id], as_of=AS_OF, slices=slices)
    assert_frame_equal(case.sensitivity, expected)
    health, scores, advice = dl.account_health(made, as_of=AS_OF, slices=slices)
    for found, whole in ((case.health, health), (case.scores, scores), (case.advice, advice)):
        assert_frame_equal(found, whole.filter(account_id=account_id))


def test_an_account_in_good_standing_has_no_next_step(sample: Path) -> None:
    """Most accounts are in no stage at all."""
    assert dl.open_case(sample, "acct-0001", as_of=AS_OF).stage == {"stage": "good"}


def test_masked_decisions_show_no_address(sample: Path) -> None:
    """What pages print by default keeps a letter and the domain at most."""
    case = dl.open_case(sample, "acct-0003", as_of=AS_OF)

    clear = set(case.decisions["email"]) & set(case.masked_decisions["email"])
    assert case.decisions.height > 100
    assert clear <= {email for email in case.decisions["email"] if "@" not in email}


def test_what_a_receiver_got_wrong_makes_no_contact_invalid(sample: Path, walked: Path) -> None:
    """Bounces of an incident are no reason to remove whom they hit."""
    outage = pl.read_csv(sample / "stories.csv").filter(pl.col("story") == "provider_outage")["account_id"]
    case = dl.open_case(walked, next(name for name in outage if name < "acct-0015"), as_of=AS_OF)

    bounced = case.decisions.filter(pl.col("reasons").list.contains("hard_bounced"))
    assert bounced.height < case.decisions.height / 10


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"account_id": "acct-003"}, "account_id == 'acct-003', must be one of the 240 in accounts"),
        ({"as_of": "yesterday"}, "as_of == 'yesterday', must be a day like 2026-06-30"),
        ({"policy": "hubspot"}, "policy == 'hubspot', must be one of amazon-ses-like"),
        ({"stage_from": "enforcment"}, "stage_from == 'enforcment', must be enforcement or simulation"),
    ],
)
def test_what_cannot_be_found_gets_one_line(asked: dict[str, str], message: str, sample: Path) -> None:
    """A typing slip never shows another account, day or policy."""
    options = {"account_id": "acct-0003", "as_of": "2026-06-30", **asked}

    with pytest.raises(dl.DataError, match=message):
        dl.open_case(sample, options.pop("account_id"), **options)
