"""How policies, simulations and explanations show themselves in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.display import bar, bundle, folded, paragraph, points, table
from deliverlab.policy.describe import NAMED, describe
from deliverlab.policy.spelling import capitalized, dated, plural
from deliverlab.policy.words import sayings
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup

    from deliverlab.display import Bundle
    from deliverlab.policy.explain import Explanation
    from deliverlab.policy.model import Policy
    from deliverlab.policy.simulate import Simulation

MOST_ACCOUNTS = 10
CAUSES = {
    "breach": "a rule was breached",
    "unreviewed": "no review came in time",
    "review": "a review cleared it",
    "recovery": "it recovered",
    "expired": "the stage ended by itself",
}


def policy_bundle(policy: Policy, /) -> Bundle:
    """What it says, for whom; the rules, with their exceptions folded away; the stages in order."""
    said: dict[str, dict[str, list[str]]] = {}
    sources: list[tuple[str, str]] = []
    for one in sayings(policy):
        if one.key == "source" and one.kind != "policy":
            sources.append((one.about, one.words))
        elif one.key != "name":
            words = f"{one.key}: {one.words}" if one.key in NAMED else one.words
            said.setdefault(one.kind, {}).setdefault(one.about, []).append(words)
    parts = [
        paragraph("; ".join(said["policy"][""]), strong=policy.title),
        paragraph("; ".join([*said["window"][""], *said.get("ladder", {}).get("", [])])),
        table(["rule", "what breaches"], _joined(said.get("rule", {}))),
    ]
    if others := said.get("override"):
        count = plural(len(others), "exception")
        parts.append(folded(count, table(["for", "instead"], _joined(others))))
    parts.append(table(["stage", "what it means"], _joined(said["stage"])))
    if sources:
        parts.append(folded("Where the numbers come from", table(["number", "source"], sources)))
    return bundle(*parts, text="\n".join(describe(policy)))


def simulation_bundle(result: Simulation, /) -> Bundle:
    """How many got a notice, who stands where, and what the steps were for."""
    order = {stage: place for place, stage in enumerate((GOOD, *result.policy.stage_names))}
    stages = (
        result.outcomes.group_by(stage="final_stage")
        .len("accounts")
        .sort(pl.col("stage").replace_strict(order, return_dtype=pl.Int64))
    )
    causes = result.transitions.group_by(pl.col("cause").cast(pl.String)).len("steps").sort("cause")
    accounts = result.outcomes.height
    noticed = accounts - result.outcomes["first_notice_on"].null_count()
    return bundle(
        paragraph(f"scenario: {result.scenario.name}", strong=result.policy.title),
        paragraph(
            f"{noticed:,} of {plural(accounts, 'account')} got a notice by {dated(result.until)}."
        ),
        table(
            ["stage at the end", "accounts", "share"],
            [
                (_stage(stage), count, bar(count / max(1, accounts)))
                for stage, count in stages.iter_rows()
            ],
        ),
        table(["steps because", "how many"], [(CAUSES[why], count) for why, count in causes.iter_rows()]),
        text=repr(result),
    )  # fmt: skip


def explanation_bundle(explained: Explanation, /) -> Bundle:
    """An account a paragraph: its steps in order, and how far it is from the next."""
    parts: list[Markup] = [paragraph(f"scenario: {explained.scenario_name}", strong=explained.policy_title)]
    for account_id, stage, steps, left in _accounts(explained):
        parts += [paragraph(_stage(stage), strong=account_id), points(steps, ordered=True)]
        parts += [paragraph("Until the next step:"), points(left)] if left else []
    parts += [paragraph(line) for line in _left_out(explained)]
    return bundle(*parts, text=explanation_text(explained))


def explanation_text(explained: Explanation, /) -> str:
    """A line for what is explained, then each account's stage, steps and headroom."""
    lines = [f"Explanation of {explained.policy_title}; scenario: {explained.scenario_name}"]
    for account_id, stage, steps, left in _accounts(explained):
        lines += [f"{account_id}: {stage}", *(f"  {sentence}" for sentence in [*steps, *left])]
    return "\n".join([*lines, *_left_out(explained)])


def _accounts(explained: Explanation) -> Iterable[tuple[str, str, list[str], list[str]]]:
    """The first accounts: their stage, their steps, and what is left until the next."""
    first = explained.ways_back.select("account_id", "stage").head(MOST_ACCOUNTS)
    for account_id, stage in first.iter_rows():
        steps, left = (
            frame.filter(account_id=account_id)["sentence"].to_list()
            for frame in (explained.steps, explained.headroom)
        )
        yield account_id, stage, steps, left


def _left_out(explained: Explanation) -> list[str]:
    more = explained.ways_back.height - MOST_ACCOUNTS
    return [f"and {more:,} more"] if more > 0 else []


def _joined(said: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(about, "; ".join(words)) for about, words in said.items()]


def _stage(stage: str) -> str:
    return "Good standing" if stage == GOOD else capitalized(stage)
