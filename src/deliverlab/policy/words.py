"""Every key of a policy in words, once: what `describe` lists, `diff` compares and the check looks for.

What is said is what the policy means. A default spelt out sounds like one left out, and a key that cannot
matter (how long a recovery takes, where nobody recovers) is not said at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deliverlab.metrics import METRICS
from deliverlab.policy.model import ACCEPTED, OCCASIONS
from deliverlab.policy.outlook import escalates_after
from deliverlab.policy.rule import most_specific
from deliverlab.policy.toml import printable
from deliverlab.schemas import BANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliverlab.policy.model import Policy, Stage
    from deliverlab.policy.rule import Override, Rule, Span

ANOTHER = ""  # an industry that no policy names
SHARES = {1.0: "lets through all mail", 0.0: "lets through no mail"}
WAYS_OUT = {"review": "a review", "recovery": "recovery"}
QUIET = {
    "break": "a day without mail ends the run of clean days",
    "skip": "a day without mail is passed over in the run of clean days",
    "count": "a day without mail is a clean day",
}
RESTARTS = {
    "notice": "every notice", "clear": "every clear", "breach": "a notice for a breach",
    "unreviewed": "a notice for want of a review", "review": "a review that clears", "recovery": "recovery",
    "expired": "the end of a stage that ends by itself", ACCEPTED: "a review that clears nothing",
}  # fmt: skip


class Saying(NamedTuple):
    """One thing that a policy says: of what kind of thing, of which one, by which key, in words."""

    kind: str  # policy, window, rule, override, stage, ladder
    about: str  # its name; empty where there is one only
    key: str
    words: str


def sayings(policy: Policy) -> list[Saying]:
    """All that a policy says, in the order of its file."""
    parts: list[tuple[str, str, Iterator[tuple[str, str]]]] = [
        ("policy", "", _policy(policy)),
        ("window", "", _window(policy)),
    ]
    for rule in policy.rules:
        parts.append(("rule", rule.name, _rule(rule, policy)))
        parts += [
            ("override", f"{rule.name} for {who(override)}", _override(override, rule))
            for override in telling(rule)
        ]
    parts += [("stage", stage.name, _stage(stage, policy)) for stage in policy.stages]
    parts.append(("ladder", "", _ladder(policy)))
    return [
        Saying(kind, printable(about), key, printable(words))
        for kind, about, said in parts
        for key, words in said
    ]


def _policy(policy: Policy) -> Iterator[tuple[str, str]]:
    yield "name", policy.title
    if policy.version is not None:
        yield "version", policy.version
    if policy.effective_from is not None:
        yield "in force from", str(policy.effective_from)
    yield "scope", f"for tiers {', '.join(sorted(set(policy.tiers)))}" if policy.tiers else "for all tiers"
    yield "order", f"stages {', '.join(policy.stage_names)}"
    if policy.source is not None:
        yield "source", policy.source


def _window(policy: Policy) -> Iterator[tuple[str, str]]:
    yield "window", f"looks at {_span(policy.window)}"
    yield "lag", f"leaves out the newest {days(policy.window.lag_days)}"
    causes = _causes(policy)
    named = {occasion: [c for c in among if c in causes] for occasion, among in OCCASIONS.items()}
    restarting = {cause for cause in causes if policy.window.restarts_on(cause)}
    whole = [occasion for occasion, among in named.items() if among and restarting.issuperset(among)]
    rest = sorted(restarting - {cause for occasion in whole for cause in named[occasion]})
    occasions = " and ".join(RESTARTS[occasion] for occasion in (*whole, *rest))
    yield "restart", f"starts anew after {occasions}" if occasions else "never starts anew"


def _causes(policy: Policy) -> set[str]:
    """The causes of steps that can come about, and the review that clears nothing if there is one."""
    ways = [way for stage in policy.stages for way in policy.ways_out(stage)]
    happens = {
        "breach": True,
        "unreviewed": escalates(policy) and policy.ladder.escalates_when == "unreviewed",
        "review": "review" in ways,
        "recovery": "recovery" in ways,
        "expired": any(stage.lasts_days is not None for stage in policy.stages),
        ACCEPTED: any("review" not in policy.ways_out(stage) for stage in policy.stages),
    }
    return {cause for cause, can_happen in happens.items() if can_happen}


def escalates(policy: Policy) -> bool:
    """Whether a stage leads to the next by time."""
    return any(escalates_after(stage) is not None for stage in policy.stages[:-1])


def remembers(policy: Policy) -> bool:
    """Whether memory lifts any rule's accounts."""
    return policy.ladder.remembers_days > 0 and any(rule.climbs for rule in policy.rules)


def _rule(rule: Rule, policy: Policy) -> Iterator[tuple[str, str]]:
    metric = METRICS[rule.metric]
    column = policy.denominator_of(rule.metric)
    out_of = metric.denominator_words if column == metric.denominator else column.replace("_", " ")
    yield "metric", f"{metric.words} ({metric.event_words} / {out_of})"
    yield "limit", limit_words(rule.limit, rule)
    if rule.z:
        yield "z", f"by more than {rule.z:.10g} standard errors"
    if rule.kind == "evidence":
        times = f"for {rule.detect:.10g} times the peers' events and against {rule.tolerate:.10g} times"
        yield "evidence", f"{times}, at most {rule.cap:.6g} a day"
    if rule.min_sent:
        yield "least mail", f"silent under {rule.min_sent:,.10g} mails"
    if rule.min_events:
        yield "least events", f"silent under {rule.min_events:,.10g} {metric.event_words}"
    if rule.min_ratio:
        yield "least ratio", f"silent under {rule.min_ratio:.10g} times the peers' events"
    span = policy.span_of(rule)
    if _span(span) != _span(policy.window):
        yield "window", f"looks at {_span(span)}"
    yield "leads to", f"leads to {policy.stage_entered_by(rule)}"
    if not rule.climbs and remembers(policy):
        yield "memory", "is not lifted by memory"
    if rule.clean_limit is not None and _counts_clean_days(policy):
        side = "up to" if metric.is_high_bad else "from"
        times = "" if rule.kind == "rate" else " times the peer rate"
        yield "clean limit", f"a day is clean only {side} {_number(rule.clean_limit, rule)}{times}"
    yield from _basis(rule)


