"""Measures: what is said of a simulation, each a function of sums over accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from deliverlab.metrics import HARM, METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from deliverlab.policy.sums import Floats, Sums, Tally

    Figures = Mapping[str | None, Floats]

ENOUGH_CLEAN = 200  # accounts of a group, before its false-trip rate stands by itself
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
    figures: Callable[[Sums, Sums], Figures]
    rests_on: str = "is_in_scope"
    depends_on: str = "the scenario"
    unseen: Literal["sure", "bounds", "untold"] = "untold"
    is_extreme: bool = False
    unreached: float | None = None  # what it is about a stage that nobody reached; None: about no stage

    @property
    def needs_labels(self) -> bool:
        """Whether nothing at all can be said without labelled accounts."""
        return self.rests_on in {"clean", "abusive"}


def sum_of(column: str) -> Callable[[Sums, Sums], Figures]:
    """The sum of a column over the group."""
    return lambda sums, _: {None: sums[column]}


def _share(column: str, of: str) -> Callable[[Sums, Sums], Figures]:
    return lambda sums, _: {None: _ratio(sums[column], sums[of])}


def _share_of_whole(column: str) -> Callable[[Sums, Sums], Figures]:
    return lambda sums, whole: {None: _ratio(sums[column], whole[column])}


def _ratio(part: Floats, of: Floats) -> Floats:
    """No share of nothing, nor of less."""
    share: Floats = np.divide(part, of, out=np.full(part.shape, np.nan), where=of > 0)
    return share


def _excess_held(sums: Sums, _: Sums) -> Figures:
    return {name: sums[f"excess_{METRICS[name].numerator}_held"] for name in HARM}


def _reached(sums: Sums, _: Sums) -> Figures:
    tally = sums.tallies["reached"]
    return dict(zip(tally.keys["stage"], tally.sums, strict=True))


def _days_to_clear(share: float) -> Callable[[Sums, Sums], Figures]:
    def figures(sums: Sums, _: Sums) -> Figures:
        tally = sums.tallies["stays"]
        stages = tally.keys["stage"].unique().sort()
        return {stage: wait(tally, share, where=tally.keys["stage"] == stage) for stage in stages}

    return figures


def _delay(sums: Sums, _: Sums) -> Figures:
    return {None: wait(sums.tallies["delays"], 0.5)}


def wait(tally: Tally, share: float, *, where: pl.Series | None = None) -> Floats:
    """The days after which so large a share is over (Kaplan and Meier 1958); nan where it never gets so far.

    What was not over when history ended counts for as long as it was seen.
    """
    rows = np.full(len(tally.keys), fill_value=True) if where is None else where.to_numpy()
    days, is_over = tally.keys["days"].to_numpy()[rows], tally.keys["is_over"].to_numpy()[rows]
    times, place = np.unique(days, return_inverse=True)
    over, seen = np.zeros((2, len(times), tally.sums.shape[1]))
    np.add.at(over, place[is_over], tally.sums[rows][is_over])
    np.add.at(seen, place, tally.sums[rows])
    at_risk = np.cumsum(seen[::-1], axis=0)[::-1]
    lasting = np.cumprod(1 - np.divide(over, at_risk, out=np.zeros_like(over), where=at_risk > 0), axis=0)
    is_reached = lasting <= 1 - share + 1e-12
    first = np.argmax(is_reached, axis=0) if len(times) else np.zeros(over.shape[1], np.int64)
    return np.where(is_reached.any(axis=0), np.append(times, 0)[first], np.nan)


def _reviews_a_day(of: Callable[[Floats], Floats]) -> Callable[[Sums, Sums], Figures]:
    def figures(sums: Sums, whole: Sums) -> Figures:
        reviews = sums.tallies["reviews"].sums
        daily = np.zeros((whole.days, reviews.shape[1]))  # days without a review count too
        daily[: len(reviews)] = reviews
        return {None: of(daily)}

    return figures


def _false_trips(sums: Sums, whole: Sums) -> Figures:
    overall = _ratio(whole["clean_noticed"], whole["clean"])
    return {None: _borrowed(sums["clean_noticed"], sums["clean"], overall)}


def _borrowed(noticed: Floats, clean: Floats, overall: Floats) -> Floats:
    """The share, as if a group had `ENOUGH_CLEAN` accounts, those it lacks noticed as often as all are."""
    lacking = np.maximum(ENOUGH_CLEAN - clean, 0)
    return _ratio(noticed + lacking * overall, clean + lacking)


def _worst_group(sums: Sums, _: Sums) -> Figures:
    """The highest false-trip rate of any industry or band, in multiples of that of all."""
    overall = _ratio(sums["clean_noticed"], sums["clean"])
    found: dict[str | None, Floats] = {}
    for name in ("industry", "band"):
        tally = sums.tallies[f"clean_by_{name}"]
        groups, place = np.unique(tally.keys["group"].to_numpy(), return_inverse=True)
        clean, noticed = np.zeros((2, len(groups), tally.sums.shape[1]))
        is_noticed = tally.keys["is_noticed"].to_numpy()
        np.add.at(clean, place, tally.sums)
        np.add.at(noticed, place[is_noticed], tally.sums[is_noticed])
        found[name] = _ratio(_borrowed(noticed, clean, overall).max(axis=0, initial=0.0), overall)
    return found


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
        figures=_share("identified_days", "sending_days"), depends_on="the scenario, enforcement",
        unseen="sure",
    ),
    Measure(
        name="compared_share", words="mail with peers to compare it with", unit="share",
        figures=_share("compared_mail", "mail"), depends_on="peer rates", unseen="sure",
    ),
    Measure(
        name="noticed", words="accounts that got a notice", unit="accounts",
        figures=sum_of("noticed"), unseen="bounds",
    ),
    Measure(
        name="noticed_share", words="accounts that got a notice, of all", unit="share",
        figures=_share("noticed", "is_in_scope"), unseen="bounds",
    ),
    Measure(
        name="reached", words="accounts that reached the stage", unit="accounts", figures=_reached,
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
        figures=_days_to_clear(0.5), rests_on="noticed", unreached=np.nan,
    ),
    Measure(
        name="days_to_clear_p90", words="days from the stage to good standing, of nine in ten", unit="days",
        figures=_days_to_clear(0.9), rests_on="noticed", unreached=np.nan,
    ),
    Measure(
        name="reviews_a_day_mean", words="completed reviews to look at", unit="reviews a day",
        figures=_reviews_a_day(lambda daily: daily.mean(axis=0)), rests_on="noticed",
    ),
    Measure(
        name="reviews_a_day_p95", words="completed reviews to look at, on one day in twenty",
        unit="reviews a day", figures=_reviews_a_day(lambda daily: np.quantile(daily, 0.95, axis=0)),
        rests_on="noticed", is_extreme=True,
    ),
    Measure(
        name="reviews_a_day_max", words="completed reviews to look at, on the worst day",
        unit="reviews a day", figures=_reviews_a_day(lambda daily: daily.max(axis=0, initial=0.0)),
        rests_on="noticed", is_extreme=True,
    ),
    Measure(
        name="mail_held", words="mail held", unit="mails", figures=sum_of("mail_held"), rests_on="held",
        unseen="bounds",
    ),
    Measure(
        name="mail_held_share", words="mail held, of all", unit="share",
        figures=_share("mail_held", "mail"), unseen="bounds",
    ),
    Measure(
        name="harm_averted", words="harm averted by holding mail", unit="complaints",
        figures=sum_of("harm_held"), rests_on="held", depends_on=_HARM, unseen="bounds",
    ),
    Measure(
        name="harm_averted_share", words="harm averted by holding mail, of all", unit="share",
        figures=_share("harm_held", "harm"), depends_on=_HARM, unseen="bounds",
    ),
    Measure(
        name="harm_averted_by_reviews", words="harm averted by what reviews are assumed to do",
        unit="complaints", figures=sum_of("harm_reviewed"), depends_on=_HARM,
    ),
    Measure(
        name="excess_averted", words="events beyond those of peers, in mail held", unit="events",
        figures=_excess_held, rests_on="held", depends_on=_PEERS,
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
        figures=_share("good_mail_held", "good_mail"), unseen="bounds",
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
        figures=_share("abusive_noticed", "abusive"), rests_on="abusive", depends_on=_LABELS,
        unseen="bounds",
    ),
    Measure(
        name="detection_days_median", words="days from the label to the first notice, of half", unit="days",
        figures=_delay, rests_on="abusive", depends_on=_LABELS,
    ),
    Measure(
        name="mail_before_notice", words="mail of an abusive account before its first notice", unit="mails",
        figures=_share("abusive_mail_before_notice", "abusive"), rests_on="abusive", depends_on=_LABELS,
    ),
    Measure(
        name="complaints_before_notice", words="complaints of an abusive account before its first notice",
        unit="events", figures=_share("abusive_complaints_before_notice", "abusive"), rests_on="abusive",
        depends_on=_LABELS,
    ),
    Measure(
        name="false_trip_rate", words="clean accounts that got a notice", unit="share",
        figures=_false_trips, rests_on="clean", depends_on=_LABELS, unseen="bounds",
    ),
    Measure(
        name="worst_false_trip_ratio", words="the worst group's false-trip rate beside that of all",
        unit="times", figures=_worst_group, rests_on="clean", depends_on=_LABELS,
        is_extreme=True,
    ),
    Measure(
        name="share_of_noticed", words="accounts noticed, of all that were", unit="share",
        figures=_share_of_whole("noticed"),
    ),
    Measure(
        name="share_of_harm", words="harm of the group, of all harm", unit="share",
        figures=_share_of_whole("harm"), depends_on=_HARM,
    ),
)  # fmt: skip
