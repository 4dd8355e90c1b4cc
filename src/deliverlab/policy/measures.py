"""Measures: what is said of a simulation, each a function of sums over accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from deliverlab.policy.formulas import (
    days_to_clear,
    delay,
    excess_held,
    false_trips,
    reached,
    reviews_a_day,
    share,
    share_of_whole,
    sum_of,
    worst_group,
)

if TYPE_CHECKING:
    from deliverlab.policy.formulas import Formula

UNITS = ("accounts", "mails", "events", "complaints", "days", "notices", "reviews a day", "share", "times")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of a simulation, or one of each thing it is `about` (a stage, a metric, a grouping).

    `figures` makes it of the sums over a group of accounts and over all. `rests_on` is the column that counts
    the accounts it rests on. `unseen` says what becomes of it where too little was observed: it is as sure as
    ever, it has bounds, or it cannot be told. An extreme, as of the worst day, has no interval: resampling
    adds chance to chance, which makes the worst worse.
    """

    name: str
    words: str
    unit: str
    figures: Formula
    rests_on: str = "is_in_scope"
    depends_on: str = "the scenario"
    unseen: Literal["sure", "bounds", "untold"] = "untold"
    is_extreme: bool = False
    unreached: float | None = None  # what it is about a stage that nobody reached; None: about no stage

    @property
    def is_of_stages(self) -> bool:
        """Whether there is one such figure of each stage."""
        return self.unreached is not None

    @property
    def needs_labels(self) -> bool:
        """Whether nothing at all can be said without labelled accounts."""
        return self.rests_on in {"clean", "abusive"}


_PEERS = "the scenario, peer rates"
_HARM = "the scenario, peer rates, how events are weighed"
_LABELS = "the scenario, labels"

