"""What befalls an account: each story is data, told in days before the world's last day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

EVER = 100_000  # days ago: before any world
REFUSAL_AGO = 26  # the day on which one mailbox provider refused everyone


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some days, counted back from the last: from `since` to `until` days ago, both included."""

    since: int
    until: int | None = None  # None: it lasts

    def covers(self, ago: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether it holds so many days ago."""
        return (ago <= self.since) & (ago >= (self.until if self.until is not None else -EVER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Stretch):
    """All of an account's own mail turns otherwise: its rates times `factors`, plus `adds`."""

    factors: Mapping[str, float] = field(default_factory=dict)
    adds: Mapping[str, float] = field(default_factory=dict)
    volume: float = 1.0
    is_gradual: bool = False  # reached little by little, in full on the last day


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra(Stretch):
    """Mail on top, to people of its own, with rates of its own."""

    times: float  # the account's own volume
    rates: Mapping[str, float]
    import_id: str | None = None  # the import that brought these people
    campaign: str | None = None  # goes out on days of its own; None: they get what everybody gets


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Stretch):
    """A stage the account was really put into."""

    stage: str

    @property
    def send_share(self) -> float:
        """The share of the mail that is let through."""
        return 0.0 if self.stage == "suspended" else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A contact review as it ended."""

    ago: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happens, how it is to be judged, and what was done about it.

    `present` and `present_reviews` are for accounts that were caught; they lead to a stage that still lasts.
    """

    name: str
    label: str
    note: str
    begins: int | None = None
    changes: tuple[Change, ...] = ()
    extras: tuple[Extra, ...] = ()
    past: tuple[Step, ...] = ()
    reviews: tuple[Review, ...] = ()
    present: tuple[Step, ...] = ()
    present_reviews: tuple[Review, ...] = ()
    industry: str | None = None
    refusing_share: float | None = None  # of its contacts, with the provider that refused everyone


_STALE = {"hard_bounces": 0.055, "soft_bounces": 0.015, "complaints": 0.003, "unsubscribes": 0.004}
_DEAD = {"hard_bounces": 0.075, "soft_bounces": 0.020, "complaints": 0.003, "unsubscribes": 0.003}
_UNREAD = {"opens": 0.6, "clicks": 0.5}
_PURCHASED = {
    "hard_bounces": 0.14, "soft_bounces": 0.03, "complaints": 0.008,
    "unsubscribes": 0.012, "opens": 0.07, "clicks": 0.004,
}  # fmt: skip
_SPAM = {
    "hard_bounces": 0.09, "soft_bounces": 0.05, "complaints": 0.012,
    "unsubscribes": 0.004, "opens": 0.05, "clicks": 0.006,
}  # fmt: skip
_STRANGERS = {
    "hard_bounces": 0.16, "soft_bounces": 0.05, "complaints": 0.006,
    "unsubscribes": 0.003, "opens": 0.04, "clicks": 0.002,
}  # fmt: skip
_UNASKED = {
    "hard_bounces": 0.09, "soft_bounces": 0.02, "complaints": 0.008,
    "unsubscribes": 0.020, "opens": 0.15, "clicks": 0.010,
}  # fmt: skip

STORIES = {
    story.name: story
    for story in (
        Story(name="healthy", label="clean", note="mail to people who asked for it"),
        Story(
            name="decaying_list", label="abusive", begins=95,
            note="nobody cleans the list: addresses die and readers leave, a little more every week",
            changes=(Change(since=95, adds=_DEAD, factors=_UNREAD, is_gradual=True),),
            present=(Step(stage="probation", since=6),),
            present_reviews=(Review(ago=3, outcome="withdrawn"),),
        ),
        Story(
            name="purchased_list", label="abusive", begins=42,
            note="a bought list was imported and is mailed from that day on",
            extras=(Extra(since=42, times=0.8, rates=_PURCHASED, import_id="purchased-list"),),
            present=(Step(stage="probation", since=17, until=11), Step(stage="first warning", since=10)),
            present_reviews=(Review(ago=8, outcome="rejected"),),
        ),
        Story(
            name="compromised_account", label="abusive", begins=20,
            note="a stranger took the account over and mailed a list of his own for a week",
            extras=(
                Extra(
                    since=20, until=14, times=5.0, rates=_SPAM,
                    import_id="uploaded-list", campaign="account-notice",
                ),
            ),
            present=(Step(stage="suspended", since=13),),
        ),
        Story(
            name="form_abuse", label="abusive", begins=38,
            note="bots sign strangers up through an open form, and each gets a confirmation",
            extras=(
                Extra(since=38, times=0.6, rates=_STRANGERS, import_id="web-form", campaign="confirmation"),
            ),
            present=(Step(stage="probation", since=15, until=9), Step(stage="first warning", since=8)),
        ),
        Story(
            name="bad_industry", label="clean", industry="Construction",
            note="bounces more than most accounts do, and less than most of its industry",
            changes=(Change(since=EVER, factors={"hard_bounces": 0.7, "complaints": 0.7}),),
        ),
        Story(
            name="bad_campaign", label="clean", begins=30,
            note="one campaign went to people who had not asked for it; nothing before, nothing since",
            extras=(Extra(since=30, until=29, times=5.0, rates=_UNASKED, campaign="grand-opening"),),
            past=(Step(stage="probation", since=24, until=19),),
            reviews=(Review(ago=19, outcome="completed"),),
        ),
        Story(
            name="provider_outage", label="clean", begins=REFUSAL_AGO, refusing_share=0.65,
            note="most of its contacts are with the mailbox provider that refused everyone for a day",
        ),
        Story(
            name="reviewed_and_recovered", label="abusive", begins=88,
            note="a stale list; its contacts were reviewed and the rates came down",
            changes=(
                Change(since=88, until=50, adds=_STALE, factors=_UNREAD),
                Change(since=49, factors={"hard_bounces": 0.6, "complaints": 0.8}, volume=0.85),
            ),
            past=(
                Step(stage="probation", since=68, until=62),
                Step(stage="first warning", since=61, until=50),
            ),
            reviews=(Review(ago=50, outcome="completed"),),
        ),
        Story(
            name="reviewed_in_name_only", label="abusive", begins=88,
            note="a stale list; the box was ticked and nothing was removed",
            changes=(Change(since=88, adds=_STALE, factors=_UNREAD),),
            past=(Step(stage="probation", since=66, until=58),),
            reviews=(Review(ago=58, outcome="completed"),),
            present=(
                Step(stage="probation", since=20, until=14),
                Step(stage="first warning", since=13, until=7),
                Step(stage="second warning", since=6),
            ),
        ),
        Story(
            name="regressed_to_mean", label="clean", begins=46,
            note="three bad weeks by chance alone; they passed without anybody doing anything",
            changes=(Change(since=46, until=27, adds={"hard_bounces": 0.045, "complaints": 0.001}),),
            past=(Step(stage="probation", since=30, until=25),),
        ),
        Story(
            name="re_offender", label="abusive", begins=90,
            note="bought a list, was reviewed and cleared, and bought the next one",
            extras=(
                Extra(since=90, until=63, times=0.8, rates=_PURCHASED, import_id="purchased-list-1"),
                Extra(since=32, times=0.9, rates=_PURCHASED, import_id="purchased-list-2"),
            ),
            past=(
                Step(stage="probation", since=76, until=70),
                Step(stage="first warning", since=69, until=63),
            ),
            reviews=(Review(ago=63, outcome="completed"),),
            present=(
                Step(stage="first warning", since=12, until=6),
                Step(stage="second warning", since=5),
            ),
        ),
    )
}  # fmt: skip
