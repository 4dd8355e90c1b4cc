"""Random small worlds, policies and scenarios on which the simulator is compared with its twin.

One generator serves the seeds of a long run and Hypothesis alike: all structure is drawn from the `Random`
that it is given, and only the numbers from a second one, so that Hypothesis can shrink what matters.
The worlds are lively: accounts fall ill and recover, send ten times more or less, go silent, start late; and
the policies are tight enough that much happens within weeks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from deliverlab.schemas import BANDS, COUNTS, METRIC_NAMES, POOL_LEVELS, REVIEW_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]

NAMES = ("a", "b", "10", "9", "Zoë & Söhne", "<script>", "ä|b", "c d")  # `chance` hashes their bytes
STAGES = ("probation", "first warning", "second warning", "blocked", "suspended")
INDUSTRIES = ("Retail", "Real Estate", "Software")
PEERLESS = "Mining"  # an industry that peer rates do not know
RATES = {
    "hard_bounce_rate": 0.02, "soft_bounce_rate": 0.03, "complaint_rate": 0.004, "unsubscribe_rate": 0.01,
    "open_rate": 0.25, "click_rate": 0.05, "click_to_open_rate": 0.2,
}  # fmt: skip
WAYS_OUT: tuple[list[str], ...] = ([], ["review"], ["recovery"], ["recovery", "review"])
LOW_IS_BAD = ("open_rate", "click_rate", "click_to_open_rate")
OTHER_DENOMINATORS = (
    ("hard_bounce_rate", "delivered"), ("complaint_rate", "sent"), ("unsubscribe_rate", "sent"),
    ("open_rate", "sent"), ("click_rate", "sent"), ("click_to_open_rate", "delivered"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class World:
    """A history as rows, and the policy and the scenario to simulate on it."""

    policy: Row
    scenario: Row
    daily: list[Row]
    accounts: list[Row]
    peer_rates: list[Row]
    reviews: list[Row]
    enforcement: list[Row]
    known_within_days: int
    first_day: date
    last_day: date


def worlds() -> st.SearchStrategy[World]:
    """Worlds for Hypothesis."""
    return st.randoms(use_true_random=False).map(random_world)


def random_world(rng: Random) -> World:
    """A world, its policy and its scenario."""
    span = rng.randint(*rng.choice(((1, 12), (20, 60), (20, 60), (30, 60), (60, 90))))
    first_day = date(2024, rng.randint(1, 12), rng.randint(1, 28))
    known_within_days = rng.choice((0, 1, 2, 2, 3))
    policy = random_policy(rng, known_within_days=known_within_days)
    accounts = [random_account(rng, name) for name in rng.sample(NAMES, rng.choice((1, 2, 2, 3, 4, 6)))]
    counts = Random(rng.getrandbits(32))
    daily = [row for account in accounts for row in random_mail(rng, counts, account, first_day, span)]
    daily = daily or [{"account_id": accounts[0]["account_id"], "day": first_day} | dict.fromkeys(COUNTS, 0)]
    return World(
        policy=policy,
        scenario=random_scenario(rng, stages=len(policy["stages"])),
        daily=counts.sample(daily, len(daily)),
        accounts=accounts,
        peer_rates=random_peer_rates(rng, policy, accounts, first_day, span),
        reviews=random_reviews(rng, accounts, first_day, span),
        enforcement=random_enforcement(rng, accounts, first_day, span),
        known_within_days=known_within_days,
        first_day=min(row["day"] for row in daily),
        last_day=max(row["day"] for row in daily),
    )


# The history.


def random_account(rng: Random, name: str) -> Row:
    """An account of some industry and tier, or of none."""
    return {
        "account_id": name,
        "industry": rng.choice((*INDUSTRIES, *INDUSTRIES, PEERLESS, None)),
        "tier": rng.choice(("free", "free", "starter", "pro", None)),
    }


def random_mail(rng: Random, counts: Random, account: Row, first_day: date, span: int) -> list[Row]:
    """An account's rows: spells of health and illness, of more and less mail; some days missing or empty."""
    first = rng.choice((0, 0, 0, rng.randint(0, span - 1)))
    missing = rng.choice((0.0, 0.1, 0.4, 0.8))
    zero = rng.choice((0.0, 0.0, 0.15))
    is_even = rng.random() < 0.3
    volume = rng.choice((100, 500, 1_000) if is_even else (3, 20, 60, 300, 900, 5_000, 40_000, 200_000))
    rows: list[Row] = []
    spell_ends = first
    for day in range(first, span):
        if day == spell_ends:
            spell_ends += rng.randint(3, 20)
            scale = rng.choice((0.0, 0.1, 1.0, 1.0, 1.0, 10.0))
            illness = rng.choice((0.0, 0.5, 1.0, 1.0, 3.0, 8.0))
        if counts.random() < missing:
            continue
        sent = 0 if counts.random() < zero else int(volume * scale * (is_even or counts.uniform(0.3, 1.7)))
        became = even_counts(counts, sent) if is_even else random_counts(counts, sent, illness=illness)
        rows.append({"account_id": account["account_id"], "day": first_day + timedelta(days=day)} | became)
    return rows


