"""Small cases and portfolios to draw, with names that would break a page if anybody forgot to escape them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.schemas import (
    BANDS,
    GRADES,
    METRIC_NAMES,
    ContactDecisions,
    Health,
    Recommendations,
    Scores,
    Trends,
)
from tests.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AS_OF = date(2026, 6, 30)
HOSTILE = "<script>alert('x')</script> & \"Söner\" <!-- </style> {{ 7*7 }}"

PROBATION = {
    "stage": "probation", "entered_on": date(2026, 6, 24), "next_stage": "first warning",
    "next_on": date(2026, 7, 1), "warnings_left": 2, "lifts_by_review": True,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FakeStep:
    """A step of a review."""

    title: str
    paragraphs: Sequence[str] = ()
    points: Sequence[str] = ()
    sections: Sequence[str] = ()
    is_attestation: bool = False
    is_outlook: bool = False


SOME_STEPS = (
    FakeStep(title="Know what permission is", paragraphs=("Somebody asked for your mail.",)),
    FakeStep(
        title="Stop mailing without consent",
        paragraphs=("Three ways.",),
        points=("No lists.", "No sleepers.", "Proof."),
    ),
    FakeStep(title="Remove who gave no permission", sections=("permission", "engagement")),
    FakeStep(title="Remove addresses that are none", sections=("address",)),
    FakeStep(title="Confirm your review", is_attestation=True),
    FakeStep(title="What happens next", is_outlook=True),
)


NOBODY_THEN = pl.DataFrame(schema={"account_id": pl.String, "stage": pl.String})

SOME_CHOICES = pl.DataFrame({
    "metric": ["hard_bounce_rate"] * 5,
    "choice": ["as it is", "industry", "industry", "window", "largest campaign"],
    "setting": ["", "Media", "Travel", "7 days", HOSTILE],
    "grade": ["poor", "poor", "fair", "poor", "good"],
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FakeCase:
    """A case as the pipeline gathers it."""

    health: pl.DataFrame
    scores: pl.DataFrame
    advice: pl.DataFrame
    trends: pl.DataFrame
    decisions: pl.DataFrame
    groups: pl.DataFrame
    months: pl.DataFrame = field(default_factory=lambda: some_months().clone())
    sensitivity: pl.DataFrame = field(default_factory=lambda: SOME_CHOICES)
    language: str = "en"
    stage: Mapping[str, Any] = field(default_factory=lambda: PROBATION)
    account: Mapping[str, Any] = field(
        default_factory=lambda: {"account_id": "a1", "name": HOSTILE, "industry": "Retail", "tier": "starter"}
    )
    summary: Mapping[str, Any] = field(default_factory=lambda: {"is_remedy": True})
    removals: pl.DataFrame = field(default_factory=lambda: some_removals().clone())
    segments: pl.DataFrame = field(default_factory=lambda: some_segments().clone())
    window: tuple[date, date] = (date(2026, 5, 30), date(2026, 6, 28))
    steps: Sequence[Any] = field(default_factory=lambda: SOME_STEPS)
    attestation: str = "I have reviewed my contacts"
    checklist_hash: str = "c0ffee"
    as_of: date = AS_OF
    policy_title: str = "two-warnings (3 of 8 numbers inferred)"
    is_simulated: bool = False
    is_synthetic: bool = True
    notes: Sequence[str] = ()

    @property
    def told(self) -> pl.DataFrame:
        """As the pipeline tells them in English."""
        return self.decisions

    @property
    def masked_decisions(self) -> pl.DataFrame:
        """As the pipeline masks them."""
        return self.decisions.with_columns(
            pl.format("{}…@masked.example", pl.col("email").str.head(1)).alias("email")
        )

    @property
    def has_contacts(self) -> bool:
        """As the pipeline says it."""
        return self.decisions.height > 0


@dataclass(frozen=True, kw_only=True)
class FakePortfolio:
    """A portfolio as the pipeline gathers it."""

    accounts: pl.DataFrame
    stages: pl.DataFrame
    timeline: pl.DataFrame
    health: pl.DataFrame
    scores: pl.DataFrame
    advice: pl.DataFrame
    funnel: pl.DataFrame = field(default_factory=pl.DataFrame)
    funnel_limits: pl.DataFrame = field(default_factory=pl.DataFrame)
    looks: pl.DataFrame = field(default_factory=pl.DataFrame)
    scores_then: pl.DataFrame = field(default_factory=Scores.create_empty)
    stages_then: pl.DataFrame = field(default_factory=lambda: NOBODY_THEN)
    fairness: pl.DataFrame = field(default_factory=lambda: some_groups_of_accounts().clone())
    since: date = AS_OF - timedelta(days=1)
    as_of: date = AS_OF
    policy_title: str = "two-warnings (3 of 8 numbers inferred)"
    is_simulated: bool = True
    is_synthetic: bool = True
    notes: Sequence[str] = ('1 account has no industry and is compared in the group "unknown"',)


FIGURES: Sequence[tuple[str, int, int, float, str]] = (
    ("hard_bounce_rate", 85, 4_000, 0.006, "poor"),
    ("soft_bounce_rate", 60, 4_000, 0.014, "good"),
    ("complaint_rate", 2, 3_800, 0.0005, "good"),
    ("unsubscribe_rate", 15, 3_800, 0.003, "fair"),
    ("open_rate", 760, 3_800, 0.22, "good"),
    ("click_rate", 70, 3_800, 0.024, "good"),
    ("click_to_open_rate", 70, 760, 0.11, "fair"),
)


def a_health(
    account_id: str = "a1", *, scale: float = 1.0, industry: str = "Retail", band: str = "1k-10k"
) -> pl.DataFrame:
    """One account's health, its bad events multiplied."""
    rows = []
    for metric, events, trials, peer_rate, grade in FIGURES:
        happened = min(trials, round(events * scale))
        rate = happened / trials
        spread = 1.96 * math.sqrt(rate * (1 - rate) / trials)
        rows.append(
            {
                "account_id": account_id, "as_of": AS_OF, "metric": metric, "industry": industry,
                "band": band, "level": "cell", "events": happened, "trials": trials, "rate": rate,
                "rate_low": max(0.0, rate - spread), "rate_high": min(1.0, rate + spread),
                "shrunken_rate": rate,
                "peer_rate": peer_rate, "ratio": rate / peer_rate, "percentile": 0.5,
                "twice_peers_probability": 0.5, "z": 0.0, "grade": grade,
            }
        )  # fmt: skip
    return Health.validate(pl.DataFrame(rows), cast=True)


