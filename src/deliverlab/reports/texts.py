"""The words of every page: names of grades, stages and bands, and what is said of a whole page.

English sentences are the keys under which catalogues have them: whoever shows one says it (`language.say`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliverlab.language import say
from deliverlab.reports import numbers
from deliverlab.schemas import GOOD, NOT_ENOUGH_MAIL, UNKNOWN_INDUSTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

SYNTHETIC = "Figures are synthetic: they were made up for demonstration and are nobody’s mail."
SIMULATED = "SIMULATED: the stage shown here is what a policy would have done. None of it happened."
TRANSLATED = "This page is a translation. Where it differs from the English page, the English page holds."

HEALTH = "Mail health"
REVIEW = "Contact review"
POLICY = "Policy:"
NO_STEPS = "No rule has acted on this account."
UNTIL_THE_NEXT_STEP = "Until the next step"

GROUPED_BY: Mapping[str, str] = {"band": "By volume", "industry": "By industry", "tier": "By plan"}
NOBODY_STANDS_OUT = (
    "No group is in stages more often, or less, than chance allows among accounts as well as they"
)
WHENS = ("tomorrow", "within a week", "within a month", "later")  # accounts are due for a look
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


def grade_words(grade: str) -> str:
    """A grade's name."""
    return say(GRADE_WORDS[grade])


def stage_words(stage: str) -> str:
    """A stage's name on a page; a policy's own stage keeps its own."""
    return say(STAGE_WORDS[stage]) if stage in STAGE_WORDS else stage.capitalize()


def stage_place(stage: str) -> tuple[int, str]:
    """Where a stage stands: those of the ladder in their order, a policy's own after them by name."""
    known = list(STAGE_WORDS)
    return (known.index(stage) if stage in known else len(known), stage)


def group_words(value: str) -> str:
    """A band, industry or plan as a group of accounts.

    >>> group_words("1k-10k"), group_words("Retail")
    ('1,000 to 10,000 mails a month', 'Retail')
    """
    return f"{BAND_WORDS[value]} mails a month" if value in BAND_WORDS else industry_words(value)


def share_words(row: Mapping[str, Any]) -> str:
    """A row of `Fairness`: how many of how many, the share and its bounds, and a mark where it stands out."""
    low, high = numbers.percent(row["share_low"]), numbers.percent(row["share_high"])
    shares = f"{numbers.percent(row['share'])} ({low} to {high})"
    mark = "▸ " if row["stands_out"] else ""
    return f"{mark}{numbers.count(row['in_stage'])} of {numbers.count(row['accounts'])}: {shares}"


def moved_words(row: Mapping[str, Any]) -> str:
    """An account's stage and grade, each with what it was where that was another.

    >>> moved_words({"stage": "probation", "stage_then": "good", "grade": "poor", "grade_then": "poor"})
    'Good standing → Probation; poor'
    """
    stages = [stage_words(row[name]) for name in ("stage_then", "stage")]
    grades = [GRADE_WORDS[row[name]].lower() for name in ("grade_then", "grade") if row[name]]
    return "; ".join(" → ".join(dict.fromkeys(pair)) for pair in (stages, grades) if pair)


def industry_words(industry: str | None) -> str:
    """An industry's name; an account without one says so."""
    return say("No industry given") if industry in (None, UNKNOWN_INDUSTRY) else str(industry)
