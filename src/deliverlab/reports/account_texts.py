"""What the health page tells an account, sentence by sentence, in the language that is spoken."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from deliverlab.language import decimal, say, say_many
from deliverlab.metrics import METRICS
from deliverlab.reports.numbers import count, day, month_of, percent
from deliverlab.reports.texts import BAND_WORDS, stage_words
from deliverlab.schemas import GOOD, NOT_ENOUGH_MAIL, UNKNOWN_INDUSTRY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

ABOUT = 0.15  # a ratio this near to one is "about theirs"

STEADY = "Nothing needs to happen. We look at your mail every day and tell you when a rate gets worse."
WARNED = "No rule has acted on your account. Do what stands above, so that none has to."
AFTERWARDS = (
    "Once only people who asked for your mail get it, the rate starts to improve with the next mails "
    "you send. Look at this page again after a week."
)
WHERE_YOU_STAND = "Where you stand"
WARNINGS_LEFT = "Warnings left"
NEXT_DATE = "Next date"
YOUR_PEERS_ARE = "Your peers are"
OPENS_AND_CLICKS = "Opens and clicks: they inform, and never count against you"
NOTHING_TO_DO = "There is nothing to do. Keep mailing people who asked for it."
REVIEW_YOUR_CONTACTS = "Review your contacts"
NOW, NEXT, MEANWHILE, AFTER_THAT = "Now", "Next", "Meanwhile", "After that"

MEANINGS: Mapping[str, str] = {
    "hard_bounce_rate": "Mail refused for good, most often because the address does not exist.",
    "soft_bounce_rate": "Mail refused for now: a full mailbox, or a server that did not want it.",
    "complaint_rate": "Recipients who marked your mail as spam.",
    "unsubscribe_rate": "Recipients who asked for no more mail.",
    "open_rate": "Mail that somebody opened. Some mail programs open all mail by themselves.",
    "click_rate": "Mail in which somebody clicked a link.",
    "click_to_open_rate": "Opened mail in which somebody clicked a link.",
}
CHOICE_WORDS: Mapping[str, str] = {  # of health's sensitivity, in the order of the page
    "industry": "Labelled as another industry",
    "window": "Over fewer or more days",
    "denominator": "Counted out of other mail",
    "complaint domains": "Only mail that can be complained of",
    "largest campaign": "Without the largest campaign",
    "peers": "Compared with itself among its peers",
    "family": "Together with its family",
}
HEADLINES: Mapping[str, str] = {
    "poor": "Your {metric} is poor",
    "fair": "Your {metric} is fair",
    "good": "Your mail is in good health",
    "excellent": "Your mail is in excellent health",
    NOT_ENOUGH_MAIL: "You have not sent enough mail yet for anybody to tell how healthy it is",
}
STAGE_SENTENCES: Mapping[str, str] = {
    "probation": "Your account is on probation",
    "first warning": "Your account has its first warning",
    "second warning": "Your account has its second and last warning",
    "suspended": "Your sending is suspended",
}
NEXT_SENTENCES: Mapping[str, str] = {
    "probation": "your account goes on probation",
    "first warning": "your account gets its first warning",
    "second warning": "your account gets its second and last warning",
    "suspended": "your sending is suspended",
}
NO_MONTH = "There is no whole month of your mail to look back on."
RATE, RATE_BEFORE, PEERS, CHANGE = "Rate", "The month before", "Peers", "Change"
MONTH_BOUNDS = "What chance allows for these rates"
TURN_WORDS: Mapping[str, str] = {  # of a month beside the one before, as `health.months` has them
    "better": "Better",
    "worse": "Worse",
    "alike": "No change beyond chance",
    "unknown": "Nothing to compare it with",
}


def metric_words(metric: str) -> str:
    """A rate's name within a sentence."""
    return say(METRICS[metric].words)


def volume_words(band: str) -> str:
    """How much an account sends."""
    return say("{many} mails a month", many=say(BAND_WORDS[band]))


def plan_words(tier: str) -> str:
    """What an account pays for."""
    return say("{tier} plan", tier=tier)


def peer_words(health: Mapping[str, Any]) -> str:
    """Whom a row of `Health` is compared with.

    >>> peer_words({"level": "cell", "industry": "Retail", "band": "1k-10k"})
    'Retail accounts that send 1,000 to 10,000 mails a month'
    """
    if health["level"] not in ("cell", "industry"):
        return say("accounts of every industry and size")
    industry = health["industry"]
    whose = (
        say("accounts without an industry")
        if industry == UNKNOWN_INDUSTRY
        else say("{industry} accounts", industry=industry)
    )
    if health["level"] == "industry":
        return say("{accounts} of every size", accounts=whose)
    return say(
        "{accounts} that send {many} mails a month", accounts=whose, many=say(BAND_WORDS[health["band"]])
    )


def times_words(ratio: float) -> str:
    """A ratio to the peers, in words.

    >>> [times_words(ratio) for ratio in (3.46, 12.3, 1.04, 0.5)]
    ['3.5 times theirs', '12 times theirs', 'about theirs', '0.5 times theirs']
    """
    if abs(ratio - 1) <= ABOUT:
        return say("about theirs")
    times = Decimal(f"{ratio:.0f}" if ratio >= 9.95 else f"{ratio:.1f}")
    return say("{times} times theirs", times=decimal(times))


def peers_sentence(health: Mapping[str, Any]) -> str:
    """A row of `Health` beside its peers."""
    if health["peer_rate"] is None:
        return say("No peers to compare with.")
    theirs = percent(health["peer_rate"])
    if not health["ratio"]:
        return say("Peers {theirs}.", theirs=theirs)
    return say("Peers {theirs}: yours is {times}.", theirs=theirs, times=times_words(health["ratio"]))


