"""The words of the pages that accounts read.

Every sentence stands here once, so that another language is another module like this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliverlab.metrics import METRICS
from deliverlab.reports.numbers import count, counted, day, percent
from deliverlab.schemas import GOOD, NOT_ENOUGH_MAIL, UNKNOWN_INDUSTRY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

ABOUT = 0.15  # a ratio this near to one is "about theirs"

SYNTHETIC = "Figures are synthetic: they were made up for demonstration and are nobody’s mail."
SIMULATED = "SIMULATED: the stage shown here is what a policy would have done. None of it happened."
STEADY = "Nothing needs to happen. We look at your mail every day and tell you when a rate gets worse."
WARNED = "No rule has acted on your account. Do what stands above, so that none has to."
AFTERWARDS = (
    "Once only people who asked for your mail get it, the rate starts to improve with the next mails "
    "you send. Look at this page again after a week."
)

HEALTH = "Mail health"
WHERE_YOU_STAND = "Where you stand"
WARNINGS_LEFT = "Warnings left"
NEXT_DATE = "Next date"
YOUR_PEERS_ARE = "Your peers are"
OPENS_AND_CLICKS = "Opens and clicks: they inform, and never count against you"
NOTHING_TO_DO = "There is nothing to do. Keep mailing people who asked for it."
POLICY = "Policy:"
NO_STEPS = "No rule has acted on this account."
UNTIL_THE_NEXT_STEP = "Until the next step"
NOW, NEXT, MEANWHILE, AFTER_THAT = "Now", "Next", "Meanwhile", "After that"

REVIEW = "Contact review"
REVIEW_YOUR_CONTACTS = "Review your contacts"
NO_CONTACTS = "There is no contact list of yours with us. Go through your own list with these steps."
IN_CLEAR = "Addresses on this page are in clear. Keep it where only those who may read them can."
MASKED = "No address stands on this page: contacts show a first letter and a domain."
SUPPRESSED = "gets no mail already"
NOBODY = "No contact of yours needs this."
NO_REMEDY = (
    "All of them get no mail already. Removing only these is no remedy: it changes none of your rates. "
    "Look for what brought them in."
)
FORESEEN = "named before the window"  # how the review calls groups that are no reason of their own
REMOVED_WORDS: Mapping[str, str] = {
    "everybody named": "All of these contacts",
    FORESEEN: "All that could be known before this mail went out",
}
NO_WINDOW = "There are no events of these contacts to say what removing them would have changed."
NO_SEGMENTS = "No import, form or campaign stands out."
AS_IT_WAS = "As it was"
WITHOUT = "Without"
CONTACTS = "Contacts"
SEGMENT = "Where they came from"
SHARE_OF_EXCESS = "Share of the excess"
ASSUMES = (
    "This assumes that without these contacts the rest of the mail would have gone out and fared as it did. "
    "It is hindsight: some contacts are on the list because of this very mail, and would not have been "
    "known before it. The last line does without that: it leaves out whom the rules would have named on "
    "the day before, and whom nobody needs mail to find out about. Contacts that get no mail already "
    "change no rate to come."
)
SEGMENT_WORDS: Mapping[str, str] = {"import": "Import", "form": "Source", "campaign": "Campaign"}
NAME = "Name"
DATE = "Date"
CHECKLIST_NUMBER = "Number of this checklist:"
DECISION_WORDS: Mapping[str, str] = {"remove": "Remove", "reconfirm": "Reconfirm", "keep": "Keep"}

MEANINGS: Mapping[str, str] = {
    "hard_bounce_rate": "Mail refused for good, most often because the address does not exist.",
    "soft_bounce_rate": "Mail refused for now: a full mailbox, or a server that did not want it.",
    "complaint_rate": "Recipients who marked your mail as spam.",
    "unsubscribe_rate": "Recipients who asked for no more mail.",
    "open_rate": "Mail that somebody opened. Some mail programs open all mail by themselves.",
    "click_rate": "Mail in which somebody clicked a link.",
    "click_to_open_rate": "Opened mail in which somebody clicked a link.",
}
WHENS = ("tomorrow", "within a week", "within a month", "later")  # accounts are due for a look
CHOICE_WORDS: Mapping[str, str] = {  # of health's sensitivity, in the order of the page
    "industry": "Labelled as another industry",
    "window": "Over fewer or more days",
    "denominator": "Counted out of other mail",
    "complaint domains": "Only mail that can be complained of",
    "largest campaign": "Without the largest campaign",
    "peers": "Compared with itself among its peers",
    "family": "Together with its family",
}
GRADE_WORDS: Mapping[str, str] = {
    "poor": "Poor",
    "fair": "Fair",
    "good": "Good",
    "excellent": "Excellent",
    NOT_ENOUGH_MAIL: "Too early to tell",
}
STAGE_WORDS: Mapping[str, str] = {
    GOOD: "Good standing",
    "probation": "Probation",
    "first warning": "First warning",
    "second warning": "Second warning",
    "suspended": "Suspended",
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
BAND_WORDS: Mapping[str, str] = {
    "<1k": "fewer than 1,000",
    "1k-10k": "1,000 to 10,000",
    "10k-100k": "10,000 to 100,000",
    "100k-1M": "100,000 to 1 million",
    "1M+": "more than 1 million",
}


def simulated_under(policy: str, scenario: str) -> str:
    """What must stand on everything that comes from a simulation: under what it was made.

    >>> simulated_under("hubspot-like", "never reviewed")
    'SIMULATED under hubspot-like; scenario: never reviewed'
    """
    return f"SIMULATED under {policy}; scenario: {scenario}"


def stage_words(stage: str) -> str:
    """A stage's name on a page; a policy's own stage keeps its own."""
    return STAGE_WORDS.get(stage, stage.capitalize())


def stage_place(stage: str) -> tuple[int, str]:
    """Where a stage stands: those of the ladder in their order, a policy's own after them by name."""
    known = list(STAGE_WORDS)
    return (known.index(stage) if stage in known else len(known), stage)


