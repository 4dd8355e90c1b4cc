"""What became of an account's mail, message by message: draws from its plan, sent to its contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from deliverlab.metrics import contact_age
from deliverlab.sample.plan import MAILBOX_PROVIDERS
from deliverlab.sample.traffic import LATE_HARD_BOUNCES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deliverlab.sample.accounts import Account
    from deliverlab.sample.contacts import MailingList
    from deliverlab.sample.plan import Plan

SEND_SPAN = 3_400  # seconds in which a day's mail goes out
DROPPED_SHARE = 0.04  # of the suppressed contacts, whenever the account mails: it still has them on its list


def send_messages(
    account: Account, plan: Plan, contacts: MailingList, /, *, rng: np.random.Generator
) -> pl.DataFrame:
    """One row a message: to whom, when (`sent_s`, seconds since 1970), in which campaign; its fate in flags.

    Whoever bounces hard, complains or unsubscribes gets no more mail; whom a provider wrongly refused does.
    With SendGrid an account may go on mailing the former: the provider drops it, and it was never sent.
    """
    is_suppressed = ~contacts.is_mailable
    drops = account.role is not None and account.role.provider == "sendgrid"
    batches = [
        _batch(plan, contacts, is_suppressed, day=day, stream=stream, drops=drops, rng=rng)
        for day, stream in np.ndindex(plan.volume.T.shape)
    ]
    columns = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    day, stream, contact = (columns.pop(name) for name in ("day", "stream", "contact"))
    midnight = np.array(plan.days, dtype="datetime64[s]").astype(np.int64)
    opening = (account.role.sends_at if account.role else 9) * 3_600
    return pl.DataFrame(
        {
            "account_id": np.full(len(day), account.account_id),
            "message": np.arange(len(day)),
            "email": contacts.table["email"].gather(contact),
            "recipient_domain": contacts.domain[contact],
            "campaign": plan.campaigns[stream, day],
            "import": contacts.table["import_id"].gather(contact),
            "contact_age": _ages(
                contacts.table["created_at"].gather(contact), pl.Series(plan.days).gather(day)
            ),
            "sent_s": midnight[day] + opening + rng.integers(0, SEND_SPAN, len(day)),
            "has_proxy": contacts.has_proxy[contact],
        }
        | columns
    )


def _ages(created_at: pl.Series, days: pl.Series) -> pl.Series:
    """How long each contact was known on the day of its mail, in words."""
    known = (days - created_at.dt.date()).dt.total_days()
    return pl.select(contact_age(pl.when(pl.lit(known) >= 0).then(pl.lit(known)))).to_series()


def _batch(
    plan: Plan,
    contacts: MailingList,
    is_suppressed: NDArray[np.bool_],
    *,
    day: int,
    stream: int,
    drops: bool,
    rng: np.random.Generator,
) -> dict[str, NDArray[np.generic]]:
    """The messages of one stream on one day; marks in `is_suppressed` who gets none after it."""
    belongs = (contacts.stream == stream) & (contacts.since <= day) & contacts.is_mailable
    (able,) = np.nonzero(belongs & ~is_suppressed)
    (barred,) = np.nonzero(belongs & is_suppressed)
    weight = contacts.weight[able]
    count = min(int(plan.volume[stream, day]), len(able))
    dropped = barred[rng.random(len(barred)) < DROPPED_SHARE * (drops and count > 0)]
    chosen = rng.choice(able, count, replace=False, p=weight / weight.sum()) if count else able[:0]
    fates = _fates(plan, contacts, chosen, day=day, stream=stream, rng=rng)
    is_suppressed[chosen] |= fates["bounces_hard"] | fates["complains"] | fates["unsubscribes"]
    contact = np.concatenate([chosen, dropped])
    return {
        "day": np.full(len(contact), day),
        "stream": np.full(len(contact), stream),
        "contact": contact,
        "is_dropped": np.arange(len(contact)) >= len(chosen),
    } | {name: np.append(fate, np.zeros(len(dropped), dtype=bool)) for name, fate in fates.items()}


def _fates(
    plan: Plan,
    contacts: MailingList,
    chosen: NDArray[np.int64],
    *,
    day: int,
    stream: int,
    rng: np.random.Generator,
) -> dict[str, NDArray[np.bool_]]:
    """What will become of messages to these contacts, each flag a draw."""
    likely = {outcome: rate[stream, day] for outcome, rate in plan.rates.items()}
    refusal = dict(zip(MAILBOX_PROVIDERS, plan.refusals[:, day], strict=True))

    def happens(chance: float | NDArray[np.float64]) -> NDArray[np.bool_]:
        return rng.random(len(chosen)) < chance

    refused = happens(np.array([refusal.get(domain, 0.0) for domain in contacts.domain[chosen]]))
    hard = happens(_shared_out(likely["hard_bounces"], contacts.frailty[chosen])) & ~refused
    late = happens(LATE_HARD_BOUNCES) & hard
    soft = happens(likely["soft_bounces"]) & ~refused & ~hard
    arrives = ~refused & ~soft & (~hard | late)
    opens = happens(_shared_out(likely["opens"], contacts.fondness[chosen])) & arrives
    return {
        "is_refused": refused,
        "bounces_hard": hard,
        "bounces_late": late,
        "bounces_soft": soft,
        "arrives": arrives,
        "complains": happens(likely["complaints"]) & arrives,
        "unsubscribes": happens(likely["unsubscribes"]) & arrives,
        "opens": opens & ~contacts.has_proxy[chosen],
        "clicks": happens(likely["clicks"] / max(likely["opens"], 1e-9)) & opens,
    }


def _shared_out(rate: float, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chances with this mean, in proportion to the weights."""
    return (rate * weight / max(weight.mean(), 1e-9)).clip(0, 0.95) if len(weight) else weight
