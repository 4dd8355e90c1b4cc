"""The explorer shows what `evaluate` says of the policy under the hand, and saves it as a file."""

from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.errors import PolicyError
from deliverlab.pipeline.sliders import search_around
from deliverlab.reports import explorer_view
from deliverlab.reports.render import VEGALITE
from deliverlab.sample.world import make_world

CHAMPION, SCENARIO = dl.Policy.preset("hubspot-like"), dl.Scenario.after(days=9)


@cache
def history() -> dl.History:
    """A hundred and fifty accounts, one of them with a name that would be HTML."""
    world = make_world(accounts=150, days=150, seed=5, last_day=date(2026, 6, 30))
    names = ["<script>alert(1)</script>"] * world.accounts.height
    return dl.History(world.daily, world.accounts.with_columns(name=pl.Series(names)))


@pytest.fixture
def explorer() -> dl.PolicyExplorer:
    """An explorer that nobody has touched."""
    return dl.PolicyExplorer(history(), policy=CHAMPION, scenario=SCENARIO)


def test_begins_with_the_policy_in_force(explorer: dl.PolicyExplorer) -> None:
    """Sliders stand where the policy has its numbers, and nobody is noticed anew."""
    assert {name: slider.value for name, slider in explorer.sliders.items()} == {
        "rules.hard bounces.limit": pytest.approx(0.025), "rules.complaints.limit": pytest.approx(0.001),
        "rules.unsubscribes.limit": pytest.approx(0.05), "window.days": 30, "stages.*.grace_days": 7,
        "ladder.remembers_days": 0,
    }  # fmt: skip
    assert explorer.moment.newly.height == explorer.moment.spared.height == 0
    assert explorer.moment.now == explorer.moment.before


def test_follows_the_hand(explorer: dl.PolicyExplorer) -> None:
    """What is shown of a position is what a simulation of its policy comes to."""
    explorer.set({"window.days": 7, "stages.*.grace_days": 3})
    assert (explorer.policy.window.days, explorer.policy.stages[0].grace_days) == (7, 3)
    alone = dl.simulate(history(), policy=explorer.policy, scenario=SCENARIO)
    before = dl.simulate(history(), policy=CHAMPION, scenario=SCENARIO)
    said = dl.evaluate(alone, resamples=0)
    for name in ("noticed", "blocked", "good_mail_blocked_share", "harm_averted_share"):
        assert explorer.moment.now[name] == pytest.approx(said.filter(measure=name)["figure"][0])
    ours, theirs = (
        set(each.outcomes.drop_nulls("first_notice_on")["account_id"]) for each in (alone, before)
    )
    assert set(explorer.moment.newly["account_id"]) == ours - theirs
    assert set(explorer.moment.spared["account_id"]) == theirs - ours
    assert explorer.moment.newly.height > 0


def test_every_view_draws(explorer: dl.PolicyExplorer) -> None:
    """Each chart and text shows a position, and no name in it is HTML."""
    explorer.set({"window.days": 7})
    for view in explorer_view.VIEWS:
        bundle, _ = view(explorer.moment)._repr_mimebundle_()
        assert VEGALITE in bundle or "text/html" in bundle
        assert "<script>" not in bundle.get("text/html", "")
    assert "noticed" in explorer.message.value
    stages = explorer_view.stages(explorer.moment).spec
    assert stages["data"] or stages["datasets"]


def test_saves_a_policy_file(explorer: dl.PolicyExplorer, tmp_path: Path) -> None:
    """The file reads back as the policy under the hand, with name, reason and what differs; none is lost."""
    explorer.set({"window.days": 14})
    path = explorer.save(tmp_path / "mine.toml", name="shorter", reason="a month forgives\ntoo much")
    text = path.read_text("utf-8")
    why, differs, *_ = text.splitlines()
    assert why == "# Why: a month forgives\\ntoo much"
    assert differs == "# window: window: looks at 30 days → looks at 14 days"
    saved = dl.Policy.from_toml(path)
    assert (saved.name, saved.source) == ("shorter", "set by hand: a month forgives\ntoo much")
    assert saved.window == explorer.policy.window
    with pytest.raises(PolicyError, match="is there already, must be a new file"):
        explorer.save(path, name="again", reason="none")
    assert path.read_text("utf-8") == text


def test_a_slider_that_is_not_there(explorer: dl.PolicyExplorer) -> None:
    """A name that no slider has is refused with those that there are."""
    with pytest.raises(PolicyError, match=r"must be one of rules\.hard bounces\.limit, "):
        explorer.set({"window": 7})


@pytest.mark.parametrize("name", dl.Policy.presets())
def test_every_preset_can_be_moved(name: str) -> None:
    """Of every policy there is something to move, and its own numbers lie in the ranges."""
    search = search_around(dl.Policy.preset(name))
    assert [vary.words for vary in search.vary][-1] == "ladder remembers days"


def test_in_a_notebook(explorer: dl.PolicyExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are outputs of their own that are drawn anew in place when a slider moves."""
    shown: list[object] = []

    class Handle:
        def __init__(self, at: int) -> None:
            self.at = at

        def update(self, view: object) -> None:
            shown[self.at] = view

    def display(view: object, *, display_id: bool = False) -> Handle:
        shown.append(view)
        assert display_id == (len(shown) > 1)
        return Handle(len(shown) - 1)

    monkeypatch.setattr("IPython.display.display", display)
    explorer._ipython_display_()
    before = shown[1:]
    explorer.set({"window.days": 7})
    assert len(before) == len(explorer_view.VIEWS)
    assert all(new is not old for new, old in zip(shown[1:], before, strict=True))
