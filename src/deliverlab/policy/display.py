"""How results show themselves in a notebook: as plain HTML in which everything is escaped, and as text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliverlab.policy.explain import Explanation
    from deliverlab.policy.simulate import Simulation

MOST_ACCOUNTS = 10


def simulation_html(result: Simulation, /) -> str:
    """Policy and scenario, accounts by stage, and steps by cause."""
    order = {stage: place for place, stage in enumerate((GOOD, *result.policy.stage_names))}
    stages = result.outcomes.group_by(stage="final_stage").len("accounts")
    stages = stages.sort(pl.col("stage").replace_strict(order, return_dtype=pl.Int64))
    causes = result.transitions.group_by("cause").len("steps").sort("cause")
    return (
        f"<p><strong>{escape(result.policy.title)}</strong>, scenario: {escape(result.scenario.name)}, "
        f"to {result.until}</p>{_table(stages)}{_table(causes)}"
    )


def explanation_text(explained: Explanation, /) -> str:
    """A line for what is explained, then each account's stage, steps and headroom."""
    lines = [_title(explained)]
    for account_id, sentences in _accounts(explained):
        lines += [account_id, *(f"  {sentence}" for sentence in sentences)]
    return "\n".join([*lines, *_left_out(explained)])


def explanation_html(explained: Explanation, /) -> str:
    """The same as HTML, an account a paragraph and a list."""
    parts = [f"<p>{escape(_title(explained))}</p>"]
    for account_id, sentences in _accounts(explained):
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
        parts.append(f"<p><strong>{escape(account_id)}</strong></p><ul>{items}</ul>")
    return "".join([*parts, *(f"<p>{escape(line)}</p>" for line in _left_out(explained))])


def _title(explained: Explanation) -> str:
    return f"Explanation of {explained.policy_title}; scenario: {explained.scenario_name}"


def _accounts(explained: Explanation) -> Iterable[tuple[str, list[str]]]:
    """The first accounts: their stage, their steps, and what is left until the next."""
    for account_id, stage in (
        explained.ways_back.select("account_id", "stage").head(MOST_ACCOUNTS).iter_rows()
    ):
        steps = explained.steps.filter(account_id=account_id)["sentence"].to_list()
        left = explained.headroom.filter(account_id=account_id)["sentence"].to_list()
        yield f"{account_id}: {stage}", [*steps, *left]


def _left_out(explained: Explanation) -> list[str]:
    more = explained.ways_back.height - MOST_ACCOUNTS
    return [f"and {more:,} more"] if more > 0 else []


def _table(frame: pl.DataFrame) -> str:
    """A small frame as a table."""
    head = "".join(f"<th>{escape(name)}</th>" for name in frame.columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in frame.iter_rows()
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
