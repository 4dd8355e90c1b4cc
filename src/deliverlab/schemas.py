"""Every table of deliverlab, in the order in which they stand on the road.

A frame's type is its table: `dy.LazyFrame[Daily]` reads aloud.
Tables are checked once, where they enter (`admission`), and only cast inside.
"""

from __future__ import annotations

import dataframely as dy
import polars as pl

from deliverlab.admission import Table

EVENT_TYPES = (
    "sent", "delivered", "deferred", "hard_bounce", "soft_bounce", "dropped",
    "complaint", "unsubscribe", "open", "click", "other",
)  # fmt: skip
BOUNCE_REASONS = (
    "invalid_address", "mailbox_disabled", "mailbox_full", "blocked", "policy", "content",
    "too_large", "transient", "expired", "autoreply", "unknown",
)  # fmt: skip
BANDS = ("<1k", "1k-10k", "10k-100k", "100k-1M", "1M+")
METRIC_NAMES = (
    "hard_bounce_rate", "soft_bounce_rate", "complaint_rate", "unsubscribe_rate",
    "open_rate", "click_rate", "click_to_open_rate",
)  # fmt: skip
NOT_ENOUGH_MAIL = "not enough mail to tell"
GRADES = ("poor", "fair", "good", "excellent", NOT_ENOUGH_MAIL)
POOL_LEVELS = ("cell", "industry", "all")
LABELS = ("clean", "abusive", "unknown")
REVIEW_OUTCOMES = ("completed", "rejected", "withdrawn")
APPEAL_OUTCOMES = ("upheld", "refused", "withdrawn")  # upheld: the account was right
CAUSES = ("breach", "unreviewed", "review", "recovery", "expired")
SLICED_BY = ("campaign", "recipient_domain", "bounce_reason", "import", "contact_age")
CONTACT_AGES = {
    "under a week": 0, "a week to a month": 7, "1 to 6 months": 30, "6 to 12 months": 182, "over a year": 365,
}  # fmt: skip
CONSENTS = ("double_opt_in", "single_opt_in", "implied", "none", "unknown")
CONTACT_STATUSES = ("active", "unsubscribed", "hard_bounced", "complained")
DECISIONS = ("keep", "reconfirm", "remove")

GOOD = "good"  # the implicit stage of an account in good standing
UNKNOWN_INDUSTRY = "unknown"

KNOWN_COUNTS = (
    "sent", "delivered", "hard_bounces", "soft_bounces", "complaints", "unsubscribes", "opens", "clicks",
)  # fmt: skip
LATE_COUNTS = ("late_hard_bounces", "late_complaints")
COUNTS = (*KNOWN_COUNTS, *LATE_COUNTS)


def _moment(*, nullable: bool = False) -> dy.Datetime:
    """A point in time: UTC, to the microsecond."""
    return dy.Datetime(time_unit="us", time_zone="UTC", nullable=nullable)


def _count() -> dy.Int64:
    return dy.Int64(min=0)


def _share(*, nullable: bool = False) -> dy.Float64:
    return dy.Float64(min=0.0, max=1.0, nullable=nullable)


class Accounts(Table):
    """Who sends: one row an account."""

    account_id = dy.String(primary_key=True, min_length=1)
    parent_id = dy.String(nullable=True)
    name = dy.String(nullable=True)
    industry = dy.String(nullable=True)
    tier = dy.String(nullable=True)
    created_on = dy.Date(nullable=True)
    label = dy.Enum(LABELS, nullable=True)
    label_on = dy.Date(nullable=True)


class _EventFacts(Table):
    """What is known of an event whether its recipient stands in clear or not."""

    event_key = dy.String(primary_key=True)
    account_id = dy.String(min_length=1)
    event_type = dy.Enum(EVENT_TYPES)
    occurred_at = _moment()
    sent_at = _moment()
    received_at = _moment(nullable=True)
    recipient_domain = dy.String(nullable=True)
    bounce_reason = dy.Enum(BOUNCE_REASONS, nullable=True)
    message_id = dy.String(nullable=True)
    campaign_id = dy.String(nullable=True)
    provider = dy.String()
    provider_event_id = dy.String(nullable=True)
    is_machine = dy.Bool()
    is_test = dy.Bool()
    is_transactional = dy.Bool(nullable=True)
    is_repeat = dy.Bool()
    raw_type = dy.String()
    source = dy.String()