def a_trend(account_id: str = "a1", *, metric: str = "hard_bounce_rate", days: int = 60) -> pl.DataFrame:
    """One account's rate getting worse day by day."""
    rows = []
    for back in reversed(range(days)):
        rate = 0.006 + 0.00025 * (days - back) + 0.001 * math.sin(back)
        rows.append(
            {
                "account_id": account_id, "day": AS_OF - timedelta(days=back), "metric": metric, "events": 40,
                "trials": 4_000, "rate": rate, "rate_low": 0.7 * rate, "rate_high": 1.4 * rate,
                "peer_rate": 0.006, "peer_low": 0.002, "peer_high": 0.012,
            }
        )  # fmt: skip
    return Trends.validate(pl.DataFrame(rows), cast=True)


def a_score(
    account_id: str = "a1", *, grade: str = "poor", metric: str | None = "hard_bounce_rate"
) -> dict[str, Any]:
    """One row of scores."""
    return {
        "account_id": account_id, "as_of": AS_OF, "score": 31.0, "grade": grade, "worst_metric": metric,
        "change": -12.0, "change_cause": metric,
    }  # fmt: skip


def scores_of(*rows: dict[str, Any]) -> pl.DataFrame:
    """A table of scores."""
    return Scores.validate(
        pl.DataFrame(list(rows), schema_overrides={"worst_metric": pl.String, "change_cause": pl.String}),
        cast=True,
    )


def some_advice() -> pl.DataFrame:
    """Two pieces of advice."""
    return Recommendations.validate(
        pl.DataFrame(
            {
                "account_id": ["a1", "a1"], "as_of": [AS_OF, AS_OF], "rank": [1, 2],
                "metric": ["hard_bounce_rate", "unsubscribe_rate"],
                "what": ["Import <b>“spring fair”</b> brought most of them", "Unsubscribes are high"],
                "figure": ["61 of 85 hard bounces, from 300 mails", "15 of 3,800 mails delivered"],
                "share": [0.72, None],
                "next_step": ["Stop mailing that import until it is checked.", "Mail less often."],
            }
        ),
        cast=True,
    )  # fmt: skip


def a_case() -> FakeCase:
    """An account on probation for its hard bounces."""
    return FakeCase(
        health=a_health(),
        scores=scores_of(a_score()),
        advice=some_advice(),
        trends=a_trend(),
        decisions=some_decisions(),
        groups=some_groups(),
    )


