"""What a page says of an account under a policy: its days, its steps and why, what is left until the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.reports import texts
from deliverlab.reports.fragments import fragment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.reports.inputs import Explained
    from deliverlab.reports.render import Chart, Html


def timeline(explained: Explained, /, account_id: str | None = None, *, rules: Sequence[str] = ()) -> Chart:
    """An account's days under a policy; by default the first account, and the rules that had most to say.

    Rules that were breached come first, in the order of the policy.
    """
    from deliverlab.reports.timeline_chart import plot_timeline

    of_account = pl.col("account_id") == _chosen(explained, account_id)
    return plot_timeline(
        explained.days.filter(of_account), explained.readings.filter(of_account),
        explained.steps.filter(of_account), stages=explained.stages, rules=rules,
        subtitle=texts.simulated_under(explained.policy_title, explained.scenario_name),
    )  # fmt: skip


def explained_steps(explained: Explained, /, account_id: str | None = None) -> Html:
    """What happened to an account, step by step, and how far it is from the next."""
    chosen = _chosen(explained, account_id)
    steps = explained.steps.filter(account_id=chosen).rows(named=True)
    left = explained.headroom.filter(account_id=chosen)["sentence"].to_list()
    return fragment(
        "explained",
        words=" ".join([*(step["sentence"] for step in steps), *left]) or texts.NO_STEPS,
        notice=texts.simulated_under(explained.policy_title, explained.scenario_name),
        steps=[(step["day"], step["sentence"]) for step in steps],
        left=left,
    )


def _chosen(explained: Explained, account_id: str | None) -> str:
    """The account, by default the first."""
    return str(explained.ways_back["account_id"][0]) if account_id is None else account_id