def random_counts(counts: Random, sent: int, *, illness: float) -> Row:
    """What became of a day's mail; now and then with more events than mail, as real data have them."""

    def some(trials: int, rate: float) -> int:
        return min(trials, int(trials * rate * counts.uniform(0.2, 1.8) + counts.random()))

    hard = some(sent, RATES["hard_bounce_rate"] * illness)
    soft = some(sent - hard, RATES["soft_bounce_rate"] * illness)
    delivered = sent - hard - soft - some(sent - hard - soft, 0.01)
    opens = some(delivered, RATES["open_rate"] / max(illness, 0.5))
    is_odd = counts.random() < 0.03
    return {
        "sent": sent,
        "delivered": delivered,
        "hard_bounces": hard,
        "soft_bounces": soft,
        "complaints": some(delivered, RATES["complaint_rate"] * illness) + 5 * is_odd,
        "unsubscribes": some(delivered, RATES["unsubscribe_rate"] * illness),
        "opens": opens,
        "clicks": some(opens, RATES["click_to_open_rate"]) + 3 * is_odd,
        "late_hard_bounces": some(hard, 0.2),
        "late_complaints": some(delivered, RATES["complaint_rate"] * illness / 3),
    }


def even_counts(counts: Random, sent: int) -> Row:
    """Round numbers, which meet round limits exactly: on them `above` and `at least` are not the same."""
    percent = sent // 100
    hard, complaints = percent * counts.choice((0, 1, 2, 4, 7, 29)), percent * counts.choice((0, 0, 1))
    became = {
        "delivered": sent,
        "hard_bounces": hard,
        "complaints": complaints,
        "opens": percent * counts.choice((7, 25)),
    }
    return dict.fromkeys(COUNTS, 0) | {"sent": sent} | became


def random_peer_rates(rng: Random, policy: Row, accounts: list[Row], first_day: date, span: int) -> list[Row]:
    """Rates for most groups from some days on, for some accounts their own, none for one industry."""
    metrics = sorted({rule["metric"] for rule in policy["rules"] if rule["kind"] != "rate"})
    starts = [first_day + timedelta(days=day) for day in rng.sample(range(-30, span), rng.randint(1, 4))]
    unknown_band = rng.choice((None, None, *BANDS))
    groups: list[tuple[str, str | None]] = [(industry, None) for industry in (*INDUSTRIES, "unknown")]
    groups += [
        (account["industry"] or "unknown", account["account_id"])
        for account in accounts
        if rng.random() < 0.4
    ]
    numbers = Random(rng.getrandbits(32))
    return [
        {
            "industry": industry,
            "band": band,
            "metric": metric,
            "effective_from": start,
            "account_id": owner,
            "denominator": policy.get("denominators", {}).get(metric),
            "rate": RATES[metric] * numbers.choice((0.0, 0.3, 0.7, 1.0, 1.0, numbers.uniform(0.4, 1.6))),
            "shape": numbers.choice((None, numbers.uniform(0.2, 20.0))),
            "phi": numbers.choice((None, numbers.uniform(1.0, 4.0))),
            "tau2": numbers.choice((None, numbers.uniform(0.0, 1.0))),
            "accounts": numbers.choice((None, 12)),
            "trials": numbers.choice((None, 3_456)),
            "events": numbers.choice((None, 78)),
            "level": numbers.choice((None, *POOL_LEVELS)),
        }
        for industry, owner in groups
        for band in BANDS
        if band != unknown_band
        for metric in metrics
        for start in starts
        if numbers.random() < (0.5 if owner else 0.9)
    ]


def random_reviews(rng: Random, accounts: list[Row], first_day: date, span: int) -> list[Row]:
    """Contact reviews that were completed, rejected or withdrawn."""
    return [
        {
            "account_id": account["account_id"],
            "reviewed_on": first_day + timedelta(days=day),
            "outcome": rng.choice((*REVIEW_OUTCOMES, "completed")),
        }
        for account in accounts
        for day in rng.sample(range(-3, span), min(span, rng.choice((0, 1, 3, 8))))
    ]


