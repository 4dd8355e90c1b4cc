"""A search on a small world: its rows are what `evaluate` says of each policy, and can be made again."""

from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest

import deliverlab as dl
from deliverlab.errors import PolicyError
from deliverlab.pipeline.tuning import candidate_text
from deliverlab.policy.tune.search import Constraint, Objective, Search
from deliverlab.policy.tune.trials import measures_of
from deliverlab.policy.tune.tuning import Tuning
from deliverlab.policy.tune.views import presets, seen_and_later, sensitivity, surface
from deliverlab.sample.world import make_world

LAST_DAY = date(2026, 6, 30)
SCENARIO = dl.Scenario.after(days=9)
CHAMPION = dl.Policy.preset("hubspot-like")


@cache
def history() -> dl.History:
    """Two hundred accounts over half a year."""
    world = make_world(accounts=200, days=180, seed=5, last_day=LAST_DAY)
    return dl.History(world.daily, world.accounts)


def search_of(**changes: object) -> Search:
    """The search of these tests, with some keys changed."""
    data = {
        "name": "a small one",
        "points": 12,
        "refinements": 1,
        "vary": [
            {"key": ["window", "days"], "values": [7.0, 30.0]},
            {"key": ["rules", "hard bounces", "limit"], "least": 0.01, "most": 0.1, "scale": "log"},
            {"key": ["stages", "*", "grace_days"], "least": 1.0, "most": 12.0},
        ],
        "objectives": [
            {"measure": "harm_averted_share", "aim": "most"},
            {"measure": "good_mail_blocked_share", "aim": "least"},
        ],
        "constraints": [{"measure": "good_mail_blocked_share", "at_most": 0.2}],
    }
    return Search.from_data(data | changes)


@cache
def tuned(*, is_split: bool = False) -> Tuning:
    """What the search finds."""
    split = {"split": {"validate_from": date(2026, 4, 15), "test_from": date(2026, 6, 1), "embargo_days": 7}}
    search = search_of(**split if is_split else {})
    return dl.tune(history(), policy=CHAMPION, search=search, scenario=SCENARIO, resamples=50)


def test_every_policy_has_its_row() -> None:
    """Rows are what `evaluate` says of each policy, and whether it is allowed and on the front."""
    rows = tuned().rows
    assert rows.height == len({tuned().numbers(place) for place in rows["policy"]})
    assert rows["round"].unique().sort().to_list() == [0, 1]
    for place in (0, rows.height - 1):
        result = dl.simulate(history(), policy=tuned().policy(place), scenario=SCENARIO)
        said = dl.evaluate(result, resamples=0)
        for name in ("harm_averted_share", "good_mail_blocked_share", "noticed_share"):
            assert rows[name][place] == pytest.approx(said.filter(measure=name)["figure"][0])
    assert (rows["is_allowed"] == (rows["good_mail_blocked_share"] <= 0.2)).all()


def test_the_same_search_finds_the_same() -> None:
    """Same history, policy, search and seed: the same tables."""
    again = dl.tune(history(), policy=CHAMPION, search=search_of(), scenario=SCENARIO, resamples=50)
    assert again.rows.equals(tuned().rows)
    assert again.finalists.equals(tuned().finalists)
    assert candidate_text(again) == candidate_text(tuned())


def test_the_one_to_take_is_worth_most_a_little_off() -> None:
    """The first finalist is chosen; nobody on the shortlist is worth more near its numbers."""
    finalists = tuned().finalists
    assert tuned().chosen == finalists["policy"][0]
    worst = finalists["worst_near"].drop_nulls()
    assert worst.to_list() == sorted(worst, reverse=True)
    assert (finalists["worst_near"].drop_nulls() <= finalists["harm_averted_share"].head(len(worst))).all()
    assert (finalists["low"] <= finalists["high"]).all()
    assert finalists["picked"].sum() <= 1 + 1e-9


def test_parts_of_the_calendar_do_not_touch() -> None:
    """The search sees nothing of the days that judge, nor of the embargo before them."""
    part = tuned(is_split=True)
    assert (part.seen.until, part.judging.since, part.judging.until) == (
        date(2026, 4, 7), date(2026, 4, 15), date(2026, 5, 24),
    )  # fmt: skip
    days = history().daily.filter(pl.col("day") <= part.seen.until)
    early = history().with_tables(daily=days, until=part.seen.until)
    early = early.with_peer_rates(part.seen.history.peer_rates)  # type: ignore[arg-type]  # there are some
    alone = dl.tune(early, policy=CHAMPION, search=search_of(), scenario=SCENARIO, resamples=50)
    assert alone.rows.equals(part.rows)


def test_judged_on_later_days() -> None:
    """Figures of later days are those of a simulation that begins there with a clean slate."""
    part = tuned(is_split=True)
    first = part.finalists.row(0, named=True)
    result = dl.simulate(
        part.judging.history, policy=part.policy(first["policy"]), scenario=SCENARIO,
        start=part.judging.start, until=part.judging.until,
    )  # fmt: skip
    said = dl.evaluate(result, resamples=0).filter(measure="noticed_share")["figure"][0]
    assert first["noticed_share_later"] == pytest.approx(said)


def test_what_is_kept_for_the_end() -> None:
    """The test opens the days kept for it, and only where there are some."""
    comparison = tuned(is_split=True).open_test()
    assert comparison.champion.outcomes["account_id"].is_in(history().accounts["account_id"].implode()).all()
    assert min(comparison.champion.transitions["day"], default=LAST_DAY) >= date(2026, 6, 1)
    with pytest.raises(PolicyError, match="split test_from is missing, must be a date"):
        tuned().open_test()