def industry_words(industry: str | None) -> str:
    """An industry's name; an account without one says so."""
    return "No industry given" if industry in (None, UNKNOWN_INDUSTRY) else str(industry)


def peer_words(health: Mapping[str, Any]) -> str:
    """Whom a row of `Health` is compared with.

    >>> peer_words({"level": "cell", "industry": "Retail", "band": "1k-10k"})
    'Retail accounts that send 1,000 to 10,000 mails a month'
    """
    industry = health["industry"]
    whose = "accounts without an industry" if industry == UNKNOWN_INDUSTRY else f"{industry} accounts"
    match health["level"]:
        case "cell":
            return f"{whose} that send {BAND_WORDS[health['band']]} mails a month"
        case "industry":
            return f"{whose} of every size"
        case _:
            return "accounts of every industry and size"


def times_words(ratio: float) -> str:
    """A ratio to the peers, in words.

    >>> [times_words(ratio) for ratio in (3.46, 12.3, 1.04, 0.5)]
    ['3.5 times theirs', '12 times theirs', 'about theirs', '0.5 times theirs']
    """
    if abs(ratio - 1) <= ABOUT:
        return "about theirs"
    return f"{ratio:.0f} times theirs" if ratio >= 9.95 else f"{ratio:.1f} times theirs"


def peers_sentence(health: Mapping[str, Any]) -> str:
    """A row of `Health` beside its peers."""
    if health["peer_rate"] is None:
        return "No peers to compare with."
    if not health["ratio"]:
        return f"Peers {percent(health['peer_rate'])}."
    return f"Peers {percent(health['peer_rate'])}: yours is {times_words(health['ratio'])}."


def interval_sentence(health: Mapping[str, Any]) -> str:
    """The evidence behind a rate, and what chance alone would allow it to be."""
    metric = METRICS[health["metric"]]
    evidence = f"{count(health['events'])} of {count(health['trials'])} {metric.denominator_words}"
    if health["rate_low"] is None or health["rate_high"] is None:
        return f"{evidence}."
    return f"{evidence}; chance allows {percent(health['rate_low'])} to {percent(health['rate_high'])}."


def headline(grade: str, metric: str | None) -> str:
    """The first sentence of an account's page: the metric and its grade.

    >>> headline("poor", "hard_bounce_rate")
    'Your hard bounce rate is poor'
    """
    if grade == NOT_ENOUGH_MAIL:
        return "You have not sent enough mail yet for anybody to tell how healthy it is"
    if grade in ("poor", "fair") and metric is not None:
        return f"Your {METRICS[metric].words} is {grade}"
    return f"Your mail is in {grade} health"