def random_enforcement(rng: Random, accounts: list[Row], first_day: date, span: int) -> list[Row]:
    """What was really done: blocked, throttled or merely warned, and some of it lasting still."""
    return [
        {
            "account_id": account["account_id"],
            "from_day": first_day + timedelta(days=day),
            "to_day": rng.choice((None, first_day + timedelta(days=day + rng.randint(0, 10)))),
            "stage": rng.choice(STAGES),
            "send_share": rng.choice((0.0, 0.0, 0.5, 1.0)),
        }
        for account in accounts
        for day in rng.sample(range(-3, span), min(span, rng.choice((0, 0, 1, 2))))
    ]


# The policy and the scenario.


def maybe(rng: Random, chance: float, /, **keys: object) -> Row:
    """The keys, or by chance none of them: then the default must hold."""
    return keys if rng.random() < chance else {}


def random_policy(rng: Random, *, known_within_days: int) -> Row:
    """A policy in which every key that may be left out is sometimes there."""
    stages = rng.sample(STAGES, rng.choice((1, 2, 3, 3, 4, 5)))
    (many,) = rng.choices((0, 1, 2, 3, 4), weights=(1, 4, 8, 8, 6))
    metrics = rng.choices(METRIC_NAMES, weights=(6, 2, 4, 2, 2, 1, 1), k=many)
    lag = known_within_days + rng.choice((0, 0, 1, 4))
    causes = ("notice", "clear", "breach", "unreviewed", "review", "recovery", "expired", "accepted")
    fresh_after = rng.choice(([], [], ["notice"], ["clear"], ["clear", "notice"], rng.sample(causes, 3)))
    rules = [random_rule(rng, metric, f"rule {n}", stages) for n, metric in enumerate(metrics)]
    worse = [
        {key: value for key, value in rule.items() if key != "clean_limit"}
        | {"name": "worse", "limit": min(1.0, 2 * rule["limit"]), "enters": stages[-1]}
        | maybe(rng, 0.5, climbs=rng.random() < 0.5)
        for rule in rules[:1]
    ]
    return {
        "name": "a random policy",
        "version": "7, of today",
        "effective_from": date(2023, 10, 5),
        "source": "dice",
        **maybe(rng, 0.2, tiers=rng.choice(([], ["free"], ["free", "starter", "pro"]))),
        "window": {
            **random_size(rng),
            **({} if lag == 2 else {"lag_days": lag}),
            **maybe(rng, 0.6, fresh_after=fresh_after),
        },
        **maybe(rng, 0.3, denominators=dict(rng.sample(OTHER_DENOMINATORS, 3))),
        "rules": rules + worse * rng.choice((0, 1)),
        "stages": [random_stage(rng, stage) for stage in stages],
        **maybe(rng, 0.9, ladder=random_ladder(rng)),
    }


def random_size(rng: Random) -> Row:
    """How far a window reaches, in days or in mail."""
    if rng.random() < 0.65:
        return {"days": rng.choice((1, 2, 5, 7, 14, 30))}
    return {"sends": rng.choice((1, 100, 500, 3_000, 30_000))}


def random_rule(rng: Random, metric: str, name: str, stages: Sequence[str]) -> Row:
    """A rule on the metric; what a kind or a direction of metric does not allow is left out."""
    is_low_bad = metric in LOW_IS_BAD
    kind = rng.choice(("rate", "peer") if is_low_bad else ("rate", "peer", "evidence", "evidence"))
    is_evidence = kind == "evidence"
    limit = random_limit(rng, metric, kind)
    stricter = rng.choice((0.3, 0.8, 1.0))
    clean_limit = min(1.0, limit / stricter) if is_low_bad and kind == "rate" else limit * stricter
    return {
        "name": name,
        "metric": metric,
        "kind": kind,
        "limit": limit,
        **maybe(rng, 0.5, min_sent=rng.choice((0, 30, 400, 5_000))),
        **maybe(rng, 0.4 * (not is_low_bad), min_events=rng.choice((0, 2, 10))),
        **maybe(rng, 0.4 * (not is_evidence), z=rng.choice((0, 0.5, 1.96, 6))),
        **maybe(rng, 0.3 * is_evidence, min_ratio=rng.choice((0, 1, 1.5, 4))),
        **maybe(rng, 0.3 * (kind == "rate" or (kind == "peer" and not is_low_bad)), clean_limit=clean_limit),
        **maybe(rng, 0.5, enters=rng.choice(stages)),
        **maybe(rng, 0.5, climbs=rng.random() < 0.3),
        **maybe(rng, 0.4, window=random_size(rng)),
        **maybe(rng, 0.3, basis=rng.choice(("published", "inferred"))),
        **maybe(rng, 0.3, source="a book"),
        **maybe(rng, 0.4, overrides=random_overrides(rng, metric, kind)),
        **maybe(rng, 0.5 * is_evidence, tolerate=rng.choice((0.5, 1, 2.1))),
        **maybe(rng, 0.5 * is_evidence, detect=rng.choice((2.2, 4, 8.0))),
        **maybe(rng, 0.5 * is_evidence, cap=rng.choice((0.4, 1, 2.2, 9.0))),
    }


