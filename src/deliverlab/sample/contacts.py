"""Mailing lists: who is on them, with what proof of consent, and how each takes mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from deliverlab.sample.plan import MAILBOX_PROVIDERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deliverlab.sample.accounts import Account
    from deliverlab.sample.plan import Plan

OTHER_BRAND = "Example Sister Brand"


class Consent(NamedTuple):
    """A kind of contact: its consent, the proof of it, and how many days before its listing it was given."""

    share: float
    stale_share: float  # on lists that nobody kept
    consent: str
    source: str | None
    means: str | None
    age: tuple[int, int] | None
    brand: str | None = None  # None: the account's own


CONSENTS = (
    Consent(0.34, 0.12, "double_opt_in", "newsletter form", "confirmed by the link in a mail", (5, 500)),
    Consent(0.28, 0.20, "single_opt_in", "checkout", "box ticked at checkout", (5, 700)),
    Consent(0.10, 0.06, "single_opt_in", "webinar form", "sign-up for a webinar", (20, 400)),
    Consent(0.09, 0.12, "implied", "order", "customer since this order", (30, 500)),
    Consent(0.06, 0.18, "implied", "trade fair", "business card", (850, 1_700)),
    Consent(0.03, 0.12, "unknown", "old customer system", None, None),
    Consent(0.02, 0.08, "unknown", None, None, None),
    Consent(0.02, 0.05, "none", "address book of an employee", None, None),
    Consent(
        0.03,
        0.04,
        "double_opt_in",
        "newsletter form",
        "confirmed by the link in a mail",
        (60, 900),
        OTHER_BRAND,
    ),
    Consent(0.03, 0.03, "single_opt_in", "competition", "box ticked on a paper form", (200, 1_100)),
)
SIGNED_UP = CONSENTS[0]
# What the list says of the people an extra of a story mails to, by the import that brought them.
STRANGERS = {
    "purchased": Consent(1, 1, "none", "list broker", None, None),
    "uploaded": Consent(1, 1, "unknown", None, None, None),
    "web": Consent(1, 1, "single_opt_in", "web form", None, (0, 0)),
    "": Consent(1, 1, "implied", "visitors of the opening night", None, (3, 30)),
}
ROLE_NAMES = ("info", "sales", "office", "support", "abuse")
SLIPPED_DOMAINS = (
    "mial.example.com",
    "inbox.exmaple.example",
)  # a slip of the finger away from the providers
MALFORMED = (
    "{first}.{last}.mail.example.com",
    "{first} {last}@mail.example.com",
    "{first}@@inbox.example.net",
)
_FIRST_NAMES = (
    "ada", "ben", "cleo", "dana", "emil", "fay", "gus", "hana", "ivo", "june", "kai", "lena",
    "milo", "nora", "otto", "pia", "quin", "rosa", "sami", "tess", "uma", "vera", "wim", "zoe",
)  # fmt: skip
_LAST_NAMES = (
    "alder", "brook", "cole", "dune", "eyre", "finch", "grove", "heath", "isle", "jay", "knoll", "lake",
    "moss", "nest", "oak", "pond", "quill", "reed", "stone", "thorn", "usher", "vale", "wren", "yew",
)  # fmt: skip
OWN_CONTACTS = (180, 236)
STRANGERS_A_MAIL = 0.6
MOST_STRANGERS = 170


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingList:
    """An account's contacts: `table` as they are listed, the arrays as they are; one entry a contact in each.

    `stream` is the stream of the plan that mails them, `since` the day (of the plan) from which on.
    `fondness` is how readily they open, `frailty` how readily they bounce, `weight` how often they are sent.
    """

    table: pl.DataFrame
    stream: NDArray[np.int64]
    since: NDArray[np.int64]
    domain: NDArray[np.str_]
    is_mailable: NDArray[np.bool_]
    has_proxy: NDArray[np.bool_]
    fondness: NDArray[np.float64]
    frailty: NDArray[np.float64]
    weight: NDArray[np.float64]


class _Entry(NamedTuple):
    email: str
    consent: Consent
    stream: int
    since: int
    import_id: str | None
    domain: str
    is_mailable: bool = True
    frailty: float = 1.0


def make_contacts(account: Account, plan: Plan, /, *, rng: np.random.Generator) -> MailingList:
    """The account's own contacts, then those of each extra of its story.

    Some own contacts came with the account, imported with their proof; the others sign up as time goes by.
    """
    entries = _own_entries(account, plan, rng=rng)
    for stream in range(1, len(plan.volume)):
        entries += _strangers(plan, stream, rng=rng)
    count = len(entries)
    never = rng.random(count) < np.array([0.15 if entry.stream == 0 else 0.5 for entry in entries])
    return MailingList(
        table=pl.DataFrame(
            [_listed(account, plan, entry, rng=rng) for entry in entries], infer_schema_length=None
        ),
        stream=np.array([entry.stream for entry in entries]),
        since=np.array([entry.since for entry in entries]),
        domain=np.array([entry.domain for entry in entries]),
        is_mailable=np.array([entry.is_mailable for entry in entries]),
        has_proxy=rng.random(count) < 0.12,
        fondness=np.where(never, 0.0, rng.lognormal(0, 0.8, count)),
        frailty=np.array([entry.frailty for entry in entries]) * rng.lognormal(0, 1.0, count),
        weight=np.where(rng.random(count) < 0.3, 3.0, 1.0),
    )


def _own_entries(account: Account, plan: Plan, *, rng: np.random.Generator) -> list[_Entry]:
    is_stale = account.story.label == "abusive" and bool(account.story.changes)
    shares = np.array([kind.stale_share if is_stale else kind.share for kind in CONSENTS])
    first = next(index for index, day in enumerate(plan.days) if day >= account.created_on)
    moved = f"old-system-{account.created_on:%Y-%m}"
    entries = []
    for index in range(int(rng.integers(*OWN_CONTACTS))):
        signs_up = rng.random() < 0.15
        kind = SIGNED_UP if signs_up else CONSENTS[rng.choice(len(CONSENTS), p=shares / shares.sum())]
        since = int(rng.integers(first, len(plan.days))) if signs_up else first
        domain = str(rng.choice(list(MAILBOX_PROVIDERS), p=plan.provider_shares))
        email = f"{_person(rng)}{index}@{domain}"
        entries.append(_Entry(email, kind, 0, since, None if signs_up else moved, domain))
    entries += [
        _Entry(f"{role}@corp.example.com", CONSENTS[1], 0, first, moved, "corp.example.com")
        for role in ROLE_NAMES
    ]
    entries += [
        _Entry(f"{_person(rng)}@{domain}", CONSENTS[1], 0, first, moved, domain, frailty=20.0)
        for domain in SLIPPED_DOMAINS
    ]
    written = dict(zip(("first", "last"), _person(rng).split("."), strict=True))
    twins = [entry.email.title() for entry in entries if entry.import_id][:3]
    malformed = [form.format(**written) for form in MALFORMED]
    return entries + [
        _Entry(email, CONSENTS[1], 0, first, moved, "", is_mailable=False) for email in malformed + twins
    ]


def _strangers(plan: Plan, stream: int, *, rng: np.random.Generator) -> list[_Entry]:
    """Those that an extra mails to: imported on its first day, or signed up by robots day by day."""
    (days,) = np.nonzero(plan.volume[stream])
    if not len(days):
        return []
    import_id = plan.import_ids[stream]
    kind = STRANGERS[(import_id or "").partition("-")[0]]
    count = int(min(STRANGERS_A_MAIL * plan.volume[stream].sum(), MOST_STRANGERS))
    entries = []
    for index in range(count):
        domain = str(rng.choice(list(MAILBOX_PROVIDERS), p=plan.provider_shares))
        since = int(rng.choice(days)) if import_id == "web-form" else int(days[0])
        entries.append(
            _Entry(f"{_person(rng)}.{stream}{index}@{domain}", kind, stream, since, import_id, domain)
        )
    return entries


def _listed(account: Account, plan: Plan, entry: _Entry, *, rng: np.random.Generator) -> dict[str, object]:
    """The contact as its account lists it, before any mail."""
    created_at = datetime.combine(plan.days[entry.since], time(1), tzinfo=UTC) + timedelta(
        minutes=int(rng.integers(0, 240))
    )
    is_sign_up = entry.import_id is None and entry.consent is SIGNED_UP
    age = (0, 0) if is_sign_up else entry.consent.age
    return {
        "account_id": account.account_id,
        "email": entry.email,
        "consent": entry.consent.consent,
        "consent_source": entry.consent.source,
        "consent_means": entry.consent.means,
        "consent_at": created_at - timedelta(days=int(rng.integers(age[0], age[1] + 1))) if age else None,
        "brand": entry.consent.brand or account.name,
        "import_id": entry.import_id,
        "created_at": created_at,
    }


def _person(rng: np.random.Generator) -> str:
    return f"{_FIRST_NAMES[rng.integers(len(_FIRST_NAMES))]}.{_LAST_NAMES[rng.integers(len(_LAST_NAMES))]}"