def test_nothing_is_allowed() -> None:
    """Where no policy keeps every constraint there is no candidate, and the answer says so first."""
    search = search_of(constraints=[{"measure": "harm_averted_share", "at_least": 0.9999}])
    found = dl.tune(history(), policy=CHAMPION, search=search, scenario=SCENARIO, resamples=10)
    assert (found.chosen, found.candidate, found.finalists.height) == (None, None, 0)
    tried = f"none of {found.rows.height} policies"
    assert found.sentences[0] == f"Keep hubspot-like: {tried} keeps every constraint."
    assert candidate_text(found) is None
    assert surface(found).is_empty()
    with pytest.raises(PolicyError, match="no policy is allowed, so there is no candidate"):
        _ = found.comparison


def test_a_stage_that_nobody_reaches() -> None:
    """It was reached by none, which a constraint may ask for; how long it lasts nobody can say."""
    soon = dl.Scenario.after(days=1)
    none = search_of(constraints=[{"measure": "reached.suspended", "at_most": 0.0}])
    found = dl.tune(history(), policy=CHAMPION, search=none, scenario=soon, resamples=10)
    assert found.rows["reached.suspended"].to_list() == [0.0] * found.rows.height
    assert found.finalists.height > 0
    lasting = search_of(constraints=[{"measure": "days_to_clear_median.suspended", "at_most": 90.0}])
    untold = dl.tune(history(), policy=CHAMPION, search=lasting, scenario=soon, resamples=10)
    assert untold.rows["days_to_clear_median.suspended"].null_count() == untold.rows.height
    assert untold.chosen is None


def test_numbers_that_are_no_policy() -> None:
    """A point that is no policy keeps its row, with the reason; where none is one the search is refused."""
    vary = [{"key": ["window", "days"], "values": [0.0, 7.0]}]
    found = dl.tune(history(), policy=CHAMPION, search=search_of(vary=vary), scenario=SCENARIO, resamples=10)
    (refused,) = found.rows.filter(pl.col("refused").is_not_null()).rows(named=True)
    assert "must be a whole number" in refused["refused"]
    assert (refused["noticed_share"], refused["is_allowed"]) == (None, False)
    with pytest.raises(PolicyError, match="must be a whole number"):
        dl.tune(
            history(), policy=CHAMPION, scenario=SCENARIO,
            search=search_of(vary=[{"key": ["window", "days"], "values": [0.0, -1.0]}]),
        )  # fmt: skip


def test_other_wishes_than_the_search_has() -> None:
    """Objectives, constraints and seed given by themselves stand in place of the search's."""
    found = dl.tune(
        history(), policy=CHAMPION, search=search_of(), scenario=SCENARIO, resamples=10, seed=9,
        objectives=[Objective(measure="noticed", aim="least")],
        constraints=[Constraint(measure="detection_rate", at_least=0.1)],
    )  # fmt: skip
    assert found.search.seed == 9
    assert found.rows.columns[4:8] == ["noticed", "detection_rate", "noticed_share", "identified_share"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objectives": [{"measure": "harm", "aim": "most"}]}, 'measure = "harm", must be one of'),
        (
            {"constraints": [{"measure": "reached.jail", "at_most": 1.0}]},
            'measure = "reached.jail", must be one of reached.probation, reached.first warning',
        ),
        (
            {"split": {"validate_from": date(2026, 1, 2)}},
            "split validate_from = 2026-01-02, must leave days before and after it: history is from",
        ),
    ],
)
def test_refusals(changes: dict[str, object], words: str) -> None:
    """A measure that is none, or days that are not there, are one line."""
    with pytest.raises(PolicyError) as refusal:
        dl.tune(history(), policy=CHAMPION, search=search_of(**changes), scenario=SCENARIO)
    assert words in str(refusal.value)


def test_views() -> None:
    """What each number does by itself, what two do together, and what lasted."""
    part = tuned(is_split=True)
    alone = sensitivity(part)
    own, numbers = alone.filter("is_chosen"), part.numbers(part.chosen or 0)
    assert own["key"].to_list() == [vary.name for vary in part.search.vary]
    assert tuple(own["value"]) == numbers
    cells = surface(part)
    assert cells.height == cells.unique(cells.columns[:3]).height
    later = seen_and_later(part)
    assert set(part.finalists["policy"]) <= set(later["policy"])
    assert np.isfinite(later["later"].to_numpy()).all()


def test_the_day_before_has_no_say() -> None:
    """A candidate is on what begins tomorrow: it keeps neither the champion's version nor its date."""
    candidate = tuned().candidate
    assert candidate is not None
    assert (candidate.name, candidate.version, candidate.effective_from) == ("hubspot-like tuned", None, None)


def test_presets_beside_the_search() -> None:
    """Presets are walked over the same days and accounts; those that cannot be are left out."""
    found = presets(tuned())
    assert found.columns == ["name", *measures_of(tuned().search)]
    assert set(found["name"]) <= set(dl.Policy.presets())
    everybody = dl.Policy.preset("posthog-like").model_copy(update={"tiers": CHAMPION.tiers})
    result = dl.simulate(history(), policy=everybody, scenario=SCENARIO)
    said = dl.evaluate(result, resamples=0).filter(measure="noticed_share")["figure"][0]
    assert found.filter(name="posthog-like")["noticed_share"][0] == pytest.approx(said)
