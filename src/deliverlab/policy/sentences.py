"""Sentences that a person can read to an account: what happened and why, what had avoided it.

They are plain text: whoever puts them on a page escapes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliverlab.metrics import METRICS
from deliverlab.policy.spelling import (
    amount,
    capitalized,
    counted,
    dated,
    number_word,
    percent,
    plural,
    weekday,
)
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.policy.model import Policy, Stage

COLUMN_WORDS = {metric.denominator: metric.denominator_words for metric in METRICS.values()}
ENTERED: Mapping[str, str] = {
    "probation": "put you on probation",
    "warning": "brought you a warning",
    "first warning": "brought you the first warning",
    "second warning": "brought you the second warning",
    "suspended": "suspended your sending",
}
OBJECTS: Mapping[str, str] = {
    "probation": "probation",
    "warning": "a warning",
    "first warning": "the first warning",
    "second warning": "the second warning",
    "suspended": "a suspension",
}
UPCOMING: Mapping[str, str] = {
    "probation": "probation follows",
    "warning": "a warning follows",
    "first warning": "the first warning follows",
    "second warning": "the second warning follows",
    "suspended": "your sending is suspended",
}

Row = dict[str, Any]


class Words:
    """The sentences of a policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.stages: dict[str, Stage] = {stage.name: stage for stage in policy.stages}

    def step(self, row: Row, /) -> str:
        """A row of `Steps`."""
        said = {
            "breach": self._breach, "unreviewed": self._unreviewed, "review": self._review,
            "recovery": self._recovery, "expired": self._expired,
        }[row["cause"]](row)  # fmt: skip
        parts = [f"On {dated(row['day'])} {said}", self._avoidance(row), self._next(row)]
        return " ".join(part for part in parts if part)

    def headroom(self, row: Row, /) -> str:
        """A row of `Headroom`."""
        what, leads_to = METRICS[row["metric"]], row["leads_to"]
        when = f"; at the present rate on {weekday(row['on_day'])}" if row["on_day"] else ""
        if row["state"] == "silent":
            return self._silence(row)
        if row["state"] == "past":
            return f"The {what.words} is {self._rate(row)}, {self._limit(row)}."
        if leads_to is None or row["more_events"] is None:
            return f"The {what.words} is {self._rate(row)}; nothing in this window starts a further stage."
        more = counted(row["more_events"], "more" if what.is_high_bad else "fewer", what.event_words)
        stage = OBJECTS.get(leads_to, f"the stage “{leads_to}”")
        if row["is_least"]:
            return f"It takes at least {more} to start {stage}{when}."
        verb = "starts" if row["more_events"] == 1 else "start"
        return f"{more} in this window {verb} {stage}{when}."

    def _silence(self, row: Row) -> str:
        """Why a rule has nothing to say, and when it will."""
        what = METRICS[row["metric"]].words
        if row["kind"] != "rate" and row["peer_rate"] is None:
            return f"There are no peers to compare the {what} with."
        day = weekday(row["on_day"]) if row["on_day"] else ""
        later = f"; at the present rate it is enough to pass the limit on {day}" if day else ""
        return f"There is too little mail to judge the {what}{later}."

    def _breach(self, row: Row) -> str:
        rates = [METRICS[metric].words for metric in row["other_metrics"] or ()]
        also = f" Your {' and your '.join(rates)} {'was' if len(rates) == 1 else 'were'} past the limit too."
        what = METRICS[row["metric"]].words
        return (
            f"your {what} {span(row)} was {self._rate(row)}, {self._limit(row)}; {self._so(row)}"
            f"{also if rates else ''}"
        )

    def _unreviewed(self, row: Row) -> str:
        days = (
            plural((row["day"] - row["entered_on"]).days, "day") if row["entered_on"] else "the days of grace"
        )
        if row["review_by"] is None:
            return f"{days} had passed since the last notice; {self._so(row)}"
        since = f" for {days}" if row["entered_on"] else ""
        return f"your contacts had not been reviewed{since}; {self._so(row)}"

    def _review(self, row: Row) -> str:
        return f"the review of your contacts was completed; {self._so(row)}"

    def _recovery(self, row: Row) -> str:
        return (
            f"your mail had been clean for {plural(self.policy.ladder.recovery_days, 'day')}; {self._so(row)}"
        )

    def _expired(self, row: Row) -> str:
        days = self.stages[row["from_stage"]].lasts_days or 0
        return f"the stage “{row['from_stage']}” was over after {plural(days, 'day')}; {self._so(row)}"

    def _so(self, row: Row) -> str:
        """What the step is."""
        if row["to_stage"] == GOOD:
            return "you are in good standing again."
        stage = row["to_stage"]
        return f"that {ENTERED.get(stage, f'moved you to the stage “{stage}”')}."

    def _rate(self, row: Row) -> str:
        """How much x of n is, told apart from its limit."""
        denominator = self.policy.denominator_of(row["metric"])
        out_of = COLUMN_WORDS.get(denominator, denominator.replace("_", " "))
        rate = percent(row["rate"], beside=None if row["kind"] == "evidence" else row["limit"])
        return f"{rate} ({amount(row['events'])} of {amount(row['trials'])} {out_of})"

    def _limit(self, row: Row) -> str:
        """The limit, and what it is made of."""
        side = "above" if METRICS[row["metric"]].is_high_bad else "below"
        if row["kind"] != "evidence":
            peers = f" (your peers have {percent(row['peer_rate'])})" if row["kind"] == "peer" else ""
            return f"{side} the limit of {percent(row['limit'], beside=row['rate'])}{peers}"
        least = counted(row["least_events"], "", METRICS[row["metric"]].event_words)
        return (
            f"where your peers have {percent(row['peer_rate'])}; the evidence came to "
            f"{row['evidence']:.1f}, past the limit of {row['limit']:g}, which takes at least {least}"
        )

    def _avoidance(self, row: Row) -> str:
        """What would have avoided the step: a review, or fewer events."""
        if row["cause"] == "unreviewed" and row["review_by"]:
            return "A review completed by then would have avoided it."
        otherwise = row["rank_otherwise"] or 0
        if row["fewer_events"] is None or otherwise >= row["rank"]:
            return "A review completed by then would have avoided it." if row["review_by"] else ""
        metric = METRICS[row["metric"]]
        noun = metric.event_words if row["fewer_events"] != 1 else metric.event_words.removesuffix("s")
        which = "fewer" if metric.is_high_bad else "more"
        when = f" on {dated(row['window_to'], beside=row['day'])}" if row["kind"] == "evidence" else ""
        number = capitalized(number_word(row["fewer_events"]))
        does = "spared you that stage" if otherwise else "avoided it"
        also = " So would a review completed by then." if row["review_by"] else ""
        return f"{number} {noun} {which}{when} would have {does}.{also}"

    def _next(self, row: Row) -> str:
        """What follows if nothing is done, else the way back."""
        if row["to_stage"] == GOOD:
            return ""
        stage = self.stages[row["to_stage"]]
        ways = self.policy.ways_out(stage)
        if row["next_on"] is not None:
            follows = UPCOMING.get(row["next_stage"], f"the stage “{row['next_stage']}” follows")
            day = dated(row["next_on"], beside=row["day"])
            if self.policy.ladder.escalates_when == "breaching":
                unless = ", and your contacts are not reviewed," if "review" in ways else ""
                return f"If a limit is still passed on {day}{unless or ','} {follows}."
            when = f"If your contacts are not reviewed by {day}," if "review" in ways else f"On {day}"
            return f"{when} {follows}."
        if stage.lasts_days is not None:
            return f"It ends by itself after {plural(stage.lasts_days, 'day')}."
        backs = {
            "review": "a review of your contacts",
            "recovery": plural(self.policy.ladder.recovery_days, "clean day"),
        }
        back = " or ".join(words for way, words in backs.items() if way in ways)
        return f"{capitalized(back)} would bring you back." if back else ""


def span(row: Row) -> str:
    """The days of a window.

    >>> from datetime import date
    >>> days = {"window_from": date(2026, 5, 4), "window_to": date(2026, 5, 10), "day": date(2026, 5, 12)}
    >>> span(days), span(days | {"window_from": date(2026, 5, 10)})
    ('over the 7 days to 10 May', 'of 10 May')
    """
    days = (row["window_to"] - row["window_from"]).days + 1
    last = dated(row["window_to"], beside=row["day"])
    return f"of {last}" if days == 1 else f"over the {days} days to {last}"
