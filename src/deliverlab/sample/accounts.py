"""Who sends: each account is made of the seed and its own number alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from deliverlab.sample.industries import INDUSTRIES, OTHER, OUTCOMES, Industry
from deliverlab.sample.roles import ROLES, Role
from deliverlab.sample.stories import REFUSAL_AGO, STORIES, Review, Step, Story

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import numpy as np

# How far apart accounts of one industry lie: no benchmark publishes a spread, so these are assumed.
ACCOUNT_CV = dict.fromkeys(OUTCOMES, 0.5) | {"opens": 0.15, "clicks": 0.3}
STORY_CV_SHARE = 0.3  # accounts with a story start near their industry, so that it is the story that shows
STORY_EVERY = 4  # one account in so many has a story
CAUGHT_SHARE = 0.12  # of those on the enforced tiers
ROLE_MAIL = (560, 640)  # in thirty days, of accounts with raw records: enough to tell how well they do
ENFORCED_TIERS = ("free", "starter")
TIERS = ("free", "starter", "pro", "enterprise")


@dataclass(frozen=True, slots=True)
class Size:
    """Accounts that send so much in 30 days: their share of all, of those with a story, and their tiers."""

    least: float
    most: float
    share: float
    story_share: float
    tier_shares: tuple[float, float, float, float]


SIZES = (
    Size(60, 900, 0.24, 0.0, (0.60, 0.30, 0.10, 0.00)),
    Size(1_100, 9_500, 0.31, 0.5, (0.45, 0.40, 0.15, 0.00)),
    Size(11_000, 95_000, 0.25, 0.35, (0.25, 0.40, 0.30, 0.05)),
    Size(110_000, 950_000, 0.14, 0.13, (0.00, 0.25, 0.50, 0.25)),
    Size(1_100_000, 4_000_000, 0.06, 0.02, (0.00, 0.00, 0.40, 0.60)),
)
_TOLD = tuple(name for name in STORIES if name != "healthy")
_HOSTILE_NAMES = {
    20: "'; DROP TABLE accounts; --", 31: "{{ 7 * 7 }} Söhne",
    45: '"Quoted" \\ Example, Sons', 58: "例え 商店",
}  # fmt: skip
_FIRST_WORDS = (
    "Amber", "Birch", "Cobalt", "Dapple", "Ember", "Fennel", "Garnet", "Hazel", "Indigo", "Juniper", "Larch",
    "Maple", "Nimbus", "Ochre", "Pebble", "Quartz", "Russet", "Saffron", "Thistle", "Umber", "Violet",
)  # fmt: skip
_LAST_WORDS = {
    "Construction": "Builders", "Real Estate": "Homes", "Retail": "Shop", "E-commerce": "Store",
    "Health and Fitness": "Studio", "Education": "College", "Non-Profit": "Trust", "Software": "Apps",
    "Travel": "Tours", "Media": "Press", "Restaurant": "Kitchen", "Government": "Council", "Other": "Works",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All about an account that does not change from day to day."""

    number: int
    name: str
    industry: Industry
    tier: str
    parent: int | None
    created_on: date
    label: str
    label_on: date | None
    story: Story
    shift: int  # days by which its story lies further back than it is told
    is_caught: bool
    monthly_mail: float
    rhythm: str
    rates: dict[str, float]
    role: Role | None

    @property
    def account_id(self) -> str:
        """The account's id in every table."""
        return account_id(self.number)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The stages it was really put into."""
        return self.story.past + (self.story.present if self.is_caught else ())

    @property
    def reviews(self) -> tuple[Review, ...]:
        """The contact reviews it went through, or did not."""
        return self.story.reviews + (self.story.present_reviews if self.is_caught else ())


def account_id(number: int) -> str:
    """The id of the account of this number."""
    return f"acct-{number:04d}"


def make_account(number: int, /, *, rng: np.random.Generator, first_day: date, last_day: date) -> Account:
    """The account of this number: a role where one is fixed, else every fourth has a story, in turn."""
    role = ROLES[number - 1] if number <= len(ROLES) else None
    story = STORIES[role.story] if role else _story(number)
    is_told = story.name != "healthy"
    industry = INDUSTRIES.get(role.industry or "", OTHER) if role else _industry(story, rng=rng)
    size = SIZES[_pick([size.story_share if is_told else size.share for size in SIZES], rng=rng)]
    tier = role.tier if role else _tier(size, story, rng=rng)
    shift = int(rng.integers(0, 11)) if is_told and role is None and story.begins != REFUSAL_AGO else 0
    label, label_on = _label(story, rng=rng, last_day=last_day)
    age = int(rng.integers(0, 1_500))
    youngest = first_day + (last_day - first_day) // 3
    spread = STORY_CV_SHARE if is_told or role else 1.0
    invented = f"{_FIRST_WORDS[rng.integers(len(_FIRST_WORDS))]} Example {_LAST_WORDS[industry.name]}"
    return Account(
        number=number,
        name=(role and role.name) or _HOSTILE_NAMES.get(number, invented),
        industry=industry,
        tier=tier,
        parent=int(rng.integers(1, number)) if number % 15 == 0 else None,
        created_on=last_day - timedelta(days=role.history - 1) if role else youngest - timedelta(days=age),
        label=label,
        label_on=label_on,
        story=story,
        shift=shift,
        is_caught=role is not None or (tier in ENFORCED_TIERS and rng.random() < CAUGHT_SHARE),
        monthly_mail=rng.uniform(*ROLE_MAIL) if role else _log_uniform(size.least, size.most, rng=rng),
        rhythm=role.rhythm if role else _rhythm(size, story, rng=rng),
        rates={
            outcome: rate * _log_normal(ACCOUNT_CV[outcome] * spread, rng=rng)
            for outcome, rate in industry.rates.items()
        },
        role=role,
    )


def _story(number: int) -> Story:
    return STORIES[_TOLD[number // STORY_EVERY % len(_TOLD)] if number % STORY_EVERY == 0 else "healthy"]


def _tier(size: Size, story: Story, *, rng: np.random.Generator) -> str:
    """A tier that accounts of this size have; whoever was put into a stage is on one where that is done."""
    drawn = TIERS[_pick(size.tier_shares, rng=rng)]
    return ENFORCED_TIERS[-1] if story.past and drawn not in ENFORCED_TIERS else drawn


def _industry(story: Story, *, rng: np.random.Generator) -> Industry:
    """One of all, `OTHER` among them: some accounts have not said what they do."""
    drawn = [*INDUSTRIES.values(), OTHER][rng.integers(len(INDUSTRIES) + 1)]
    return INDUSTRIES[story.industry] if story.industry else drawn


def _rhythm(size: Size, story: Story, *, rng: np.random.Generator) -> str:
    """How mail is spread over days; whoever shall meet a refusal of one day sends daily."""
    drawn = ("daily", "weekly", "campaign")[_pick((0.4, 0.35, 0.25), rng=rng)]
    if size is SIZES[0]:
        return "now and then"
    return "daily" if story.refusing_share else drawn


def _label(story: Story, *, rng: np.random.Generator, last_day: date) -> tuple[str, date | None]:
    """What the provider knows: a story has been judged, of the healthy accounts only some."""
    looked_on = last_day - timedelta(days=int(rng.integers(0, 60)))
    if story.name != "healthy":
        return story.label, last_day - timedelta(days=int(rng.integers(0, 8)))
    return ("clean", looked_on) if rng.random() < 0.5 else ("unknown", None)


def _pick(shares: Iterable[float], *, rng: np.random.Generator) -> int:
    weights = list(shares)
    return int(rng.choice(len(weights), p=weights))


def _log_uniform(least: float, most: float, *, rng: np.random.Generator) -> float:
    return math.exp(rng.uniform(math.log(least), math.log(most)))


def _log_normal(cv: float, *, rng: np.random.Generator) -> float:
    """A draw with mean 1 and this coefficient of variation."""
    sigma = math.sqrt(math.log1p(cv**2))
    return math.exp(rng.normal(-(sigma**2) / 2, sigma))
