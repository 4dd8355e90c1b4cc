"""How history, policy and scenario lie in arrays.

Records (rows of structured arrays) hold what belongs together: a compiled function gets a record by
reference, and reads and writes its fields like attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from deliverlab.metrics import HARM, METRICS
from deliverlab.schemas import CAUSES, COUNTS, LABELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

Record: TypeAlias = Any  # numpy's types do not know the fields of a record
Records: TypeAlias = "NDArray[np.void]"
Integers: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"

NONE = -(2**31)
FOREVER = 2**31
GOOD = 0
COLUMNS = len(COUNTS)
CLEAN, ABUSIVE = LABELS.index("clean"), LABELS.index("abusive")
SENT, HARD_BOUNCES = COUNTS.index("sent"), COUNTS.index("hard_bounces")
KINDS = ("rate", "peer", "evidence")
RATE, PEER, EVIDENCE = range(3)
MODES = ("never", "after", "chance", "historical", "given")
NEVER, AFTER, CHANCE, HISTORICAL, GIVEN = range(5)
BREACH, UNREVIEWED, REVIEW, RECOVERY, EXPIRED = range(len(CAUSES))
FACTOR, AVOIDED = range(2)
QUIET = ("break", "skip", "count")
BREAK, SKIP, COUNT = range(3)
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
NUMBERS = ("events", "trials", "rate", "limit", "evidence", "peer_rate", "sent")


def _record(integers: str, floats: str = "", flags: str = "", columns: str = "") -> np.dtype[np.void]:
    return np.dtype(
        [(name, np.int64) for name in integers.split()]
        + [(name, np.float64) for name in floats.split()]
        + [(name, np.bool_) for name in flags.split()]
        + [(name, np.float64, (COLUMNS,)) for name in columns.split()]
    )


ACCOUNT = _record(
    "number first origin days industry group row rows_end block blocks_end run runs_end due dues_end "
    "days_noted_from steps_noted_from"
)
STATE = _record(
    "stage entered cleared last_left fresh clean_streak notices effect_from runs dues "
    "new_notices first_notice reviews sending_days identified_days"
)
TODAY = _record("day newest band period blocked_until")
LADDER = _record(
    "lag_days days sends recovery_days remembers_days quiet_days",
    flags="escalates_unreviewed remembers_highest forgets_after_clean_days accepts_reviews",
)
RULE = _record(
    "kind numerator denominator days sends enters peer",
    "min_sent min_events min_ratio z clean_limit tolerate detect log_ratio cap",
    "is_high_bad climbs",
)
STAGE = _record("grace_days lasts_days", "send_share", "clears_on_review clears_on_recovery")
REVIEWS = _record("mode after_days")
RUN = _record("account from_day", "send_share", "has_effect")
DUE = _record("account day")
COURSE = _record("full_from entries reached is_blocked is_cleared")
FINDING = _record("window_from", " ".join((*NUMBERS, "before")), "is_breached is_unclean")
TRANSITION = _record("account day from_stage to_stage cause rule", " ".join(NUMBERS))
DAY = _record("account day stage", flags="is_reviewed", columns="sent held")
READING = _record(
    "account day rule window_from leads_to flip_events flip_mails",
    " ".join(NUMBERS),
    "is_silent is_breached is_unclean",
)
SIZES = _record("transitions runs dues days readings")


class Past(NamedTuple):
    """What happened, and what each account begins with."""

    days: Integers
    counts: Integers  # [row, column]
    block_from: Integers
    block_to: Integers
    runs: Records
    dues: Integers  # days on which reviews complete: those of the table, or those awaited since before
    states: Records
    evidence: Floats  # [account, rule]


class Book(NamedTuple):
    """The policy."""

    ladder: Record
    rules: Records
    limits: Floats  # [rule, industry, band]
    stages: Records  # good standing first
    restarts: NDArray[np.bool_]  # [cause]: whether a step with it restarts the window


class Assumed(NamedTuple):
    """The scenario."""

    reviews: Record
    chance: Floats  # by stage entered, good standing first
    effects: Floats  # [before or after a review, factor or share of hard bounces avoided, column]


class Peers(NamedTuple):
    """Peer rates without gaps: not a number where there is none. A shape that is not a number is Poisson."""

    first_day: int
    period: Integers  # by day: the place of the rates that are valid, -1 before the first
    rate: Floats  # [metric, group, band, period]
    shape: Floats
    band_starts: Integers


class Mail(NamedTuple):
    """The mail of the account that is being walked."""

    account: Record
    state: Record
    today: Record
    totals: Integers  # totals[i, column]: the count before day origin + i
    runs: Records  # the days that share one send share and one effect, oldest first
    effects: Floats  # of the scenario


class Notes(NamedTuple):
    """What else is kept in mind of the account that is being walked."""

    state: Record
    today: Record
    evidence: Floats  # by rule
    findings: Records  # by rule: what it sees today; the last is for what might have been
    dues: Integers  # the days on which its reviews will complete
    draws: Floats  # by notice of this simulation: the luck that it is answered


class Here(NamedTuple):
    """All that is within reach while an account is walked."""

    mail: Mail
    notes: Notes
    past: Past
    book: Book
    assumed: Assumed
    peers: Peers


class Walked(NamedTuple):
    """What comes of it: arrays with a row an account, and lists with room enough."""

    states: Records
    evidence: Floats  # [account, rule]
    days_in_stage: Integers
    sent: Floats
    held: Floats
    transitions: Records
    runs: Records
    dues: Records
    days: Records  # of the diary
    readings: Records  # of the diary: a line a day and rule
    sizes: Record  # how many lines of each list there are


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
