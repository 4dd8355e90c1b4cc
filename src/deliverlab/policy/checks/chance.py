"""Chance: limits that one event or plain bad luck crosses, and volumes at which a rule falls silent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from deliverlab.metrics import METRICS
from deliverlab.policy.checks.findings import Finding, at_rule, remark, warn
from deliverlab.policy.trips import STEP
from deliverlab.policy.words import days, industries_of, limit_words
from deliverlab.schemas import BANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dataframely as dy

    from deliverlab.policy.model import Policy
    from deliverlab.policy.rule import Rule
    from deliverlab.policy.trips import Cliffs, GoodTrips
    from deliverlab.schemas import PeerRates

MOST_GOOD = 0.02  # of good accounts: one in fifty may get a notice within a year by chance
CLIFF = 0.05  # more probable just above a minimum than just below


class Luck(NamedTuple):
    """What chance does to good accounts under a policy, and the rates that they have."""

    trips: dy.DataFrame[GoodTrips]
    cliffs: dy.DataFrame[Cliffs]
    usual: dy.DataFrame[PeerRates]


def one_event_trips(policy: Policy, luck: Luck) -> Iterator[Finding]:
    """A single event puts an account with little mail beyond the limit."""
    for rule in policy.rules:
        metric, least = METRICS[rule.metric], max(math.ceil(rule.min_sent), 1)
        if not metric.is_high_bad or rule.min_events > 1 or not _is_beyond_by_one(rule, least, luck):
            continue
        mails = "1 mail" if least == 1 else f"{least:,} mails"
        yield warn(
            "one event trips", at_rule(policy, rule, "limit"),
            f"one event in {mails} breaches {limit_words(_lowest(rule), rule)}; a good account of {BANDS[0]} "
            f"trips it within a year with a probability of {_chance(luck, rule, BANDS[0])}",
            "demand more events (min_events), more evidence (z), or more mail (min_sent)",
        )  # fmt: skip


def good_accounts_trip(policy: Policy, luck: Luck) -> Iterator[Finding]:
    """More than one in fifty accounts that are no worse than their peers get a notice within a year."""
    for rule in policy.rules:
        bands = luck.trips.filter(rule=rule.name)
        if bands.filter(pl.col("share_low") > MOST_GOOD).height:
            shares = ", ".join(
                f"{band} {_percent(share)}" for band, share in bands["band", "share"].iter_rows()
            )
            yield warn(
                "good accounts trip", at_rule(policy, rule),
                f"accounts as good as their peers get a notice within a year with a probability of {shares}",
                "raise the limit for bands with little mail, or demand more events or a z",
            )  # fmt: skip


def cliff_at_minimum(policy: Policy, luck: Luck) -> Iterator[Finding]:
    """Just above its least mail a rule is much more probable than just below: who sends less escapes it."""
    for name, least, below, above in luck.cliffs.iter_rows():
        if above - below > CLIFF:
            rule = next(rule for rule in policy.rules if rule.name == name)
            yield warn(
                "cliff at minimum", at_rule(policy, rule, "min_sent"),
                f"with {STEP:.0%} more than {least:,.10g} mails a good account trips it within a year with a "
                f"probability of {_percent(above)}, with {STEP:.0%} less with {_percent(below)}: accounts "
                f"escape by sending less",
                "let evidence grow with mail (z, kind evidence), or demand events instead of mail",
            )  # fmt: skip


def blind_below_minimum(policy: Policy, _: Luck) -> Iterator[Finding]:
    """No rule speaks of accounts with little mail, whatever they send."""
    spans = [policy.span_of(rule).days for rule in policy.rules]
    least = min(policy.rules, key=lambda rule: rule.min_sent, default=None)
    if least is None or None in spans or not least.min_sent:
        return
    yield remark(
        "blind below minimum", at_rule(policy, least, "min_sent"),
        f"under {least.min_sent:,.10g} mails in {days(policy.span_of(least).days or 0)} every rule is "
        f"silent: such accounts never get a notice, whatever they send",
        "add a rule that needs no minimum of mail but events or evidence, if they matter",
    )  # fmt: skip


def _is_beyond_by_one(rule: Rule, least: int, luck: Luck) -> bool:
    """Whether one event in the least mail is beyond the lowest limit in the smallest band."""
    limit = _lowest(rule)
    if rule.kind == "evidence":
        return math.log(rule.detect / rule.tolerate) > limit
    if rule.kind == "peer":
        peers = luck.usual.filter(metric=rule.metric, band=BANDS[0])["rate"]
        if peers.is_empty():
            return False
        limit = min(limit * float(peers.max()), 1.0)  # type: ignore[arg-type]
    if rule.z == 0:
        return 1 / least > limit
    return 1 - least * limit > rule.z * math.sqrt(least * limit * (1 - limit))


def _lowest(rule: Rule) -> float:
    return min(rule.limit_for(industry=industry, band=BANDS[0]) for industry in industries_of(rule))


def _chance(luck: Luck, rule: Rule, band: str) -> str:
    known = luck.trips.filter(rule=rule.name, band=band)
    if known.is_empty():
        return "unknown size"
    share, low, high = known.select("share", "share_low", "share_high").row(0)
    return f"{_percent(share)} ({_percent(low)} to {_percent(high)})"


def _percent(share: float) -> str:
    return f"{share:.1%}"
