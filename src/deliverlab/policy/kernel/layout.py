"""How history, policy and scenario lie in arrays.

Records (rows of structured arrays) hold what belongs together: a compiled function gets a record by
reference, and reads and writes its fields like attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

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
NUMBERS = ("events", "trials", "rate", "limit", "evidence", "peer_rate", "sent")


def record_of(integers: str, floats: str = "", flags: str = "", columns: str = "") -> np.dtype[np.void]:
    """A record with fields of these names; `columns` have a number for each column of `Daily`."""
    return np.dtype(
        [(name, np.int64) for name in integers.split()]
        + [(name, np.float64) for name in floats.split()]
        + [(name, np.bool_) for name in flags.split()]
        + [(name, np.float64, (COLUMNS,)) for name in columns.split()]
    )


ACCOUNT = record_of(
    "number first origin days industry group row rows_end block blocks_end run runs_end due dues_end "
    "days_noted_from steps_noted_from"
)
STATE = record_of(
    "stage entered cleared last_left fresh clean_streak notices effect_from runs dues "
    "new_notices first_notice reviews sending_days identified_days"
)
TODAY = record_of("day newest band period blocked_until")
LADDER = record_of(
    "lag_days days sends recovery_days remembers_days quiet_days",
    flags="escalates_unreviewed remembers_highest forgets_after_clean_days accepts_reviews",
)
RULE = record_of(
    "kind numerator denominator days sends enters peer",
    "min_sent min_events min_ratio z clean_limit tolerate detect log_ratio cap",
    "is_high_bad climbs",
)
STAGE = record_of("grace_days lasts_days", "send_share", "clears_on_review clears_on_recovery")
REVIEWS = record_of("mode after_days")
RUN = record_of("account from_day", "send_share", "has_effect")
DUE = record_of("account day")
FINDING = record_of("window_from", " ".join((*NUMBERS, "before")), "is_breached is_unclean")
TRANSITION = record_of("account day from_stage to_stage cause rule", " ".join(NUMBERS))
DAY = record_of("account day stage", flags="is_reviewed", columns="sent held")
READING = record_of(
    "account day rule window_from leads_to flip_events flip_mails",
    " ".join(NUMBERS),
    "is_silent is_breached is_unclean",
)
SIZES = record_of("transitions runs dues days readings")


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