class Events(_EventFacts):
    """What happened, as it is stored: the recipient is a keyed hash, never an address."""

    recipient_key = dy.String(nullable=True)


class ClearEvents(_EventFacts):
    """What happened, in memory only: the recipient's address stands in clear."""

    recipient = dy.String(nullable=True)


class Quarantine(Table):
    """Records that could not be used, each with where it stood and why."""

    source = dy.String()
    position = dy.String()
    reason = dy.String()
    raw = dy.String()


class Incidents(Table):
    """What a receiver got wrong: left out of `daily`. A null domain or reason means every one."""

    from_day = dy.Date()
    to_day = dy.Date()
    recipient_domain = dy.String(nullable=True)
    bounce_reason = dy.Enum(BOUNCE_REASONS, nullable=True)
    note = dy.String(nullable=True)

    @dy.rule()
    def ends_after_it_begins(cls) -> pl.Expr:
        """`to_day` must not be before `from_day`."""
        return pl.col("to_day") >= pl.col("from_day")


class _Counts(Table):
    """What became of the mail of one send day, as known in time; and what came too late to be known."""

    account_id = dy.String(primary_key=True, min_length=1)
    day = dy.Date(primary_key=True)
    sent = _count()
    delivered = _count()
    hard_bounces = _count()
    soft_bounces = _count()
    complaints = _count()
    unsubscribes = _count()
    opens = _count()
    clicks = _count()
    late_hard_bounces = _count()
    late_complaints = _count()


class Daily(_Counts):
    """One row an account and send day with mail."""

    @dy.rule()
    def delivered_at_most_sent(cls) -> pl.Expr:
        """`delivered` must be at most `sent`."""
        return pl.col("delivered") <= pl.col("sent")


class Slices(_Counts):
    """The same counts by campaign, receiving domain, bounce reason, import or age of the contact."""

    by = dy.Enum(SLICED_BY, primary_key=True)
    value = dy.String(primary_key=True)


