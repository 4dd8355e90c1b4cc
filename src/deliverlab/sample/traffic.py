"""What became of an account's mail, in counts: draws from its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.sample.plan import MAILBOX_PROVIDERS
from deliverlab.sample.rollup import KNOWN_WITHIN_DAYS, Counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deliverlab.sample.plan import Plan

LATE_HARD_BOUNCES = 0.03  # of all hard bounces: accepted first, returned days later
LATE_COMPLAINTS = 0.25  # of all complaints: feedback loops take their time
HARD_REASONS = {"invalid_address": 0.82, "mailbox_disabled": 0.18}
SOFT_REASONS = {"mailbox_full": 0.42, "transient": 0.30, "blocked": 0.18, "content": 0.10}


def make_traffic(plan: Plan, /, *, account_id: str, rng: np.random.Generator) -> Counts:
    """What became of the mail by day, campaign, mailbox provider and import, and why it bounced.

    What a provider wrongly refused is sent and nothing else: it is an incident, left out of the bounces.
    Late outcomes of the newest days have not come yet.
    """
    sent = rng.multinomial(plan.volume, plan.provider_shares).transpose(0, 2, 1)
    counts = _outcomes(plan, sent, refusals=plan.refusals, rng=rng)
    by_day = {name: count.sum(axis=(0, 1)) for name, count in counts.items()}
    return Counts(
        mail=_mail(plan, counts, account_id=account_id),
        bounces=_bounces(plan, by_day, account_id=account_id, rng=rng),
    )


def make_daily(plan: Plan, /, *, rng: np.random.Generator) -> dict[str, NDArray[np.int64]]:
    """What became of the mail of each day, not split by anything: many times faster, and other draws."""
    refusals = (plan.provider_shares[:, None] * plan.refusals).sum(axis=0)
    counts = _outcomes(plan, plan.volume[:, None, :], refusals=refusals, rng=rng)
    return {name: count.sum(axis=(0, 1)) for name, count in counts.items()}


def _outcomes(
    plan: Plan, sent: NDArray[np.int64], /, *, refusals: NDArray[np.float64], rng: np.random.Generator
) -> dict[str, NDArray[np.int64]]:
    """Every count of mail that was sent by stream, provider and day."""
    likely = {outcome: np.broadcast_to(rate[:, None, :], sent.shape) for outcome, rate in plan.rates.items()}
    has_late = np.arange(len(plan.days)) < len(plan.days) - 1 - KNOWN_WITHIN_DAYS
    accepted = sent - rng.binomial(sent, np.broadcast_to(refusals, sent.shape))
    hard = rng.binomial(accepted, likely["hard_bounces"])
    soft = rng.binomial(accepted - hard, likely["soft_bounces"])
    late_hard = rng.binomial(hard, LATE_HARD_BOUNCES)
    delivered = accepted - hard - soft + late_hard
    complaints = rng.binomial(delivered, likely["complaints"])
    late_complaints = rng.binomial(complaints, LATE_COMPLAINTS)
    opens = rng.binomial(delivered, likely["opens"])
    clicks = rng.binomial(opens, (likely["clicks"] / likely["opens"]).clip(0, 1))
    return {
        "sent": sent,
        "delivered": delivered,
        "hard_bounces": hard - late_hard,
        "soft_bounces": soft,
        "complaints": complaints - late_complaints,
        "unsubscribes": rng.binomial(delivered, likely["unsubscribes"]),
        "opens": opens,
        "clicks": clicks,
        "late_hard_bounces": late_hard * has_late,
        "late_complaints": late_complaints * has_late,
    }


def _mail(plan: Plan, counts: dict[str, NDArray[np.int64]], /, *, account_id: str) -> pl.DataFrame:
    """The counts of each day, stream and provider with mail, as rows."""
    streams, providers, days = np.nonzero(counts["sent"])
    return pl.DataFrame(
        {
            "account_id": np.full(len(days), account_id),
            "day": np.array(plan.days, dtype="datetime64[D]")[days],
            "campaign": plan.campaigns[streams, days],
            "recipient_domain": np.array(list(MAILBOX_PROVIDERS))[providers],
            "import": pl.Series([plan.import_ids[stream] for stream in streams], dtype=pl.String),
            "contact_age": pl.Series([None] * len(days), dtype=pl.String),
        }
        | {name: count[streams, providers, days] for name, count in counts.items()}
    )


def _bounces(
    plan: Plan, by_day: dict[str, NDArray[np.int64]], /, *, account_id: str, rng: np.random.Generator
) -> pl.DataFrame:
    """The bounces of each day by reason; those that come late say that there is no such address."""
    drawn = [
        *rng.multinomial(by_day["hard_bounces"], list(HARD_REASONS.values())).T,
        *rng.multinomial(by_day["soft_bounces"], list(SOFT_REASONS.values())).T,
        by_day["late_hard_bounces"],
    ]
    reasons = np.array([*HARD_REASONS, *SOFT_REASONS, "invalid_address"])
    columns = [
        *["hard_bounces"] * len(HARD_REASONS),
        *["soft_bounces"] * len(SOFT_REASONS),
        "late_hard_bounces",
    ]
    bounces = np.stack(drawn)
    reason, day = np.nonzero(bounces)
    return pl.DataFrame(
        {
            "account_id": np.full(len(day), account_id),
            "day": np.array(plan.days, dtype="datetime64[D]")[day],
            "bounce_reason": reasons[reason],
            "counted_as": np.array(columns)[reason],
            "bounces": bounces[reason, day],
        }
    )
