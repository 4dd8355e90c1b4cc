"""How many policies at once lie in arrays, and what is counted of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deliverlab.metrics import HARM, METRICS
from deliverlab.policy.kernel.layout import (
    Assumed,
    Book,
    Floats,
    Integers,
    Mail,
    Notes,
    Past,
    Peers,
    Record,
    Records,
    record_of,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COURSE = record_of("full_from entries reached is_blocked is_cleared")
# What a policy adds to the sums over accounts beside what an untouched account is: see `policy.sums`.
ADDED = (
    "noticed", "blocked", "cleared", "held", "notices", "clean_noticed", "abusive_noticed", "sending_days",
    "identified_days", "mail_held", "good_mail_held", "good_mail_held_of_cleared", "good_mail_held_of_clean",
    "harm_reviewed", "abusive_mail_before_notice", "abusive_complaints_before_notice",
    "harm_held", *(f"excess_{METRICS[name].numerator}_held" for name in HARM),
)  # fmt: skip
# What an untouched account is.
UNTOUCHED = (
    "accounts", "sending_days", "identified_days", "mail", "good_mail", "compared_mail", "clean", "abusive",
    "abusive_mail_before_notice", "abusive_complaints_before_notice",
    "harm", *(f"excess_{METRICS[name].numerator}" for name in HARM),
)  # fmt: skip


class Keys(NamedTuple):
    """Every way in which a rule of the policies looks at mail, with the loosest limits of those that do."""

    book: Book  # a rule a key
    lags: Integers  # by key
    has_effects: bool  # whether a review leaves another mail to look at


class Candidates(NamedTuple):
    """The days on which the loosest rule of a key breaches in mail of one run; on others no policy does."""

    day: NDArray[np.int32]
    band: NDArray[np.int8]
    score: Floats  # the rate, by the peer rate, or the evidence; turned round where low is bad
    first: int  # the number of the first account
    starts: (
        Integers  # [account, before or after a review, key]: where its days begin, the last: where they end
    )
    best: Floats  # [account, key, band]: the highest score before a review


class Yardsticks(NamedTuple):
    """How events of each metric that harms are measured against peers."""

    numerator: Integers
    late: Integers  # the column of the late events, -1 where there is none
    denominator: Integers
    lateness: Floats
    weight: Floats
    peers: Peers
    groups: Integers  # by account, in those peers


class Sums(NamedTuple):
    """Running sums of the account that is being looked at: by place of the day, before any day at 0."""

    band: Integers  # of the day at that place
    sending: Integers  # days on which it sent, or was really blocked
    identified: Integers  # days on which it sent, and was not
    excess: Floats  # [place, before or after a review, harm and each metric's excess]


class Rulebook(NamedTuple):
    """All policies of a sweep, which have as many rules and as many stages."""

    ladders: Records
    rules: Records  # [policy, rule]
    limits: Floats  # [policy, rule, industry, band]
    stages: Records  # [policy, stage]
    restarts: NDArray[np.bool_]  # [policy, cause]
    keys: Integers  # [policy, rule]: how it looks at mail
    bounds: Floats  # [policy, rule, industry, band]: a score that is no more breaches nothing
    full_after: Integers  # by policy: days after which every window lies within a run; forever if none does


class Told(NamedTuple):
    """What is known of accounts beside their mail, by account."""

    label: Integers
    judged_from: Integers
    first_day: int  # the first day of any account
    least_delay: int  # days from `judged_from` to the first day of the account, at the least


class Course(NamedTuple):
    """What is kept in mind of an account under a policy, beside what the walk keeps."""

    now: Record
    cursor: Integers  # [before or after a review, rule]: the next candidate day to look at
    entered: Integers  # [entry since it was last in good standing, stage and day]


class Tallies(NamedTuple):
    """What comes of a sweep, by policy: sums over accounts, and how many of them when."""

    sums: Floats  # [policy, industry, band of the mean month, `ADDED`]
    reached: Integers  # [policy, stage]
    stays: NDArray[np.int32]  # [policy, stage, days, over or not]
    reviews: NDArray[np.int32]  # [policy, day since the first]
    delays: NDArray[np.int32]  # [policy, days since the least, over or not]: of abusive accounts
    moves: NDArray[np.int32]  # [policy, stage, day since the first]: accounts more than the day before
    first_notices: Integers  # [policy, account]: the day, 0 for none; no room for any where nobody asks who


class Surveyed(NamedTuple):
    """All within reach while accounts are taken as they are."""

    mail: Mail
    sums: Sums
    past: Past
    yardsticks: Yardsticks
    told: Told
    untouched: Floats  # [industry, band of the mean month, `UNTOUCHED`]


class Screened(NamedTuple):
    """All within reach while candidate days are looked for."""

    mail: Mail
    notes: Notes
    sums: Sums
    past: Past
    peers: Peers
    keys: Keys
    candidates: Candidates


class Swept(NamedTuple):
    """All within reach while accounts are walked under many policies."""

    mail: Mail
    notes: Notes
    sums: Sums
    course: Course
    past: Past
    assumed: Assumed
    peers: Peers
    yardsticks: Yardsticks
    candidates: Candidates
    rulebook: Rulebook
    told: Told
    tallies: Tallies
