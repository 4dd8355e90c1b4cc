"""Whom a policy is about, and what it can know: tiers, industries, and days that are not over yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.history import KNOWN_WITHIN_DAYS
from deliverlab.policy.checks.findings import Finding, at_rule, warn
from deliverlab.policy.toml import one_of, shown
from deliverlab.policy.words import days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliverlab.history import History
    from deliverlab.policy.model import Policy


def look_ahead(policy: Policy, history: History | None) -> Iterator[Finding]:
    """The newest days count before their outcomes are known."""
    known = KNOWN_WITHIN_DAYS if history is None else history.known_within_days
    lag = policy.window.lag_days
    if lag < known:
        yield warn(
            "look-ahead", "window lag_days",
            f"bounces and complaints are known {days(known)} after a mail is sent, and the window leaves out "
            f"{days(lag)}: a replay would see the future, and a live decision too little",
            f"leave out at least {days(known)}",
        )  # fmt: skip


def override_matches_nobody(policy: Policy, history: History | None) -> Iterator[Finding]:
    """No account of the history has the industry."""
    if history is None:
        return
    known = history.accounts["industry"].unique().sort().to_list()
    for rule in policy.rules:
        for i, override in enumerate(rule.overrides, start=1):
            if override.industry is not None and override.industry not in known:
                yield warn(
                    "override matches nobody", at_rule(policy, rule, f"overrides[{i}]", "industry"),
                    f"no account has the industry {shown(override.industry)}",
                    f"write {one_of(known, given=override.industry)}",
                )  # fmt: skip


def tiers_match_nobody(policy: Policy, history: History | None) -> Iterator[Finding]:
    """No account of the history has any of the tiers."""
    if history is None or not policy.tiers:
        return
    known = history.accounts["tier"].drop_nulls().unique().sort().to_list()
    if not set(known) & set(policy.tiers):
        yield warn(
            "tiers match nobody", "tiers",
            f"no account has a tier of {', '.join(policy.tiers)}, so the policy is about nobody",
            f"write one of {', '.join(known)}" if known else "leave tiers out",
        )  # fmt: skip