def reason(health: Mapping[str, Any]) -> str:
    """What a row of `Health` says of the account, in a sentence."""
    metric = METRICS[health["metric"]]
    own = (
        f"{count(health['events'])} {metric.event_words} among {count(health['trials'])} "
        f"{metric.denominator_words} are {percent(health['rate'])}."
    )
    if health["peer_rate"] is None:
        return own
    return f"{own} For {peer_words(health)} it is {percent(health['peer_rate'])}."


def patience(trials: int) -> str:
    """What an account with too little mail is told."""
    return (
        f"With {counted(trials, 'mail')} in these 30 days a bounce or two would decide everything, so we "
        "neither praise nor blame. Keep mailing people who asked for it, and look again next month."
    )


def stage_sentence(stage: Mapping[str, Any]) -> str:
    """Where the account stands, and since when."""
    name = stage["stage"]
    if name == GOOD:
        return "Your account is in good standing."
    sentence = STAGE_SENTENCES.get(name, f"Your account is in the stage “{name}”")
    return f"{sentence} ({since(stage['entered_on'])})." if stage["entered_on"] else f"{sentence}."


def since(entered_on: date) -> str:
    """The day on which a stage began."""
    return f"since {day(entered_on)}"


def unless_reviewed(next_stage: str) -> str:
    """What comes on the next date."""
    return f"{stage_words(next_stage)}, unless you have reviewed your contacts"


def checklist_sentence(contacts: int) -> str:
    """Where the contacts to review are named."""
    if not contacts:
        return "Go through the checklist that comes with this page."
    verb = "needs" if contacts == 1 else "need"
    named = "the checklist that comes with this page names them, with reasons"
    return f"{counted(contacts, 'contact')} {verb} a change: {named}."


def warnings_sentence(stage: Mapping[str, Any]) -> str:
    """How many warnings are left before the last stage."""
    left = stage["warnings_left"]
    if left is None or stage["next_stage"] is None:
        return ""
    if left == 0:
        return "No warning is left."
    verb = "is" if left == 1 else "are"
    return f"{counted(left, 'warning')} {verb} left before your sending is suspended."


def next_sentence(stage: Mapping[str, Any]) -> str:
    """What happens next if nothing is done, and when."""
    upcoming = stage["next_stage"]
    if upcoming is None:
        return ""
    then = NEXT_SENTENCES.get(upcoming, f"your account moves to the stage “{upcoming}”")
    when = f"by {day(stage['next_on'])}" if stage["next_on"] else "in time"
    return f"If you have not reviewed your contacts {when}, {then}."


def way_back_sentence(stage: Mapping[str, Any]) -> str:
    """How the account gets back to good standing."""
    if stage["stage"] == GOOD:
        return ""
    if stage["lifts_by_review"]:
        return "Complete the contact review and your account is back in good standing."
    return "A contact review does not lift this stage. Please write to the people who sent you this page."


def to_fix(contacts: int, of_all: int) -> str:
    """How much work the review is."""
    if not contacts:
        return f"None of your {counted(of_all, 'contact')} needs a change"
    verb = "needs" if contacts == 1 else "need"
    return f"{count(contacts)} of your {counted(of_all, 'contact')} {verb} a change"


def window_words(first: date, last: date) -> str:
    """Which mail a table is about."""
    return f"Your mail of {day(first)} to {day(last)}"


def excess_sentence(words: str) -> str:
    """What shares of segments are shares of."""
    return (
        f"Shares are of what your {words} has above that of your peers. A contact of an import also got "
        "campaigns, so the lines overlap."
    )


def recovery(words: str, rate: float, without: float) -> str:
    """What an account can hope for once a window of new mail has passed."""
    return (
        f"None of the mail before this review counts any more. Had your list been reviewed before the last "
        f"30 days, your {words} would have been {percent(without)} instead of {percent(rate)}: expect it to "
        "come near that, if your other contacts go on as they did."
    )


def more(contacts: int) -> str:
    """What stands on a list that can be opened."""
    return f"and {count(contacts)} more"


def unlisted(contacts: int) -> str:
    """What a page leaves out."""
    return f"{count(contacts)} more of this kind are not listed here; ask for the file."
