"""What pages on policies show, from the sample: the answer first, and nobody's markup obeyed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from deliverlab import reports
from deliverlab.errors import DataError
from deliverlab.pipeline.policy_pages import write_comparison
from deliverlab.pipeline.replays import Contest, Replay, open_contest, open_replay
from deliverlab.pipeline.road import simulate
from deliverlab.policy.scenario import Scenario

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def replay(sample: Path) -> Replay:
    """The sample under the HubSpot-like preset, every notice answered after five days."""
    return open_replay(sample, policy="hubspot-like", scenario="after-5")


@pytest.fixture(scope="module")
def contest(sample: Path) -> Contest:
    """The same preset against deliverlab's own."""
    return open_contest(sample, champion="hubspot-like", challenger="evidence", scenario="after-5")


def test_the_simulation_page_counts_what_the_simulation_says(replay: Replay) -> None:
    """The headline's numbers are those of the outcomes; the page says that none of it happened."""
    answer = reports.replay_answer(replay)

    outcomes = replay.result.outcomes
    noticed = outcomes["first_notice_on"].count()
    assert answer.words.startswith(f"{noticed} of {outcomes.height} accounts would have got a notice")
    assert "SIMULATED" in answer.html
    assert "reviewed 5 days after the notice" in answer.html
    assert "History shows" in answer.html


def test_every_figure_stands_with_its_interval(replay: Replay) -> None:
    """The share of harm averted, its bounds, and what it hangs on; what nobody can say has no row."""
    row = replay.evaluation.row(
        by_predicate=(pl.col("measure") == "noticed")
        & pl.col("industry").is_null()
        & pl.col("band").is_null(),
        named=True,
    )
    html = reports.figures(replay).html

    assert f">{row['figure']:,.0f}</td>" in html
    assert f"{row['low']:.0f} and {row['high']:.0f}" in html
    assert "how events are weighed" in html
    assert ">–</td>" not in html.split("Figure")[1].split("95%")[0]


def test_stages_over_time_are_those_of_the_steps_before(replay: Replay) -> None:
    """On the last day accounts stand where their last step before it led, stage by stage."""
    before = replay.result.transitions.filter(pl.col("day") < replay.as_of).sort("day")
    stands = before.unique("account_id", keep="last", maintain_order=True).filter(
        pl.col("to_stage") != "good"
    )
    counted = stands.group_by(stage="to_stage").len("accounts").sort("stage")

    last = replay.timeline.filter(pl.col("day") == replay.as_of).select("stage", "accounts").sort("stage")
    assert last.equals(counted)
    assert "On the last day" in reports.stages_over_time(replay).words


def test_false_trips_are_told_by_industry_and_band(replay: Replay) -> None:
    """A dot a group that has clean accounts; bands come first, in their order."""
    chart = reports.false_trips(replay)

    assert chart.words.startswith("<1k")
    assert "Education" in chart.words


def test_without_labels_there_is_no_false_trip(replay: Replay) -> None:
    """Nobody labelled clean: a sentence says so instead of a picture."""
    unlabelled = replay.result.history.with_tables(
        accounts=replay.result.history.accounts.with_columns(label=pl.lit("unknown"))
    )
    result = simulate(unlabelled, policy=replay.result.policy, scenario=Scenario.never())
    other = Replay(result=result, is_synthetic=True, chosen=None)

    assert reports.false_trips(other).words.startswith("No account is labelled clean")


def test_names_are_shown_not_obeyed(replay: Replay) -> None:
    """The sample has accounts whose names are markup and formulas: they are text."""
    html = reports.newest_steps(replay, length=500).html

    assert "<b>Bold" not in html
    assert "&lt;b&gt;Bold &amp; Co&lt;/b&gt;" in html


def test_an_account_can_be_chosen_and_must_be_there(sample: Path, replay: Replay) -> None:
    """By default the account with most steps stands as the example."""
    steps = replay.result.transitions["account_id"].value_counts()
    most = steps.filter(pl.col("count") == pl.col("count").max())["account_id"]
    chosen = open_replay(sample, policy="hubspot-like", scenario="never", account_id="acct-0003")

    assert replay.account_id in most
    assert chosen.explanation.ways_back["account_id"].to_list() == ["acct-0003"]
    with pytest.raises(DataError, match="account_id == 'acct-3'"):
        open_replay(sample, policy="hubspot-like", scenario="never", account_id="acct-3")


def test_the_comparison_page_gives_the_answer_first(contest: Contest) -> None:
    """Its headline is the comparison's first sentence."""
    answer = reports.comparison_answer(contest)

    assert answer.words == contest.comparison.sentence
    assert f"<h1>{contest.sentences[0].rstrip('.')}</h1>" in answer.html
    assert "SIMULATED" in answer.html


def test_the_swap_set_adds_up_on_the_page(contest: Contest) -> None:
    """Both, one, the other, neither: all accounts in scope of either."""
    words = reports.swap_set(contest).words

    counted = [int(part.rsplit(": ", 1)[1]) for part in words.split("; ")]
    assert sum(counted) == contest.comparison.contributions[0].height
    assert words.startswith("both: ")


def test_winners_and_losers_are_the_newly_noticed_and_the_spared(contest: Contest) -> None:
    """Cells add up to the two lists."""
    cells = reports.winners_and_losers(contest).words

    noticed = sum(int(word) for word in cells.replace(";", " ").split() if word.startswith("+"))
    assert noticed == contest.newly_noticed.height


def test_who_is_treated_otherwise_is_told_why(contest: Contest) -> None:
    """Every account newly noticed or spared comes with the sentence on its first notice."""
    assert contest.newly_noticed["sentence"].null_count() == 0
    assert contest.newly_spared["sentence"].null_count() == 0
    html = reports.newly_spared(contest, length=1).html
    assert html.count("<li>") == 1
    assert f"and {contest.newly_spared.height - 1} more" in html


def test_the_shelf_has_every_preset(contest: Contest) -> None:
    """A row a rulebook, champion and challenger among them."""
    assert "evidence: " in reports.shelf(contest).words
    assert reports.shelf(contest).words.count("noticed") == 10


def test_policies_that_say_the_same_are_said_to(sample: Path) -> None:
    """No difference in the text, none in what is done."""
    same = open_contest(sample, champion="evidence", challenger="evidence", scenario="never")

    assert reports.what_changes(same).words == "The two policies say the same."
    assert same.newly_noticed.height == 0
    assert reports.newly_noticed(same).html.strip() == "<p>Nobody.</p>"


def test_a_comparison_is_written_with_its_tables_and_its_page(sample: Path, tmp_path: Path) -> None:
    """Tables, run.json with both hashes, and the page."""
    contest, page = write_comparison(
        sample, champion="coss-like", challenger="posthog-like", scenario="never", seed=0, out=tmp_path
    )

    run = json.loads((tmp_path / "comparison" / "run.json").read_text())
    first, second = (result.policy.sha256 for result in contest.comparison.policies)
    assert (run["parameters"]["champion_hash"], run["parameters"]["challenger_hash"]) == (first, second)
    swapped = pl.read_parquet(tmp_path / "comparison" / "swap_set.parquet")
    assert swapped.equals(contest.comparison.swap_set.sort("outcome", "champion", "challenger"))
    assert page.name == "comparison.html"
    assert contest.sentences[0].rstrip(".").split(":")[0] in page.read_text()