def a_portfolio() -> FakePortfolio:
    """Forty accounts, some of them poor, some of them in a stage."""
    industries = ("Retail", "Travel", "Health & fitness", "Software", HOSTILE[:20])
    ids = [f"a{number:02}" for number in range(40)]
    poor = ids[::5]
    grades = ["poor" if account_id in poor else "good" for account_id in ids]
    stages = ["probation", "first warning", "second warning", "suspended"]
    timeline = [
        {"day": AS_OF - timedelta(days=back), "stage": stage, "accounts": 1 + (60 - back) // (place + 3)}
        for back in range(60)
        for place, stage in enumerate(stages)
    ]
    return FakePortfolio(
        accounts=pl.DataFrame(
            {
                "account_id": ids,
                "name": [HOSTILE, *(f"Account {i}" for i in ids[1:])],
                "industry": [industries[n % 5] for n in range(40)],
                "tier": "starter",
            }
        ),
        stages=pl.DataFrame(
            [PROBATION | {"account_id": i, "stage": stages[n % 4]} for n, i in enumerate(poor)]
        ),
        timeline=pl.DataFrame(timeline),
        health=pl.concat(
            a_health(account_id, scale=1 + n / 10, industry=industries[n % 5], band=BANDS[n % 4])
            for n, account_id in enumerate(ids)
        ),
        scores=scores_of(*(a_score(i, grade=grade) for i, grade in zip(ids, grades, strict=True))),
        advice=Recommendations.create_empty(),
        looks=looks_of(ids, grades),
    )


def looks_of(ids: Sequence[str], grades: Sequence[str]) -> pl.DataFrame:
    """The later in the list the more harmful; the poor are due tomorrow, the others in a month."""
    rows = [
        {
            "account_id": account_id, "as_of": AS_OF, "grade": grade, "metric": "hard_bounce_rate",
            "twice_peers_probability": 0.5, "expected_excess": 10.0 + n, "harm": float(n),
            "due_on": AS_OF + timedelta(days=1 if grade == "poor" else 30),
        }
        for n, (account_id, grade) in enumerate(zip(ids, grades, strict=True))
    ]  # fmt: skip
    enums = {"grade": pl.Enum(GRADES), "metric": pl.Enum(METRIC_NAMES)}
    return pl.DataFrame(rows).cast(enums).sort("harm", descending=True)  # type: ignore[arg-type]


def some_decisions() -> pl.DataFrame:
    """Twelve contacts without permission, one of them with a hostile source, one asked again, one kept."""
    rows = [
        {
            "account_id": "a1", "email": f"person{number:02}@shop.example", "decision": "remove",
            "reasons": ["no_permission"], "evidence": [f"source: {HOSTILE}" if number == 0 else "none"],
        }
        for number in range(12)
    ]  # fmt: skip
    rows.append(
        {
            "account_id": "a1", "email": "info@shop.example", "decision": "reconfirm",
            "reasons": ["no_longer_engaged"], "evidence": ["last opened 2025-01-02"],
        }
    )  # fmt: skip
    rows.append(
        {"account_id": "a1", "email": "x@shop.example", "decision": "keep", "reasons": [], "evidence": []}
    )
    return ContactDecisions.validate(pl.DataFrame(rows, infer_schema_length=None), cast=True)


def some_groups() -> pl.DataFrame:
    """The reasons of `some_decisions`."""
    return table(
        """
section    | reason            | words                | decision  | contacts | share | is_already_suppressed
permission | no_permission     | No <i>permission</i> | remove    | 12       | 0.86  | false
engagement | no_longer_engaged | No longer opens      | reconfirm | 1        | 0.07  | true
        """
    )


def some_removals() -> pl.DataFrame:
    """What the groups did to the two rates that the page shows."""
    return table(
        """
removed                 | metric           | contacts | events | trials | rate  | rate_without
no_permission           | complaint_rate   | 12       | 1      | 280    | 0.002 | 0.001
no_permission           | hard_bounce_rate | 12       | 60     | 300    | 0.021 | 0.007
everybody named         | complaint_rate   | 13       | 2      | 290    | 0.002 | 0
everybody named         | hard_bounce_rate | 13       | 85     | 310    | 0.021 | 0
named before the window | complaint_rate   | 12       | 1      | 280    | 0.002 | 0.001
named before the window | hard_bounce_rate | 12       | 50     | 300    | 0.021 | 0.009
        """
    )


def some_months() -> pl.DataFrame:
    """May beside April: hard bounces got worse, unsubscribes better, complaints had nothing to compare."""
    return table(
        """
metric           | events | trials | rate  | rate_low | rate_high | rate_before | peer_rate | turn
hard_bounce_rate | 85     | 4000   | 0.021 | 0.016    | 0.028     | 0.004       | 0.006     | worse
soft_bounce_rate | 60     | 4000   | 0.015 | 0.010    | 0.021     | 0.014       | 0.014     | alike
complaint_rate   | 2      | 3800   | 0.001 | 0.0001   | 0.002     | -           | 0.0005    | unknown
unsubscribe_rate | 15     | 3800   | 0.004 | 0.002    | 0.006     | 0.012       | 0.003     | better
open_rate        | 760    | 3800   | 0.2   | 0.19     | 0.21      | 0.1         | 0.22      | better
        """
    ).with_columns(first=date(2026, 5, 1), last=date(2026, 5, 31))


def some_groups_of_accounts() -> pl.DataFrame:
    """Two volume bands and a plan; the poor accounts of the small band are in stages more often."""
    return table(
        """
by   | value   | is_poor | accounts | in_stage | share | share_low | share_high | other_share | stands_out
band | <1k     | true    | 20       | 18       | 0.9   | 0.7       | 0.97       | 0.2         | true
band | <1k     | false   | 80       | 0        | 0     | 0         | 0.05       | 0           | false
band | 10k-100k| true    | 20       | 4        | 0.2   | 0.08      | 0.42       | 0.9         | false
tier | starter | false   | 60       | 0        | 0     | 0         | 0.06       |             | false
        """
    )


def some_segments() -> pl.DataFrame:
    """An import with a hostile name, and a campaign."""
    rows = {
        "by": ["import", "campaign"], "value": [HOSTILE, "june"], "contacts": [12, None],
        "events": [60, 20], "trials": [300, 2_000], "share": [0.9, 0.12],
    }  # fmt: skip
    return pl.DataFrame(rows)
