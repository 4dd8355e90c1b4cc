"""What a search may say, and which policies it makes of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverlab.errors import PolicyError
from deliverlab.policy.filing import policy_text
from deliverlab.policy.model import Policy
from deliverlab.policy.tune.points import (
    first_points,
    is_whole,
    neighbours,
    number_of,
    numbers_at,
    numbers_in,
    points_near,
    policy_at,
)
from deliverlab.policy.tune.search import Search, Vary

TEXT = """
name = "two limits"
seed = 3
points = 16
[[vary]]
key = ["window", "days"]
values = [7, 30]
[[vary]]
key = ["rules", "hard bounces", "limit"]
least = 0.01
most = 0.1
scale = "log"
[[vary]]
key = ["stages", "*", "grace_days"]
least = 3
most = 14
[[objectives]]
measure = "harm_averted_share"
aim = "most"
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("values = [7, 30]", "", "must have either values, or both least and most"),
        (
            "values = [7, 30]",
            "values = [7, 30]\nleast = 1",
            "must have either values, or both least and most",
        ),
        ("least = 0.01", "least = 0.2", "least = 0.2, must be below most = 0.1"),
        ("least = 0.01", "least = 0", "least = 0, must be above 0 on a log scale"),
        ('aim = "most"', 'aim = "more"', 'must be "most" or "least"'),
        ("points = 16", "points = 0", "must be a whole number from 1 to 100000"),
        ("seed = 3", "sead = 3", 'did you mean "seed"?'),
        ('key = ["window", "days"]', 'key = ["window"]', "must be a list of keys"),
    ],
)
def test_refusals(old: str, new: str, words: str) -> None:
    """What is wrong with a search is one line: what, where, value, what it must be."""
    assert old in TEXT
    with pytest.raises(PolicyError) as refusal:
        Search.from_text(TEXT.replace(old, new))
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            '["rules", "bounces", "limit"]',
            '"rules.bounces.limit": "bounces" must be one of hard bounces',
        ),
        ('["stage", "x", "grace_days"]', 'did you mean "stages"?'),
        ('["ladder", "forget_days"]', 'ladder unknown key "forget_days"'),
    ],
)
def test_a_place_that_is_not_there(key: str, words: str) -> None:
    """A number that the policy has no place for is refused with what is there."""
    search = Search.from_text(TEXT.replace('["window", "days"]', key))
    with pytest.raises(PolicyError) as refusal:
        policy_at((7.0, 0.05, 7.0), search, Policy.preset("hubspot-like"))
    assert words in str(refusal.value)


def test_policy_at_numbers() -> None:
    """The numbers stand in their places, days as whole ones, and only where the policy says them already."""
    champion = Policy.preset("hubspot-like")
    policy = policy_at((7.0, 0.05, 4.0), Search.from_text(TEXT), champion)
    assert policy.window.days == 7
    assert policy.rules[0].limit == 0.05
    assert [stage.grace_days for stage in policy.stages] == [4, 4, 4, None]
    assert [rule.limit for rule in policy.rules[1:]] == [rule.limit for rule in champion.rules[1:]]


def test_a_number_that_changed_was_published_by_nobody() -> None:
    """A limit that the search set is inferred, and not from where the old one was taken."""
    champion = Policy.preset("amazon-ses-like")
    only = Search.from_text(
        'name = "x"\nvary = [{ key = ["rules", "bounces, review", "limit"], values = [0.07, 0.05] }]\n'
        'objectives = [{ measure = "noticed", aim = "least" }]'
    )
    changed, same = (policy_at((number,), only, champion).rules[0] for number in (0.07, 0.05))
    assert (changed.basis, changed.source) == ("inferred", None)
    assert (same.basis, same.source) == (champion.rules[0].basis, champion.rules[0].source)


def test_a_grid_is_tried_whole() -> None:
    """Where there are only values, and no more of them than points, every combination is tried once."""
    search = Search.from_text(
        'name = "grid"\nvary = [{ key = ["window", "days"], values = [7, 14, 30] },'
        ' { key = ["ladder", "remembers_days"], values = [0, 30] }]\n'
        'objectives = [{ measure = "noticed", aim = "least" }]'
    )
    found = [numbers_at(point, search) for point in first_points(search)]
    assert sorted(found) == [(d, r) for d in (7.0, 14.0, 30.0) for r in (0.0, 30.0)]


def test_points_are_the_seeds() -> None:
    """The same search gives the same points, and another seed others."""
    search, other = Search.from_text(TEXT), Search.from_text(TEXT.replace("seed = 3", "seed = 4"))
    assert np.array_equal(first_points(search), first_points(search))
    assert not np.array_equal(first_points(search), first_points(other))
    near = points_near(first_points(search)[:2], search, round_=1)
    assert near.shape == (8, 3)
    assert ((near >= 0) & (near < 1)).all()


@given(st.floats(0, 1, exclude_max=True), st.sampled_from(["linear", "log"]), st.floats(0.001, 0.5))
def test_numbers_stay_in_their_range(place: float, scale: str, least: float) -> None:
    """Whatever the place, the number lies from least to most, but for four digits."""
    vary = Vary.model_validate({"key": ("rules", "r", "limit"), "least": least, "most": 0.9, "scale": scale})
    assert least * 0.999 <= number_of(place, vary) <= 0.9


def test_neighbours_are_a_tenth_off() -> None:
    """Thresholds move by a tenth, days by whole ones where a tenth is one, values and ends not at all."""
    search = Search.from_text(TEXT)
    assert list(neighbours((7.0, 0.05, 10.0), search)) == [
        (7.0, 0.045, 10.0), (7.0, 0.055, 10.0), (7.0, 0.05, 9.0), (7.0, 0.05, 11.0),
    ]  # fmt: skip
    assert list(neighbours((30.0, 0.1, 4.0), search)) == [(30.0, 0.09, 4.0)]


def test_days_are_whole() -> None:
    """Days and sends are whole numbers, limits and shares are not."""
    kinds = {name: is_whole(Vary(key=("x", name), values=(1.0,))) for name in ("days", "sends", "limit", "z")}
    assert kinds == {"days": True, "sends": True, "limit": False, "z": False}


def test_what_a_policy_says_now() -> None:
    """The champion's own numbers are told, each place once, and none where it says nothing."""
    search, champion = Search.from_text(TEXT), Policy.preset("hubspot-like")
    assert [numbers_in(champion, vary) for vary in search.vary] == [[30], [0.025], [7, 7, 7]]
    assert numbers_in(champion, Vary(key=("ladder", "remembers_days"), values=(1.0,))) == [None]


@pytest.mark.parametrize("name", Policy.presets())
def test_policies_read_back_from_their_files(name: str) -> None:
    """A policy written as a file is the same policy, whatever stands above it."""
    policy = Policy.preset(name)
    text = policy_text(policy, reason='one\n[[rules]]\nname = "x"', differs=["a\u2028b"])
    assert Policy.from_text(text).model_dump(exclude_unset=True) == policy.model_dump(exclude_unset=True)