def evidence_words(health: Mapping[str, Any]) -> str:
    """What a rate was made from: events of trials."""
    return say(
        "{events} of {trials} {mails}",
        events=count(health["events"]),
        trials=count(health["trials"]),
        mails=say(METRICS[health["metric"]].denominator_words),
    )


def interval_sentence(health: Mapping[str, Any]) -> str:
    """The evidence behind a rate, and what chance alone would allow it to be."""
    evidence = evidence_words(health)
    if health["rate_low"] is None or health["rate_high"] is None:
        return f"{evidence}."
    low, high = percent(health["rate_low"]), percent(health["rate_high"])
    return say("{evidence}; chance allows {low} to {high}.", evidence=evidence, low=low, high=high)


def headline(grade: str, metric: str | None) -> str:
    """The first sentence of an account's page: the metric and its grade.

    >>> headline("poor", "hard_bounce_rate")
    'Your hard bounce rate is poor'
    """
    return say(HEADLINES[grade], metric=metric_words(metric) if metric else "")


def reason(health: Mapping[str, Any]) -> str:
    """What a row of `Health` says of the account, in a sentence."""
    metric = METRICS[health["metric"]]
    own = say(
        "{n} {events} among {of} {mails} are {rate}.",
        n=count(health["events"]),
        events=say(metric.event_words),
        of=count(health["trials"]),
        mails=say(metric.denominator_words),
        rate=percent(health["rate"]),
    )
    if health["peer_rate"] is None:
        return own
    theirs = say("For {peers} it is {rate}.", peers=peer_words(health), rate=percent(health["peer_rate"]))
    return f"{own} {theirs}"


def patience(trials: int) -> str:
    """What an account with too little mail is told."""
    return say(
        "With {mails} in these 30 days a bounce or two would decide everything, so we neither praise nor "
        "blame. Keep mailing people who asked for it, and look again next month.",
        mails=say_many("{n} mail", "{n} mails", trials),
    )


def stage_sentence(stage: Mapping[str, Any]) -> str:
    """Where the account stands, and since when."""
    name = stage["stage"]
    if name == GOOD:
        return say("Your account is in good standing.")
    known = STAGE_SENTENCES.get(name)
    sentence = say(known) if known else say("Your account is in the stage “{stage}”", stage=name)
    return f"{sentence} ({since(stage['entered_on'])})." if stage["entered_on"] else f"{sentence}."


def since(entered_on: date) -> str:
    """The day on which a stage began."""
    return say("since {day}", day=day(entered_on))


def unless_reviewed(next_stage: str) -> str:
    """What comes on the next date."""
    return say("{stage}, unless you have reviewed your contacts", stage=stage_words(next_stage))


def checklist_sentence(contacts: int) -> str:
    """Where the contacts to review are named."""
    if not contacts:
        return say("Go through the checklist that comes with this page.")
    return say_many(
        "{n} contact needs a change: the checklist that comes with this page names them, with reasons.",
        "{n} contacts need a change: the checklist that comes with this page names them, with reasons.",
        contacts,
    )


def warnings_sentence(stage: Mapping[str, Any]) -> str:
    """How many warnings are left before the last stage."""
    left = stage["warnings_left"]
    if left is None or stage["next_stage"] is None:
        return ""
    if left == 0:
        return say("No warning is left.")
    return say_many(
        "{n} warning is left before your sending is suspended.",
        "{n} warnings are left before your sending is suspended.",
        left,
    )


def next_sentence(stage: Mapping[str, Any]) -> str:
    """What happens next if nothing is done, and when."""
    upcoming = stage["next_stage"]
    if upcoming is None:
        return ""
    known = NEXT_SENTENCES.get(upcoming)
    then = say(known) if known else say("your account moves to the stage “{stage}”", stage=upcoming)
    when = say("by {day}", day=day(stage["next_on"])) if stage["next_on"] else say("in time")
    return say("If you have not reviewed your contacts {when}, {then}.", when=when, then=then)


def way_back_sentence(stage: Mapping[str, Any]) -> str:
    """How the account gets back to good standing."""
    if stage["stage"] == GOOD:
        return ""
    if stage["lifts_by_review"]:
        return say("Complete the contact review and your account is back in good standing.")
    return say(
        "A contact review does not lift this stage. Please write to the people who sent you this page."
    )


def month_sentence(months: Sequence[Mapping[str, Any]]) -> str:
    """How the last whole month went, by `Months` of one account: what got worse, what got better."""
    if not any(row["trials"] for row in months):
        return say(NO_MONTH)
    names = {
        turn: [metric_words(row["metric"]) for row in months if row["turn"] == turn] for turn in TURN_WORDS
    }
    month = month_of(months[0]["first"])
    if not names["worse"] and not names["better"]:
        return say("In {month} none of your rates changed by more than chance.", month=month)
    told = []
    if names["worse"]:
        told.append(say("In {month} this got worse: {rates}.", month=month, rates=", ".join(names["worse"])))
    if names["better"]:
        told.append(
            say("In {month} this got better: {rates}.", month=month, rates=", ".join(names["better"]))
        )
    return " ".join(told)


def bounds_sentence(rates: Mapping[str, Any]) -> str:
    """A rate's name, what it was made from and its bounds."""
    return f"{metric_words(rates['metric'])}: {interval_sentence(rates)}"


def more(contacts: int) -> str:
    """What stands on a list that can be opened."""
    return say("and {n} more", n=count(contacts))