MEASURES = (
    Measure(
        name="accounts", words="accounts the policy applies to", unit="accounts",
        figures=sum_of("is_in_scope"), depends_on="tiers", unseen="sure",
    ),
    Measure(
        name="identified_share", words="days of mail that were really observed", unit="share",
        figures=share("identified_days", "sending_days"), depends_on="the scenario, enforcement",
        unseen="sure",
    ),
    Measure(
        name="compared_share", words="mail with peers to compare it with", unit="share",
        figures=share("compared_mail", "mail"), depends_on="peer rates", unseen="sure",
    ),
    Measure(
        name="noticed", words="accounts that got a notice", unit="accounts",
        figures=sum_of("noticed"), unseen="bounds",
    ),
    Measure(
        name="noticed_share", words="accounts that got a notice, of all", unit="share",
        figures=share("noticed", "is_in_scope"), unseen="bounds",
    ),
    Measure(
        name="reached", words="accounts that reached the stage", unit="accounts", figures=reached,
        unreached=0.0,
    ),
    Measure(
        name="blocked", words="accounts whose mail was stopped altogether", unit="accounts",
        figures=sum_of("blocked"), unseen="bounds",
    ),
    Measure(
        name="cleared", words="accounts that got a notice and came back to good standing", unit="accounts",
        figures=sum_of("cleared"), rests_on="noticed",
    ),
    Measure(name="notices", words="notices", unit="notices", figures=sum_of("notices")),
    Measure(
        name="days_to_clear_median", words="days from the stage to good standing, of half", unit="days",
        figures=days_to_clear(0.5), rests_on="noticed", unreached=np.nan,
    ),
    Measure(
        name="days_to_clear_p90", words="days from the stage to good standing, of nine in ten", unit="days",
        figures=days_to_clear(0.9), rests_on="noticed", unreached=np.nan,
    ),
    Measure(
        name="reviews_a_day_mean", words="completed reviews to look at", unit="reviews a day",
        figures=reviews_a_day(lambda daily: daily.mean(axis=0)), rests_on="noticed",
    ),
    Measure(
        name="reviews_a_day_p95", words="completed reviews to look at, on one day in twenty",
        unit="reviews a day", figures=reviews_a_day(lambda daily: np.quantile(daily, 0.95, axis=0)),
        rests_on="noticed", is_extreme=True,
    ),
    Measure(
        name="reviews_a_day_max", words="completed reviews to look at, on the worst day",
        unit="reviews a day", figures=reviews_a_day(lambda daily: daily.max(axis=0, initial=0.0)),
        rests_on="noticed", is_extreme=True,
    ),
    Measure(
        name="mail_held", words="mail held", unit="mails", figures=sum_of("mail_held"), rests_on="held",
        unseen="bounds",
    ),
    Measure(
        name="mail_held_share", words="mail held, of all", unit="share",
        figures=share("mail_held", "mail"), unseen="bounds",
    ),
    Measure(
        name="harm_averted", words="harm averted by holding mail", unit="complaints",
        figures=sum_of("harm_held"), rests_on="held", depends_on=_HARM, unseen="bounds",
    ),
    Measure(
        name="harm_averted_share", words="harm averted by holding mail, of all", unit="share",
        figures=share("harm_held", "harm"), depends_on=_HARM, unseen="bounds",
    ),
    Measure(
        name="harm_averted_by_reviews", words="harm averted by what reviews are assumed to do",
        unit="complaints", figures=sum_of("harm_reviewed"), depends_on=_HARM,
    ),
    Measure(
        name="excess_averted", words="events beyond those of peers, in mail held", unit="events",
        figures=excess_held, rests_on="held", depends_on=_PEERS,
    ),
    Measure(
        name="noticed_harm_averted", words="harm averted in what was noticed", unit="complaints",
        figures=sum_of("noticed_harm_held"), rests_on="held", depends_on=_HARM,
    ),
    Measure(
        name="naive_harm_averted", words="the same, had the rate at the notice gone on", unit="complaints",
        figures=sum_of("naive_harm_held"), rests_on="held", depends_on=_HARM,
    ),
    Measure(
        name="good_mail_blocked", words="good mail held", unit="mails",
        figures=sum_of("good_mail_held"), rests_on="held", unseen="bounds",
    ),
    Measure(
        name="good_mail_blocked_share", words="good mail held, of all good mail", unit="share",
        figures=share("good_mail_held", "good_mail"), unseen="bounds",
    ),
    Measure(
        name="good_mail_blocked_of_cleared", words="good mail held of accounts that came back",
        unit="mails", figures=sum_of("good_mail_held_of_cleared"), rests_on="cleared",
    ),
    Measure(
        name="good_mail_blocked_of_clean", words="good mail held of accounts labelled clean", unit="mails",
        figures=sum_of("good_mail_held_of_clean"), rests_on="clean", depends_on=_LABELS, unseen="bounds",
    ),
    Measure(
        name="detection_rate", words="abusive accounts that got a notice", unit="share",
        figures=share("abusive_noticed", "abusive"), rests_on="abusive", depends_on=_LABELS,
        unseen="bounds",
    ),
    Measure(
        name="detection_days_median", words="days from the label to the first notice, of half", unit="days",
        figures=delay, rests_on="abusive", depends_on=_LABELS,
    ),
    Measure(
        name="mail_before_notice", words="mail of an abusive account before its first notice", unit="mails",
        figures=share("abusive_mail_before_notice", "abusive"), rests_on="abusive", depends_on=_LABELS,
    ),
    Measure(
        name="complaints_before_notice", words="complaints of an abusive account before its first notice",
        unit="events", figures=share("abusive_complaints_before_notice", "abusive"), rests_on="abusive",
        depends_on=_LABELS,
    ),
    Measure(
        name="false_trip_rate", words="clean accounts that got a notice", unit="share",
        figures=false_trips, rests_on="clean", depends_on=_LABELS, unseen="bounds",
    ),
    Measure(
        name="worst_false_trip_ratio", words="the worst group's false-trip rate beside that of all",
        unit="times", figures=worst_group, rests_on="clean", depends_on=_LABELS,
        is_extreme=True,
    ),
    Measure(
        name="share_of_noticed", words="accounts noticed, of all that were", unit="share",
        figures=share_of_whole("noticed"),
    ),
    Measure(
        name="share_of_harm", words="harm of the group, of all harm", unit="share",
        figures=share_of_whole("harm"), depends_on=_HARM,
    ),
)  # fmt: skip