def random_limit(rng: Random, metric: str, kind: str) -> float:
    """A limit that some accounts overstep some of the time."""
    if kind == "evidence":
        return rng.choice((0.3, 0.8, 2.0, 4))
    multiple = rng.choice((0.28, 0.6, 1.0) if metric in LOW_IS_BAD else (0.5, 1.0, 1.0, 2.0, 2.0, 3.5, 14.5))
    if kind == "peer":
        return rng.choice((multiple, multiple, 7 * multiple))  # the product is at most 1
    return multiple * RATES[metric]


def random_overrides(rng: Random, metric: str, kind: str) -> list[Row]:
    """Some of the overrides that there could be, each at most once, in any order."""
    industries = [{"industry": industry} for industry in (*INDUSTRIES, PEERLESS, "unknown")]
    bands = [{"band": band} for band in BANDS]
    both = [industry | band for industry in industries for band in bands]
    chosen = rng.sample(industries, 2) + rng.sample(bands, 2) + rng.sample(both, 8)
    return [
        override
        | {"limit": random_limit(rng, metric, kind)}
        | maybe(rng, 0.2, basis="published")
        | maybe(rng, 0.2, source="a page")
        for override in rng.sample(chosen, rng.choice((1, 4, len(chosen))))
    ]


def random_stage(rng: Random, name: str) -> Row:
    """A stage that may hold mail, escalate with time, or end by itself."""
    return {
        "name": name,
        **maybe(rng, 0.5, send_share=rng.choice((0, 0.0, 0.1, 0.5, 0.7, 0.9, 1.0))),
        **maybe(rng, 0.6, grace_days=rng.choice((0, 1, 2, 4, 10))),
        **maybe(rng, 0.15, lasts_days=rng.choice((1, 2, 5))),
        **maybe(rng, 0.2, clears_on=rng.choice(WAYS_OUT)),
        **maybe(rng, 0.2, basis=rng.choice(("published", "inferred"))),
        **maybe(rng, 0.2, source="hearsay"),
    }


def random_ladder(rng: Random) -> Row:
    """How stages follow one another, and how they end."""
    return {
        **maybe(rng, 0.7, escalates_when=rng.choice(("unreviewed", "breaching"))),
        **maybe(rng, 0.8, clears_on=rng.choice((*WAYS_OUT, ["recovery"]))),
        **maybe(rng, 0.7, recovery_days=rng.choice((1, 2, 3, 5))),
        **maybe(rng, 0.7, remembers_days=rng.choice((0, 1, 3, 4, 10, 60, 60))),
        **maybe(rng, 0.5, reviews_lift_last=rng.random() < 0.3),
        **maybe(rng, 0.3, quiet_days=rng.choice(("break", "skip", "count"))),
        **maybe(rng, 0.3, remembers=rng.choice(("last", "highest"))),
        **maybe(rng, 0.3, forgets_after=rng.choice(("days", "clean days"))),
    }


def random_scenario(rng: Random, *, stages: int) -> Row:
    """What accounts do about a notice, and what it does to their mail."""
    mode = rng.choice(("never", "after", "after", "after", "chance", "chance", "historical", "given"))
    is_chance, is_delayed = mode == "chance", mode in ("after", "chance")
    shares = (0, 0.3, 0.7, 0.95, 1.0, 1.5)
    columns = ("hard_bounces", "soft_bounces", "complaints", "unsubscribes", "opens", "clicks")
    effect = maybe(rng, 0.7, volume=rng.choice((0.0, 0.5, 0.9, 0.95, 1, 1.3)))
    for column in columns:
        effect |= maybe(rng, 0.6, **{column: rng.choice(shares)})
    return {
        "name": "a random scenario",
        **maybe(rng, float(is_chance), seed=rng.randint(0, 10**6)),
        "review": {
            "mode": mode,
            **maybe(rng, float(is_delayed), after_days=rng.choice((1, 2, 4, 9))),
            **maybe(rng, float(is_chance), chance=rng.choices((0, 0.2, 0.5, 0.8, 1.0), k=stages)),
        },
        **maybe(rng, 0.8 * (is_delayed or mode == "given"), effect=effect),
    }


# As a file.


def toml(document: Row) -> str:
    """The document as TOML, a top key a line."""
    return "".join(f"{key} = {_inline(value)}\n" for key, value in document.items())


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(entry) for entry in value) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