def _override(override: Override, rule: Rule) -> Iterator[tuple[str, str]]:
    yield "limit", limit_words(override.limit, rule)
    yield from _basis(override)


def _stage(stage: Stage, policy: Policy) -> Iterator[tuple[str, str]]:
    yield "mail", SHARES.get(stage.send_share, f"lets through {percent(stage.send_share)} of the mail")
    after = None if stage == policy.stages[-1] else escalates_after(stage)
    if after is not None:
        yield "grace", f"may escalate after {days(after)}"
    if stage.lasts_days is not None:
        yield "end", f"ends by itself after {days(stage.lasts_days)}"
    ways = [words for way, words in WAYS_OUT.items() if way in policy.ways_out(stage)]
    if ways or stage.lasts_days is None:
        yield "way out", f"cleared by {' or '.join(ways) or 'nothing'}"
    yield from _basis(stage)


def _ladder(policy: Policy) -> Iterator[tuple[str, str]]:
    ladder = policy.ladder
    if escalates(policy):
        why = {"unreviewed": "no review has cleared it", "breaching": "a rule is breached"}
        yield "escalation", f"a stage escalates if {why[ladder.escalates_when]}"
    if _recovers(policy):
        yield "recovery", f"recovery takes {days(ladder.recovery_days)} clean in a row"
    if _counts_clean_days(policy):
        yield "quiet days", QUIET[ladder.quiet_days]
    if remembers(policy):
        until = {
            "days": f"within {days(ladder.remembers_days)} of clearing",
            "clean days": f"before {days(ladder.remembers_days)} clean in a row in good standing",
        }
        which = {"last": "the one last left", "highest": "the highest one left in that time"}
        yield (
            "memory",
            f"a breach {until[ladder.forgets_after]} leads to the stage after {which[ladder.remembers]}",
        )


def _recovers(policy: Policy) -> bool:
    return any("recovery" in policy.ways_out(stage) for stage in policy.stages)


def _counts_clean_days(policy: Policy) -> bool:
    return _recovers(policy) or (remembers(policy) and policy.ladder.forgets_after == "clean days")


def _basis(number: Rule | Override | Stage) -> Iterator[tuple[str, str]]:
    yield "basis", number.basis
    if number.source is not None:
        yield "source", number.source


def who(override: Override) -> str:
    """Whom an override is for."""
    return " in ".join(filter(None, (override.industry, override.band)))


def telling(rule: Rule) -> list[Override]:
    """The overrides without those that change nobody's limit, the most specific looked at first.

    >>> from deliverlab.policy.rule import Override, Rule
    >>> same, other = Override(industry="Retail", limit=0.05), Override(band="1M+", limit=0.04)
    >>> both = Override(industry="Retail", band="1M+", limit=0.05)
    >>> rule = Rule(name="r", metric="complaint_rate", kind="rate", limit=0.05, overrides=[both, same, other])
    >>> telling(rule) == [same, other]
    True
    """
    limits, kept = rule.override_limits, list(rule.overrides)
    for override in sorted(rule.overrides, key=lambda o: (o.band is None, o.industry is None)):
        who = (override.industry, override.band)
        others = {key: limit for key, limit in limits.items() if key != who}
        cells = [(override.industry or ANOTHER, override.band or band) for band in BANDS]
        if all(
            most_specific(others, *cell, rule.limit) == most_specific(limits, *cell, rule.limit)
            for cell in cells
        ):
            limits = others
            kept.remove(override)
    return kept


def industries_of(*rules: Rule) -> list[str]:
    """The industries that rules name, and one that none does."""
    return sorted({o.industry for rule in rules for o in rule.overrides if o.industry} | {ANOTHER})


def limits(rule: Rule, industries: list[str]) -> list[float]:
    """The limit of every industry in every band."""
    limits = rule.override_limits
    return [most_specific(limits, industry, band, rule.limit) for industry in industries for band in BANDS]


def limit_words(limit: float, rule: Rule) -> str:
    """Where a rule breaches: `above 2.5%`, `above 3 times the peer rate`, `above 16 of evidence`."""
    side = "above" if METRICS[rule.metric].is_high_bad else "below"
    unit = {"rate": "", "peer": " times the peer rate", "evidence": " of evidence"}[rule.kind]
    return f"{side} {_number(limit, rule)}{unit}"


def _number(limit: float, rule: Rule) -> str:
    return percent(limit) if rule.kind == "rate" else f"{limit:.10g}"


def percent(share: float) -> str:
    """A fraction as percent, no digit lost and none too many.

    >>> percent(0.0008), percent(0.3)
    ('0.08%', '30%')
    """
    return f"{100 * share:.10g}%"


def _span(span: Span) -> str:
    return days(span.days) if span.days is not None else f"the last {span.sends:,} mails"


def days(count: int) -> str:
    """A number of days with its noun."""
    return "1 day" if count == 1 else f"{count:,} days"