class Rates(Table):
    """One row an account, day and metric: the rate of the trailing window; null without trials."""

    account_id = dy.String(primary_key=True)
    day = dy.Date(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    events = _count()
    trials = _count()
    rate = dy.Float64(nullable=True, min=0.0)
    rate_low = _share(nullable=True)
    rate_high = _share(nullable=True)


class Trends(Rates):
    """Rates over time beside the peers' rate of the same day and the band in which four of five peers lie."""

    peer_rate = dy.Float64(nullable=True, min=0.0)
    peer_low = dy.Float64(nullable=True, min=0.0)
    peer_high = dy.Float64(nullable=True, min=0.0)


class PeerRates(Table):
    """What an account is compared with, by industry, band and metric, from a day on.

    `denominator` is null where it is the metric's own. `shape` is the negative-binomial size of a day's count
    (null: Poisson), `phi` the overdispersion from day to day, `week_correlation` how far days of one
    week vary together, `tau2` the spread between accounts.
    Rows with an `account_id` are that account's own group, taken from everybody else.
    """

    industry = dy.String()
    band = dy.Enum(BANDS)
    metric = dy.Enum(METRIC_NAMES)
    effective_from = dy.Date()
    account_id = dy.String(nullable=True)
    denominator = dy.Enum(KNOWN_COUNTS, nullable=True)
    rate = dy.Float64(min=0.0)
    shape = dy.Float64(nullable=True, min_exclusive=0.0)
    phi = dy.Float64(nullable=True, min=0.0)
    week_correlation = _share(nullable=True)
    tau2 = dy.Float64(nullable=True, min=0.0)
    accounts = dy.Int64(nullable=True, min=0)
    trials = dy.Int64(nullable=True, min=0)
    events = dy.Int64(nullable=True, min=0)
    level = dy.Enum(POOL_LEVELS, nullable=True)

    @dy.rule()
    def one_row_a_group_and_day(cls) -> pl.Expr:
        """One row an industry, band, metric, effective_from and account_id."""
        return pl.struct("industry", "band", "metric", "effective_from", "account_id").is_unique()


class Health(Table):
    """One row an account and metric: how well, and against whom."""

    account_id = dy.String(primary_key=True)
    as_of = dy.Date(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    industry = dy.String()
    band = dy.Enum(BANDS)
    level = dy.Enum(POOL_LEVELS, nullable=True)
    events = _count()
    trials = _count()
    rate = dy.Float64(nullable=True, min=0.0)
    rate_low = _share(nullable=True)
    rate_high = _share(nullable=True)
    shrunken_rate = dy.Float64(nullable=True, min=0.0)
    peer_rate = dy.Float64(nullable=True, min=0.0)
    ratio = dy.Float64(nullable=True, min=0.0)
    percentile = _share(nullable=True)
    twice_peers_probability = _share(nullable=True)
    z = dy.Float64(nullable=True)
    grade = dy.Enum(GRADES)


class Scores(Table):
    """One row an account: the whole of its health in one word and one number."""

    account_id = dy.String(primary_key=True)
    as_of = dy.Date(primary_key=True)
    score = dy.Float64(nullable=True, min=0.0, max=100.0)
    grade = dy.Enum(GRADES)
    worst_metric = dy.Enum(METRIC_NAMES, nullable=True)
    change = dy.Float64(nullable=True)
    change_cause = dy.Enum(METRIC_NAMES, nullable=True)


class Recommendations(Table):
    """What to do, first things first; an account with nothing wrong has none."""

    account_id = dy.String(primary_key=True)
    as_of = dy.Date(primary_key=True)
    rank = dy.Int64(primary_key=True, min=1)
    metric = dy.Enum(METRIC_NAMES)
    what = dy.String()
    figure = dy.String()
    share = dy.Float64(nullable=True)
    next_step = dy.String()


class Reviews(Table):
    """Contact reviews as they ended.

    `removed` is how many contacts the checklist had to be removed, `is_remedy` whether any contact on it
    still got mail; they and `removed_hash` are null where nobody kept the checklist's file.
    """

    account_id = dy.String(primary_key=True)
    reviewed_on = dy.Date(primary_key=True)
    outcome = dy.Enum(REVIEW_OUTCOMES)
    reviewer = dy.String(nullable=True)
    attested_at = _moment(nullable=True)
    checklist_hash = dy.String(nullable=True)
    removed_hash = dy.String(nullable=True)
    removed = dy.Int64(nullable=True, min=0)
    removed_by_reason = dy.List(dy.Struct({"reason": dy.String(), "contacts": dy.Int64()}), nullable=True)
    is_remedy = dy.Bool(nullable=True)


class Appeals(Table):
    """What accounts asked to be looked at again, and what became of it; open while `decided_on` is null."""

    account_id = dy.String(primary_key=True)
    appealed_on = dy.Date(primary_key=True)
    decided_on = dy.Date(nullable=True)
    outcome = dy.Enum(APPEAL_OUTCOMES, nullable=True)
    reviewer = dy.String(nullable=True)

    @dy.rule()
    def decided_after_it_came(cls) -> pl.Expr:
        """`decided_on` must not be before `appealed_on`."""
        return pl.col("decided_on").is_null() | (pl.col("decided_on") >= pl.col("appealed_on"))

    @dy.rule()
    def decided_with_an_outcome(cls) -> pl.Expr:
        """`outcome` must be there if and only if `decided_on` is."""
        return pl.col("decided_on").is_null() == pl.col("outcome").is_null()


class Enforcement(Table):
    """What was really done to an account, and when; `to_day` is the last day, null while it lasts."""

    account_id = dy.String(primary_key=True)
    from_day = dy.Date(primary_key=True)
    to_day = dy.Date(nullable=True)
    stage = dy.String()
    send_share = _share()

    @dy.rule()
    def ends_after_it_begins(cls) -> pl.Expr:
        """`to_day` must not be before `from_day`."""
        return pl.col("to_day").is_null() | (pl.col("to_day") >= pl.col("from_day"))


class Transitions(Table):
    """Every step of a simulation; the numbers are those of the rule, null where no rule did it."""

    account_id = dy.String(primary_key=True)
    day = dy.Date(primary_key=True)
    from_stage = dy.String()
    to_stage = dy.String()
    cause = dy.Enum(CAUSES)
    rule = dy.String(nullable=True)
    events = dy.Float64(nullable=True)
    trials = dy.Float64(nullable=True)
    rate = dy.Float64(nullable=True)
    limit = dy.Float64(nullable=True)
    evidence = dy.Float64(nullable=True)
    peer_rate = dy.Float64(nullable=True)
    sent = dy.Float64(nullable=True)


class Outcomes(Table):
    """What a simulation did to each account in scope; `X_sent` and `X_held` add up to what was there."""

    account_id = dy.String(primary_key=True)
    final_stage = dy.String()
    days_in_stage = dy.List(dy.Struct({"stage": dy.String(), "days": dy.Int64()}))
    first_notice_on = dy.Date(nullable=True)
    notices = _count()
    reviews = _count()
    sending_days = _count()
    identified_days = _count()
    sent_sent = dy.Float64()
    sent_held = dy.Float64()
    delivered_sent = dy.Float64()
    delivered_held = dy.Float64()
    hard_bounces_sent = dy.Float64()
    hard_bounces_held = dy.Float64()
    soft_bounces_sent = dy.Float64()
    soft_bounces_held = dy.Float64()
    complaints_sent = dy.Float64()
    complaints_held = dy.Float64()
    unsubscribes_sent = dy.Float64()
    unsubscribes_held = dy.Float64()
    opens_sent = dy.Float64()
    opens_held = dy.Float64()
    clicks_sent = dy.Float64()
    clicks_held = dy.Float64()
    late_hard_bounces_sent = dy.Float64()
    late_hard_bounces_held = dy.Float64()
    late_complaints_sent = dy.Float64()
    late_complaints_held = dy.Float64()


class Standing(Table):
    """The full state of each account at the end of a day, from which a simulation can go on."""

    account_id = dy.String(primary_key=True)
    as_of = dy.Date()
    stage = dy.String()
    entered_on = dy.Date(nullable=True)
    cleared_on = dy.Date(nullable=True)
    last_left = dy.String(nullable=True)
    fresh_from = dy.Date()
    clean_streak = _count()
    notices = _count()
    effect_from = dy.Date(nullable=True)
    reviews_due = dy.List(dy.Date())
    evidence = dy.List(dy.Struct({"rule": dy.String(), "sum": dy.Float64()}))
    runs = dy.List(dy.Struct({"from_day": dy.Date(), "send_share": dy.Float64(), "has_effect": dy.Bool()}))


class Contacts(Table):
    """An account's mailing list with its evidence of consent; the only table with addresses in clear."""

    account_id = dy.String(primary_key=True)
    email = dy.String(primary_key=True)
    consent = dy.Enum(CONSENTS)
    consent_source = dy.String(nullable=True)
    consent_means = dy.String(nullable=True)
    consent_at = _moment(nullable=True)
    brand = dy.String(nullable=True)
    import_id = dy.String(nullable=True)
    created_at = _moment(nullable=True)
    last_engaged_at = _moment(nullable=True)
    sends_since_engagement = dy.Int64(nullable=True, min=0)
    status = dy.Enum(CONTACT_STATUSES)


class ContactDecisions(Table):
    """Whether each contact is kept, reconfirmed or removed, with every reason and its evidence."""

    account_id = dy.String(primary_key=True)
    email = dy.String(primary_key=True)
    decision = dy.Enum(DECISIONS)
    reasons = dy.List(dy.String())
    evidence = dy.List(dy.String())
